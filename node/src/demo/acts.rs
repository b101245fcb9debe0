//! Acts of the legal envelope as the story names them.

use anyhow::{Context, bail};
use kernel::case::{Appointment, Case, CaseCommand, Officer, earliest_hearing};
use kernel::catalog::matter::DeliveryKind;
use service::{App, Identity};

use super::story::Step;

/// The command of an act; words of the step are its reason, its place, its minutes or whose word it is.
pub(super) fn command(app: &App, case: &Case, word: &str, step: &Step, host: &Identity) -> anyhow::Result<CaseCommand> {
    let words = || step.words.clone().with_context(|| format!("{word} needs words"));
    let today = app.today();
    Ok(match word {
        "pause" => {
            let kind = step.kind.context("a pause needs its kind")?;
            CaseCommand::Pause { kind, from: today, expected_days: step.days }
        }
        "resume" => CaseCommand::Resume { until: today },
        "extend" => CaseCommand::Extend { reason: words()? },
        "offer-hearing" => CaseCommand::OfferHearing { interested: step.words.clone() },
        "request-hearing" => CaseCommand::RequestHearing { party: step.words.clone() },
        "decline-hearing" => CaseCommand::DeclineHearing { party: step.words.clone() },
        "appoint-hearing" => CaseCommand::AppointHearing(appointment(app, host, words()?)?),
        "hold-hearing" => CaseCommand::HoldHearing { minutes: words()? },
        "deliver" if step.by.is_some() => CaseCommand::Deliver { method: DeliveryKind::Window, signer: Some(words()?) },
        "deliver" => CaseCommand::Deliver { method: DeliveryKind::Electronic, signer: None },
        other => bail!("case {}: there is no act {other}", case.number),
    })
}

/// On the first day that the law allows, in the morning.
fn appointment(app: &App, host: &Identity, place: String) -> anyhow::Result<Appointment> {
    let day = earliest_hearing(&app.facts()).context("a day for the hearing")?;
    let post = host.post().context("a host's post")?;
    Ok(Appointment {
        host: Officer { account: host.account(), post: post.id },
        at: base::time::instant(day.at(9, 0, 0, 0)).context("a time of day")?,
        place,
    })
}
