//! The process of a case as it was drawn, with the place where the case stands, and the steps that are still to come.

use std::collections::BTreeSet;

use base::id::CaseId;
use flow::Definition;
use flow::bpmn::{FlowElement, Kind, Shape};
use kernel::case::Case;
use kernel::catalog::Matter;
use web::view::{DiagramShape, ProcessDiagram, ShapeKind, StepPlace};
use web::words::Words;

use super::load;
use crate::app::App;
use crate::error::Result;
use crate::identity::Identity;

/// Width of a Chinese character in a task's name, in the drawing's units.
const CHARACTER: i32 = 15;
/// Room around the drawing.
const MARGIN: i32 = 12;

/// The diagram of a case's process.
pub async fn diagram(app: &App, identity: &Identity, id: CaseId, words: Words) -> Result<(String, ProcessDiagram)> {
    let case = load(app, identity, id).await?;
    let matter = app.matter_at(&case.matter, &case.catalog).await?;
    let places = Places::of(&case);
    let process = &matter.process;
    let drawn = process.diagram();
    let lanes = drawn.shapes.iter().filter_map(|shape| lane(process, shape));
    let nodes = drawn.shapes.iter().filter_map(|shape| node(process, shape, &places));
    let shapes: Vec<DiagramShape> = lanes.chain(nodes).collect();
    let lines = drawn.edges.iter().map(|edge| {
        let points = edge.waypoints.iter().map(|point| format!("{},{}", whole(point.x), whole(point.y)));
        points.collect::<Vec<_>>().join(" ")
    });
    let name = matter.spec.name.get(words.lang.tag());
    let steps = matter.tasks.iter().map(|(id, task)| (task.name.get(words.lang.tag()).to_owned(), places.at(id)));
    let diagram = ProcessDiagram {
        title: words.t1("process-diagram-of", "matter", name),
        view_box: view_box(&shapes),
        lines: lines.collect(),
        steps: steps.collect(),
        shapes,
    };
    Ok((case.number, diagram))
}

/// The tasks that come next along the way that needs no decision: id and name of the task, kind of the post.
pub(super) fn coming<'a>(case: &Case, matter: &'a Matter) -> Vec<(&'a str, &'a kernel::catalog::Task)> {
    let Some(last) = case.tasks.values().last() else { return Vec::new() };
    let process = &matter.process;
    let mut seen = BTreeSet::from([last.element.as_str()]);
    let mut coming = Vec::new();
    let mut at = process.element(&last.element);
    while let Some(element) = at {
        at = next(process, element).filter(|next| seen.insert(&next.id));
        if let Some((id, task)) = at.and_then(|next| matter.tasks.iter().find(|(id, _)| *id == &*next.id)) {
            coming.push((id, task));
        }
    }
    coming
}

/// Along the default flow, or the only one.
fn next<'a>(process: &'a Definition, element: &'a FlowElement) -> Option<&'a FlowElement> {
    let mut outgoing = process.outgoing(element);
    let first = outgoing.next()?;
    let flow = match process.default_flow(element) {
        Some(default) => default,
        None if outgoing.next().is_none() => first,
        None => return None,
    };
    Some(process.ends(flow).1)
}

/// Elements that were done, and those that somebody has.
struct Places<'a> {
    done: BTreeSet<&'a str>,
    now: BTreeSet<&'a str>,
}

impl<'a> Places<'a> {
    fn of(case: &'a Case) -> Self {
        Self {
            done: case.done.iter().map(|done| done.element.as_str()).collect(),
            now: case.tasks.values().map(|task| task.element.as_str()).collect(),
        }
    }

    fn at(&self, element: &str) -> StepPlace {
        if self.now.contains(element) {
            StepPlace::Now
        } else if self.done.contains(element) {
            StepPlace::Done
        } else {
            StepPlace::Other
        }
    }
}

fn lane(process: &Definition, shape: &Shape) -> Option<DiagramShape> {
    let lane = process.lanes().iter().find(|lane| *lane.id == *shape.element)?;
    let name = lane.name.clone().unwrap_or_default();
    Some(drawn(shape, ShapeKind::Lane, vec![name], StepPlace::Other))
}

fn node(process: &Definition, shape: &Shape, places: &Places<'_>) -> Option<DiagramShape> {
    let element = process.element(&shape.element)?;
    let kind = match &element.kind {
        Kind::Gateway(_) => ShapeKind::Gateway,
        Kind::Task(_) | Kind::SubProcess { .. } => ShapeKind::Task,
        _ if element.event().is_some() => ShapeKind::Event,
        _ => ShapeKind::Task,
    };
    let name = element.name.clone().unwrap_or_default();
    let lines = if kind == ShapeKind::Task { wrapped(&name, whole(shape.bounds.width)) } else { vec![name] };
    Some(drawn(shape, kind, lines, places.at(&element.id)))
}

fn drawn(shape: &Shape, kind: ShapeKind, lines: Vec<String>, place: StepPlace) -> DiagramShape {
    let bounds = shape.bounds;
    let (x, y, width, height) = (whole(bounds.x), whole(bounds.y), whole(bounds.width), whole(bounds.height));
    DiagramShape { kind, x, y, width, height, lines, place }
}

/// A name in lines that fit a width.
fn wrapped(name: &str, width: i32) -> Vec<String> {
    let most = usize::try_from((width - 8) / CHARACTER).unwrap_or(1).max(1);
    let characters: Vec<char> = name.chars().collect();
    characters.chunks(most).map(|line| line.iter().collect()).collect()
}

fn view_box(shapes: &[DiagramShape]) -> String {
    let left = shapes.iter().map(|shape| shape.x).min().unwrap_or_default() - MARGIN;
    let top = shapes.iter().map(|shape| shape.y).min().unwrap_or_default() - MARGIN;
    let right = shapes.iter().map(|shape| shape.x + shape.width).max().unwrap_or_default() + MARGIN;
    let bottom = shapes.iter().map(|shape| shape.y + shape.height).max().unwrap_or_default() + 2 * MARGIN;
    format!("{left} {top} {} {}", right - left, bottom - top)
}

/// A place in the drawing to the nearest unit.
#[expect(
    clippy::cast_possible_truncation,
    reason = "a drawing is smaller than the numbers, and a larger one is cut off"
)]
fn whole(place: f64) -> i32 {
    place.round() as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_broken_where_the_box_ends() {
        assert_eq!(wrapped("科（股）长审核", 110), ["科（股）长审", "核"]);
        assert_eq!(wrapped("受理", 110), ["受理"]);
        assert_eq!(wrapped("", 110), Vec::<String>::new());
    }

    #[test]
    fn a_drawing_has_room_around_it() {
        let shape = |x, y| DiagramShape {
            kind: ShapeKind::Task,
            x,
            y,
            width: 100,
            height: 50,
            lines: vec![],
            place: StepPlace::Now,
        };
        assert_eq!(view_box(&[shape(20, 30), shape(200, 100)]), "8 18 304 156");
    }
}
