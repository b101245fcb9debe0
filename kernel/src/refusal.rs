//! Refusals: the rules say no. Each has a stable code and what a page needs to say it well; the words, with the article, are in the catalogues.

use jiff::civil::Date;

use crate::case::Stage;
use crate::catalog::matter::TaskKind;

/// Why a command was not carried out. The words stand in the message catalogues under `refusal-<code>`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.code())]
pub enum Refusal {
    /// The account is disabled, or does not hold the post on this day.
    PostNotHeld,
    /// The post has no grant for it.
    Forbidden {
        /// The action of grants.csv.
        action: String,
    },
    /// No such thing, or not yours: the two are not told apart.
    NotFound,
    /// The case is not in a stage where this may be done.
    WrongStage {
        /// Where it is.
        stage: Stage,
    },
    /// This step asks nobody, or not this person.
    CountersignerNotAllowed,
    /// An opinion that the step asked for is out.
    CountersignPending,
    /// The matter knows no hearing.
    HearingNotAllowed,
    /// This step of a hearing is not the next one.
    HearingStep,
    /// The days in which a hearing may be asked for are over (行政许可法 art. 47(1)).
    HearingRequestEnded {
        /// The last of them.
        on: Date,
    },
    /// Something waits for the hearing, or for the days in which it may be asked for.
    HearingPending {
        /// The last of those days; none once it is to be held.
        until: Option<Date>,
    },
    /// Only its host records a hearing.
    NotHost,
    /// Who asks or declines must be named.
    PartyMissing,
    /// A hearing has a place.
    PlaceMissing,
    /// A hearing has minutes (行政许可法 art. 48(1)(5)).
    MinutesMissing,
    /// The five days of the acceptance check are over: silence was acceptance as of receipt (行政许可法 art. 32(4)).
    AcceptanceDeemed,
    /// The task is no longer open.
    TaskClosed,
    /// Someone was faster.
    TaskTaken,
    /// The task was not claimed by this officer.
    TaskNotYours,
    /// The person already took part in a step that this one must be kept apart from.
    DutiesSeparated {
        /// What they did.
        did: TaskKind,
        /// What they may not do now.
        now: TaskKind,
    },
    /// Whoever applies, or acts for the applicant, takes no part in handling it.
    OwnCase,
    /// One person holds at most one of the three administrators' posts (三员分立).
    AdministratorsSeparated,
    /// The task does not declare this outcome.
    UnknownOutcome {
        /// What was asked for.
        outcome: String,
    },
    /// This outcome asks for a reason.
    ReasonMissing,
    /// This outcome asks for the article it rests on.
    ArticleMissing,
    /// A text is longer than it may be.
    TextTooLong {
        /// Characters at most.
        max: usize,
    },
    /// The single notice was sent already (行政许可法 art. 32(4): once, with everything).
    SupplementAskedAlready,
    /// A supplement notice names what is missing.
    SupplementEmpty,
    /// A supplement notice names each thing once.
    SupplementTwice {
        /// What stands in it again.
        target: String,
    },
    /// The answer to a supplement notice lacks something it asked for.
    SupplementIncomplete {
        /// Codes still missing.
        missing: Vec<String>,
    },
    /// Only what was asked for may be changed.
    SupplementBeyond {
        /// What was not asked for.
        target: String,
    },
    /// The clock stands still already.
    PausedAlready,
    /// The clock runs.
    NotPaused,
    /// Only the eight kinds of art. 45, and of them those of the matter, stop the clock.
    PauseNotAllowed,
    /// A pause is announced with the working days that it is expected to take, from 1.
    PauseDays {
        /// At most so many.
        max: u16,
    },
    /// While the clock stands still nobody decides.
    Paused,
    /// A limit is extended once (art. 42(1)).
    ExtendedAlready,
    /// The matter has no extension.
    ExtensionNotAllowed,
    /// A day is before another that it must follow.
    DayBefore {
        /// The earliest day possible.
        earliest: Date,
    },
    /// A day is after another that it must not follow.
    DayAfter {
        /// The latest day possible.
        latest: Date,
    },
    /// The statutory limit has ended: it cannot be stopped or extended any more.
    LimitEnded {
        /// Its last day.
        on: Date,
    },
    /// The application's owner alone may do this.
    NotApplicant,
    /// The account may not file for this organisation.
    NotRepresented {
        /// Its credit code.
        code: String,
    },
    /// The matter is not offered to this kind of applicant.
    ApplicantKind,
    /// The matter is not handled at this level or in this region.
    NotHandledHere,
    /// The matter has no law in force on this day.
    NoLimitInForce,
    /// Form fields do not stand.
    FormInvalid {
        /// Pointer and code of each.
        fields: Vec<(String, String)>,
    },
    /// A file that was named is not stored.
    FileUnknown {
        /// Its material code.
        material: String,
    },
    /// The material is not one of this matter.
    MaterialUnknown {
        /// The code given.
        material: String,
    },
    /// Someone else holds what must be unique: the manager is on another site.
    ClaimTaken {
        /// Rule of matter.toml.
        name: String,
        /// Stream that holds it.
        holder: String,
    },
    /// A rule needed for the act could not be evaluated.
    RuleUndecided {
        /// The decision.
        decision: String,
    },
    /// The licence has ended; nothing more can be done with it.
    LicenceEnded {
        /// Its status word.
        status: String,
    },
    /// The certificate is not made yet: nothing can be handed over.
    CertificatePending,
    /// A result that is handed over on paper is signed for.
    SignerMissing,
    /// An application to renew comes before the law's last day for it (行政许可法 art. 50(1)).
    RenewalLate {
        /// The last day to ask.
        latest: Date,
    },
    /// The party was not heard yet (行政许可法 arts. 7, 36).
    NotHeard {
        /// Until when they may state their case; none when nobody invited them.
        until: Option<Date>,
    },
    /// The law leaves another outcome only.
    OutcomeBound {
        /// The one outcome.
        outcome: String,
        /// Law and article.
        article: String,
    },
    /// Silence has renewed the licence: there is nothing left to refuse (行政许可法 art. 50(2)).
    RenewalDeemed,
    /// No more extensions of the start limit (建筑法 art. 9: two).
    ExtensionsExhausted,
    /// Too early: the day has not come.
    NotYet {
        /// When.
        on: Date,
    },
    /// A medium was wished for that has no address.
    AddressMissing,
    /// The person's key was destroyed at their wish; nothing personal can be added.
    SubjectErased,
    /// It exists already.
    Exists,
    /// Only the years whose days may still be counted are loaded.
    CalendarYear {
        /// The first.
        first: i16,
        /// The last.
        last: i16,
    },
    /// A day is named by another year's notice already.
    CalendarTaken {
        /// The day.
        on: Date,
    },
    /// The year was loaded with the same days.
    CalendarUnchanged,
    /// A notice is loaded with its title, its number and its source.
    NoticeUnnamed,
    /// The process definition cannot do this: an incident for its owner.
    Process {
        /// BPMN element.
        element: String,
        /// Why.
        reason: String,
    },
}

impl Refusal {
    /// The stable code, kebab-case.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PostNotHeld => "post-not-held",
            Self::Forbidden { .. } => "forbidden",
            Self::NotFound => "not-found",
            Self::WrongStage { .. } => "wrong-stage",
            Self::AcceptanceDeemed => "acceptance-deemed",
            Self::CountersignerNotAllowed => "countersigner-not-allowed",
            Self::CountersignPending => "countersign-pending",
            Self::HearingNotAllowed => "hearing-not-allowed",
            Self::HearingStep => "hearing-step",
            Self::HearingRequestEnded { .. } => "hearing-request-ended",
            Self::HearingPending { until: Some(_) } => "hearing-request-open",
            Self::HearingPending { until: None } => "hearing-pending",
            Self::NotHost => "not-host",
            Self::PartyMissing => "party-missing",
            Self::PlaceMissing => "place-missing",
            Self::MinutesMissing => "minutes-missing",
            Self::TaskClosed => "task-closed",
            Self::TaskTaken => "task-taken",
            Self::TaskNotYours => "task-not-yours",
            Self::DutiesSeparated { .. } => "duties-separated",
            Self::OwnCase => "own-case",
            Self::AdministratorsSeparated => "administrators-separated",
            Self::UnknownOutcome { .. } => "unknown-outcome",
            Self::ReasonMissing => "reason-missing",
            Self::ArticleMissing => "article-missing",
            Self::TextTooLong { .. } => "text-too-long",
            Self::SupplementAskedAlready => "supplement-asked-already",
            Self::SupplementEmpty => "supplement-empty",
            Self::SupplementTwice { .. } => "supplement-twice",
            Self::SupplementIncomplete { .. } => "supplement-incomplete",
            Self::SupplementBeyond { .. } => "supplement-beyond",
            Self::PausedAlready => "paused-already",
            Self::NotPaused => "not-paused",
            Self::PauseNotAllowed => "pause-not-allowed",
            Self::PauseDays { .. } => "pause-days",
            Self::Paused => "paused",
            Self::ExtendedAlready => "extended-already",
            Self::ExtensionNotAllowed => "extension-not-allowed",
            Self::DayBefore { .. } => "day-before",
            Self::DayAfter { .. } => "day-after",
            Self::LimitEnded { .. } => "limit-ended",
            Self::NotApplicant => "not-applicant",
            Self::NotRepresented { .. } => "not-represented",
            Self::ApplicantKind => "applicant-kind",
            Self::NotHandledHere => "not-handled-here",
            Self::NoLimitInForce => "no-limit-in-force",
            Self::FormInvalid { .. } => "form-invalid",
            Self::FileUnknown { .. } => "file-unknown",
            Self::MaterialUnknown { .. } => "material-unknown",
            Self::ClaimTaken { .. } => "claim-taken",
            Self::RuleUndecided { .. } => "rule-undecided",
            Self::LicenceEnded { .. } => "licence-ended",
            Self::CertificatePending => "certificate-pending",
            Self::SignerMissing => "signer-missing",
            Self::RenewalLate { .. } => "renewal-late",
            Self::NotHeard { .. } => "not-heard",
            Self::OutcomeBound { .. } => "outcome-bound",
            Self::RenewalDeemed => "renewal-deemed",
            Self::ExtensionsExhausted => "extensions-exhausted",
            Self::NotYet { .. } => "not-yet",
            Self::AddressMissing => "address-missing",
            Self::SubjectErased => "subject-erased",
            Self::Exists => "exists",
            Self::CalendarYear { .. } => "calendar-year",
            Self::CalendarTaken { .. } => "calendar-taken",
            Self::CalendarUnchanged => "calendar-unchanged",
            Self::NoticeUnnamed => "notice-unnamed",
            Self::Process { .. } => "process",
        }
    }

    /// What the words of the message may name, as key and value.
    pub fn params(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Forbidden { action } => vec![("action", action.clone())],
            Self::WrongStage { stage } => vec![("stage", stage.as_str().to_owned())],
            Self::DutiesSeparated { did, now } => {
                vec![("did", did.as_str().to_owned()), ("now", now.as_str().to_owned())]
            }
            Self::UnknownOutcome { outcome } => vec![("outcome", outcome.clone())],
            Self::PauseDays { max } => vec![("max", max.to_string())],
            Self::TextTooLong { max } => vec![("max", max.to_string())],
            Self::SupplementIncomplete { missing } => vec![("missing", missing.join(", "))],
            Self::SupplementTwice { target } | Self::SupplementBeyond { target } => vec![("target", target.clone())],
            Self::DayBefore { earliest } => vec![("earliest", earliest.to_string())],
            Self::DayAfter { latest } | Self::RenewalLate { latest } => vec![("latest", latest.to_string())],
            Self::NotRepresented { code } => vec![("applicant", code.clone())],
            Self::FileUnknown { material } | Self::MaterialUnknown { material } => {
                vec![("material", material.clone())]
            }
            Self::ClaimTaken { name, holder } => vec![("name", name.clone()), ("holder", holder.clone())],
            Self::RuleUndecided { decision } => vec![("decision", decision.clone())],
            Self::LicenceEnded { status } => vec![("status", status.clone())],
            Self::CalendarYear { first, last } => vec![("first", first.to_string()), ("last", last.to_string())],
            Self::HearingPending { until: Some(on) }
            | Self::HearingRequestEnded { on }
            | Self::NotYet { on }
            | Self::LimitEnded { on }
            | Self::CalendarTaken { on } => vec![("on", on.to_string())],
            Self::NotHeard { until } => {
                vec![("until", until.map_or_else(|| "none".to_owned(), |until| until.to_string()))]
            }
            Self::OutcomeBound { outcome, article } => {
                vec![("outcome", outcome.clone()), ("article", article.clone())]
            }
            Self::Process { element, .. } => vec![("element", element.clone())],
            _ => Vec::new(),
        }
    }
}
