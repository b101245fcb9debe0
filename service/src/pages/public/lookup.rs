//! Looking something up by two facts that belong together: the progress of a case, the proof of a document.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use kernel::Refusal;
use kernel::catalog::Matter;
use serde::Deserialize;
use web::page::Page;
use web::view::{Empty, Fact, Field as Question, FieldKind, Light, Tag, Tone, Width};
use web::words::Words;

use crate::app::App;
use crate::apply::{Progress, Verified, plain_code};
use crate::error::Error;
use crate::naming::notice_name;
use crate::pages::hall::{clock_light, say, stage_tag};
use crate::session::{Answer, Visitor, redirect};

/// Longest number and second fact.
const LOOKUP_CHARS_MAX: usize = 100;

#[derive(Deserialize)]
pub(super) struct ProgressQuery {
    number: Option<String>,
    fact: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct VerifyQuery {
    number: Option<String>,
    code: Option<String>,
}

struct Found {
    tag: Tag,
    light: Option<Light>,
    facts: Vec<Fact>,
}

#[derive(Template)]
#[template(path = "public/lookup.html")]
struct LookupPage {
    p: Page,
    action: &'static str,
    hint: String,
    button: String,
    fields: Vec<Question>,
    found: Option<Found>,
    empty: Option<Empty>,
}

fn short(text: Option<String>) -> String {
    text.unwrap_or_default().trim().chars().take(LOOKUP_CHARS_MAX).collect()
}

/// `GET /progress?number=&fact=`.
pub(super) async fn progress_page(
    State(app): State<App>,
    visitor: Visitor,
    Query(query): Query<ProgressQuery>,
) -> Answer {
    let words = visitor.words;
    let (number, fact) = (short(query.number), short(query.fact));
    let mut page = LookupPage {
        p: visitor.page("public-progress-title"),
        action: "/progress",
        hint: words.t("public-progress-hint"),
        button: words.t("public-progress-button"),
        fields: vec![
            Question::new(FieldKind::Text, "number", words.t("hall-number")).value(number.clone()).width(Width::Middle),
            Question::new(FieldKind::Text, "fact", words.t("public-progress-fact"))
                .value(fact.clone())
                .width(Width::Middle),
        ],
        found: None,
        empty: None,
    };
    if number.is_empty() || fact.is_empty() {
        return visitor.html(&page);
    }
    match app.progress(visitor.network(), &number, &fact).await {
        Ok(progress) => page.found = Some(progress_found(&visitor, &progress)),
        Err(Error::Refused(Refusal::NotFound)) => {
            page.empty = Some(Empty { text: words.t("public-progress-none"), action: None });
            return visitor.html_with(StatusCode::NOT_FOUND, &page);
        }
        Err(error) => return Err(visitor.stop(error)),
    }
    visitor.html(&page)
}

fn progress_found(visitor: &Visitor, progress: &Progress) -> Found {
    let words = visitor.words;
    let fact = |key: &str, value: String| Fact { term: words.t(key), value, ..Fact::default() };
    let mut facts = vec![
        fact("hall-number", progress.number.clone()),
        fact("public-matter", say(&progress.matter, words)),
        fact("hall-organisation", progress.organisation.clone()),
    ];
    facts.extend(progress.received_on.map(|day| fact("hall-received-on", words.date(day))));
    facts.extend(progress.accepted_on.map(|day| fact("hall-accepted-on", words.date(day))));
    Found {
        tag: stage_tag(words, progress.matter_kind, progress.stage),
        light: progress.clock.as_ref().map(|clock| clock_light(words, clock)),
        facts,
    }
}

/// `GET /verify?number=&code=`: the form, or on to the document's own address.
pub(super) async fn verify_form(visitor: Visitor, Query(query): Query<VerifyQuery>) -> Answer {
    let (number, code) = (short(query.number), plain_code(&short(query.code)));
    if !number.is_empty() && code.bytes().all(|byte| byte.is_ascii_hexdigit()) && !code.is_empty() {
        return Ok(redirect(&crate::pages::hall::verify_href(&number, &code), None));
    }
    visitor.html(&verify_lookup(&visitor, number, code))
}

fn verify_lookup(visitor: &Visitor, number: String, code: String) -> LookupPage {
    let words = visitor.words;
    LookupPage {
        p: visitor.page("public-verify-title"),
        action: "/verify",
        hint: words.t("public-verify-hint"),
        button: words.t("public-verify-button"),
        fields: vec![
            Question::new(FieldKind::Text, "number", words.t("public-verify-number"))
                .value(number)
                .width(Width::Middle),
            Question::new(FieldKind::Text, "code", words.t("public-verify-code")).value(code).width(Width::Middle),
        ],
        found: None,
        empty: None,
    }
}

/// `GET /verify/{number}?code=`: where the QR code leads.
pub(super) async fn verify_page(
    State(app): State<App>,
    visitor: Visitor,
    Path(number): Path<String>,
    Query(query): Query<VerifyQuery>,
) -> Answer {
    let (number, code) = (short(Some(number)), short(query.code));
    let mut page = verify_lookup(&visitor, number.clone(), code.clone());
    match app.verify_document(visitor.network(), &number, &code).await {
        Ok(verified) => page.found = Some(verified_found(&visitor, &verified)),
        Err(Error::Refused(Refusal::NotFound)) => {
            page.empty = Some(Empty { text: visitor.words.t("public-verify-none"), action: None });
            return visitor.html_with(StatusCode::NOT_FOUND, &page);
        }
        Err(error) => return Err(visitor.stop(error)),
    }
    visitor.html(&page)
}

fn verified_found(visitor: &Visitor, verified: &Verified) -> Found {
    let words = visitor.words;
    let fact = |key: &str, value: String| Fact { term: words.t(key), value, ..Fact::default() };
    let mut facts = vec![
        fact("public-verify-kind", notice_name(&verified.declared, verified.kind, words)),
        fact("public-verify-number", verified.number.clone()),
        fact("public-matter", say(&verified.matter, words)),
        fact("public-verify-issuer", verified.organisation.clone()),
        fact("public-verify-issued", words.date(verified.issued_on)),
    ];
    if verified.title != say(&verified.matter, words) {
        facts.push(Fact { wide: true, ..fact("hall-about", verified.title.clone()) });
    }
    if !verified.holder.is_empty() {
        facts.push(fact("public-verify-holder", verified.holder.clone()));
    }
    facts.extend(verified.valid_until.map(|day| fact("public-verify-until", words.date(day))));
    facts.extend(verified.pdf_hash.clone().map(|hash| Fact { wide: true, ..fact("public-verify-hash", hash) }));
    // A genuine certificate may have ended since: the register says so, not the paper.
    let ended = verified.status.as_deref().is_some_and(|status| status != kernel::record::VALID);
    facts.extend(verified.status.as_deref().filter(|_| ended).map(|status| {
        let status = status_words(&verified.declared, status, words);
        let since = verified.status_since.map(|day| words.date(day));
        let said =
            since.map_or_else(|| status.clone(), |day| words.t2("public-verify-since", "status", &status, "date", day));
        fact("public-verify-status", said)
    }));
    facts.extend(verified.replaced_on.map(|day| fact("public-verify-replaced-on", words.date(day))));
    let tag = if verified.replaced_on.is_some() && !ended {
        Tag::new(Tone::Red, words.t("public-verify-replaced"))
    } else if ended {
        Tag::new(Tone::Red, words.t("public-verify-ended"))
    } else {
        Tag::new(Tone::Green, words.t("public-verify-genuine"))
    };
    Found { tag, light: None, facts }
}

/// The status of a licence as its register calls it.
fn status_words(matter: &Matter, status: &str, words: Words) -> String {
    let result = matter.spec.result.as_ref();
    let register = result.and_then(|result| matter.registers.get(result.register.as_str()));
    let field = register.and_then(|register| register.schema.field("status"));
    let option = field.and_then(|field| field.options.iter().find(|option| option.submitted() == status));
    option.map_or_else(|| status.to_owned(), |option| say(&option.text, words))
}
