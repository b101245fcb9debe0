//! Which completed activities can be undone, and by whom (BPMN 2.0.2 §10.7, §13.5.5).

use std::sync::Arc;

use super::machine::Machine;
use super::state::{Compensation, Position};

impl Machine<'_> {
    /// An activity completed: remember its compensation handler. A completed sub-process hands its memories to the scope around it.
    pub(super) fn remember_compensation(&mut self, element: usize, id: u32) {
        let Some(instance) = self.instance(id) else { return };
        let (is_scope, outer) = (instance.position == Position::Scope, self.scope_of(instance.parent));
        let node_id = Arc::clone(&self.element(element).id);
        let handler = self.compensation_handler(element).map(|handler| Arc::clone(&self.element(handler).id));
        if is_scope {
            let inner: Vec<u32> =
                self.state.compensations.iter().filter(|(_, c)| c.scope == id).map(|(key, _)| *key).collect();
            for key in inner {
                if handler.is_some() {
                    // The sub-process has a handler of its own: it stands for everything inside.
                    self.remove_compensation(key);
                    continue;
                }
                self.touch_compensation(key);
                if let Some(compensation) = self.state.compensations.get_mut(&key) {
                    compensation.scope = outer;
                    compensation.within.push(Arc::clone(&node_id));
                }
            }
        }
        if let Some(handler) = handler {
            let key = self.state.compensations.keys().next_back().map_or(1, |last| last + 1);
            self.touch_compensation(key);
            let compensation = Compensation { element: node_id, handler, scope: outer, within: Vec::new() };
            self.state.compensations.insert(key, compensation);
        }
    }

    /// Takes the memories that a throw event in this scope undoes: of one activity, or of the whole scope. Next handler last.
    pub(super) fn take_compensations(&mut self, activity: Option<&str>, scope: u32) -> Vec<Arc<str>> {
        let mut handlers = Vec::new();
        let mut at = scope;
        // A throw inside of an event sub-process undoes what its enclosing scope did.
        while handlers.is_empty() && self.instance(at).is_some() {
            let keys: Vec<u32> = self
                .state
                .compensations
                .iter()
                .filter(|(_, compensation)| compensation.scope == at)
                .filter(|(_, compensation)| match activity {
                    None => true,
                    Some(wanted) => {
                        *compensation.element == *wanted || compensation.within.iter().any(|id| **id == *wanted)
                    }
                })
                .map(|(key, _)| *key)
                .collect();
            for key in keys {
                if let Some(compensation) = self.state.compensations.get(&key) {
                    handlers.push(Arc::clone(&compensation.handler));
                }
                self.remove_compensation(key);
            }
            at = self.instance(at).map_or(0, |instance| self.scope_of(instance.parent));
        }
        handlers
    }
}
