//! Values every floor shares: ids, working days and deadlines, money, codes and check digits, regions, numbering registers.
//!
//! Pure: dates, instants and random bytes are arguments. Data (the calendar, the regions, the numbering registers) is parsed from the text of a
//! catalog file that the caller has read. Nothing here knows a case, a person or a rule of one matter.

pub mod calendar;
pub mod code;
pub mod deadline;
pub mod id;
pub mod mask;
pub mod money;
pub mod notice;
pub mod number;
pub mod region;
pub mod text;
pub mod time;
