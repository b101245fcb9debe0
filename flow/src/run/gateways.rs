//! Gateways and sequence flows (BPMN 2.0.2 §13.2, §13.4).

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use super::STEP_ELEMENTS_MAX;
use super::machine::{Machine, Work};
use super::state::Position;
use super::step::{Effect, Reason};
use crate::bpmn::{Event, Gateway, Kind};
use crate::feel::{Context, Value};

impl Machine<'_> {
    pub(super) fn enter_gateway(&mut self, element: usize, gateway: Gateway, scope: u32, flow: Option<usize>) {
        let node = self.element(element);
        self.effects.push(Effect::Entered { element: Arc::clone(&node.id) });
        match gateway {
            Gateway::Exclusive => self.leave_exclusive(element, scope),
            Gateway::EventBased => self.race(element, scope),
            Gateway::Parallel | Gateway::Inclusive => match flow {
                Some(flow) if node.incoming.len() > 1 => self.join(element, gateway, scope, flow),
                _ => self.split(element, gateway, scope),
            },
        }
    }

    fn join(&mut self, element: usize, gateway: Gateway, scope: u32, flow: usize) {
        let node = self.element(element);
        let waiting = self.state.instances.iter().find(|(_, instance)| {
            instance.parent == scope
                && instance.element == node.id
                && matches!(instance.position, Position::Join { .. })
        });
        let id = match waiting {
            Some((id, _)) => *id,
            None => {
                let position = Position::Join { tokens: BTreeMap::new() };
                self.put_new(Arc::clone(&node.id), scope, position, Context::new())
            }
        };
        let flow_id = Arc::clone(&self.definition.flows[flow].id);
        let all = node.incoming.len();
        let Some(instance) = self.change(id) else { return };
        let Position::Join { tokens } = &mut instance.position else { return };
        *tokens.entry(flow_id).or_insert(0) += 1;
        if gateway == Gateway::Parallel && tokens.len() == all {
            self.release(id);
            self.split(element, gateway, scope);
        }
    }

    /// Takes one token from each flow that has one.
    fn release(&mut self, id: u32) {
        let Some(instance) = self.change(id) else { return };
        instance.incident = None;
        let Position::Join { tokens } = &mut instance.position else { return };
        tokens.retain(|_, number| {
            *number -= 1;
            *number > 0
        });
        if tokens.is_empty() {
            self.remove(id);
        }
    }

    /// BPMN 2.0.2 §13.4.3: an inclusive join goes on when no other token can still reach one of its empty flows, unless that token
    /// could as well reach a flow that has one.
    pub(super) fn release_inclusive_join(&mut self) -> bool {
        let joins: Vec<(u32, u32, usize)> = self
            .state
            .instances
            .iter()
            .filter(|(_, instance)| matches!(instance.position, Position::Join { .. }))
            .filter_map(|(id, instance)| Some((*id, instance.parent, self.element_of(*id)?)))
            .filter(|(_, _, element)| matches!(self.element(*element).kind, Kind::Gateway(Gateway::Inclusive)))
            .collect();
        for (id, scope, element) in joins {
            if self.is_inclusive_ready(id, scope, element) {
                self.release(id);
                self.split(element, Gateway::Inclusive, scope);
                return true;
            }
        }
        false
    }

    fn is_inclusive_ready(&self, id: u32, scope: u32, element: usize) -> bool {
        let Some(Position::Join { tokens }) = self.instance(id).map(|instance| &instance.position) else {
            return false;
        };
        let flows = &self.definition.flows;
        let (full, empty): (Vec<usize>, Vec<usize>) =
            self.element(element).incoming.iter().partition(|flow| tokens.contains_key(&flows[**flow].id));
        if empty.is_empty() {
            return true;
        }
        let before_empty = self.upstream(&empty, element);
        let before_full = self.upstream(&full, element);
        self.tokens_beside(id, scope).all(|at| !before_empty.contains(&at) || before_full.contains(&at))
    }

    /// Where the other tokens of a scope rest. Armed events are no tokens.
    fn tokens_beside(&self, id: u32, scope: u32) -> impl Iterator<Item = usize> {
        self.state
            .instances
            .iter()
            .filter(move |(other, instance)| {
                **other != id
                    && instance.parent == scope
                    && !matches!(instance.position, Position::Boundary { .. } | Position::Handler { .. })
            })
            .filter_map(|(other, _)| self.element_of(*other))
    }

    /// Elements from which one of the flows can be reached without passing the gateway itself.
    fn upstream(&self, flows: &[usize], gateway: usize) -> HashSet<usize> {
        let mut seen = HashSet::new();
        let mut open: Vec<usize> = flows.iter().map(|flow| self.definition.flows[*flow].source).collect();
        while let Some(element) = open.pop() {
            if element == gateway || !seen.insert(element) {
                continue;
            }
            let node = self.element(element);
            open.extend(node.incoming.iter().map(|flow| self.definition.flows[*flow].source));
            match &node.kind {
                // A token in the activity can leave by its boundary event.
                Kind::Boundary { host, .. } => open.push(*host),
                Kind::Catch(Event::Link { .. }) => {
                    let siblings = &self.definition.containers[node.container].elements;
                    open.extend(siblings.iter().copied().filter(|other| self.element(*other).link == Some(element)));
                }
                _ => {}
            }
        }
        seen
    }

    fn split(&mut self, element: usize, gateway: Gateway, scope: u32) {
        if gateway == Gateway::Parallel {
            let flows = self.element(element).outgoing.clone();
            self.take_flows(element, scope, &flows);
        } else {
            self.leave_by_conditions(element, scope, false);
        }
    }

    /// The first true flow in document order, else the default (BPMN 2.0.2 §13.4.2), which stands for "no" and not for "undecided".
    fn leave_exclusive(&mut self, element: usize, scope: u32) {
        let node = self.element(element);
        let mut undecided = Vec::new();
        for flow in &node.outgoing {
            if Some(*flow) == node.default {
                continue;
            }
            match self.holds(*flow, scope) {
                Some(true) => return self.take_flows(element, scope, &[*flow]),
                Some(false) => {}
                None => undecided.push(Arc::clone(&self.definition.flows[*flow].id)),
            }
        }
        match node.default {
            Some(default) if undecided.is_empty() => self.take_flows(element, scope, &[default]),
            None if node.outgoing.is_empty() => {}
            _ => self.stick(element, scope, Context::new(), Reason::NoFlow { undecided }),
        }
    }

    /// Leaves an activity or event: every flow whose condition holds, the default if none does (BPMN 2.0.2 §13.2.1).
    pub(super) fn leave(&mut self, element: usize, scope: u32) {
        self.leave_by_conditions(element, scope, true);
    }

    fn leave_by_conditions(&mut self, element: usize, scope: u32, unconditional_beside_default: bool) {
        let node = self.element(element);
        if let Some(catch) = node.link {
            self.queue.push_back(Work::Enter { element: catch, scope, flow: None });
            return;
        }
        let mut taken = Vec::new();
        let mut undecided = Vec::new();
        let mut some_condition = false;
        for flow in &node.outgoing {
            if Some(*flow) == node.default {
                continue;
            }
            let has_condition = self.definition.flows[*flow].condition.is_some();
            match self.holds(*flow, scope) {
                Some(true) => {
                    taken.push(*flow);
                    some_condition |= has_condition || !unconditional_beside_default;
                }
                Some(false) => {}
                None => undecided.push(Arc::clone(&self.definition.flows[*flow].id)),
            }
        }
        if let Some(default) = node.default
            && !some_condition
        {
            if !undecided.is_empty() {
                return self.stick(element, scope, Context::new(), Reason::NoFlow { undecided });
            }
            taken.push(default);
        }
        if taken.is_empty() && !node.outgoing.is_empty() {
            self.stick(element, scope, Context::new(), Reason::NoFlow { undecided });
        } else {
            self.take_flows(element, scope, &taken);
        }
    }

    /// Whether a flow may be taken; `None` when undecided. Null is never "no", but it is not "yes" either.
    fn holds(&self, flow: usize, scope: u32) -> Option<bool> {
        match &self.definition.flows[flow].condition {
            None => Some(true),
            Some(condition) => match self.evaluate(condition, scope, None) {
                Value::Bool(value) => Some(value),
                _ => None,
            },
        }
    }

    fn take_flows(&mut self, element: usize, scope: u32, flows: &[usize]) {
        // Tokens must not multiply without bound before they are counted.
        if self.queue.len() + flows.len() > STEP_ELEMENTS_MAX as usize {
            return self.stick(element, scope, Context::new(), Reason::StepBudget);
        }
        for flow in flows {
            let target = self.definition.flows[*flow].target;
            self.queue.push_back(Work::Enter { element: target, scope, flow: Some(*flow) });
        }
    }

    /// An event-based gateway: its events race, the first one wins (BPMN 2.0.2 §10.6.6).
    fn race(&mut self, element: usize, scope: u32) {
        let node = self.element(element);
        let id = self.put_new(Arc::clone(&node.id), scope, Position::Race, Context::new());
        for flow in &node.outgoing {
            let target = self.definition.flows[*flow].target;
            self.await_trigger(target, id);
        }
    }

    /// Joins whose missing tokens can come from nowhere are incidents, not silence.
    pub(super) fn report_starved_joins(&mut self) {
        let joins = self.state.instances.iter().filter_map(|(id, instance)| match &instance.position {
            Position::Join { tokens } if instance.incident.is_none() => Some((*id, instance.parent, tokens)),
            _ => None,
        });
        let is_starved = |(id, scope, tokens): (u32, u32, &BTreeMap<Arc<str>, u32>)| {
            // An inclusive join does not wait for what cannot come.
            let element = self.element_of(id)?;
            if !matches!(self.element(element).kind, Kind::Gateway(Gateway::Parallel)) {
                return None;
            }
            let is_empty = |flow: &&usize| !tokens.contains_key(&self.definition.flows[**flow].id);
            // Every empty flow must still be reachable; one that is not keeps the join closed for ever.
            let starved = self.element(element).incoming.iter().filter(is_empty).any(|flow| {
                let before = self.upstream(&[*flow], element);
                !self.tokens_beside(id, scope).any(|at| before.contains(&at))
            });
            starved.then_some(id)
        };
        let starved: Vec<u32> = joins.filter_map(is_starved).collect();
        for id in starved {
            self.set_incident(id, Reason::JoinStarved);
        }
    }
}
