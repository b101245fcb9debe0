//! Why a use case did not happen: the rules say no, the input does not stand, or a machine failed.

use std::sync::Arc;

use axum::http::StatusCode;
use kernel::Refusal;
use kernel::form::FieldError;
use web::problem::{Failure, Fault, Problem};
use web::words::{Arg, Words};

/// The result of a use case.
pub type Result<T> = std::result::Result<T, Error>;

/// Why not.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rules say no; the person is told why and what to do.
    #[error("refused: {0}")]
    Refused(#[from] Refusal),
    /// Fields of a form do not stand.
    #[error("{} fields do not stand", .0.len())]
    Invalid(Vec<FieldError>),
    /// The same key came with another body.
    #[error("idempotency key used for another request")]
    KeyReused,
    /// Too much at once; try again.
    #[error("busy")]
    Busy,
    /// Too often; there is a try again after so many seconds.
    #[error("too many tries")]
    TooMany(u32),
    /// A machine failed: the log gets the cause, the person a reference number.
    #[error("{0}")]
    Fault(Arc<store::Fault>),
    /// The node has no fonts, so it prints nothing.
    #[error("this node has no fonts")]
    NoPrinter,
    /// Paper could not be made.
    #[error("paper: {0}")]
    Paper(#[from] print::PrintError),
}

impl From<store::SubmitError> for Error {
    fn from(error: store::SubmitError) -> Self {
        match error {
            store::SubmitError::Refused(refusal) => Self::Refused(refusal),
            store::SubmitError::KeyReused => Self::KeyReused,
            // Stale facts were gathered again and were stale again: somebody is at the same records at this moment.
            store::SubmitError::Stale | store::SubmitError::Busy => Self::Busy,
            store::SubmitError::Fault(fault) => Self::Fault(fault),
        }
    }
}

impl From<store::Fault> for Error {
    fn from(fault: store::Fault) -> Self {
        Self::Fault(Arc::new(fault))
    }
}

impl Error {
    /// Not there, or not yours.
    pub fn not_found() -> Self {
        Self::Refused(Refusal::NotFound)
    }
}

/// The words of a refusal in the reader's language: what is wrong, what to do, the article.
pub fn refusal_words(refusal: &Refusal, words: Words) -> String {
    let say = |(name, value): (&'static str, String)| {
        // Our own words that stand in the sentence are said in the reader's language.
        let text = match name {
            "stage" => words.t(&format!("stage-{value}")),
            "did" | "now" => words.t(&format!("kind-{value}")),
            _ => value,
        };
        (name, Arg::Text(text))
    };
    let args: Vec<(&'static str, Arg)> = refusal.params().into_iter().map(say).collect();
    words.t_args(&format!("refusal-{}", refusal.code()), &args)
}

/// What a page or the interface answers: a refusal with its words and the fitting status, a fault with its causes for the log alone.
pub fn failure(error: Error, words: Words) -> Failure {
    match error {
        Error::Refused(Refusal::NotFound) => Problem::not_found().into(),
        Error::Refused(refusal) => {
            let problem = match &refusal {
                Refusal::PostNotHeld
                | Refusal::Forbidden { .. }
                | Refusal::NotApplicant
                | Refusal::NotHost
                | Refusal::NotRepresented { .. } => Problem::forbidden(),
                Refusal::TaskClosed
                | Refusal::TaskTaken
                | Refusal::TaskNotYours
                | Refusal::WrongStage { .. }
                | Refusal::Exists
                | Refusal::HearingStep
                | Refusal::ClaimTaken { .. }
                | Refusal::SupplementAskedAlready => Problem::conflict(),
                _ => Problem::unprocessable(),
            };
            problem.detail(refusal_words(&refusal, words)).into()
        }
        Error::Invalid(fields) => {
            let mut problem = Problem::unprocessable();
            for field in fields {
                let sentence = field_words(&field, words);
                problem = problem.field(field.pointer, sentence);
            }
            problem.into()
        }
        Error::KeyReused => Problem::conflict().into(),
        Error::Busy => Problem::busy(5).into(),
        Error::TooMany(seconds) => Problem::too_many(seconds).into(),
        Error::Fault(fault) if fault.is_disk_full() => {
            Fault::new("storing").because(SharedFault(fault)).shown_as(Problem::storage_full()).into()
        }
        Error::Fault(fault) => Fault::new("using the store").because(SharedFault(fault)).into(),
        Error::NoPrinter => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "no-paper").into(),
        // A rare character that no font has: whoever wrote it can be asked for another; nothing failed.
        Error::Paper(print::PrintError::Unprintable { characters }) => {
            let all: Vec<String> = characters.iter().map(ToString::to_string).collect();
            Problem::unprocessable().detail(words.t1("paper-unprintable", "characters", all.join(", "))).into()
        }
        Error::Paper(error) => Fault::new("making paper").because(error).into(),
    }
}

/// What is wrong with a field: its own message of the form, else the one of the code.
pub fn field_words(field: &FieldError, words: Words) -> String {
    let lang = words.lang.tag();
    if let Some(message) = &field.message {
        return message.get(lang).to_owned();
    }
    let mut args: Vec<(&'static str, Arg)> =
        field.params.iter().map(|(name, value)| (*name, Arg::from(value))).collect();
    args.push(("label", field.label.get(lang).into()));
    words.t_args(&format!("form-{}", field.code), &args)
}

/// A store's fault that several commands share.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
struct SharedFault(Arc<store::Fault>);

#[cfg(test)]
mod tests {
    use kernel::case::Stage;
    use kernel::catalog::matter::TaskKind;
    use web::words::Lang;

    use super::*;

    #[test]
    fn every_refusal_has_words_in_both_languages() {
        let source: &'static str = include_str!("../../kernel/src/refusal.rs");
        let of_code =
            source.split("fn code").nth(1).and_then(|rest| rest.split("fn params").next()).expect("written so");
        let of_params = source.split("fn params").nth(1).expect("written so");
        let codes: Vec<&str> = of_code.split("=> \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        assert!(codes.len() > 35, "only {} codes found", codes.len());
        let params = of_params.split("vec![(\"").skip(1).chain(of_params.split(", (\"").skip(1));
        let params: Vec<&'static str> = params.filter_map(|rest| rest.split('"').next()).collect();
        assert!(params.contains(&"stage") && params.contains(&"now"), "{params:?}");
        for code in codes {
            let key = format!("refusal-{code}");
            let said = |lang| {
                let args: Vec<(&'static str, Arg)> = params.iter().map(|name| (*name, Arg::from("x"))).collect();
                Words::new(lang).t_args(&key, &args)
            };
            let (zh, en) = (said(Lang::ZhCn), said(Lang::En));
            assert!(zh != key && en != key && zh != en, "{key}: {zh} / {en}");
        }
    }

    #[test]
    fn everything_that_a_field_may_be_refused_for_has_words() {
        let source: &'static str = include_str!("../../kernel/src/form/submit.rs");
        let calls = ["error(\"", "plain(\"", "code, \"", "clone(), \"", "(\"", "Err(\"", "ok_or(\"", "map_err(|_| \""];
        let mut codes: Vec<&str> = calls
            .iter()
            .flat_map(|call| source.split(call).skip(1).filter_map(|rest| rest.split('"').next()))
            .filter(|code| code.len() > 2 && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'))
            .filter(|code| !["limit", "reason", "yes"].contains(code))
            .collect();
        codes.extend(["uscc", "idcard", "project-code", "platform-code"]);
        codes.sort_unstable();
        codes.dedup();
        assert!(codes.len() >= 20, "{codes:?}");
        for code in codes {
            let key = format!("form-{code}");
            let args = [("label", Arg::from("x")), ("limit", Arg::from("5"))];
            let said = [Lang::ZhCn, Lang::En].map(|lang| Words::new(lang).t_args(&key, &args));
            assert!(said.iter().all(|said| *said != key) && said[0] != said[1], "{key}: {said:?}");
        }
    }

    #[test]
    fn a_refusal_names_stage_and_duties_in_words() {
        let words = Words::new(Lang::En);
        for (refusal, part) in [
            (Refusal::WrongStage { stage: Stage::Accepted }, "“Accepted”"),
            (Refusal::DutiesSeparated { did: TaskKind::Review, now: TaskKind::Decide }, "“Decision”"),
            (Refusal::SupplementIncomplete { missing: vec!["a".to_owned(), "b".to_owned()] }, "a, b"),
        ] {
            let said = refusal_words(&refusal, words);
            assert!(said.contains(part), "{said}");
        }
    }

    #[test]
    fn the_status_tells_what_kind_of_no_it_is() {
        for (refusal, status) in [
            (Refusal::NotFound, StatusCode::NOT_FOUND),
            (Refusal::Forbidden { action: "x".to_owned() }, StatusCode::FORBIDDEN),
            (Refusal::TaskTaken, StatusCode::CONFLICT),
            (Refusal::ReasonMissing, StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            let Failure::Problem(problem) = failure(refusal.into(), Words::default()) else { panic!("a problem") };
            assert_eq!(problem.status, status);
        }
    }
}
