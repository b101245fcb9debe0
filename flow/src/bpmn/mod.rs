//! BPMN 2.0.2 as read from its XML: elements, flows, lanes and the diagram.

mod check;
mod definition;
mod diagram;
mod events;
mod read;

pub(crate) use definition::Container;
pub use definition::{
    Condition, Definition, Event, FlowElement, Gateway, Kind, Lane, Message, MultiInstance, Repetition, SequenceFlow,
    StandardLoop, Task, TimerKind, TimerText,
};
pub use diagram::{Bounds, Diagram, Edge, Point, Shape};

/// Namespace of the BPMN 2.0 model elements.
pub const BPMN_NAMESPACE: &str = "http://www.omg.org/spec/BPMN/20100524/MODEL";
