//! The working copy of one step: a queue of tokens on the move, the state they change, and what was touched.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use super::STEP_ELEMENTS_MAX;
use super::state::{Delta, Instance, Position, State, Status};
use super::step::{Effect, FlowFault, Input, Reason, Scope, Step};
use crate::bpmn::{Condition, Container, Definition, Event, FlowElement, Kind};
use crate::feel::{Context, Lookup, Value};

/// Something to do within this step.
#[derive(Debug, Clone, Copy)]
pub(super) enum Work {
    /// A token arrives at an element in a scope, along a flow or from nowhere.
    Enter { element: usize, scope: u32, flow: Option<usize> },
    /// An activity instance was done.
    Done(u32),
}

pub(super) struct Machine<'a> {
    pub(super) definition: &'a Definition,
    pub(super) facts: Scope<'a>,
    before: &'a State,
    pub(super) state: State,
    pub(super) queue: VecDeque<Work>,
    pub(super) effects: Vec<Effect>,
    touched: BTreeSet<u32>,
    touched_variables: BTreeSet<String>,
    touched_compensations: BTreeSet<u32>,
    worked: u32,
}

impl<'a> Machine<'a> {
    pub(super) fn new(definition: &'a Definition, state: &'a State, facts: Scope<'a>) -> Self {
        Self {
            definition,
            facts,
            before: state,
            state: state.clone(),
            queue: VecDeque::new(),
            effects: Vec::new(),
            touched: BTreeSet::new(),
            touched_variables: BTreeSet::new(),
            touched_compensations: BTreeSet::new(),
            worked: 0,
        }
    }

    /// Checks that the input fits and puts the first work into the queue.
    pub(super) fn take(&mut self, input: Input) -> Result<(), FlowFault> {
        match (&input, self.state.status) {
            (Input::Start { .. }, Status::New) => {}
            (Input::Start { .. }, _) => return Err(FlowFault::AlreadyStarted),
            (_, Status::New) => return Err(FlowFault::NotStarted),
            (_, Status::Completed | Status::Cancelled) => return Err(FlowFault::Ended),
            (_, Status::Active) => {}
        }
        if let Some(instance) =
            self.state.instances.values().find(|i| i.parent != 0 && self.definition.index(&i.element).is_none())
        {
            return Err(FlowFault::NoElement(instance.element.to_string()));
        }
        match input {
            Input::Start { variables } => {
                self.set_variables(variables);
                self.start()?;
            }
            Input::CompleteTask { instance, variables } => {
                self.expect(instance, |position| matches!(position, Position::Task))?;
                self.set_variables(variables);
                self.queue.push_back(Work::Done(instance));
            }
            Input::ServiceDone { instance, variables } => {
                self.expect(instance, |position| matches!(position, Position::Service))?;
                self.set_variables(variables);
                self.queue.push_back(Work::Done(instance));
            }
            Input::ServiceFailed { instance, code, reason } => {
                self.expect(instance, |position| matches!(position, Position::Service))?;
                self.service_failed(instance, code.as_deref(), reason);
            }
            Input::Message { name, variables } => {
                if let Some(catcher) = self.message_catcher(&name) {
                    self.set_variables(variables);
                    self.trigger(catcher);
                }
            }
            Input::Signal { name, variables } => {
                if !self.signal_catchers(&name).is_empty() {
                    self.set_variables(variables);
                    self.broadcast(&name);
                }
            }
            Input::Timer { instance } => {
                self.instance(instance).ok_or(FlowFault::NoInstance(instance))?;
                if !self.has_timer(instance) {
                    return Err(FlowFault::NotWaiting(instance));
                }
                // It fired: a cycle that goes on sets it again.
                self.cancel_timer(instance);
                self.trigger(instance);
            }
            Input::SetVariables { variables } => self.set_variables(variables),
            Input::Retry { instance } => {
                let found = self.instance(instance).ok_or(FlowFault::NoInstance(instance))?;
                if found.incident.is_none() {
                    return Err(FlowFault::NotWaiting(instance));
                }
                self.retry(instance);
            }
            Input::Cancel => {
                if let Some(root) = self.root() {
                    self.cancel(root);
                }
                self.end(Status::Cancelled);
            }
        }
        Ok(())
    }

    /// Moves tokens until everything rests.
    pub(super) fn run(&mut self) {
        loop {
            while let Some(work) = self.queue.pop_front() {
                self.worked += 1;
                self.work(work);
            }
            if self.state.status != Status::Active {
                break;
            }
            // Only when no token moves: conditions see settled variables, inclusive joins and scopes see every token.
            if self.check_conditions() || self.release_inclusive_join() || self.close_scope() {
                continue;
            }
            if self.queue.is_empty() {
                break;
            }
        }
        self.report_starved_joins();
    }

    fn work(&mut self, work: Work) {
        let over_budget = self.worked > STEP_ELEMENTS_MAX;
        match work {
            Work::Enter { element, scope, .. } if over_budget => {
                if self.state.instances.contains_key(&scope) {
                    self.stick(element, scope, Context::new(), Reason::StepBudget);
                }
            }
            Work::Done(instance) if over_budget => self.set_incident(instance, Reason::StepBudget),
            Work::Enter { element, scope, flow } => {
                // The scope may have been cancelled while the token was on its way.
                if self.state.instances.contains_key(&scope) {
                    self.enter(element, scope, flow);
                }
            }
            Work::Done(instance) => {
                if self.state.instances.contains_key(&instance) {
                    self.done(instance);
                }
            }
        }
    }

    fn start(&mut self) -> Result<(), FlowFault> {
        let container = self.root_container().ok_or(FlowFault::NoStart)?;
        let entries = &self.definition.containers[container].entries;
        let event = |index: &usize| match &self.definition.elements[*index].kind {
            Kind::Start { event, .. } => Some(event),
            _ => None,
        };
        let none_starts: Vec<usize> =
            entries.iter().copied().filter(|index| event(index).is_some_and(|event| *event == Event::None)).collect();
        let chosen = if !none_starts.is_empty() {
            none_starts
        } else if entries.len() == 1 || entries.iter().all(|index| event(index).is_none()) {
            entries.clone()
        } else {
            return Err(FlowFault::NoStart);
        };
        if chosen.is_empty() {
            return Err(FlowFault::NoStart);
        }
        self.state.status = Status::Active;
        let id = Arc::clone(&self.definition.id);
        let root = self.put_new(id, 0, Position::Scope, Context::new());
        self.arm_handlers(root, container);
        for element in chosen {
            self.queue.push_back(Work::Enter { element, scope: root, flow: None });
        }
        Ok(())
    }

    /// Ends the process; nothing is left alive.
    pub(super) fn end(&mut self, status: Status) {
        self.queue.clear();
        let left: Vec<u32> = self.state.compensations.keys().copied().collect();
        for id in left {
            self.remove_compensation(id);
        }
        self.state.status = status;
        self.effects.push(Effect::Ended { status });
    }

    pub(super) fn finish(mut self) -> Step {
        let effects = self.net_effects();
        let mut delta = Delta::default();
        if self.state.status != self.before.status {
            delta.status = Some(self.state.status);
        }
        if self.state.last_instance != self.before.last_instance {
            delta.last_instance = Some(self.state.last_instance);
        }
        for id in self.touched {
            match (self.state.instances.get(&id), self.before.instances.get(&id)) {
                (Some(after), before) if Some(after) != before => {
                    delta.put.insert(id, after.clone());
                }
                (None, Some(_)) => {
                    delta.gone.insert(id);
                }
                _ => {}
            }
        }
        for name in self.touched_variables {
            if let Some(value) = self.state.variables.get(&name)
                && self.before.variables.get(&name) != Some(value)
            {
                delta.set.insert(name, value.clone());
            }
        }
        for id in self.touched_compensations {
            let after = self.state.compensations.get(&id);
            if after != self.before.compensations.get(&id) {
                delta.compensations.insert(id, after.cloned());
            }
        }
        Step { delta, effects }
    }

    /// The effects without what came and went within this step: nobody is asked to open, set or perform what is gone already, nor told
    /// of the end of what was never there.
    fn net_effects(&mut self) -> Vec<Effect> {
        let (before, after) = (&self.before.instances, &self.state.instances);
        let mut gone = BTreeSet::new();
        let mut keep = |effect: &Effect| match effect {
            Effect::TaskOpened { instance, .. }
            | Effect::ServiceRequested { instance, .. }
            | Effect::TimerSet { instance, .. }
            | Effect::Incident { instance, .. } => after.contains_key(instance),
            Effect::TaskClosed { instance, .. } | Effect::ServiceCancelled { instance, .. } => {
                before.contains_key(instance)
            }
            // Fired and then disarmed with its activity: said once.
            Effect::TimerCancelled { instance, .. } => before.contains_key(instance) && gone.insert(*instance),
            _ => true,
        };
        let effects = std::mem::take(&mut self.effects);
        effects.into_iter().filter(|effect| keep(effect)).collect()
    }

    // What the other parts of the machine are made of.

    pub(super) fn element(&self, index: usize) -> &'a FlowElement {
        &self.definition.elements[index]
    }

    pub(super) fn instance(&self, id: u32) -> Option<&Instance> {
        self.state.instances.get(&id)
    }

    /// The element at which an instance rests; `None` for the process itself.
    pub(super) fn element_of(&self, id: u32) -> Option<usize> {
        let instance = self.state.instances.get(&id)?;
        if instance.parent == 0 { None } else { self.definition.index(&instance.element) }
    }

    pub(super) fn change(&mut self, id: u32) -> Option<&mut Instance> {
        self.touched.insert(id);
        self.state.instances.get_mut(&id)
    }

    pub(super) fn put_new(&mut self, element: Arc<str>, parent: u32, position: Position, locals: Context) -> u32 {
        self.state.last_instance += 1;
        let id = self.state.last_instance;
        self.touched.insert(id);
        self.state.instances.insert(id, Instance { element, parent, position, locals, incident: None });
        id
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<Instance> {
        self.touched.insert(id);
        self.state.instances.remove(&id)
    }

    pub(super) fn touch_compensation(&mut self, id: u32) {
        self.touched_compensations.insert(id);
    }

    pub(super) fn remove_compensation(&mut self, id: u32) {
        self.touched_compensations.insert(id);
        self.state.compensations.remove(&id);
    }

    pub(super) fn set_variables(&mut self, variables: Context) {
        for (name, value) in variables {
            self.touched_variables.insert(name.clone());
            self.state.variables.insert(name, value);
        }
    }

    pub(super) fn children(&self, parent: u32) -> Vec<u32> {
        self.state.instances.iter().filter(|(_, instance)| instance.parent == parent).map(|(id, _)| *id).collect()
    }

    /// The innermost scope that an instance lies in, or is.
    pub(super) fn scope_of(&self, mut id: u32) -> u32 {
        while let Some(instance) = self.state.instances.get(&id) {
            if instance.position == Position::Scope {
                return id;
            }
            id = instance.parent;
        }
        id
    }

    pub(super) fn root(&self) -> Option<u32> {
        self.state.instances.iter().find(|(_, instance)| instance.parent == 0).map(|(id, _)| *id)
    }

    pub(super) fn root_container(&self) -> Option<usize> {
        self.definition.containers.iter().position(|container| container.runs)
    }

    /// The container whose elements run in this scope.
    pub(super) fn container_of(&self, scope: u32) -> Option<&'a Container> {
        let definition = self.definition;
        match self.element_of(scope) {
            None => self.root_container().map(|index| &definition.containers[index]),
            Some(element) => match definition.elements[element].kind {
                Kind::SubProcess { container, .. } => Some(&definition.containers[container]),
                _ => None,
            },
        }
    }

    /// A token that cannot go on.
    pub(super) fn stick(&mut self, element: usize, parent: u32, locals: Context, reason: Reason) {
        let id = self.put_new(Arc::clone(&self.element(element).id), parent, Position::Stuck, locals);
        self.set_incident(id, reason);
    }

    pub(super) fn set_incident(&mut self, id: u32, reason: Reason) {
        let Some(instance) = self.change(id) else { return };
        instance.incident = Some(reason.clone());
        let element = Arc::clone(&instance.element);
        self.effects.push(Effect::Incident { instance: id, element, reason });
    }

    /// Evaluates with the names visible at an instance: locals outwards, variables, facts.
    pub(super) fn evaluate(&self, condition: &Condition, at: u32, extra: Option<&Context>) -> Value {
        match &condition.expression {
            Some(expression) => expression.evaluate(&Names { machine: self, at, extra }),
            None => Value::Null,
        }
    }

    pub(super) fn lookup(&self, name: &str, at: u32) -> Option<&Value> {
        let mut id = at;
        while let Some(instance) = self.state.instances.get(&id) {
            if let Some(value) = instance.locals.get(name) {
                return Some(value);
            }
            id = instance.parent;
        }
        self.state.variables.get(name).or_else(|| self.facts.lookup(name))
    }

    fn expect(&self, id: u32, wanted: fn(&Position) -> bool) -> Result<(), FlowFault> {
        let instance = self.instance(id).ok_or(FlowFault::NoInstance(id))?;
        if wanted(&instance.position) { Ok(()) } else { Err(FlowFault::NotWaiting(id)) }
    }

    /// Tokens of cancelled scopes leave the queue; so do those of this scope.
    pub(super) fn drop_queued(&mut self, scope: u32) {
        self.queue.retain(|work| !matches!(work, Work::Enter { scope: at, .. } if *at == scope));
    }

    /// Instances that keep their parent alive, counted by parent. Armed events do not.
    pub(super) fn keepers(&self) -> BTreeMap<u32, u32> {
        let mut keepers = BTreeMap::new();
        for instance in self.state.instances.values() {
            if !matches!(instance.position, Position::Boundary { .. } | Position::Handler { .. }) {
                *keepers.entry(instance.parent).or_insert(0) += 1;
            }
        }
        keepers
    }
}

/// The names an expression sees at one place.
struct Names<'m, 'a> {
    machine: &'m Machine<'a>,
    at: u32,
    extra: Option<&'m Context>,
}

impl Lookup for Names<'_, '_> {
    fn lookup(&self, name: &str) -> Option<&Value> {
        self.extra.and_then(|extra| extra.get(name)).or_else(|| self.machine.lookup(name, self.at))
    }
}
