//! DMN decisions: reading, linting, evaluating.

mod lint;
mod model;
mod plan;
mod source;
mod table;
mod types;

pub use model::{Model, Requirement, Rules, RulesFault, Unusable};
pub use table::{Row, Table};
pub use types::Type;

pub use crate::feel::Budget;
