//! A hearing on the pages of a case: how far it came, what its steps ask, and the commands that they make.

use base::time;
use jiff::civil::Time;
use kernel::case::{Appointment, CaseCommand};
use web::form::{Complaint, Fields};
use web::page::Page;
use web::view::{Field, FieldKind, Note, Tone, Width};

use super::assign::choice;
use super::envelope::{Asking, REASON_CHARS_MAX, long};
use crate::cases::{EnvelopeAct, HearingShown, person};

/// Longest name of a party, longest place.
const LINE_CHARS_MAX: usize = 100;
/// When a hearing begins unless a person says otherwise: a proposal of the page.
const USUAL_BEGIN: &str = "09:00";

/// How far the hearing came.
pub(super) fn note(p: &Page, hearing: &HearingShown) -> Note {
    let open = |state: &str| hearing.state == state;
    let said = |key: &str, name: &'static str, value: &str| (!value.is_empty()).then(|| p.t1(key, name, value));
    let day = |date: &Option<String>| date.clone().unwrap_or_default();
    let stands = open("appointed") || open("held");
    let lines = [
        said("hearing-request-by", "date", &day(&hearing.request_by)).filter(|_| open("offered")),
        said("hearing-hold-by", "date", &day(&hearing.hold_by)).filter(|_| open("requested")),
        said("hearing-at", "at", &day(&hearing.at)).filter(|_| stands),
        said("hearing-place", "place", &hearing.place).filter(|_| stands),
        said("hearing-host", "host", &hearing.host).filter(|_| stands),
    ];
    let title = p.t1("hearing-note", "state", &hearing.state_name);
    Note { tone: Tone::Blue, title, lines: lines.into_iter().flatten().collect(), link: None }
}

/// What a step asks.
pub(super) fn questions(asking: &Asking<'_>, p: &Page, act: EnvelopeAct) -> Vec<Field> {
    let line = |name: &str, label: &str| Field::new(FieldKind::Text, name, p.t(label)).width(Width::Middle);
    match act {
        EnvelopeAct::OfferHearing => {
            vec![long(p, "interested", "act-hearing-interested").hint(p.t("act-hearing-interested-hint")).optional()]
        }
        EnvelopeAct::AppointHearing => {
            let mut host = Field::new(FieldKind::Radio, "host", p.t("act-hearing-host"));
            host.choices = asking.hosts.iter().filter(|person| person.refused.is_none()).map(choice).collect();
            let cannot = asking.hosts.iter().filter_map(|person| {
                Some(p.t2("greyed-line", "action", &person.name, "reason", person.refused.as_ref()?))
            });
            host.hint = cannot.collect::<Vec<_>>().join(" ");
            let day = asking.earliest.map(|day| day.to_string()).unwrap_or_default();
            vec![
                host,
                Field::new(FieldKind::Date, "day", p.t("act-hearing-day")).value(day).width(Width::Middle),
                line("begin", "act-hearing-begin").value(USUAL_BEGIN).hint(p.t("act-hearing-begin-hint")),
                line("place", "act-hearing-place"),
            ]
        }
        EnvelopeAct::HoldHearing => {
            vec![long(p, "minutes", "act-hearing-minutes").hint(p.t("act-hearing-minutes-hint"))]
        }
        _ => vec![line("party", "act-hearing-party")],
    }
}

/// The command of a step, or the first complaint with its field.
pub(super) fn command(act: EnvelopeAct, fields: &Fields) -> Result<CaseCommand, (&'static str, Complaint)> {
    let at = |name: &'static str| move |complaint| (name, complaint);
    let party = || fields.text("party", LINE_CHARS_MAX).map(Some).map_err(at("party"));
    Ok(match act {
        EnvelopeAct::OfferHearing => {
            let interested = fields.optional_long_text("interested", REASON_CHARS_MAX).map_err(at("interested"))?;
            CaseCommand::OfferHearing { interested: Some(interested).filter(|text| !text.is_empty()) }
        }
        EnvelopeAct::RequestHearing => CaseCommand::RequestHearing { party: party()? },
        EnvelopeAct::AppointHearing => CaseCommand::AppointHearing(appointment(fields)?),
        EnvelopeAct::HoldHearing => {
            CaseCommand::HoldHearing { minutes: fields.long_text("minutes", REASON_CHARS_MAX).map_err(at("minutes"))? }
        }
        _ => CaseCommand::DeclineHearing { party: party()? },
    })
}

fn appointment(fields: &Fields) -> Result<Appointment, (&'static str, Complaint)> {
    let at = |name: &'static str| move |complaint| (name, complaint);
    let whom = fields.text("host", LINE_CHARS_MAX).map_err(at("host"))?;
    let host = whom
        .split_once('/')
        .and_then(|(account, post)| person(account, post))
        .ok_or(("host", Complaint::new("input-choice")))?;
    let day = fields.date("day").map_err(at("day"))?;
    let begin = fields.text("begin", LINE_CHARS_MAX).map_err(at("begin"))?;
    let begin: Time = begin.parse().map_err(|_| ("begin", Complaint::new("input-time")))?;
    let begins = time::instant(day.to_datetime(begin)).ok_or(("day", Complaint::new("input-date")))?;
    Ok(Appointment { host, at: begins, place: fields.text("place", LINE_CHARS_MAX).map_err(at("place"))? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_appointment_names_its_field_when_something_is_wrong() {
        let id = "01980000-0000-7000-8000-000000000001";
        let good = [
            ("host", format!("{id}/{id}")),
            ("day", "2026-12-08".into()),
            ("begin", "09:30".into()),
            ("place", "A".into()),
        ];
        let with = |name: &str, value: &str| {
            let pairs =
                good.iter().map(|(key, said)| (*key, if *key == name { value.to_owned() } else { said.clone() }));
            appointment(&Fields::from_pairs(pairs))
        };
        let made = with("", "").unwrap();
        assert_eq!(time::civil(made.at).to_string(), "2026-12-08T09:30:00");
        for (name, value) in
            [("host", id), ("host", ""), ("day", "2026-02-30"), ("begin", "25:00"), ("begin", "soon"), ("place", "")]
        {
            assert_eq!(with(name, value).unwrap_err().0, name, "{value:?}");
        }
    }
}
