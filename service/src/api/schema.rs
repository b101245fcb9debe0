//! What the document says of values whose types lie on lower floors, which know no document: texts in two languages, words, days.
//!
//! These types are named in `#[schema(value_type = …)]` and never made: the values themselves are the lower floors' own.

use base::deadline::Light;
use kernel::case::Stage as CaseStage;
use kernel::catalog::matter::{self, NoticeKind as Notice};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A text of the catalog.
#[derive(ToSchema)]
pub struct Text {
    /// The Chinese words.
    pub zh: String,
    /// The English words; empty while there are none.
    pub en: String,
}

/// What is left of a limit.
#[derive(ToSchema)]
pub struct Remaining {
    /// `left`, `overdue`, or `held` while the clock stands still.
    pub state: String,
    /// Working days left or over; none while it stands still.
    pub days: Option<u32>,
}

/// Who acted, by ids: one of the three, under its name.
#[derive(ToSchema)]
pub struct Actor {
    /// An officer.
    pub officer: Option<OfficerActed>,
    /// Someone who applies.
    pub applicant: Option<ApplicantActed>,
    /// The node itself.
    pub system: Option<SystemActed>,
}

/// An officer who acted as one post.
#[derive(ToSchema)]
pub struct OfficerActed {
    /// The account.
    pub account: String,
    /// The post acted as.
    pub post: String,
    /// The delegation through which the power came.
    pub delegation: Option<String>,
}

/// Someone outside the administration who acted.
#[derive(ToSchema)]
pub struct ApplicantActed {
    /// The account.
    pub account: String,
    /// For whom; none for oneself.
    pub on_behalf_of: Option<String>,
}

/// A job of the node that acted.
#[derive(ToSchema)]
pub struct SystemActed {
    /// The job.
    pub job: String,
}

/// The file that proves an entry with nothing else at hand (回执), format 1.
#[derive(ToSchema)]
pub struct ProofFile {
    /// The format: 1.
    pub receipt: u64,
    /// Base64 of the entry's bytes.
    pub entry: String,
    /// Base64 of the hashes from the leaf's sibling up.
    pub proof: Vec<String>,
    /// The signed checkpoint, a C2SP signed note.
    pub checkpoint: String,
    /// The key of the signature that counts.
    pub signer: String,
}

/// This interface, described as OpenAPI 3.1 prescribes.
#[derive(ToSchema)]
pub struct OpenApi {
    /// The version of OpenAPI.
    pub openapi: String,
    /// The language of its schemas.
    #[schema(rename = "jsonSchemaDialect")]
    pub dialect: String,
    /// What is described.
    #[schema(value_type = Object)]
    pub info: (),
    /// Where it is served.
    #[schema(value_type = Vec<Object>)]
    pub servers: (),
    /// The operations, by address and method.
    #[schema(value_type = Object)]
    pub paths: (),
    /// The types that they refer to.
    #[schema(value_type = Object)]
    pub components: (),
}

/// Words of a type, each once. One that is not listed does not compile.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident of $type:path { $($word:ident)* })*) => {
        $(
            $(#[$doc])*
            pub struct $name;

            impl PartialSchema for $name {
                fn schema() -> RefOr<Schema> {
                    use $type as Of;
                    let _every_one_is_listed = |word: Of| match word { $(Of::$word => ()),* };
                    let words = [$(Of::$word),*].map(|word| serde_json::to_value(word).unwrap_or_default());
                    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words)).into()
                }
            }

            impl ToSchema for $name {}
        )*
    };
}

words! {
    /// Where a case stands in law.
    Stage of CaseStage { Submitted SupplementAsked Accepted NotAccepted Withdrawn Granted Refused Delivered }

    /// Who applies.
    ApplicantKind of matter::ApplicantKind { Person Organisation }

    /// The kind of business a matter is.
    MatterKind of matter::MatterKind {
        Licence Filing Confirmation Service Document Inspection Consultation Publication Ending
    }

    /// The kind of a task.
    TaskKind of matter::TaskKind {
        Accept Review Check Countersign SiteCheck ExpertReview Hearing Decide LaterCheck Deliver Read
    }

    /// Which document.
    NoticeKind of Notice {
        Receipt Acceptance Supplement NonAcceptance Pause Extension HearingRight Hearing HearingMinutes Grant Refusal
        Withdrawal Delivery Forwarding Commitment CommitmentCheck Statement Certificate
    }

    /// The colour of a clock.
    Colour of Light { Hold Green Yellow Red }
}
