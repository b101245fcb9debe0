//! Acts of the legal envelope that no task of a process holds: pause, resume, extension, delivery. The same for any matter.

use base::deadline::PauseKind;
use kernel::Facts;
use kernel::case::{Case, CaseCommand, Officer};
use kernel::catalog::Matter;
use kernel::catalog::matter::DeliveryKind;
use serde::Serialize;
use utoipa::ToSchema;

use super::RefusalShown;

/// An act of the envelope (特别程序、延期、送达), by its word in addresses and message keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EnvelopeAct {
    /// Stop the statutory clock (停表).
    Pause,
    /// Let it run again (恢复计时).
    Resume,
    /// Extend the limit once (延长期限).
    Extend,
    /// Tell the right to a hearing (告知听证权利).
    OfferHearing,
    /// Record that a party asks for it (要求听证).
    RequestHearing,
    /// Record that a party declines it (放弃听证).
    DeclineHearing,
    /// Say when, where and under whom it is held (听证通知).
    AppointHearing,
    /// Record its minutes (听证笔录).
    HoldHearing,
    /// Take down what the party says in person against what is intended (陈述、申辩, 行政许可法 arts. 7, 36).
    TakeStatement,
    /// Hand the result over (送达).
    Deliver,
}

impl EnvelopeAct {
    /// All, in the order in which a case may need them.
    pub const ALL: [Self; 10] = [
        Self::Pause,
        Self::Resume,
        Self::Extend,
        Self::OfferHearing,
        Self::RequestHearing,
        Self::DeclineHearing,
        Self::AppointHearing,
        Self::HoldHearing,
        Self::TakeStatement,
        Self::Deliver,
    ];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Extend => "extend",
            Self::OfferHearing => "offer-hearing",
            Self::RequestHearing => "request-hearing",
            Self::DeclineHearing => "decline-hearing",
            Self::AppointHearing => "appoint-hearing",
            Self::HoldHearing => "hold-hearing",
            Self::TakeStatement => "take-statement",
            Self::Deliver => "deliver",
        }
    }

    /// The act of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.as_str() == word)
    }

    /// What grants.csv calls it.
    pub fn action(self) -> &'static str {
        match self {
            Self::Pause => "case.pause",
            Self::Resume => "case.resume",
            Self::Extend => "case.extend",
            Self::OfferHearing | Self::RequestHearing | Self::DeclineHearing | Self::AppointHearing => "case.hearing",
            Self::HoldHearing => "task.hearing",
            Self::TakeStatement => "case.open",
            Self::Deliver => "task.deliver",
        }
    }

    /// The command that is tried to learn whether the act is possible on a day: what the person will write is not there yet.
    pub(super) fn trial(self, case: &Case, matter: &Matter, facts: &Facts, own: Officer) -> CaseCommand {
        let (today, something) = (facts.today, || Some("-".to_owned()));
        match self {
            Self::Pause => {
                let kind = pause_kinds(matter).next().unwrap_or(PauseKind::Hearing);
                CaseCommand::Pause { kind, from: today, expected_days: 1 }
            }
            Self::Resume => {
                let from = case.clocks.pauses.last().map_or(today, |pause| pause.from);
                CaseCommand::Resume { until: today.max(from) }
            }
            Self::Extend => CaseCommand::Extend { reason: "-".to_owned() },
            Self::OfferHearing => CaseCommand::OfferHearing { interested: None },
            Self::RequestHearing => CaseCommand::RequestHearing { party: something() },
            Self::DeclineHearing => CaseCommand::DeclineHearing { party: something() },
            Self::AppointHearing => super::hearing::trial(facts, own),
            Self::HoldHearing => CaseCommand::HoldHearing { minutes: "-".to_owned() },
            Self::TakeStatement => CaseCommand::State { words: "-".to_owned() },
            Self::Deliver => CaseCommand::Deliver { method: DeliveryKind::Window, signer: something() },
        }
    }
}

/// Kinds of pause that a person may begin; a hearing stops the clock by its appointment.
pub(super) fn pause_kinds(matter: &Matter) -> impl Iterator<Item = PauseKind> {
    matter.spec.limits.pauses.iter().copied().filter(|kind| *kind != PauseKind::Hearing)
}

/// Refusals that say "not now, and nobody expects it": the act is not shown at all. Any other greys it, with its reason.
pub(super) fn is_beside_the_point(refusal: &RefusalShown) -> bool {
    let codes = [
        "forbidden",
        "post-not-held",
        "wrong-stage",
        "not-paused",
        "paused-already",
        "pause-not-allowed",
        "extension-not-allowed",
        "hearing-not-allowed",
        "hearing-request-ended",
        "hearing-step",
        "not-host",
        // The party was heard already: there is nothing more to take down.
        "exists",
    ];
    codes.contains(&refusal.code)
}

/// An act of the envelope as a reader may do it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnvelopeShown {
    /// `pause`, `resume`, `extend`, `offer-hearing`, `request-hearing`, `decline-hearing`, `appoint-hearing`, `hold-hearing`,
    /// `take-statement` or `deliver`.
    pub act: &'static str,
    /// Why it cannot be done now; none = it can.
    pub refused: Option<RefusalShown>,
    /// The grant obliges to authenticate again.
    pub elevate: bool,
    /// Kinds of pause that the matter names (行政许可法 art. 45), for `pause`; a hearing's begins with its appointment.
    pub kinds: Vec<String>,
}
