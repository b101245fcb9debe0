//! Entering, completing, repeating and cancelling activities (BPMN 2.0.2 §13.3).

use std::sync::Arc;

use super::MULTI_INSTANCES_MAX;
use super::machine::{Machine, Work};
use super::state::{Position, Status};
use super::step::{Effect, Reason};
use crate::bpmn::{Event, Kind, MultiInstance, Repetition, StandardLoop, Task};
use crate::feel::{Context, Value};

impl Machine<'_> {
    /// A token arrives at an element.
    pub(super) fn enter(&mut self, element: usize, scope: u32, flow: Option<usize>) {
        let node = self.element(element);
        match &node.kind {
            Kind::NotExecuted { .. } => self.stick(element, scope, Context::new(), Reason::NotExecuted),
            Kind::Task(_) | Kind::SubProcess { .. } => self.start_activity(element, scope),
            Kind::Gateway(gateway) => self.enter_gateway(element, *gateway, scope, flow),
            Kind::Start { .. } | Kind::Boundary { .. } => {
                self.completed(element);
                self.leave(element, scope);
            }
            Kind::Catch(event) => self.enter_catch(element, event, scope),
            Kind::Throw(event) | Kind::End(event) => self.throw(element, event, scope),
        }
    }

    /// Starts an activity with its repetition and its boundary events.
    pub(super) fn start_activity(&mut self, element: usize, parent: u32) {
        let definition = self.definition;
        match &definition.elements[element].repetition {
            Repetition::Once => {
                if let Some(id) = self.start_once(element, parent, Context::new()) {
                    self.arm_boundary(element, id);
                }
            }
            Repetition::Multi(multi) => self.start_multi(element, multi, parent),
            Repetition::Loop(standard) => {
                let id = self.put_new(
                    Arc::clone(&definition.elements[element].id),
                    parent,
                    Position::Loop { runs: 0 },
                    Context::new(),
                );
                self.arm_boundary(element, id);
                if standard.test_before && !self.loop_again(standard, id, 0) {
                    self.queue.push_back(Work::Done(id));
                } else {
                    self.start_once(element, id, counter(1));
                }
            }
        }
    }

    /// Starts one run of an activity. `None` when it could not even begin.
    pub(super) fn start_once(&mut self, element: usize, parent: u32, locals: Context) -> Option<u32> {
        let node = self.element(element);
        self.effects.push(Effect::Entered { element: Arc::clone(&node.id) });
        let id = |machine: &mut Self, position| machine.put_new(Arc::clone(&node.id), parent, position, locals.clone());
        match &node.kind {
            Kind::Task(Task::User) => {
                let instance = id(self, Position::Task);
                self.effects.push(Effect::TaskOpened { instance, element: Arc::clone(&node.id), locals });
                Some(instance)
            }
            Kind::Task(Task::Service { implementation } | Task::BusinessRule { implementation })
            | Kind::Task(Task::Send { implementation, .. }) => {
                let instance = id(self, Position::Service);
                self.effects.push(Effect::ServiceRequested {
                    instance,
                    element: Arc::clone(&node.id),
                    implementation: implementation.clone(),
                    locals,
                });
                Some(instance)
            }
            Kind::Task(Task::Receive { .. }) => Some(id(self, Position::Catch { was_true: false })),
            Kind::Task(Task::Manual | Task::Plain) => {
                let instance = id(self, Position::Stuck);
                self.queue.push_back(Work::Done(instance));
                Some(instance)
            }
            Kind::Task(Task::Script { script, result }) => {
                let instance = id(self, Position::Stuck);
                match (self.evaluate(script, instance, None), result) {
                    (Value::Context(entries), None) => self.set_variables(entries),
                    (value, Some(name)) if !value.is_null() => {
                        self.set_variables(Context::from([(name.clone(), value)]));
                    }
                    _ => {
                        let expected = if result.is_some() { "value" } else { "context" }.to_owned();
                        self.set_incident(instance, Reason::Expression { text: script.text.clone(), expected });
                        return Some(instance);
                    }
                }
                self.queue.push_back(Work::Done(instance));
                Some(instance)
            }
            Kind::SubProcess { container, .. } => {
                let container = *container;
                let instance = id(self, Position::Scope);
                self.arm_handlers(instance, container);
                for entry in &self.definition.containers[container].entries {
                    self.queue.push_back(Work::Enter { element: *entry, scope: instance, flow: None });
                }
                Some(instance)
            }
            _ => None,
        }
    }

    fn start_multi(&mut self, element: usize, multi: &MultiInstance, parent: u32) {
        let items = match self.multi_items(multi, parent) {
            Ok(items) => items,
            Err(reason) => return self.stick(element, parent, Context::new(), reason),
        };
        let total = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let first = if multi.sequential { total.min(1) } else { total };
        let kept = if multi.collection.is_some() { items.clone() } else { Vec::new() };
        let position = Position::Multi { total, started: first, completed: 0, items: kept, outputs: Vec::new() };
        let body = self.put_new(Arc::clone(&self.element(element).id), parent, position, Context::new());
        self.arm_boundary(element, body);
        if total == 0 {
            self.queue.push_back(Work::Done(body));
        }
        for (index, item) in items.into_iter().take(first as usize).enumerate() {
            self.start_once(element, body, item_locals(multi, index, item));
        }
    }

    fn multi_items(&self, multi: &MultiInstance, at: u32) -> Result<Vec<Value>, Reason> {
        let unusable =
            |text: &str, expected: &str| Reason::Expression { text: text.to_owned(), expected: expected.to_owned() };
        let limit = format!("list of at most {MULTI_INSTANCES_MAX} items");
        if let Some(collection) = &multi.collection {
            return match self.evaluate(collection, at, None) {
                Value::List(items) if items.len() as u64 <= MULTI_INSTANCES_MAX => Ok(items),
                _ => Err(unusable(&collection.text, &limit)),
            };
        }
        let Some(cardinality) = &multi.cardinality else { return Err(unusable("", "number of instances")) };
        let number = self.evaluate(cardinality, at, None).to_i64().and_then(|number| u64::try_from(number).ok());
        match number.filter(|number| *number <= MULTI_INSTANCES_MAX) {
            Some(number) => Ok(vec![Value::Null; usize::try_from(number).unwrap_or(0)]),
            None => Err(unusable(&cardinality.text, &format!("number from 0 to {MULTI_INSTANCES_MAX}"))),
        }
    }

    /// An activity instance was done: a task completed, a scope emptied, a body finished.
    pub(super) fn done(&mut self, id: u32) {
        let (Some(element), Some(instance)) = (self.element_of(id), self.instance(id).cloned()) else { return };
        let is_body = matches!(instance.position, Position::Multi { .. } | Position::Loop { .. });
        if instance.position == Position::Task {
            self.effects.push(Effect::TaskClosed {
                instance: id,
                element: Arc::clone(&instance.element),
                cancelled: false,
            });
        }
        if !is_body {
            self.completed(element);
            self.remember_compensation(element, id);
        }
        let definition = self.definition;
        let parent = self.instance(instance.parent).map(|parent| parent.position.clone());
        match (&parent, &definition.elements[element].repetition) {
            (Some(Position::Multi { .. }), Repetition::Multi(multi)) if !is_body => {
                self.one_of_multi_done(element, multi, id, instance.parent);
            }
            (Some(Position::Loop { runs }), Repetition::Loop(standard)) if !is_body => {
                let runs = runs + 1;
                self.discard(id);
                if let Some(body) = self.change(instance.parent) {
                    body.position = Position::Loop { runs };
                }
                if self.loop_again(standard, instance.parent, runs) {
                    self.start_once(element, instance.parent, counter(u64::from(runs) + 1));
                } else {
                    self.queue.push_back(Work::Done(instance.parent));
                }
            }
            (Some(Position::Compensating { .. }), _) => {
                self.discard(id);
                self.next_handler(instance.parent);
            }
            _ => {
                self.discard(id);
                let triggered = matches!(self.element(element).kind, Kind::SubProcess { triggered: true, .. });
                if !triggered {
                    self.leave(element, instance.parent);
                }
            }
        }
    }

    fn one_of_multi_done(&mut self, element: usize, multi: &MultiInstance, id: u32, body: u32) {
        let output = multi.output_item.as_ref().map(|name| self.lookup(name, id).cloned().unwrap_or_default());
        self.discard(id);
        let Some(instance) = self.change(body) else { return };
        let Position::Multi { total, started, completed, items, outputs } = &mut instance.position else { return };
        *completed += 1;
        outputs.extend(output);
        let (total, completed) = (*total, *completed);
        let next = if multi.sequential && *started < total { Some(*started as usize) } else { None };
        let item = next.and_then(|index| items.get(index).cloned()).unwrap_or_default();
        let numbers = counts(total, *started, completed);
        let enough = multi.completion.as_ref().is_some_and(|test| self.evaluate(test, body, Some(&numbers)).is_true());
        if enough || completed == total {
            for left in self.children(body) {
                self.cancel(left);
            }
            self.collect_outputs(multi, body);
            self.queue.push_back(Work::Done(body));
        } else if let Some(index) = next {
            if let Some(instance) = self.change(body)
                && let Position::Multi { started, .. } = &mut instance.position
            {
                *started += 1;
            }
            self.start_once(element, body, item_locals(multi, index, item));
        }
    }

    fn collect_outputs(&mut self, multi: &MultiInstance, body: u32) {
        let Some(list) = &multi.output_list else { return };
        if let Some(Position::Multi { outputs, .. }) = self.instance(body).map(|instance| &instance.position) {
            let outputs = Value::List(outputs.clone());
            self.set_variables(Context::from([(list.clone(), outputs)]));
        }
    }

    /// BPMN 2.0.2 Table 10.27: while the condition holds, at most `loopMaximum` times.
    fn loop_again(&self, standard: &StandardLoop, body: u32, runs: u32) -> bool {
        let counted = Context::from([("loopCounter".to_owned(), Value::from(i64::from(runs)))]);
        let below = standard.maximum.is_none_or(|maximum| runs < maximum);
        match &standard.condition {
            Some(condition) => below && self.evaluate(condition, body, Some(&counted)).is_true(),
            None => below && standard.maximum.is_some(),
        }
    }

    /// Removes a completed instance with its armed boundary events.
    fn discard(&mut self, id: u32) {
        let armed: Vec<u32> = self
            .state
            .instances
            .iter()
            .filter(|(_, other)| matches!(other.position, Position::Boundary { host, .. } if host == id))
            .map(|(armed, _)| *armed)
            .collect();
        for boundary in armed {
            self.disarm(boundary);
        }
        self.remove(id);
    }

    /// Removes an instance and everything in it, saying so.
    pub(super) fn cancel(&mut self, id: u32) {
        let inside: Vec<u32> = self
            .state
            .instances
            .iter()
            .filter(|(_, other)| {
                other.parent == id || matches!(other.position, Position::Boundary { host, .. } if host == id)
            })
            .map(|(inside, _)| *inside)
            .collect();
        for inner in inside {
            self.cancel(inner);
        }
        self.drop_queued(id);
        let lost: Vec<u32> = self
            .state
            .compensations
            .iter()
            .filter(|(_, compensation)| compensation.scope == id)
            .map(|(lost, _)| *lost)
            .collect();
        for compensation in lost {
            self.remove_compensation(compensation);
        }
        self.cancel_timer(id);
        let Some(instance) = self.remove(id) else { return };
        let element = instance.element;
        match instance.position {
            Position::Task => {
                self.effects.push(Effect::TaskClosed { instance: id, element: Arc::clone(&element), cancelled: true });
                self.effects.push(Effect::Cancelled { element });
            }
            Position::Service => {
                self.effects.push(Effect::ServiceCancelled { instance: id, element: Arc::clone(&element) });
                self.effects.push(Effect::Cancelled { element });
            }
            Position::Catch { .. } => self.effects.push(Effect::Cancelled { element }),
            Position::Scope if instance.parent != 0 => self.effects.push(Effect::Cancelled { element }),
            _ => {}
        }
    }

    /// Cancels everything in a scope, the scope stays.
    pub(super) fn clear_scope(&mut self, scope: u32) {
        self.drop_queued(scope);
        for child in self.children(scope) {
            if self.state.instances.contains_key(&child) {
                self.cancel(child);
            }
        }
    }

    /// Completes one scope in which nothing lives any more. Whether there was one.
    pub(super) fn close_scope(&mut self) -> bool {
        let keepers = self.keepers();
        let empty = self
            .state
            .instances
            .iter()
            .rev()
            .find(|(id, instance)| instance.position == Position::Scope && !keepers.contains_key(id))
            .map(|(id, instance)| (*id, instance.parent));
        let Some((id, parent)) = empty else { return false };
        for handler in self.children(id) {
            self.disarm(handler);
        }
        if parent == 0 {
            self.remove(id);
            self.end(Status::Completed);
        } else {
            self.done(id);
        }
        true
    }

    /// An incident was dealt with.
    pub(super) fn retry(&mut self, id: u32) {
        let (Some(element), Some(instance)) = (self.element_of(id), self.instance(id).cloned()) else { return };
        let node = self.element(element);
        if instance.position == Position::Service {
            if let Some(instance) = self.change(id) {
                instance.incident = None;
            }
            self.effects.push(Effect::ServiceRequested {
                instance: id,
                element: Arc::clone(&node.id),
                implementation: node.implementation().map(str::to_owned),
                locals: instance.locals,
            });
            return;
        }
        if instance.position != Position::Stuck {
            if let Some(instance) = self.change(id) {
                instance.incident = None;
            }
            // An event whose timer could not be read tries again.
            self.set_timer(element, id, 1);
            return;
        }
        self.discard(id);
        let in_scope = self.instance(instance.parent).is_some_and(|parent| parent.position == Position::Scope);
        if !node.is_activity() || in_scope {
            self.queue.push_back(Work::Enter { element, scope: instance.parent, flow: None });
        } else {
            self.start_once(element, instance.parent, instance.locals);
        }
    }

    pub(super) fn service_failed(&mut self, id: u32, code: Option<&str>, text: String) {
        if code.is_some() && self.throw_error(id, code) {
            return;
        }
        self.set_incident(id, Reason::ServiceFailed { text });
    }

    pub(super) fn completed(&mut self, element: usize) {
        self.effects.push(Effect::Completed { element: Arc::clone(&self.element(element).id) });
    }

    /// Whether an activity can be undone: the handler at its compensation boundary event.
    pub(super) fn compensation_handler(&self, element: usize) -> Option<usize> {
        self.element(element).boundary.iter().find_map(|boundary| {
            let boundary = self.element(*boundary);
            match boundary.kind {
                Kind::Boundary { event: Event::Compensation { .. }, .. } => boundary.handler,
                _ => None,
            }
        })
    }
}

fn counter(number: u64) -> Context {
    Context::from([("loopCounter".to_owned(), Value::from(i64::try_from(number).unwrap_or(i64::MAX)))])
}

fn item_locals(multi: &MultiInstance, index: usize, item: Value) -> Context {
    let mut locals = counter(index as u64 + 1);
    if let (Some(name), Some(_)) = (&multi.item, &multi.collection) {
        locals.insert(name.clone(), item);
    }
    locals
}

/// The numbers a completion condition may read (BPMN 2.0.2 Table 10.31), in the standard's words and in Camunda's and Flowable's.
fn counts(total: u32, started: u32, completed: u32) -> Context {
    let mut counts = Context::new();
    let numbers = [("Instances", total), ("ActiveInstances", started - completed), ("CompletedInstances", completed)];
    for (name, number) in numbers {
        counts.insert(format!("numberOf{name}"), Value::from(i64::from(number)));
        counts.insert(format!("nrOf{name}"), Value::from(i64::from(number)));
    }
    counts
}
