//! What stages and documents are called, in one place: pages, lists, timelines and papers say the same word. A filing is not a licence, and
//! its papers do not say that it is (domain fact book §1.2).

use kernel::case::Stage;
use kernel::catalog::Matter;
use kernel::catalog::matter::{MatterKind, NoticeKind, OpenedBy};
use web::words::Words;

/// A message in the words of a kind of business; the general message where the kind has none of its own.
pub(crate) fn of_kind(key: &str, kind: MatterKind, words: Words) -> String {
    // A key without a message prints itself.
    kind.own(key, |own| words.t(own) != own).map_or_else(|| words.t(key), |own| words.t(&own))
}

/// A message in the words of who began the case: where the authority opened it nobody applied; the general message where it has none of its own.
pub(crate) fn of_opener(key: &str, by: OpenedBy, words: Words) -> String {
    let own = format!("opened-{key}");
    // A key without a message prints itself.
    let said = Some(words.t(&own)).filter(|said| by == OpenedBy::Authority && *said != own);
    said.unwrap_or_else(|| words.t(key))
}

/// A stage as officers call it.
pub(crate) fn stage_name(stage: &str, kind: MatterKind, words: Words) -> String {
    of_kind(&format!("stage-{stage}"), kind, words)
}

/// A stage as applicants read it.
pub(crate) fn public_stage_name(stage: Stage, kind: MatterKind, words: Words) -> String {
    let key = match stage {
        Stage::Submitted => "hall-stage-submitted",
        Stage::SupplementAsked => "hall-stage-supplement",
        Stage::Accepted => "hall-stage-accepted",
        Stage::NotAccepted => "hall-stage-not-accepted",
        Stage::Withdrawn => "hall-stage-withdrawn",
        Stage::Granted => "hall-stage-granted",
        Stage::Refused => "hall-stage-refused",
        Stage::Delivered => "hall-stage-delivered",
    };
    of_kind(key, kind, words)
}

/// A document of a matter: the result has its own name, the notices those of the law.
pub(crate) fn notice_name(matter: &Matter, kind: NoticeKind, words: Words) -> String {
    if let Some(title) = matter.spec.titles.get(&kind) {
        return title.get(words.lang.tag()).to_owned();
    }
    match (&matter.spec.result, kind) {
        (Some(result), NoticeKind::Certificate) => result.name.get(words.lang.tag()).to_owned(),
        _ => of_kind(&format!("notice-{}", kind.name()), matter.spec.kind, words),
    }
}

#[cfg(test)]
mod tests {
    use web::words::Lang;

    use super::*;

    #[test]
    fn nobody_applied_for_what_the_authority_opened() {
        let words = Words::new(Lang::En);
        let said = |key, by| of_opener(key, by, words);
        assert_ne!(said("hall-submit", OpenedBy::Authority), said("hall-submit", OpenedBy::Applicant));
        assert_eq!(
            said("hall-change", OpenedBy::Authority),
            said("hall-change", OpenedBy::Applicant),
            "one word is enough"
        );
    }

    #[test]
    fn a_filing_is_filed_and_a_licence_granted() {
        let words = Words::new(Lang::En);
        for (kind, said) in
            [(MatterKind::Licence, "Granted"), (MatterKind::Filing, "Filed"), (MatterKind::Service, "Approved")]
        {
            assert_eq!(stage_name("granted", kind, words), said);
            assert_eq!(public_stage_name(Stage::Granted, kind, words), said);
            assert_eq!(stage_name("accepted", kind, words), "Accepted", "one word is enough");
        }
    }
}
