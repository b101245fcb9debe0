//! Acts of the legal envelope on pages of their own: each says what it does to the clock and which document the applicant gets.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use base::deadline::PauseKind;
use base::id::CaseId;
use jiff::civil::Date;
use kernel::case::{CaseCommand, PAUSE_DAYS_MAX, earliest_hearing};
use kernel::catalog::matter::DeliveryKind;
use web::form::{Complaint, Fields};
use web::page::Page;
use web::problem::Problem;
use web::view::{Choice, Field, FieldKind, Link, Width, error_lines};

use super::case::parse_case;
use super::complete::{OutcomePage, sentence};
use super::hearing;
use crate::app::App;
use crate::cases::{self, Candidate, CaseView, EnvelopeAct, EnvelopeShown};
use crate::error::{Error, refusal_words};
use crate::pages::sign_in::{ask_again, elevate};
use crate::session::{Answer, Stop, Visitor, carrying, redirect};

/// Longest reason, longest name of a signer.
pub(super) const REASON_CHARS_MAX: usize = 2_000;
const SIGNER_CHARS_MAX: usize = 50;

fn parse_act(word: &str) -> Result<EnvelopeAct, Stop> {
    EnvelopeAct::parse(word).ok_or_else(|| Problem::not_found().into())
}

/// `GET /office/cases/{case}/acts/{act}`.
pub(super) async fn act_page(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, act)): Path<(String, String)>,
) -> Answer {
    let (identity, _) = visitor.officer()?;
    let (id, act) = (parse_case(&case)?, parse_act(&act)?);
    let view = cases::case_view(&app, identity, id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let asking = Asking::of(&app, &visitor, id, act, offered(&view, act)?).await?;
    show(&visitor, id, &view, act, asking.questions())
}

/// What the page of an act asks with.
pub(super) struct Asking<'a> {
    pub(super) visitor: &'a Visitor,
    act: EnvelopeAct,
    today: Date,
    offered: &'a EnvelopeShown,
    /// Who may preside over a hearing, for its appointment.
    pub(super) hosts: Vec<Candidate>,
    /// The first day that it may be held.
    pub(super) earliest: Option<Date>,
}

impl<'a> Asking<'a> {
    async fn of(
        app: &App,
        visitor: &'a Visitor,
        id: CaseId,
        act: EnvelopeAct,
        offered: &'a EnvelopeShown,
    ) -> Result<Self, Stop> {
        let (mut hosts, mut earliest) = (Vec::new(), None);
        if act == EnvelopeAct::AppointHearing {
            let (identity, _) = visitor.officer()?;
            let found = cases::hosts(app, identity, id, visitor.words).await;
            (hosts, earliest) = (found.map_err(|error| visitor.stop(error))?.1, earliest_hearing(&app.facts()));
        }
        Ok(Self { visitor, act, today: app.today(), offered, hosts, earliest })
    }

    /// What the act asks.
    fn questions(&self) -> Vec<Field> {
        let (p, today) = (&self.visitor.page(""), self.today);
        let field = |kind, name: &str, label: &str| Field::new(kind, name, p.t(label));
        match self.act {
            EnvelopeAct::Pause => {
                let kinds = self.offered.kinds.iter().map(|kind| Choice::new(kind, p.t(&format!("pause-{kind}"))));
                let days = field(FieldKind::Number, "expected_days", "act-expected-days").width(Width::Narrow);
                vec![
                    field(FieldKind::Radio, "kind", "act-pause-kind").choices(kinds.collect()),
                    field(FieldKind::Date, "first_day", "act-pause-from").value(today.to_string()).width(Width::Middle),
                    days.hint(p.t("act-expected-days-hint")),
                ]
            }
            EnvelopeAct::Resume => {
                let until = field(FieldKind::Date, "until", "act-resume-until").value(today.to_string());
                vec![until.hint(p.t("act-resume-until-hint")).width(Width::Middle)]
            }
            EnvelopeAct::Extend => vec![long(p, "reason", "outcome-reason").hint(p.t("act-extend-reason-hint"))],
            EnvelopeAct::TakeStatement => {
                vec![long(p, "words", "act-statement-words").hint(p.t("act-statement-words-hint"))]
            }
            EnvelopeAct::Deliver => {
                let methods = METHODS.map(|(word, _)| Choice::new(word, p.t(&format!("delivery-{word}"))));
                vec![
                    field(FieldKind::Radio, "method", "act-deliver-method").choices(methods.into()).value(METHODS[0].0),
                    field(FieldKind::Text, "signer", "act-deliver-signer").width(Width::Middle),
                ]
            }
            hearing => hearing::questions(self, p, hearing),
        }
    }
}

fn offered(view: &CaseView, act: EnvelopeAct) -> Result<&EnvelopeShown, Stop> {
    let found = view.acts.iter().find(|shown| shown.act == act.as_str());
    found.ok_or_else(|| Problem::forbidden().into())
}

fn show(visitor: &Visitor, id: CaseId, view: &CaseView, act: EnvelopeAct, fields: Vec<Field>) -> Answer {
    let word = act.as_str();
    let mut p = visitor.page(&format!("act-{word}"));
    p.about = format!("{} {}", view.number, view.title);
    p.crumbs = vec![
        Link::new(p.t("menu-inbox"), "/office/inbox"),
        Link::new(view.number.clone(), format!("/office/cases/{id}")),
        Link::new(p.title.clone(), ""),
    ];
    let errors = error_lines(&fields);
    p.failed = !errors.is_empty();
    let status = if p.failed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = OutcomePage {
        nonce: visitor.nonce()?,
        action: format!("/office/cases/{id}/acts/{word}"),
        back: format!("/office/cases/{id}"),
        intro: p.t(&format!("act-{word}-intro")),
        outcome: word.to_owned(),
        button: p.t(&format!("act-{word}-button")),
        danger: false,
        errors,
        fields,
        lines: Vec::new(),
        answers: Vec::new(),
        from: String::new(),
        p,
    };
    visitor.html_with(status, &page)
}

/// A text of several lines.
pub(super) fn long(p: &Page, name: &'static str, label: &str) -> Field {
    let mut field = Field::new(FieldKind::LongText, name, p.t(label));
    field.chars_max = u32::try_from(REASON_CHARS_MAX).unwrap_or(u32::MAX);
    field
}

/// How an officer hands a result over; on line the applicant fetches it.
const METHODS: [(&str, DeliveryKind); 2] = [("window", DeliveryKind::Window), ("post", DeliveryKind::Post)];

/// The command that a form asks for, or its first complaint with the field that it is about.
fn command(act: EnvelopeAct, fields: &Fields) -> Result<CaseCommand, (&'static str, Complaint)> {
    let at = |name: &'static str| move |complaint| (name, complaint);
    Ok(match act {
        EnvelopeAct::Pause => {
            let kinds = PauseKind::ALL.map(PauseKind::key);
            let kind = fields.choice("kind", kinds).map_err(at("kind"))?;
            let days = fields.whole("expected_days", 1, PAUSE_DAYS_MAX.into()).map_err(at("expected_days"))?;
            CaseCommand::Pause {
                kind: PauseKind::from_key(kind).unwrap_or(PauseKind::Hearing),
                from: fields.date("first_day").map_err(at("first_day"))?,
                expected_days: u16::try_from(days).unwrap_or(PAUSE_DAYS_MAX),
            }
        }
        EnvelopeAct::Resume => CaseCommand::Resume { until: fields.date("until").map_err(at("until"))? },
        EnvelopeAct::Extend => {
            CaseCommand::Extend { reason: fields.long_text("reason", REASON_CHARS_MAX).map_err(at("reason"))? }
        }
        EnvelopeAct::TakeStatement => {
            CaseCommand::State { words: fields.long_text("words", REASON_CHARS_MAX).map_err(at("words"))? }
        }
        EnvelopeAct::Deliver => {
            let word = fields.choice("method", METHODS.map(|(word, _)| word)).map_err(at("method"))?;
            let method = METHODS.into_iter().find(|(known, _)| *known == word).map_or(DeliveryKind::Window, |(_, m)| m);
            let signer = fields.text("signer", SIGNER_CHARS_MAX).map_err(at("signer"))?;
            CaseCommand::Deliver { method, signer: Some(signer) }
        }
        hearing => hearing::command(hearing, fields)?,
    })
}

/// `POST /office/cases/{case}/acts/{act}`.
pub(super) async fn act(
    State(app): State<App>,
    visitor: Visitor,
    Path((case, act)): Path<(String, String)>,
    fields: Fields,
) -> Answer {
    let nonce = visitor.check_form(&fields)?;
    let (identity, _) = visitor.officer()?;
    let (id, act) = (parse_case(&case)?, parse_act(&act)?);
    let view = cases::case_view(&app, identity, id, visitor.words).await.map_err(|error| visitor.stop(error))?;
    let done = format!("/office/cases/{id}?done={}", act.as_str());
    let offered = match (offered(&view, act), command(act, &fields)) {
        (Ok(offered), _) => offered,
        // The second of two clicks: what was done is not offered any more.
        (Err(stop), Ok(command)) => {
            let known = cases::was_done(&app, identity, id, &command, nonce).await;
            let known = known.map_err(|error| visitor.stop(error))?;
            return if known { Ok(redirect(&done, None)) } else { Err(stop) };
        }
        (Err(stop), Err(_)) => return Err(stop),
    };
    let asking = Asking::of(&app, &visitor, id, act, offered).await?;
    let again = |name: &str, sentence: &dyn Fn(&Field) -> String| {
        let mut asked = asking.filled(&fields);
        for field in asked.iter_mut().filter(|field| field.name == name) {
            field.error = Some(sentence(field));
        }
        show(&visitor, id, &view, act, asked)
    };
    let command = match command(act, &fields) {
        Ok(command) => command,
        Err((name, complaint)) => return again(name, &|field| complaint.say(visitor.words, &field.label)),
    };
    let mut cookie = None;
    if offered.elevate && !visitor.elevated() {
        let action = format!("/office/cases/{id}/acts/{}", act.as_str());
        match fields.secret("password") {
            Err(_) => return ask_again(&visitor, &action, asking.kept(&fields), None),
            Ok(password) => match elevate(&app, &visitor, &password).await? {
                Ok(renewed) => cookie = Some(renewed),
                Err(sentence) => {
                    let kept = asking.kept(&fields);
                    return ask_again(&visitor, &action, kept, Some(sentence));
                }
            },
        }
    }
    let answer = match cases::act(&app, identity, id, command, Some(nonce)).await {
        Ok(_) => Ok(redirect(&done, None)),
        Err(Error::Refused(refusal)) if day_field(act).is_some() && is_about_a_day(&refusal) => {
            let sentence = refusal_words(&refusal, visitor.words);
            again(day_field(act).unwrap_or_default(), &|_| sentence.clone())
        }
        Err(error) => {
            // What was written stays, whatever the reason; it stands at the first question.
            let (_, said) = sentence(&visitor, error)?;
            let first = asking.questions().remove(0).name;
            again(&first, &|_| said.clone())
        }
    };
    carrying(answer, cookie)
}

impl Asking<'_> {
    /// What was typed stands in the form again.
    fn filled(&self, fields: &Fields) -> Vec<Field> {
        let mut asked = self.questions();
        for field in &mut asked {
            field.value = fields.optional_long_text(&field.name, REASON_CHARS_MAX).unwrap_or_default();
        }
        asked
    }

    /// What was typed, carried over the page that asks for the password.
    fn kept(&self, fields: &Fields) -> Vec<(String, String)> {
        self.filled(fields).into_iter().map(|field| (field.name, field.value)).collect()
    }
}

fn day_field(act: EnvelopeAct) -> Option<&'static str> {
    match act {
        EnvelopeAct::Pause => Some("first_day"),
        EnvelopeAct::Resume => Some("until"),
        EnvelopeAct::AppointHearing => Some("day"),
        _ => None,
    }
}

/// Refusals that the person can mend by another day.
fn is_about_a_day(refusal: &kernel::Refusal) -> bool {
    matches!(refusal, kernel::Refusal::DayBefore { .. } | kernel::Refusal::DayAfter { .. })
}
