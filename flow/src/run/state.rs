//! Where the tokens of a process rest, and how one step changes that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::step::Reason;
use crate::bpmn::TimerKind;
use crate::feel::{Context, Value};

/// A running (or ended) process: compact, in a deterministic order, free of personal values if the caller keeps them in its `Scope`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct State {
    /// Where the process is in its life.
    pub status: Status,
    /// Highest instance id given so far.
    pub last_instance: u32,
    /// What is alive, by instance id. The process itself is the instance without a parent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "text_keys")]
    pub instances: BTreeMap<u32, Instance>,
    /// Variables of the process.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: Context,
    /// Completed activities that can still be undone, in order of completion.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "text_keys")]
    pub compensations: BTreeMap<u32, Compensation>,
}

/// Life of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Not started.
    #[default]
    New,
    /// Started; something waits.
    Active,
    /// Every token came to an end.
    Completed,
    /// Ended from outside: withdrawal.
    Cancelled,
}

/// Something alive: an activity, a waiting event, a scope, tokens at a join.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instance {
    /// Id of the BPMN element (of the process for the outermost one).
    pub element: Arc<str>,
    /// The instance it lies in: scope, multi-instance or compensation; 0 for the process.
    pub parent: u32,
    /// What rests here.
    pub position: Position,
    /// Variables of this instance alone: `loopCounter`, the item of a multi-instance.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub locals: Context,
    /// Why it cannot go on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<Reason>,
}

/// What rests at an instance.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Position {
    /// The process, or a sub-process: lives while something in it lives.
    Scope,
    /// A user task that waits for its person.
    Task,
    /// A service, business rule or send task that waits for its answer.
    Service,
    /// A receive task or a catching event that waits for its trigger.
    Catch {
        /// For a condition: whether it was true when last looked at. Only becoming true counts.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        was_true: bool,
    },
    /// An armed boundary event.
    Boundary {
        /// The instance it watches.
        host: u32,
        /// As for `Catch`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        was_true: bool,
        /// How often its timer fired.
        #[serde(default, skip_serializing_if = "is_zero")]
        fired: u32,
    },
    /// An armed start of an event sub-process; `element` is its start event.
    Handler {
        /// As for `Catch`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        was_true: bool,
        /// How often its timer fired.
        #[serde(default, skip_serializing_if = "is_zero")]
        fired: u32,
    },
    /// An event-based gateway; the events that race lie in it.
    Race,
    /// Tokens that wait at a joining gateway: flow id → number.
    Join {
        /// Tokens by incoming flow.
        tokens: BTreeMap<Arc<str>, u32>,
    },
    /// The body of a multi-instance activity; its instances lie in it.
    Multi {
        /// Instances to run in all.
        total: u32,
        /// Instances started.
        started: u32,
        /// Instances completed.
        completed: u32,
        /// The items, for instances not yet started and for the outputs' order.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        items: Vec<Value>,
        /// Outputs collected.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        outputs: Vec<Value>,
    },
    /// The body of a loop; its current run lies in it.
    Loop {
        /// Runs completed.
        runs: u32,
    },
    /// A compensation that is going on: handlers still to run, last first.
    Compensating {
        /// Elements of the handlers, the next one last.
        handlers: Vec<Arc<str>>,
    },
    /// A token that could not go on; `incident` says why.
    Stuck,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A completed activity with a compensation handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compensation {
    /// The activity.
    pub element: Arc<str>,
    /// Its handler.
    pub handler: Arc<str>,
    /// The scope instance it now belongs to.
    pub scope: u32,
    /// Completed sub-processes around it, innermost first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub within: Vec<Arc<str>>,
}

/// What a step changes. Results, not inputs: applying it needs no definition and chooses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Delta {
    /// New status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// New highest instance id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_instance: Option<u32>,
    /// Instances that are new or changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "text_keys")]
    pub put: BTreeMap<u32, Instance>,
    /// Instances that are gone.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub gone: BTreeSet<u32>,
    /// Variables that are new or changed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set: Context,
    /// Compensations that are new, changed or (`None`) gone.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "text_keys")]
    pub compensations: BTreeMap<u32, Option<Compensation>>,
}

impl Delta {
    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl State {
    /// Applies what a step decided. Never chooses; a released arm of it is frozen.
    pub fn apply(&mut self, delta: &Delta) {
        if let Some(status) = delta.status {
            self.status = status;
        }
        if let Some(last) = delta.last_instance {
            self.last_instance = last;
        }
        for id in &delta.gone {
            self.instances.remove(id);
        }
        for (id, instance) in &delta.put {
            self.instances.insert(*id, instance.clone());
        }
        for (name, value) in &delta.set {
            self.variables.insert(name.clone(), value.clone());
        }
        for (id, compensation) in &delta.compensations {
            match compensation {
                Some(compensation) => self.compensations.insert(*id, compensation.clone()),
                None => self.compensations.remove(id),
            };
        }
    }

    /// Open user tasks: instance id and element id.
    pub fn open_tasks(&self) -> impl Iterator<Item = (u32, &str)> {
        self.at(|position| matches!(position, Position::Task))
    }

    /// Elements that wait for something outside: tasks, services, catching events. No gateways, no armed boundary events.
    pub fn waiting(&self) -> impl Iterator<Item = (u32, &str)> {
        self.at(|position| matches!(position, Position::Task | Position::Service | Position::Catch { .. }))
    }

    /// Elements at which a token cannot go on, and why.
    pub fn incidents(&self) -> impl Iterator<Item = (u32, &str, &Reason)> {
        self.instances
            .iter()
            .filter_map(|(id, instance)| Some((*id, instance.element.as_ref(), instance.incident.as_ref()?)))
    }

    /// The instance with this id.
    pub fn instance(&self, id: u32) -> Option<&Instance> {
        self.instances.get(&id)
    }

    fn at(&self, wanted: fn(&Position) -> bool) -> impl Iterator<Item = (u32, &str)> {
        self.instances
            .iter()
            .filter(move |(_, instance)| wanted(&instance.position))
            .map(|(id, instance)| (*id, instance.element.as_ref()))
    }
}

/// A timer that is to be set: what the definition says, resolved but not computed, because here is no clock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// Date, duration or cycle.
    pub kind: TimerKind,
    /// ISO 8601 text: `2026-07-01T00:00:00+08:00`, `P3D`, `R3/PT1H`.
    pub text: String,
    /// For a cycle: which firing this will be, from 1.
    pub round: u32,
}

/// Instance ids as text where they are keys: the journal's maps have text keys at every depth.
mod text_keys {
    use std::collections::BTreeMap;

    use serde::de::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        map: &BTreeMap<u32, T>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(map.iter().map(|(id, value)| (id.to_string(), value)))
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<u32, T>, D::Error> {
        let map = BTreeMap::<String, T>::deserialize(deserializer)?;
        map.into_iter()
            .map(|(id, value)| {
                id.parse().map(|id| (id, value)).map_err(|_| D::Error::custom("an instance id is a number"))
            })
            .collect()
    }
}
