//! Reads event definitions and the root elements that they refer to.

use std::collections::HashMap;

use super::definition::{Condition, Event, Message, TimerKind, TimerText};
use super::diagram::local;
use crate::feel::{Expression, translate};
use crate::problem::Problem;
use crate::xml::Element;

/// Messages, errors, signals and escalations of a file by id.
#[derive(Debug, Default)]
pub(super) struct Roots {
    messages: HashMap<String, Message>,
    errors: HashMap<String, Option<String>>,
    signals: HashMap<String, Option<String>>,
    escalations: HashMap<String, Option<String>>,
}

impl Roots {
    pub(super) fn read(definitions: &Element) -> Self {
        let mut roots = Self::default();
        for element in definitions.elements() {
            let Some(id) = element.attribute("id").map(str::to_owned) else { continue };
            let attribute = |name| element.attribute(name).filter(|text| !text.is_empty()).map(str::to_owned);
            match element.name.as_str() {
                "message" => {
                    roots.messages.insert(id.clone(), Message { id: Some(id), name: attribute("name") });
                }
                "error" => {
                    roots.errors.insert(id, attribute("errorCode"));
                }
                "signal" => {
                    roots.signals.insert(id, attribute("name"));
                }
                "escalation" => {
                    roots.escalations.insert(id, attribute("escalationCode"));
                }
                _ => {}
            }
        }
        roots
    }

    pub(super) fn message(&self, element: &Element) -> Message {
        let Some(reference) = element.attribute("messageRef").map(local) else {
            return Message::default();
        };
        self.messages.get(reference).cloned().unwrap_or_else(|| Message { id: Some(reference.to_owned()), name: None })
    }
}

/// Reads expressions and keeps what was wrong with them.
pub(super) struct Expressions<'a> {
    pub(super) source: &'a str,
    pub(super) problems: Vec<Problem>,
}

impl Expressions<'_> {
    /// The condition in an element's text; `id` names whom it belongs to.
    pub(super) fn condition(&mut self, element: &Element, id: &str) -> Condition {
        let language = element.attribute("language").or_else(|| element.attribute("scriptFormat"));
        if let Some(language) = language
            && !is_known(language)
        {
            let message = format!("the expression language {language} is not executed; write FEEL");
            self.problems.push(Problem::error(self.source, element.line, Some(id), "expression-language", message));
            return Condition { text: element.text(), expression: None };
        }
        self.text(&element.text(), element.line, id)
    }

    pub(super) fn text(&mut self, text: &str, line: u32, id: &str) -> Condition {
        let parsed = match translate(text) {
            None => Err(format!("{text:?} has no translation to FEEL")),
            Some(feel) => Expression::parse(&feel, &[]).map_err(|fault| fault.to_string()),
        };
        let expression = match parsed {
            Ok(expression) => Some(expression),
            Err(message) => {
                self.problems.push(Problem::error(self.source, line, Some(id), "expression", message));
                None
            }
        };
        Condition { text: text.to_owned(), expression }
    }

    /// Reads the event definitions of an event element.
    pub(super) fn event(&mut self, element: &Element, id: &str, roots: &Roots) -> Event {
        let mut definitions = element.elements().filter(|e| e.name.ends_with("EventDefinition"));
        let Some(definition) = definitions.next() else {
            // `eventDefinitionRef` names a shared definition; nothing else in a process refers to one.
            return match element.child("eventDefinitionRef") {
                Some(reference) => Event::NotExecuted { tag: reference.name.clone() },
                None => Event::None,
            };
        };
        if definitions.next().is_some() {
            return Event::NotExecuted { tag: "multipleEventDefinition".to_owned() };
        }
        let named = |attribute: &str, codes: &HashMap<String, Option<String>>| {
            let reference = definition.attribute(attribute).map(local)?;
            // Flowable writes the code itself where the standard wants the id of an error element.
            codes.get(reference).cloned().unwrap_or_else(|| Some(reference.to_owned()))
        };
        match definition.name.as_str() {
            "messageEventDefinition" => Event::Message(roots.message(definition)),
            "timerEventDefinition" => self.timer(definition, id),
            "errorEventDefinition" => Event::Error { code: named("errorRef", &roots.errors) },
            "escalationEventDefinition" => Event::Escalation { code: named("escalationRef", &roots.escalations) },
            "signalEventDefinition" => Event::Signal {
                name: named("signalRef", &roots.signals)
                    .or_else(|| definition.attribute("signalRef").map(|reference| local(reference).to_owned()))
                    .unwrap_or_default(),
            },
            "conditionalEventDefinition" => match definition.child("condition") {
                Some(condition) => Event::Conditional(self.condition(condition, id)),
                None => {
                    let message = "a conditional event without a condition";
                    self.problems.push(Problem::error(self.source, definition.line, Some(id), "event", message));
                    Event::Conditional(Condition { text: String::new(), expression: None })
                }
            },
            "linkEventDefinition" => Event::Link {
                name: definition.attribute("name").or_else(|| element.attribute("name")).unwrap_or_default().to_owned(),
            },
            "terminateEventDefinition" => Event::Terminate,
            "compensateEventDefinition" => {
                Event::Compensation { activity: definition.attribute("activityRef").map(|id| local(id).to_owned()) }
            }
            other => Event::NotExecuted { tag: other.to_owned() },
        }
    }

    fn timer(&mut self, definition: &Element, id: &str) -> Event {
        let kinds =
            [("timeDate", TimerKind::Date), ("timeDuration", TimerKind::Duration), ("timeCycle", TimerKind::Cycle)];
        for (tag, kind) in kinds {
            if let Some(element) = definition.child(tag) {
                let text = element.text();
                let text = if crate::feel::is_expression(&text) {
                    TimerText::Expression(self.condition(element, id))
                } else {
                    TimerText::Literal(text)
                };
                return Event::Timer { kind, text };
            }
        }
        let message = "a timer without date, duration or cycle";
        self.problems.push(Problem::error(self.source, definition.line, Some(id), "event", message));
        Event::Timer { kind: TimerKind::Duration, text: TimerText::Literal(String::new()) }
    }
}

fn is_known(language: &str) -> bool {
    let language = language.to_ascii_lowercase();
    language.is_empty() || language.contains("feel") || language.contains("juel") || language.contains("dmn")
}
