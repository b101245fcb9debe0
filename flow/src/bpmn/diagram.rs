//! Diagram interchange (BPMN 2.0.2 clause 12): where the modeller placed things. Drawing happens elsewhere.

use crate::xml::Element;

/// A drawn model.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diagram {
    /// Boxes, circles, diamonds, pools and lanes.
    pub shapes: Vec<Shape>,
    /// Lines.
    pub edges: Vec<Edge>,
}

/// Position and size in the modeller's units (usually 1/96 inch).
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    /// Left.
    pub x: f64,
    /// Top.
    pub y: f64,
    /// Width.
    pub width: f64,
    /// Height.
    pub height: f64,
}

/// A point of a line.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// From the left.
    pub x: f64,
    /// From the top.
    pub y: f64,
}

/// The shape of a flow node, lane, participant, data object or annotation.
#[derive(Debug, Clone, PartialEq)]
pub struct Shape {
    /// Id of the model element.
    pub element: String,
    /// Where it is.
    pub bounds: Bounds,
    /// Where its label is, if placed by hand.
    pub label: Option<Bounds>,
    /// Whether a sub-process shows its content.
    pub is_expanded: Option<bool>,
    /// Whether a pool or lane lies horizontally.
    pub is_horizontal: Option<bool>,
}

/// The line of a sequence flow, message flow or association.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// Id of the model element.
    pub element: String,
    /// From source to target.
    pub waypoints: Vec<Point>,
    /// Where its label is, if placed by hand.
    pub label: Option<Bounds>,
}

impl Diagram {
    /// The shape of an element.
    pub fn shape(&self, element: &str) -> Option<&Shape> {
        self.shapes.iter().find(|shape| shape.element == element)
    }

    /// The line of a flow.
    pub fn edge(&self, element: &str) -> Option<&Edge> {
        self.edges.iter().find(|edge| edge.element == element)
    }

    pub(crate) fn read(definitions: &Element) -> Self {
        let mut diagram = Self::default();
        let planes = definitions
            .elements()
            .filter(|e| e.name == "BPMNDiagram")
            .flat_map(|e| e.elements())
            .filter(|e| e.name == "BPMNPlane");
        for item in planes.flat_map(|plane| plane.elements()) {
            let element = item.attribute("bpmnElement").map(local).unwrap_or_default().to_owned();
            let label = item.child("BPMNLabel").and_then(|label| label.child("Bounds")).and_then(bounds);
            match item.name.as_str() {
                "BPMNShape" => {
                    let Some(bounds) = item.child("Bounds").and_then(bounds) else { continue };
                    let flag = |name| item.attribute(name).map(|value| value == "true");
                    diagram.shapes.push(Shape {
                        element,
                        bounds,
                        label,
                        is_expanded: flag("isExpanded"),
                        is_horizontal: flag("isHorizontal"),
                    });
                }
                "BPMNEdge" => {
                    let waypoints = item
                        .elements()
                        .filter(|e| e.name == "waypoint")
                        .filter_map(|e| Some(Point { x: number(e, "x")?, y: number(e, "y")? }))
                        .collect();
                    diagram.edges.push(Edge { element, waypoints, label });
                }
                _ => {}
            }
        }
        diagram
    }
}

fn bounds(element: &Element) -> Option<Bounds> {
    Some(Bounds {
        x: number(element, "x")?,
        y: number(element, "y")?,
        width: number(element, "width")?,
        height: number(element, "height")?,
    })
}

fn number(element: &Element, name: &str) -> Option<f64> {
    element.attribute(name)?.parse().ok().filter(|value: &f64| value.is_finite())
}

/// References are qualified names; the part after the prefix is the id.
pub(crate) fn local(reference: &str) -> &str {
    reference.rsplit_once(':').map_or(reference, |(_, id)| id)
}
