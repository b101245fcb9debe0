//! The throwing side of events: throw and end events, errors and escalations on their way outwards (BPMN 2.0.2 §10.5.6, §13.5).

use std::sync::Arc;

use super::machine::Machine;
use super::state::Position;
use super::step::{Effect, Reason};
use crate::bpmn::{Event, Kind};
use crate::feel::Context;

/// What finds its way from the inside to the outside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Thrown {
    Error,
    Escalation,
}

/// Who catches it.
#[derive(Clone, Copy)]
enum Catcher {
    /// The start event of an event sub-process in this scope.
    Handler { start: usize, scope: u32, interrupting: bool },
    /// A boundary event on this instance.
    Boundary { element: usize, host: u32, interrupting: bool },
}

impl Machine<'_> {
    /// A token arrives at a throw or end event.
    pub(super) fn throw(&mut self, element: usize, event: &Event, scope: u32) {
        let node = self.element(element);
        let id = Arc::clone(&node.id);
        self.effects.push(Effect::Entered { element: Arc::clone(&id) });
        match event {
            Event::None | Event::Link { .. } => {}
            Event::Message(message) => {
                let name = message.name.clone().or_else(|| message.id.clone());
                self.effects.push(Effect::MessageThrown { element: id, name });
            }
            Event::Signal { name } => {
                self.effects.push(Effect::SignalThrown { element: id, name: name.clone() });
                self.broadcast(name);
            }
            Event::Escalation { code } => {
                self.completed(element);
                if !self.throw_escalation(scope, code.as_deref()) {
                    self.effects.push(Effect::EscalationUncaught { element: id, code: code.clone() });
                }
                return self.leave_if_alive(element, scope);
            }
            Event::Error { code } => {
                let position = self.effects.len();
                if self.throw_error(scope, code.as_deref()) {
                    self.effects.insert(position, Effect::Completed { element: id });
                } else {
                    let reason = Reason::ErrorUncaught { code: code.clone() };
                    self.stick(element, scope, Context::new(), reason);
                }
                return;
            }
            Event::Terminate => {
                self.completed(element);
                return self.clear_scope(scope);
            }
            Event::Compensation { activity } => return self.compensate(element, activity.as_deref(), scope),
            Event::Timer { .. } | Event::Conditional(_) | Event::NotExecuted { .. } => {
                return self.stick(element, scope, Context::new(), Reason::NotExecuted);
            }
        }
        self.completed(element);
        self.leave_if_alive(element, scope);
    }

    fn leave_if_alive(&mut self, element: usize, scope: u32) {
        if self.state.instances.contains_key(&scope) {
            self.leave(element, scope);
        }
    }

    /// Throws an error from an instance outwards. Whether something caught it; that ends the scope it came from.
    pub(super) fn throw_error(&mut self, from: u32, code: Option<&str>) -> bool {
        let Some(catcher) = self.catcher(from, Thrown::Error, code) else { return false };
        self.deliver(catcher);
        true
    }

    fn throw_escalation(&mut self, from: u32, code: Option<&str>) -> bool {
        let Some(catcher) = self.catcher(from, Thrown::Escalation, code) else { return false };
        self.deliver(catcher);
        true
    }

    /// The nearest catcher: event sub-processes of the scope, then the boundary of its activity, then the scope around it.
    fn catcher(&self, from: u32, thrown: Thrown, code: Option<&str>) -> Option<Catcher> {
        let mut id = from;
        // An event sub-process does not catch what itself throws.
        let mut came_from: Option<usize> = None;
        loop {
            let instance = self.instance(id)?;
            if instance.position == Position::Scope
                && let Some(catcher) = self.handler_for(id, came_from, thrown, code)
            {
                return Some(catcher);
            }
            let element = self.element_of(id);
            if let Some(element) = element {
                let is_inner = self
                    .instance(instance.parent)
                    .is_some_and(|parent| matches!(parent.position, Position::Multi { .. } | Position::Loop { .. }));
                // Boundary events belong to the body of a repeated activity, not to each run.
                if !is_inner && let Some(catcher) = self.boundary_for(element, id, thrown, code) {
                    return Some(catcher);
                }
                came_from = Some(element);
            }
            id = instance.parent;
        }
    }

    fn handler_for(&self, scope: u32, came_from: Option<usize>, thrown: Thrown, code: Option<&str>) -> Option<Catcher> {
        let handlers = &self.container_of(scope)?.handlers;
        let starts = handlers.iter().filter(|handler| Some(**handler) != came_from).filter_map(|h| self.start_of(*h));
        let start = best(starts.map(|start| (start, self.element(start).event())), thrown, code)?;
        let interrupting = matches!(self.element(start).kind, Kind::Start { interrupting: true, .. });
        Some(Catcher::Handler { start, scope, interrupting: interrupting || thrown == Thrown::Error })
    }

    fn boundary_for(&self, element: usize, host: u32, thrown: Thrown, code: Option<&str>) -> Option<Catcher> {
        let boundary =
            self.element(element).boundary.iter().map(|boundary| (*boundary, self.element(*boundary).event()));
        let element = best(boundary, thrown, code)?;
        let interrupting = matches!(self.element(element).kind, Kind::Boundary { interrupting: true, .. });
        Some(Catcher::Boundary { element, host, interrupting: interrupting || thrown == Thrown::Error })
    }

    fn deliver(&mut self, catcher: Catcher) {
        match catcher {
            Catcher::Handler { start, scope, interrupting } => self.start_handler(start, scope, interrupting),
            Catcher::Boundary { element, host, interrupting } => {
                let Some(parent) = self.instance(host).map(|instance| instance.parent) else { return };
                if interrupting {
                    self.cancel(host);
                }
                self.completed(element);
                self.leave(element, parent);
            }
        }
    }

    /// A compensation throw event: undoes completed activities, last first, then goes on.
    fn compensate(&mut self, element: usize, activity: Option<&str>, scope: u32) {
        let handlers = self.take_compensations(activity, scope);
        let node = self.element(element);
        let position = Position::Compensating { handlers };
        let id = self.put_new(Arc::clone(&node.id), scope, position, Context::new());
        self.next_handler(id);
    }

    /// Runs the next handler of a compensation, or ends it.
    pub(super) fn next_handler(&mut self, id: u32) {
        let Some(instance) = self.change(id) else { return };
        let parent = instance.parent;
        let Position::Compensating { handlers } = &mut instance.position else { return };
        let next = handlers.pop();
        let Some(handler) = next else {
            let element = self.element_of(id);
            self.remove(id);
            if let Some(element) = element {
                self.completed(element);
                self.leave(element, parent);
            }
            return;
        };
        if let Some(handler) = self.definition.index(&handler) {
            self.start_activity(handler, id);
        }
    }
}

/// The first event that names this code, else the first that catches any.
fn best<'e>(
    mut events: impl Iterator<Item = (usize, Option<&'e Event>)> + Clone,
    thrown: Thrown,
    code: Option<&str>,
) -> Option<usize> {
    let code_of = |event: Option<&'e Event>| match (event, thrown) {
        (Some(Event::Error { code }), Thrown::Error) => Some(code.as_deref()),
        (Some(Event::Escalation { code }), Thrown::Escalation) => Some(code.as_deref()),
        _ => None,
    };
    let named = events.clone().find(|(_, event)| code.is_some() && code_of(*event) == Some(code));
    named.or_else(|| events.find(|(_, event)| code_of(*event) == Some(None))).map(|(element, _)| element)
}
