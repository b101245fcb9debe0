//! What keeps a model from being run, and what deserves a look.

use std::collections::HashSet;

use super::BPMN_NAMESPACE;
use super::definition::*;
use crate::problem::Problem;
use crate::run::Due;
use crate::xml::Element;

impl Definition {
    /// Findings in document order. Without an error among them, every element of the process is executed as BPMN 2.0.2 says.
    pub fn check(&self) -> Vec<Problem> {
        let mut problems = self.problems.clone();
        for element in self.running() {
            self.check_executed(element, &mut problems);
            self.check_gateway(element, &mut problems);
            self.check_repetition(element, &mut problems);
            self.check_timer(element, &mut problems);
        }
        self.check_handlers(&mut problems);
        self.check_reachable(&mut problems);
        self.check_data(&mut problems);
        problems.sort_by(|a, b| (a.line, a.code).cmp(&(b.line, b.code)));
        problems
    }

    /// Whether `check` finds no error.
    pub fn is_executable(&self) -> bool {
        !self.check().iter().any(Problem::is_error)
    }

    fn error(&self, element: &FlowElement, code: &'static str, message: impl Into<String>) -> Problem {
        Problem::error(&self.source, element.line, Some(&element.id), code, message)
    }

    fn warning(&self, element: &FlowElement, code: &'static str, message: impl Into<String>) -> Problem {
        Problem::warning(&self.source, element.line, Some(&element.id), code, message)
    }

    fn check_executed(&self, element: &FlowElement, problems: &mut Vec<Problem>) {
        let refuse = |what: &str| self.error(element, "not-executed", format!("{what} is not executed"));
        match &element.kind {
            Kind::NotExecuted { tag } => problems.push(refuse(tag)),
            Kind::Start { event, .. } => match event {
                Event::NotExecuted { tag } => problems.push(refuse(tag)),
                Event::Error { .. } | Event::Escalation { .. } if !self.in_event_sub_process(element) => {
                    problems.push(refuse("a start event of this kind outside of an event sub-process"));
                }
                Event::Compensation { .. } => problems.push(refuse("a compensation event sub-process")),
                Event::None if self.in_event_sub_process(element) => {
                    problems.push(self.error(element, "event", "an event sub-process needs a trigger"));
                }
                Event::Error { .. } if matches!(element.kind, Kind::Start { interrupting: false, .. }) => {
                    problems.push(self.error(element, "event", "an error always interrupts"));
                }
                Event::Link { .. } | Event::Terminate => problems.push(refuse("a start event of this kind")),
                _ => {}
            },
            Kind::End(event) => match event {
                Event::NotExecuted { tag } => problems.push(refuse(tag)),
                Event::Timer { .. } | Event::Conditional(_) => problems.push(refuse("an end event of this kind")),
                _ => {}
            },
            Kind::Catch(event) => match event {
                Event::NotExecuted { tag } => problems.push(refuse(tag)),
                Event::Message(_) | Event::Timer { .. } | Event::Signal { .. } | Event::Conditional(_) => {}
                Event::Link { .. } => {}
                _ => problems.push(refuse("an intermediate catch event of this kind")),
            },
            Kind::Throw(event) => match event {
                Event::NotExecuted { tag } => problems.push(refuse(tag)),
                Event::None | Event::Message(_) | Event::Signal { .. } | Event::Escalation { .. } => {}
                Event::Link { .. } | Event::Compensation { .. } => {}
                _ => problems.push(refuse("an intermediate throw event of this kind")),
            },
            Kind::Boundary { event, host, interrupting } => {
                if !self.elements[*host].is_activity() {
                    problems.push(self.error(element, "attached", "its activity is not executed"));
                }
                match event {
                    Event::NotExecuted { tag } => problems.push(refuse(tag)),
                    Event::Compensation { .. } if element.handler.is_none() => {
                        let message = "no association leads from it to a compensation handler";
                        problems.push(self.error(element, "compensation", message));
                    }
                    Event::Error { .. } if !interrupting => {
                        problems.push(self.error(element, "event", "an error always interrupts"));
                    }
                    Event::None | Event::Link { .. } | Event::Terminate => {
                        problems.push(refuse("a boundary event of this kind"));
                    }
                    _ => {}
                }
            }
            Kind::Gateway(_) | Kind::Task(_) | Kind::SubProcess { .. } => {}
        }
    }

    fn check_timer(&self, element: &FlowElement, problems: &mut Vec<Problem>) {
        let Some(Event::Timer { kind, text: TimerText::Literal(text) }) = element.event() else { return };
        let due = Due { kind: *kind, text: text.clone(), round: 1 };
        if due.at(&jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC)).is_none() {
            let message = format!("{text:?} is no ISO 8601 date, duration or cycle that moves on");
            problems.push(self.error(element, "timer", message));
        }
    }

    fn check_gateway(&self, element: &FlowElement, problems: &mut Vec<Problem>) {
        let Kind::Gateway(gateway) = element.kind else { return };
        match gateway {
            Gateway::Exclusive | Gateway::Inclusive => {
                let conditional = element.outgoing.iter().filter(|flow| self.flows[**flow].condition.is_some()).count();
                if element.outgoing.len() > 1 && element.default.is_none() && conditional == element.outgoing.len() {
                    let message = "no default flow: if no condition holds, the case stops with an incident";
                    problems.push(self.warning(element, "no-default", message));
                }
                let bare = element
                    .outgoing
                    .iter()
                    .filter(|flow| self.flows[**flow].condition.is_none() && Some(**flow) != element.default)
                    .count();
                if gateway == Gateway::Exclusive && element.outgoing.len() > 1 && bare > 0 {
                    let message =
                        "a flow has neither a condition nor is it the default: the first such one always wins";
                    problems.push(self.warning(element, "no-condition", message));
                }
            }
            Gateway::EventBased => {
                if element.outgoing.is_empty() {
                    problems.push(self.error(element, "event-gateway", "no event follows"));
                }
                for flow in &element.outgoing {
                    let target = &self.elements[self.flows[*flow].target];
                    let waits = matches!(
                        target.kind,
                        Kind::Catch(
                            Event::Message(_) | Event::Timer { .. } | Event::Signal { .. } | Event::Conditional(_)
                        ) | Kind::Task(Task::Receive { .. })
                    );
                    if !waits {
                        let message = format!("it leads to {}, which waits for no event", target.id);
                        problems.push(self.error(element, "event-gateway", message));
                    }
                }
            }
            Gateway::Parallel => {
                for flow in element.outgoing.iter().filter(|flow| self.flows[**flow].condition.is_some()) {
                    let message = format!("the condition of {} is not looked at", self.flows[*flow].id);
                    problems.push(self.warning(element, "condition-ignored", message));
                }
            }
        }
    }

    fn check_repetition(&self, element: &FlowElement, problems: &mut Vec<Problem>) {
        if let Repetition::Multi(multi) = &element.repetition
            && multi.cardinality.is_none()
            && multi.collection.is_none()
        {
            let message = "multi-instance without loopCardinality and without a collection";
            problems.push(self.error(element, "multi-instance", message));
        }
        if element.repetition != Repetition::Once && !element.is_activity() {
            problems.push(self.error(element, "multi-instance", "only activities repeat"));
        }
    }

    /// Event sub-processes have one start event and no flows; compensation handlers stand apart.
    fn check_handlers(&self, problems: &mut Vec<Problem>) {
        for element in self.running() {
            if let Kind::SubProcess { container, triggered: true } = element.kind {
                let starts = self.containers[container]
                    .elements
                    .iter()
                    .filter(|index| matches!(self.elements[**index].kind, Kind::Start { .. }))
                    .count();
                if starts != 1 {
                    let message = format!("an event sub-process has one start event, this one {starts}");
                    problems.push(self.error(element, "event-sub-process", message));
                }
                if !element.incoming.is_empty() || !element.outgoing.is_empty() {
                    let message = "no sequence flow may lead to or from an event sub-process";
                    problems.push(self.error(element, "event-sub-process", message));
                }
                if element.repetition != Repetition::Once {
                    problems.push(self.error(element, "event-sub-process", "an event sub-process does not repeat"));
                }
            }
            if element.for_compensation && !element.boundary.is_empty() {
                let message = "boundary events on a compensation handler are not executed";
                problems.push(self.error(element, "not-executed", message));
            }
            if element.for_compensation && !(element.incoming.is_empty() && element.outgoing.is_empty()) {
                problems.push(self.error(
                    element,
                    "compensation",
                    "no sequence flow may lead to or from a compensation handler",
                ));
            }
        }
    }

    fn check_reachable(&self, problems: &mut Vec<Problem>) {
        let mut seen: HashSet<usize> = HashSet::new();
        let mut queue: Vec<usize> = Vec::new();
        if let Some(root) = self.containers.iter().position(|container| container.runs) {
            self.enter_container(root, &mut queue);
        }
        while let Some(index) = queue.pop() {
            if !seen.insert(index) {
                continue;
            }
            let element = &self.elements[index];
            queue.extend(element.outgoing.iter().map(|flow| self.flows[*flow].target));
            queue.extend(element.boundary.iter().copied());
            queue.extend(element.link);
            queue.extend(element.handler);
            if let Kind::SubProcess { container, .. } = element.kind {
                self.enter_container(container, &mut queue);
            }
        }
        for (index, element) in self.elements.iter().enumerate() {
            if self.containers[element.container].runs && !seen.contains(&index) {
                problems.push(self.warning(element, "unreachable", "no path leads here"));
            }
        }
    }

    fn enter_container(&self, container: usize, queue: &mut Vec<usize>) {
        queue.extend(self.containers[container].entries.iter().copied());
        queue.extend(self.containers[container].handlers.iter().copied());
    }

    /// Data associations: plain ones say what is read (all variables are visible), computing ones are not executed.
    fn check_data(&self, problems: &mut Vec<Problem>) {
        fn visit(definition: &Definition, parent: &Element, problems: &mut Vec<Problem>) {
            for element in parent.elements().filter(|element| element.namespace == BPMN_NAMESPACE) {
                if matches!(element.name.as_str(), "dataInputAssociation" | "dataOutputAssociation") {
                    let computes = element.child("assignment").is_some() || element.child("transformation").is_some();
                    if computes {
                        let id = element.attribute("id").or_else(|| parent.attribute("id"));
                        let message = "a data association that computes is not executed; use a script task";
                        problems.push(Problem::error(&definition.source, element.line, id, "not-executed", message));
                    }
                }
                visit(definition, element, problems);
            }
        }
        visit(self, &self.document, problems);
    }

    pub(crate) fn in_event_sub_process(&self, element: &FlowElement) -> bool {
        self.parent(element).is_some_and(|parent| matches!(parent.kind, Kind::SubProcess { triggered: true, .. }))
    }
}
