//! Runs a definition by a script, for trying models out and for tests: `jiantong flow run`.
//!
//! Service, script and manual tasks complete by themselves, user and receive tasks wait for a step, and time passes only when told to.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use jiff::{Span, Zoned};
use serde::{Deserialize, Serialize};

use crate::bpmn::Definition;
use crate::feel::{Context, Expression, ExpressionFault, Lookup, Value};
use crate::run::{Effect, FlowFault, Input, Scope, State, Status, step};

/// Most services and timers answered for one step of a script.
const ANSWERS_MAX: u32 = 10_000;
/// Where the clock of a script stands at first; only differences matter, except for timers with a date.
const CLOCK_START: jiff::Timestamp = jiff::Timestamp::constant(1_767_225_600, 0);

/// What to do with a process (architecture.md §12).
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Script {
    /// Variables at the start.
    pub given: serde_json::Map<String, serde_json::Value>,
    /// What happens, in order.
    pub steps: Vec<ScriptStep>,
    /// Element id → variable → FEEL: what a service sets when it is done.
    pub services: BTreeMap<String, BTreeMap<String, String>>,
}

/// One thing that happens.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ScriptStep {
    /// A user or receive task is completed: element id.
    pub complete: Option<String>,
    /// A message: name or id of the message, or id of the element.
    pub message: Option<String>,
    /// A signal: name, or id of the element.
    pub signal: Option<String>,
    /// Time passes: ISO 8601 duration.
    pub advance: Option<String>,
    /// Variables set with the above, or alone.
    pub set: serde_json::Map<String, serde_json::Value>,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Outcome {
    /// `completed`, `active` or `incident`.
    pub state: &'static str,
    /// Activities and events in the order of completion, no gateways.
    pub completed: Vec<Arc<str>>,
    /// Where something waits, no gateways.
    pub waiting: Vec<Arc<str>>,
    /// Activities and waiting events that were cancelled.
    pub cancelled: Vec<Arc<str>>,
    /// What cannot go on.
    pub incidents: Vec<OutcomeIncident>,
    /// Variables at the end.
    pub variables: serde_json::Map<String, serde_json::Value>,
}

/// An incident in an [`Outcome`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutcomeIncident {
    /// Element id.
    pub element: Arc<str>,
    /// Why, in words.
    pub reason: String,
}

/// Why a script cannot be run.
#[derive(Debug, thiserror::Error)]
pub enum ScriptFault {
    /// The definition has errors.
    #[error("the model is not executable: {0}")]
    NotExecutable(String),
    /// A step names nothing or several things.
    #[error("step {0} must have exactly one of complete, message, signal, advance, or set alone")]
    Unclear(usize),
    /// A task is to be completed that does not wait.
    #[error("step {step}: nothing waits at {element}")]
    NotWaiting {
        /// Number of the step, from 1.
        step: usize,
        /// Element id.
        element: String,
    },
    /// A duration is none.
    #[error("step {step}: {text:?} is no ISO 8601 duration")]
    Duration {
        /// Number of the step, from 1.
        step: usize,
        /// As written.
        text: String,
    },
    /// The result of a service is no FEEL.
    #[error("service {element}, variable {variable}: {fault}")]
    Service {
        /// Element id.
        element: String,
        /// Variable.
        variable: String,
        /// What is wrong.
        fault: ExpressionFault,
    },
    /// Services or timers go round in circles.
    #[error("more than {ANSWERS_MAX} services and timers without a step")]
    Endless,
    /// The machine refuses an input.
    #[error(transparent)]
    Flow(#[from] FlowFault),
}

/// Runs a script from the start. Steps after the end of the process change nothing.
pub fn run(definition: &Definition, script: &Script) -> Result<Outcome, ScriptFault> {
    if let Some(problem) = definition.check().iter().find(|problem| problem.is_error()) {
        return Err(ScriptFault::NotExecutable(problem.to_string()));
    }
    let mut runner = Runner::new(definition, script)?;
    runner.give(Input::Start { variables: context(&script.given) })?;
    for (index, step) in script.steps.iter().enumerate() {
        if runner.state.status != Status::Active {
            break;
        }
        runner.step(index + 1, step)?;
    }
    Ok(runner.outcome())
}

struct Runner<'a> {
    definition: &'a Definition,
    services: BTreeMap<&'a str, Vec<(&'a str, Expression)>>,
    state: State,
    now: Zoned,
    timers: BTreeMap<u32, Zoned>,
    completed: Vec<Arc<str>>,
    cancelled: Vec<Arc<str>>,
}

impl<'a> Runner<'a> {
    fn new(definition: &'a Definition, script: &'a Script) -> Result<Self, ScriptFault> {
        let mut services: BTreeMap<&str, Vec<(&str, Expression)>> = BTreeMap::new();
        for (element, variables) in &script.services {
            for (variable, text) in variables {
                let expression = Expression::parse(text, &[]).map_err(|fault| ScriptFault::Service {
                    element: element.clone(),
                    variable: variable.clone(),
                    fault,
                })?;
                services.entry(element).or_default().push((variable, expression));
            }
        }
        Ok(Self {
            definition,
            services,
            state: State::default(),
            now: CLOCK_START.to_zoned(jiff::tz::TimeZone::UTC),
            timers: BTreeMap::new(),
            completed: Vec::new(),
            cancelled: Vec::new(),
        })
    }

    fn step(&mut self, number: usize, step: &ScriptStep) -> Result<(), ScriptFault> {
        let variables = context(&step.set);
        match (&step.complete, &step.message, &step.signal, &step.advance) {
            (Some(element), None, None, None) => {
                let input = self
                    .completion(element, variables)
                    .ok_or_else(|| ScriptFault::NotWaiting { step: number, element: element.clone() })?;
                self.give(input)
            }
            (None, Some(name), None, None) => self.give(Input::Message { name: name.clone(), variables }),
            (None, None, Some(name), None) => self.give(Input::Signal { name: name.clone(), variables }),
            (None, None, None, Some(text)) => {
                let wrong = || ScriptFault::Duration { step: number, text: text.clone() };
                let span: Span = text.parse().map_err(|_| wrong())?;
                let until = self.now.checked_add(span).map_err(|_| wrong())?;
                if !variables.is_empty() {
                    self.give(Input::SetVariables { variables })?;
                }
                self.advance(until)
            }
            (None, None, None, None) if !variables.is_empty() => self.give(Input::SetVariables { variables }),
            _ => Err(ScriptFault::Unclear(number)),
        }
    }

    /// The input that completes the oldest open task or receive task with this element id.
    fn completion(&self, element: &str, variables: Context) -> Option<Input> {
        if let Some((instance, _)) = self.state.open_tasks().find(|(_, open)| *open == element) {
            return Some(Input::CompleteTask { instance, variables });
        }
        let is_receive = self.definition.element(element).is_some_and(|element| element.event().is_none());
        let waits = self.state.waiting().any(|(_, waiting)| waiting == element);
        (is_receive && waits).then(|| Input::Message { name: element.to_owned(), variables })
    }

    /// Gives an input and answers the services it asks for.
    fn give(&mut self, input: Input) -> Result<(), ScriptFault> {
        let mut inputs = VecDeque::from([input]);
        let mut answers = 0;
        while let Some(input) = inputs.pop_front() {
            // A service that another path has cancelled meanwhile needs no answer.
            if let Input::ServiceDone { instance, .. } = &input
                && self.state.instance(*instance).is_none()
            {
                continue;
            }
            answers += 1;
            if answers > ANSWERS_MAX {
                return Err(ScriptFault::Endless);
            }
            let input = self.with_service_result(input);
            let answer = step(self.definition, &self.state, input, &Scope::EMPTY)?;
            self.state.apply(&answer.delta);
            for effect in answer.effects {
                match effect {
                    Effect::Completed { element } => self.completed.push(element),
                    Effect::Cancelled { element } => self.cancelled.push(element),
                    Effect::ServiceRequested { instance, .. } => {
                        inputs.push_back(Input::ServiceDone { instance, variables: Context::new() });
                    }
                    Effect::TimerSet { instance, due, .. } => {
                        // A text that is no time never fires; `check` said so.
                        if let Some(at) = due.at(&self.now) {
                            self.timers.insert(instance, at.to_zoned(jiff::tz::TimeZone::UTC));
                        }
                    }
                    Effect::TimerCancelled { instance, .. } => {
                        self.timers.remove(&instance);
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }

    /// Results are computed when the answer is given, so that parallel services see each other's.
    fn with_service_result(&self, input: Input) -> Input {
        let Input::ServiceDone { instance, .. } = input else { return input };
        let mut variables = Context::new();
        if let Some(service) = self.state.instance(instance)
            && let Some(results) = self.services.get(service.element.as_ref())
        {
            let names = Names { locals: &service.locals, variables: &self.state.variables };
            for (variable, expression) in results {
                variables.insert((*variable).to_owned(), expression.evaluate(&names));
            }
        }
        Input::ServiceDone { instance, variables }
    }

    /// Fires what is due until then, in order of time.
    fn advance(&mut self, until: Zoned) -> Result<(), ScriptFault> {
        for _ in 0..ANSWERS_MAX {
            let next = self.timers.iter().map(|(instance, at)| (at.clone(), *instance)).min();
            let Some((at, instance)) = next.filter(|(at, _)| *at <= until) else {
                self.now = until;
                return Ok(());
            };
            self.now = at.max(self.now.clone());
            self.give(Input::Timer { instance })?;
            if self.state.status != Status::Active {
                return Ok(());
            }
        }
        Err(ScriptFault::Endless)
    }

    fn outcome(self) -> Outcome {
        let incidents: Vec<OutcomeIncident> = self
            .state
            .incidents()
            .map(|(_, element, reason)| OutcomeIncident { element: Arc::from(element), reason: reason.to_string() })
            .collect();
        let state = match self.state.status {
            _ if !incidents.is_empty() => "incident",
            Status::Completed | Status::Cancelled => "completed",
            Status::New | Status::Active => "active",
        };
        Outcome {
            state,
            completed: self.completed,
            waiting: self.state.waiting().map(|(_, element)| Arc::from(element)).collect(),
            cancelled: self.cancelled,
            incidents,
            variables: self.state.variables.iter().map(|(name, value)| (name.clone(), value.to_json())).collect(),
        }
    }
}

struct Names<'a> {
    locals: &'a Context,
    variables: &'a Context,
}

impl Lookup for Names<'_> {
    fn lookup(&self, name: &str) -> Option<&Value> {
        self.locals.get(name).or_else(|| self.variables.get(name))
    }
}

fn context(json: &serde_json::Map<String, serde_json::Value>) -> Context {
    json.iter().map(|(name, value)| (name.clone(), Value::from(value))).collect()
}
