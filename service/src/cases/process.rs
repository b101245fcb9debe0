//! The process of a case as it was drawn, with the place where the case stands, and the steps that are still to come.

use std::collections::BTreeSet;

use base::id::CaseId;
use flow::Definition;
use flow::bpmn::{FlowElement, Kind, Point, SequenceFlow, Shape};
use kernel::case::Case;
use kernel::catalog::Matter;
use serde::Serialize;
use utoipa::ToSchema;
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

/// The process of a case as data (流程图): what was drawn, and where the case stands in it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProcessView {
    /// Case number.
    pub number: String,
    /// What it is the process of.
    pub title: String,
    /// Lanes, outer before inner.
    pub lanes: Vec<ProcessLane>,
    /// Tasks, gateways and events; those that were drawn first, in the order in which they are to be painted.
    pub nodes: Vec<ProcessNode>,
    /// What leads from one to another.
    pub flows: Vec<ProcessFlow>,
    /// Nodes where a token rests: an open task, an answer or a message awaited.
    pub tokens: Vec<String>,
    /// Steps of people in order: the same without a drawing.
    pub steps: Vec<ProcessStep>,
}

/// A lane: whose work it is.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProcessLane {
    /// Id in the process.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Where it was drawn.
    pub bounds: Option<ProcessBounds>,
}

/// A task, gateway or event.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProcessNode {
    /// Id in the process.
    pub id: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// The lane that it lies in.
    pub lane: Option<String>,
    /// Where the case stands in it.
    pub place: Place,
    /// Where it was drawn.
    pub bounds: Option<ProcessBounds>,
}

/// What a node of a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum NodeKind {
    /// Work.
    Task,
    /// A branching.
    Gateway,
    /// A beginning, an end, something awaited.
    Event,
}

/// Where a case stands in a node of its process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    /// It was done.
    Done,
    /// Somebody has it now.
    Now,
    /// It may come, or was never needed.
    Other,
}

impl From<Place> for StepPlace {
    fn from(place: Place) -> Self {
        match place {
            Place::Done => Self::Done,
            Place::Now => Self::Now,
            Place::Other => Self::Other,
        }
    }
}

/// A sequence flow.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProcessFlow {
    /// Id in the process.
    pub id: String,
    /// Its name; for people, the condition.
    pub name: String,
    /// The node that it comes from.
    pub from: String,
    /// The node that it leads to.
    pub to: String,
    /// Its line; empty when it was not drawn.
    pub waypoints: Vec<ProcessPoint>,
}

/// A step of people.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProcessStep {
    /// The node.
    pub element: String,
    /// Its name in the reader's language.
    pub name: String,
    /// Where the case stands in it.
    pub place: Place,
}

/// A place in the drawing, in its units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProcessBounds {
    /// Left.
    pub x: i32,
    /// Top.
    pub y: i32,
    /// Width.
    pub width: i32,
    /// Height.
    pub height: i32,
}

/// A point of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProcessPoint {
    /// From the left.
    pub x: i32,
    /// From the top.
    pub y: i32,
}

/// The process of a case.
pub async fn process(app: &App, identity: &Identity, id: CaseId, words: Words) -> Result<ProcessView> {
    let case = load(app, identity, id).await?;
    let matter = app.matter_at(&case.matter, &case.catalog).await?;
    let places = Places::of(&case);
    let (process, lang) = (&matter.process, words.lang.tag());
    let drawn = process.diagram();
    let lanes = process.lanes().iter().map(|lane| ProcessLane {
        id: lane.id.to_string(),
        name: lane.name.clone().unwrap_or_default(),
        bounds: drawn.shape(&lane.id).map(bounds),
    });
    let painted = drawn.shapes.iter().filter_map(|shape| Some((process.element(&shape.element)?, Some(bounds(shape)))));
    let unpainted = process.elements().iter().filter(|element| drawn.shape(&element.id).is_none());
    let nodes = painted.chain(unpainted.map(|element| (element, None)));
    let steps = matter.tasks.iter().map(|(id, task)| ProcessStep {
        element: (*id).to_owned(),
        name: task.name.get(lang).to_owned(),
        place: places.at(id),
    });
    let waits: BTreeSet<&str> = case.process.waiting().map(|(_, element)| element).collect();
    Ok(ProcessView {
        title: words.t1("process-diagram-of", "matter", matter.spec.name.get(lang)),
        lanes: lanes.collect(),
        nodes: nodes.map(|(element, bounds)| node(element, bounds, &places)).collect(),
        flows: process.flows().iter().map(|flow| line(process, flow)).collect(),
        tokens: waits.into_iter().map(str::to_owned).collect(),
        steps: steps.collect(),
        number: case.number,
    })
}

/// The diagram of a case's process: its view, painted.
pub async fn diagram(app: &App, identity: &Identity, id: CaseId, words: Words) -> Result<(String, ProcessDiagram)> {
    let view = process(app, identity, id, words).await?;
    let lanes = view
        .lanes
        .iter()
        .filter_map(|lane| Some(shape(lane.bounds?, ShapeKind::Lane, vec![lane.name.clone()], StepPlace::Other)));
    let nodes = view.nodes.iter().filter_map(painted);
    let shapes: Vec<DiagramShape> = lanes.chain(nodes).collect();
    let lines = view.flows.iter().filter(|flow| !flow.waypoints.is_empty()).map(|flow| {
        let points = flow.waypoints.iter().map(|point| format!("{},{}", point.x, point.y));
        points.collect::<Vec<_>>().join(" ")
    });
    let diagram = ProcessDiagram {
        view_box: view_box(&shapes),
        lines: lines.collect(),
        steps: view.steps.into_iter().map(|step| (step.name, step.place.into())).collect(),
        title: view.title,
        shapes,
    };
    Ok((view.number, diagram))
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

    fn at(&self, element: &str) -> Place {
        if self.now.contains(element) {
            Place::Now
        } else if self.done.contains(element) {
            Place::Done
        } else {
            Place::Other
        }
    }
}

fn node(element: &FlowElement, bounds: Option<ProcessBounds>, places: &Places<'_>) -> ProcessNode {
    ProcessNode {
        id: element.id.to_string(),
        name: element.name.clone().unwrap_or_default(),
        kind: match &element.kind {
            Kind::Gateway(_) => NodeKind::Gateway,
            Kind::Task(_) | Kind::SubProcess { .. } => NodeKind::Task,
            _ if element.event().is_some() => NodeKind::Event,
            _ => NodeKind::Task,
        },
        lane: element.lane.as_deref().map(str::to_owned),
        place: places.at(&element.id),
        bounds,
    }
}

fn line(process: &Definition, flow: &SequenceFlow) -> ProcessFlow {
    let (from, to) = process.ends(flow);
    let edge = process.diagram().edge(&flow.id);
    let point = |point: &Point| ProcessPoint { x: whole(point.x), y: whole(point.y) };
    ProcessFlow {
        id: flow.id.to_string(),
        name: flow.name.clone().unwrap_or_default(),
        from: from.id.to_string(),
        to: to.id.to_string(),
        waypoints: edge.into_iter().flat_map(|edge| &edge.waypoints).map(point).collect(),
    }
}

fn bounds(shape: &Shape) -> ProcessBounds {
    let bounds = shape.bounds;
    ProcessBounds { x: whole(bounds.x), y: whole(bounds.y), width: whole(bounds.width), height: whole(bounds.height) }
}

fn painted(node: &ProcessNode) -> Option<DiagramShape> {
    let bounds = node.bounds?;
    let (kind, lines) = match node.kind {
        NodeKind::Gateway => (ShapeKind::Gateway, vec![node.name.clone()]),
        NodeKind::Event => (ShapeKind::Event, vec![node.name.clone()]),
        NodeKind::Task => (ShapeKind::Task, wrapped(&node.name, bounds.width)),
    };
    Some(shape(bounds, kind, lines, node.place.into()))
}

fn shape(bounds: ProcessBounds, kind: ShapeKind, lines: Vec<String>, place: StepPlace) -> DiagramShape {
    let ProcessBounds { x, y, width, height } = bounds;
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
