//! FEEL: values, names and expressions (DMN 1.5 clause 10.3), evaluated by a library behind our own types.

mod cost;
mod expression;
mod names;
mod translate;
mod value;

pub(crate) use cost::{Cost, size_of};
pub use expression::{Budget, Expression, ExpressionFault, Lookup};
pub(crate) use names::scan;
pub(crate) use translate::is_expression;
pub use translate::translate;
pub use value::{Context, Number, Value};
