//! The logic of a decision as parts, to see how large its results can become.

use dsntk_feel_parser::AstNode;

use crate::feel::{Bounds, Outside, Size};

/// A boxed expression (DMN 1.5 clause 10.2).
#[derive(Debug)]
pub(super) enum Plan {
    /// A FEEL text.
    Text(AstNode),
    /// Entries with names, each seen by those after it; the one without a name is the result.
    Context(Vec<(Option<String>, Plan)>),
    /// Items of a list, rows of a relation.
    List(Vec<Plan>),
    /// A function and its arguments by name.
    Call(String, Vec<(String, Plan)>),
    /// The largest of these is the result; all may be evaluated.
    Choice(Vec<Plan>),
    /// A list and the test of its items.
    Filter(Box<Plan>, Box<Plan>),
    /// A variable, a list, and what is done for each item; whether the results are collected.
    Iterate(String, Box<Plan>, Box<Plan>, bool),
    /// Input and test cells, then the outputs of each row.
    Table(Vec<Plan>, Vec<Plan>),
    /// Parameters and body.
    Function(Vec<String>, Box<Plan>),
}

impl Plan {
    /// How large the result can become.
    pub(super) fn size(&self, bounds: &mut Bounds, outside: &dyn Outside<'_>) -> Size {
        match self {
            Self::Text(node) => bounds.size(node, outside),
            Self::Context(entries) => {
                let mut seen: Vec<(String, Size)> = Vec::new();
                let mut all = Size::SCALAR;
                for (name, plan) in entries {
                    let size = bounds.with(seen.clone(), |bounds| plan.size(bounds, outside));
                    all = all.and(size);
                    if let Some(name) = name {
                        all = all.and(Size::text(name.len() as u64));
                        seen.push((name.clone(), size));
                    }
                }
                bounds.made(all)
            }
            Self::List(items) => {
                let all = items.iter().fold(Size::SCALAR, |all, item| all.and(item.size(bounds, outside).times(1)));
                bounds.made(all)
            }
            Self::Call(function, arguments) => {
                let sizes: Vec<(Option<String>, Size)> =
                    arguments.iter().map(|(name, plan)| (Some(name.clone()), plan.size(bounds, outside))).collect();
                outside.call(bounds, function, &sizes).unwrap_or(Size::SCALAR)
            }
            Self::Choice(parts) => {
                parts.iter().fold(Size::SCALAR, |largest, part| largest.or(part.size(bounds, outside)))
            }
            Self::Filter(list, test) => {
                let list = list.size(bounds, outside);
                bounds.filter(list, |bounds| test.size(bounds, outside))
            }
            Self::Iterate(variable, list, body, collects) => {
                let list = list.size(bounds, outside);
                let variables = vec![(variable.clone(), list.item())];
                let result = bounds.iterate(variables, list.length(), |bounds| body.size(bounds, outside));
                if *collects { result } else { Size::SCALAR }
            }
            Self::Table(cells, rows) => {
                for cell in cells {
                    cell.size(bounds, outside);
                }
                // Every row may be part of the result.
                let all = rows.iter().fold(Size::SCALAR, |all, row| all.and(row.size(bounds, outside).times(1)));
                bounds.made(all)
            }
            Self::Function(_, body) => body.size(bounds, outside),
        }
    }
}
