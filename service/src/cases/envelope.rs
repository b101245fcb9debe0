//! Acts of the legal envelope that no task of a process holds: pause, resume, extension, delivery. The same for any matter.

use base::deadline::PauseKind;
use jiff::civil::Date;
use kernel::case::{Case, CaseCommand};
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
    /// Hand the result over (送达).
    Deliver,
}

impl EnvelopeAct {
    /// All, in the order in which a case may need them.
    pub const ALL: [Self; 4] = [Self::Pause, Self::Resume, Self::Extend, Self::Deliver];

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::Extend => "extend",
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
            Self::Deliver => "task.deliver",
        }
    }

    /// The command that is tried to learn whether the act is possible on a day: what the person will write is not there yet.
    pub(super) fn trial(self, case: &Case, matter: &Matter, today: Date) -> CaseCommand {
        match self {
            Self::Pause => {
                let kind = matter.spec.limits.pauses.first().copied().unwrap_or(PauseKind::Hearing);
                CaseCommand::Pause { kind, from: today, expected_days: 1 }
            }
            Self::Resume => {
                let from = case.clocks.pauses.last().map_or(today, |pause| pause.from);
                CaseCommand::Resume { until: today.max(from) }
            }
            Self::Extend => CaseCommand::Extend { reason: "-".to_owned() },
            Self::Deliver => CaseCommand::Deliver { method: DeliveryKind::Window, signer: Some("-".to_owned()) },
        }
    }
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
    ];
    codes.contains(&refusal.code)
}

/// An act of the envelope as a reader may do it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct EnvelopeShown {
    /// `pause`, `resume`, `extend` or `deliver`.
    pub act: &'static str,
    /// Why it cannot be done now; none = it can.
    pub refused: Option<RefusalShown>,
    /// The grant obliges to authenticate again.
    pub elevate: bool,
    /// Kinds of pause that the matter names (行政许可法 art. 45), for `pause`.
    pub kinds: Vec<String>,
}
