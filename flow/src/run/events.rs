//! The catching side of events: arming, matching and triggering (BPMN 2.0.2 §13.5).

use std::sync::Arc;

use super::machine::{Machine, Work};
use super::state::{Due, Position};
use super::step::{Effect, Reason};
use crate::bpmn::{Event, Kind, Message, Task, TimerKind, TimerText};
use crate::feel::{Context, Value};

impl Machine<'_> {
    /// A token arrives at an intermediate catch event.
    pub(super) fn enter_catch(&mut self, element: usize, event: &Event, scope: u32) {
        match event {
            Event::Message(_) | Event::Timer { .. } | Event::Signal { .. } | Event::Conditional(_) => {
                self.await_trigger(element, scope);
            }
            // The target of a link: the token goes on at once.
            Event::Link { .. } => {
                self.completed(element);
                self.leave(element, scope);
            }
            _ => self.stick(element, scope, Context::new(), Reason::NotExecuted),
        }
    }

    /// A catching event or receive task waits in a scope or in a race.
    pub(super) fn await_trigger(&mut self, element: usize, parent: u32) {
        let node = self.element(element);
        self.effects.push(Effect::Entered { element: Arc::clone(&node.id) });
        let position = Position::Catch { was_true: false };
        let id = self.put_new(Arc::clone(&node.id), parent, position, Context::new());
        self.set_timer(element, id, 1);
    }

    /// Arms the boundary events of an activity that has just started. Errors, escalations and compensation are looked up when thrown.
    pub(super) fn arm_boundary(&mut self, element: usize, host: u32) {
        let Some(parent) = self.instance(host).map(|instance| instance.parent) else { return };
        for boundary in &self.element(element).boundary {
            let node = self.element(*boundary);
            if node.event().is_some_and(is_armed) {
                let position = Position::Boundary { host, was_true: false, fired: 0 };
                let id = self.put_new(Arc::clone(&node.id), parent, position, Context::new());
                self.set_timer(*boundary, id, 1);
            }
        }
    }

    /// Arms the event sub-processes of a scope that has just been entered.
    pub(super) fn arm_handlers(&mut self, scope: u32, container: usize) {
        for handler in &self.definition.containers[container].handlers {
            let Some(start) = self.start_of(*handler) else { continue };
            let node = self.element(start);
            if node.event().is_some_and(is_armed) {
                let position = Position::Handler { was_true: false, fired: 0 };
                let id = self.put_new(Arc::clone(&node.id), scope, position, Context::new());
                self.set_timer(start, id, 1);
            }
        }
    }

    /// The start event of an event sub-process.
    pub(super) fn start_of(&self, handler: usize) -> Option<usize> {
        let Kind::SubProcess { container, .. } = self.element(handler).kind else { return None };
        self.definition.containers[container].entries.first().copied()
    }

    /// An armed or waiting event is triggered.
    pub(super) fn trigger(&mut self, id: u32) {
        let (Some(element), Some(instance)) = (self.element_of(id), self.instance(id).cloned()) else { return };
        match instance.position {
            Position::Boundary { host, fired, .. } => self.trigger_boundary(id, element, host, fired, instance.parent),
            Position::Handler { fired, .. } => self.trigger_handler(id, element, fired, instance.parent),
            Position::Catch { .. } => self.trigger_catch(id, element, instance.parent),
            _ => {}
        }
    }

    fn trigger_catch(&mut self, id: u32, element: usize, parent: u32) {
        let in_race = self.instance(parent).is_some_and(|parent| parent.position == Position::Race);
        if in_race {
            let scope = self.scope_of(parent);
            self.remove(id);
            self.completed(element);
            self.cancel(parent);
            self.leave(element, scope);
        } else if matches!(self.element(element).kind, Kind::Task(Task::Receive { .. })) {
            self.queue.push_back(Work::Done(id));
        } else {
            self.remove(id);
            self.completed(element);
            self.leave(element, parent);
        }
    }

    fn trigger_boundary(&mut self, id: u32, element: usize, host: u32, fired: u32, scope: u32) {
        self.completed(element);
        if matches!(self.element(element).kind, Kind::Boundary { interrupting: true, .. }) {
            // It fired, so its own timer needs no cancelling.
            self.remove(id);
            self.cancel(host);
        } else {
            self.rearm(id, element, fired + 1);
        }
        self.leave(element, scope);
    }

    fn trigger_handler(&mut self, id: u32, start: usize, fired: u32, scope: u32) {
        let interrupting = matches!(self.element(start).kind, Kind::Start { interrupting: true, .. });
        if interrupting {
            self.remove(id);
        } else {
            self.rearm(id, start, fired + 1);
        }
        self.start_handler(start, scope, interrupting);
    }

    /// Starts an event sub-process, given by its start event, in a scope.
    pub(super) fn start_handler(&mut self, start: usize, scope: u32, interrupting: bool) {
        if interrupting {
            self.clear_scope(scope);
        }
        let Some(handler) = self.definition.parent(self.element(start)) else { return };
        if let Some(handler) = self.definition.index(&handler.id) {
            self.start_once(handler, scope, Context::new());
        }
    }

    /// After a non-interrupting event: a cycle goes on, other timers have done their duty, the rest stays armed.
    fn rearm(&mut self, id: u32, element: usize, times: u32) {
        if let Some(instance) = self.change(id) {
            match &mut instance.position {
                Position::Boundary { fired, .. } | Position::Handler { fired, .. } => *fired = times,
                _ => {}
            }
        }
        if let Some(Event::Timer { kind, .. }) = self.element(element).event() {
            let more = *kind == TimerKind::Cycle && self.set_timer(element, id, times + 1);
            if !more {
                self.remove(id);
            }
        }
    }

    /// Asks for the timer of an event, if it has one and the cycle is not used up. Whether it did.
    pub(super) fn set_timer(&mut self, element: usize, id: u32, round: u32) -> bool {
        let node = self.element(element);
        let Some(Event::Timer { kind, text }) = node.event() else { return false };
        let text = match text {
            TimerText::Literal(text) => text.clone(),
            TimerText::Expression(condition) => match self.evaluate(condition, id, None) {
                Value::Text(text) | Value::Date(text) | Value::DateTime(text) | Value::Duration(text) => text,
                _ => {
                    let expected = "date, date and time, duration or text".to_owned();
                    self.set_incident(id, Reason::Expression { text: condition.text.clone(), expected });
                    return false;
                }
            },
        };
        if *kind == TimerKind::Cycle && repetitions(&text).is_some_and(|most| round > most) {
            return false;
        }
        let due = Due { kind: *kind, text, round };
        self.effects.push(Effect::TimerSet { instance: id, element: Arc::clone(&node.id), due });
        true
    }

    pub(super) fn has_timer(&self, id: u32) -> bool {
        let armed = self.instance(id).is_some_and(|instance| {
            matches!(instance.position, Position::Catch { .. } | Position::Boundary { .. } | Position::Handler { .. })
        });
        armed
            && self
                .element_of(id)
                .and_then(|element| self.element(element).event())
                .is_some_and(|event| matches!(event, Event::Timer { .. }))
    }

    pub(super) fn cancel_timer(&mut self, id: u32) {
        if self.has_timer(id)
            && let Some(instance) = self.instance(id)
        {
            let element = Arc::clone(&instance.element);
            self.effects.push(Effect::TimerCancelled { instance: id, element });
        }
    }

    /// Removes an armed event without a word beyond its timer.
    pub(super) fn disarm(&mut self, id: u32) {
        self.cancel_timer(id);
        self.remove(id);
    }

    /// The oldest instance that waits for this message.
    pub(super) fn message_catcher(&self, name: &str) -> Option<u32> {
        self.armed()
            .find(|(_, element)| {
                let node = self.element(*element);
                node.awaited_message().is_some_and(|message| *node.id == *name || is_named(message, name))
            })
            .map(|(id, _)| id)
    }

    pub(super) fn signal_catchers(&self, name: &str) -> Vec<u32> {
        self.armed()
            .filter(|(_, element)| {
                let node = self.element(*element);
                matches!(node.event(), Some(Event::Signal { name: signal }) if signal == name || *node.id == *name)
            })
            .map(|(id, _)| id)
            .collect()
    }

    /// Every catcher that was waiting when the signal came gets it.
    pub(super) fn broadcast(&mut self, name: &str) {
        for id in self.signal_catchers(name) {
            self.trigger(id);
        }
    }

    /// Triggers conditional events whose condition has become true. Whether there were any.
    pub(super) fn check_conditions(&mut self) -> bool {
        let armed: Vec<(u32, usize)> = self
            .armed()
            .filter(|(_, element)| matches!(self.element(*element).event(), Some(Event::Conditional(_))))
            .collect();
        let mut became_true = Vec::new();
        for (id, element) in armed {
            let Some(Event::Conditional(condition)) = self.element(element).event() else { continue };
            let is_true = self.evaluate(condition, id, None).is_true();
            let Some(instance) = self.instance(id) else { continue };
            let (Position::Catch { was_true }
            | Position::Boundary { was_true, .. }
            | Position::Handler { was_true, .. }) = instance.position
            else {
                continue;
            };
            if is_true != was_true {
                self.remember_condition(id, is_true);
            }
            if is_true && !was_true {
                became_true.push(id);
            }
        }
        for id in &became_true {
            // An earlier one may have cancelled it.
            if self.state.instances.contains_key(id) {
                self.trigger(*id);
            }
        }
        !became_true.is_empty()
    }

    fn remember_condition(&mut self, id: u32, is_true: bool) {
        if let Some(instance) = self.change(id)
            && let Position::Catch { was_true }
            | Position::Boundary { was_true, .. }
            | Position::Handler { was_true, .. } = &mut instance.position
        {
            *was_true = is_true;
        }
    }

    /// Everything that waits for a trigger: instance and element.
    fn armed(&self) -> impl Iterator<Item = (u32, usize)> {
        self.state
            .instances
            .iter()
            .filter(|(_, instance)| {
                matches!(
                    instance.position,
                    Position::Catch { .. } | Position::Boundary { .. } | Position::Handler { .. }
                )
            })
            .filter_map(|(id, instance)| Some((*id, self.definition.index(&instance.element)?)))
    }
}

fn is_armed(event: &Event) -> bool {
    matches!(event, Event::Message(_) | Event::Timer { .. } | Event::Signal { .. } | Event::Conditional(_))
}

fn is_named(message: &Message, name: &str) -> bool {
    message.name.as_deref() == Some(name) || message.id.as_deref() == Some(name)
}

/// The number in `R3/…`; a cycle without one goes on for ever.
fn repetitions(cycle: &str) -> Option<u32> {
    cycle.trim().strip_prefix('R')?.split('/').next()?.parse().ok()
}
