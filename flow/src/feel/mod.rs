//! FEEL: values, names and expressions (DMN 1.5 clause 10.3), evaluated by a library behind our own types.

mod bound;
mod expression;
mod names;
mod syntax;
mod translate;
mod value;

pub(crate) use bound::{Bounds, COPIED_BYTES_MAX, Excess, Known, Outside, Size, VALUE_BYTES_MAX, longest_list};
pub use expression::{Budget, Expression, ExpressionFault, Lookup};
pub(crate) use expression::{Grammar, Tree};
pub(crate) use names::scan;
pub use syntax::is_built_in;
pub(crate) use translate::is_expression;
pub use translate::translate;
pub use value::{Context, Number, Value};
