//! The parsed model: what the token machine, the kernel and a drawing need to know.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use crate::bpmn::Diagram;
use crate::feel::Expression;
use crate::problem::Problem;
use crate::xml::Element;

/// A process definition: one BPMN file of which one process is run. Immutable; share it in an `Arc`.
#[derive(Debug)]
pub struct Definition {
    pub(crate) source: String,
    pub(crate) id: Arc<str>,
    pub(crate) name: Option<String>,
    pub(crate) documentation: String,
    pub(crate) elements: Vec<FlowElement>,
    pub(crate) flows: Vec<SequenceFlow>,
    pub(crate) containers: Vec<Container>,
    pub(crate) by_id: HashMap<Arc<str>, usize>,
    pub(crate) lanes: Vec<Lane>,
    pub(crate) diagram: Diagram,
    /// What reading found and `check` repeats: expressions that are none, references that lead nowhere.
    pub(crate) problems: Vec<Problem>,
    pub(crate) document: Element,
}

/// A process or sub-process: what tokens can move in.
#[derive(Debug, Default)]
pub(crate) struct Container {
    /// Elements in document order.
    pub(crate) elements: Vec<usize>,
    /// Where a token appears when the container is entered.
    pub(crate) entries: Vec<usize>,
    /// Event sub-processes.
    pub(crate) handlers: Vec<usize>,
    /// Whether this container belongs to the process that is run.
    pub(crate) runs: bool,
}

/// A flow node (BPMN 2.0.2 clause 10: activity, event or gateway).
#[derive(Debug)]
pub struct FlowElement {
    /// Id in the file; made from tag and line where the file has none.
    pub id: Arc<str>,
    /// Name, for people.
    pub name: Option<String>,
    /// What it is and does.
    pub kind: Kind,
    /// Text of its `documentation`, joined.
    pub documentation: String,
    /// Id of the innermost lane it lies in.
    pub lane: Option<Arc<str>>,
    /// Multi-instance or loop.
    pub repetition: Repetition,
    /// Whether it runs only as a compensation handler.
    pub for_compensation: bool,
    /// Line in the file.
    pub line: u32,
    pub(crate) container: usize,
    pub(crate) incoming: Vec<usize>,
    pub(crate) outgoing: Vec<usize>,
    pub(crate) default: Option<usize>,
    /// Boundary events attached to this activity.
    pub(crate) boundary: Vec<usize>,
    /// For a compensation boundary event: the handler at the end of its association.
    pub(crate) handler: Option<usize>,
    /// For a link throw event: the catch event of the same name.
    pub(crate) link: Option<usize>,
}

/// What a flow node does.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Start event; `interrupting` matters in an event sub-process.
    Start {
        /// What starts it.
        event: Event,
        /// Whether the enclosing scope is cancelled.
        interrupting: bool,
    },
    /// End event.
    End(Event),
    /// Intermediate catch event.
    Catch(Event),
    /// Intermediate throw event.
    Throw(Event),
    /// Boundary event.
    Boundary {
        /// What triggers it.
        event: Event,
        /// The activity it is attached to, an index into the elements.
        host: usize,
        /// Whether the activity is cancelled.
        interrupting: bool,
    },
    /// Gateway.
    Gateway(Gateway),
    /// Task.
    Task(Task),
    /// Embedded sub-process, or an event sub-process when `triggered`.
    SubProcess {
        /// Index of its container.
        container: usize,
        /// Event sub-process (BPMN 2.0.2 §10.3.5).
        triggered: bool,
    },
    /// An element that is read and drawn, but not executed: `check` refuses it.
    NotExecuted {
        /// Its tag.
        tag: String,
    },
}

/// Gateways (BPMN 2.0.2 clause 10.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// One way.
    Exclusive,
    /// All ways; joins wait for each incoming flow.
    Parallel,
    /// Every way whose condition holds; joins wait for what can still arrive.
    Inclusive,
    /// The way whose event comes first.
    EventBased,
}

/// Tasks (BPMN 2.0.2 clause 10.3.3).
#[derive(Debug, Clone, PartialEq)]
pub enum Task {
    /// A person does it and says so.
    User,
    /// A person does it, nobody says so: completes by itself.
    Manual,
    /// A task without a type: completes by itself.
    Plain,
    /// Asked of the surroundings under its `implementation`.
    Service {
        /// The standard attribute `implementation`.
        implementation: Option<String>,
    },
    /// A decision, asked of the surroundings.
    BusinessRule {
        /// The standard attribute `implementation`.
        implementation: Option<String>,
    },
    /// Sends a message through the surroundings.
    Send {
        /// The standard attribute `implementation`.
        implementation: Option<String>,
        /// The message sent.
        message: Message,
    },
    /// Waits for a message.
    Receive {
        /// The message awaited.
        message: Message,
    },
    /// A FEEL script. A context result sets variables; with `result`, the value becomes that variable.
    Script {
        /// The script.
        script: Condition,
        /// Variable for the result (vendor attribute `resultVariable`).
        result: Option<String>,
    },
}

/// A message by reference and name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Message {
    /// Id of the `message` element.
    pub id: Option<String>,
    /// Its name.
    pub name: Option<String>,
}

/// Event definitions (BPMN 2.0.2 clause 10.5.5).
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// No trigger.
    None,
    /// A message.
    Message(Message),
    /// A date, duration or cycle.
    Timer {
        /// Which of the three.
        kind: TimerKind,
        /// ISO 8601 text, or an expression giving it.
        text: TimerText,
    },
    /// An error; without a code it catches every error.
    Error {
        /// The error's code.
        code: Option<String>,
    },
    /// An escalation; without a code it catches every escalation.
    Escalation {
        /// The escalation's code.
        code: Option<String>,
    },
    /// A signal, broadcast.
    Signal {
        /// The signal's name, or its id where it has none.
        name: String,
    },
    /// Becomes true.
    Conditional(Condition),
    /// Goes on at the catching link of the same name.
    Link {
        /// The link's name.
        name: String,
    },
    /// Ends the scope at once.
    Terminate,
    /// Undoes completed activities.
    Compensation {
        /// The activity to undo; without it, all of the scope.
        activity: Option<String>,
    },
    /// Not executed: cancel, multiple.
    NotExecuted {
        /// Its tag.
        tag: String,
    },
}

/// Kinds of timers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimerKind {
    /// At a point in time.
    Date,
    /// After a time.
    Duration,
    /// Repeatedly: `R3/PT10S`.
    Cycle,
}

/// Literal text or an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum TimerText {
    /// ISO 8601.
    Literal(String),
    /// Evaluated when the timer is set.
    Expression(Condition),
}

/// An expression as written, and parsed if it is FEEL or means the same in FEEL.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// As written.
    pub text: String,
    /// Parsed; `None` was reported by `check`.
    pub expression: Option<Expression>,
}

/// Multi-instance or loop (BPMN 2.0.2 §10.3.8).
#[derive(Debug, Clone, PartialEq)]
pub enum Repetition {
    /// Once.
    Once,
    /// Several instances, in parallel or one after the other: countersign (会签).
    Multi(MultiInstance),
    /// Repeated while a condition holds.
    Loop(StandardLoop),
}

/// Multi-instance characteristics.
#[derive(Debug, Clone, PartialEq)]
pub struct MultiInstance {
    /// One after the other.
    pub sequential: bool,
    /// Number of instances.
    pub cardinality: Option<Condition>,
    /// The list with one item for each instance.
    pub collection: Option<Condition>,
    /// Variable that holds the item within an instance.
    pub item: Option<String>,
    /// Variable of an instance that is collected when it completes.
    pub output_item: Option<String>,
    /// List variable that collects the outputs.
    pub output_list: Option<String>,
    /// When true after an instance completed, the others are cancelled.
    pub completion: Option<Condition>,
}

/// Standard loop characteristics.
#[derive(Debug, Clone, PartialEq)]
pub struct StandardLoop {
    /// Test before the first run.
    pub test_before: bool,
    /// Repeated while true; absent means up to the maximum.
    pub condition: Option<Condition>,
    /// Most runs.
    pub maximum: Option<u32>,
}

/// A sequence flow.
#[derive(Debug)]
pub struct SequenceFlow {
    /// Id in the file, or made from its ends.
    pub id: Arc<str>,
    /// Name, for people.
    pub name: Option<String>,
    /// Condition, if any.
    pub condition: Option<Condition>,
    /// Line in the file.
    pub line: u32,
    pub(crate) source: usize,
    pub(crate) target: usize,
}

/// A lane: whose work the elements are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lane {
    /// Id in the file.
    pub id: Arc<str>,
    /// Name, for people.
    pub name: Option<String>,
    /// Ids of the elements named in it.
    pub elements: Vec<Arc<str>>,
    /// Id of the lane around it.
    pub parent: Option<Arc<str>>,
}

impl Definition {
    /// Id of the process that is run.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The file as the caller named it.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Name of the process.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Documentation of the process.
    pub fn documentation(&self) -> &str {
        &self.documentation
    }

    /// The flow node with this id, in any process of the file.
    pub fn element(&self, id: &str) -> Option<&FlowElement> {
        self.index(id).map(|index| &self.elements[index])
    }

    /// All flow nodes of the file in document order.
    pub fn elements(&self) -> &[FlowElement] {
        &self.elements
    }

    /// All sequence flows of the file in document order.
    pub fn flows(&self) -> &[SequenceFlow] {
        &self.flows
    }

    /// The user tasks of the process that is run, those in sub-processes among them.
    pub fn tasks(&self) -> impl Iterator<Item = &FlowElement> {
        self.running().filter(|element| matches!(element.kind, Kind::Task(Task::User)))
    }

    /// The tasks of the process that is run which ask something of the surroundings: service, business rule and send tasks.
    pub fn service_tasks(&self) -> impl Iterator<Item = &FlowElement> {
        self.running().filter(|element| element.is_service())
    }

    /// Lanes in document order, outer before inner.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// Shapes and edges as the modeller placed them.
    pub fn diagram(&self) -> &Diagram {
        &self.diagram
    }

    /// The whole document, vendor extensions included.
    pub fn document(&self) -> &Element {
        &self.document
    }

    /// The ends of a flow: source and target element.
    pub fn ends(&self, flow: &SequenceFlow) -> (&FlowElement, &FlowElement) {
        (&self.elements[flow.source], &self.elements[flow.target])
    }

    /// Outgoing flows of an element in document order.
    pub fn outgoing<'a>(&'a self, element: &'a FlowElement) -> impl Iterator<Item = &'a SequenceFlow> {
        element.outgoing.iter().map(|flow| &self.flows[*flow])
    }

    /// The default flow of an element.
    pub fn default_flow(&self, element: &FlowElement) -> Option<&SequenceFlow> {
        element.default.map(|flow| &self.flows[flow])
    }

    /// The sub-process an element lies in, `None` at the top.
    pub fn parent(&self, element: &FlowElement) -> Option<&FlowElement> {
        self.elements.iter().find(
            |candidate| matches!(candidate.kind, Kind::SubProcess { container, .. } if container == element.container),
        )
    }

    /// Names of the messages that elements of the running process wait for, with the elements' ids.
    pub fn messages(&self) -> BTreeMap<String, Vec<Arc<str>>> {
        let mut messages: BTreeMap<String, Vec<Arc<str>>> = BTreeMap::new();
        for element in self.running() {
            if let Some(message) = element.awaited_message() {
                let name =
                    message.name.clone().or_else(|| message.id.clone()).unwrap_or_else(|| element.id.to_string());
                messages.entry(name).or_default().push(Arc::clone(&element.id));
            }
        }
        messages
    }

    pub(crate) fn index(&self, id: &str) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn running(&self) -> impl Iterator<Item = &FlowElement> {
        self.elements.iter().filter(|element| self.containers[element.container].runs)
    }
}

impl FlowElement {
    /// The name, or the id where there is none.
    pub fn label(&self) -> &str {
        self.name.as_deref().filter(|name| !name.trim().is_empty()).unwrap_or(&self.id)
    }

    /// The attribute `implementation` of a service, business rule or send task.
    pub fn implementation(&self) -> Option<&str> {
        match &self.kind {
            Kind::Task(
                Task::Service { implementation }
                | Task::BusinessRule { implementation }
                | Task::Send { implementation, .. },
            ) => implementation.as_deref(),
            _ => None,
        }
    }

    /// Whether the surroundings do the work: service, business rule and send tasks.
    pub fn is_service(&self) -> bool {
        matches!(self.kind, Kind::Task(Task::Service { .. } | Task::BusinessRule { .. } | Task::Send { .. }))
    }

    /// Whether this is a gateway.
    pub fn is_gateway(&self) -> bool {
        matches!(self.kind, Kind::Gateway(_))
    }

    /// The multi-instance characteristics, if any.
    pub fn multi_instance(&self) -> Option<&MultiInstance> {
        match &self.repetition {
            Repetition::Multi(multi) => Some(multi),
            _ => None,
        }
    }

    /// The event definition of an event.
    pub fn event(&self) -> Option<&Event> {
        match &self.kind {
            Kind::Start { event, .. }
            | Kind::Boundary { event, .. }
            | Kind::End(event)
            | Kind::Catch(event)
            | Kind::Throw(event) => Some(event),
            _ => None,
        }
    }

    pub(crate) fn awaited_message(&self) -> Option<&Message> {
        match &self.kind {
            Kind::Task(Task::Receive { message })
            | Kind::Start { event: Event::Message(message), .. }
            | Kind::Catch(Event::Message(message))
            | Kind::Boundary { event: Event::Message(message), .. } => Some(message),
            _ => None,
        }
    }

    /// Whether boundary events may be attached and tokens rest inside: tasks and sub-processes.
    pub(crate) fn is_activity(&self) -> bool {
        matches!(self.kind, Kind::Task(_) | Kind::SubProcess { .. })
    }
}
