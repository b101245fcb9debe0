//! Every kind of entry that exists, in one list. A kind that was released never changes; `kind@2` is a new line here with its own arm.

use journal::{Body, EntryError};
use serde::Serialize;

use crate::case;
use crate::directory;
use crate::message;
use crate::record;
use crate::reminder;

/// An event could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The journal holds a kind that this version does not know.
    #[error("unknown kind of entry {0:?}")]
    UnknownKind(String),
    /// The body is not what the kind says.
    #[error("entry of kind {kind}: {source}")]
    Body {
        /// The kind.
        kind: String,
        /// Why.
        source: EntryError,
    },
}

macro_rules! events {
    ($($(#[$meta:meta])* $kind:literal => $variant:ident($body:ty)),* $(,)?) => {
        /// Something that happened: the body of one journal entry.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Event {
            $($(#[$meta])* $variant($body),)*
        }

        impl Event {
            /// The kind as it stands in the entry, `name@version`.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => $kind,)* }
            }

            /// The body of its entry: canonical CBOR with text keys.
            pub fn body(&self) -> Result<Body, EventError> {
                fn body<T: Serialize>(kind: &str, value: &T) -> Result<Body, EventError> {
                    Body::of(value).map_err(|source| EventError::Body { kind: kind.to_owned(), source })
                }
                match self { $(Self::$variant(value) => body($kind, value),)* }
            }

            /// The event of an entry.
            pub fn decode(kind: &str, body: &Body) -> Result<Self, EventError> {
                match kind {
                    $($kind => body.decode().map(Self::$variant)
                        .map_err(|source| EventError::Body { kind: kind.to_owned(), source }),)*
                    _ => Err(EventError::UnknownKind(kind.to_owned())),
                }
            }

            /// Every kind, for checks that none is forgotten.
            pub const KINDS: &'static [&'static str] = &[$($kind,)*];
        }

        $(impl From<$body> for Event {
            fn from(body: $body) -> Self { Self::$variant(body) }
        })*
    };
}

events! {
    /// Materials received.
    "case-submitted@1" => CaseSubmitted(case::CaseSubmitted),
    /// The process moved.
    "flow-advanced@1" => FlowAdvanced(case::FlowAdvanced),
    /// The checks were run.
    "checks-evaluated@1" => ChecksEvaluated(case::ChecksRecorded),
    /// A task was claimed.
    "task-claimed@1" => TaskClaimed(case::TaskClaimed),
    /// A task was given to a person.
    "task-assigned@1" => TaskAssigned(case::TaskAssigned),
    /// A task was given back.
    "task-released@1" => TaskReleased(case::TaskReleased),
    /// An opinion from outside the process was asked for.
    "countersigner-added@1" => CountersignerAdded(case::CountersignerAdded),
    /// The question was taken back.
    "countersigner-dropped@1" => CountersignerDropped(case::CountersignerDropped),
    /// A task was completed.
    "task-completed@1" => TaskCompleted(case::TaskCompleted),
    /// The single supplement notice.
    "supplement-requested@1" => SupplementRequested(case::SupplementRequested),
    /// The applicant answered it.
    "case-supplemented@1" => CaseSupplemented(case::CaseSupplemented),
    /// Acceptance.
    "case-accepted@1" => CaseAccepted(case::CaseAccepted),
    /// Non-acceptance.
    "case-not-accepted@1" => CaseNotAccepted(case::CaseNotAccepted),
    /// A statutory pause began.
    "clock-paused@1" => ClockPaused(case::ClockPaused),
    /// It ended.
    "clock-resumed@1" => ClockResumed(case::ClockResumed),
    /// The limit was extended.
    "clock-extended@1" => ClockExtended(case::ClockExtended),
    /// A calendar moved a provisional date.
    "due-rederived@1" => DueRederived(case::DueRederived),
    /// The right to a hearing was told.
    "hearing-offered@1" => HearingOffered(case::HearingOffered),
    /// It was asked for.
    "hearing-requested@1" => HearingRequested(case::HearingRequested),
    /// It was declined.
    "hearing-declined@1" => HearingDeclined(case::HearingDeclined),
    /// It was appointed.
    "hearing-appointed@1" => HearingAppointed(case::HearingAppointed),
    /// It was held.
    "hearing-held@1" => HearingHeld(case::HearingHeld),
    /// Reviewed below, sent to the level that decides.
    "case-forwarded@1" => CaseForwarded(case::CaseForwarded),
    /// Withdrawal.
    "case-withdrawn@1" => CaseWithdrawn(case::CaseWithdrawn),
    /// Grant or refusal.
    "decision-made@1" => DecisionMade(case::DecisionMade),
    /// Granted on commitment: to be checked.
    "check-owed@1" => CheckOwed(case::CheckOwed),
    /// It was checked.
    "commitment-checked@1" => CommitmentChecked(case::CommitmentChecked),
    /// A document was issued.
    "notice-issued@1" => NoticeIssued(case::NoticeIssued),
    /// Its paper was made.
    "notice-rendered@1" => NoticeRendered(case::NoticeRendered),
    /// A licence was written for the case.
    "certificate-issued@1" => CertificateIssued(case::CertificateIssued),
    /// The result reached the applicant.
    "result-delivered@1" => ResultDelivered(case::ResultDelivered),
    /// The party was invited to state their case.
    "statement-invited@1" => StatementInvited(case::StatementInvited),
    /// They stated it.
    "statement-given@1" => StatementGiven(case::StatementGiven),
    /// A record of a register was written.
    "record-written@1" => RecordWritten(record::RecordWritten),
    /// A licence's life went on.
    "licence-changed@1" => LicenceChanged(record::LicenceChanged),
    /// A renewal was asked for in time.
    "renewal-asked@1" => RenewalAsked(record::RenewalAsked),
    /// An organisation joined the directory.
    "organisation-registered@1" => OrganisationRegistered(directory::OrganisationRegistered),
    /// An account was opened.
    "account-opened@1" => AccountOpened(directory::AccountOpened),
    /// An account was disabled.
    "account-disabled@1" => AccountDisabled(directory::AccountDisabled),
    /// A post was given to an account.
    "post-assigned@1" => PostAssigned(directory::PostAssigned),
    /// A post ended.
    "post-ended@1" => PostEnded(directory::PostEnded),
    /// A subject's key was destroyed.
    "subject-erased@1" => SubjectErased(directory::SubjectErased),
    /// A catalog or calendar version was taken into use.
    "catalog-adopted@1" => CatalogAdopted(directory::CatalogAdopted),
    /// A year's notice of days off was loaded.
    "calendar-loaded@1" => CalendarLoaded(directory::CalendarLoaded),
    /// A reminder went out.
    "reminder-sent@1" => ReminderSent(reminder::ReminderSent),
    /// Somebody said how they can be reached.
    "contact-set@1" => ContactSet(directory::ContactSet),
    /// A message was taken over by a mail server or a gateway.
    "message-delivered@1" => MessageDelivered(message::MessageDelivered),
    /// A message was given up.
    "message-failed@1" => MessageFailed(message::MessageFailed),
    /// A message that was given up is tried again.
    "message-requeued@1" => MessageRequeued(message::MessageRequeued),
}
