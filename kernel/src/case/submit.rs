//! Handing in: the application, and the answer to the supplement notice.

use jiff::civil::Date;
use serde_json::json;

use super::act::{Act, Ask, acting_post, applicant_account, matter_object};
use super::clock::accept_by;
use super::{
    Applicant, CaseSubmitted, CaseSupplemented, Channel, Material, MaterialSource, Stage, Submit, SupplementAnswer,
    commitment, form_pointer, paper, process, tasks,
};
use crate::catalog::Matter;
use crate::catalog::matter::{ApplicantKind, NoticeKind, OpenedBy};
use crate::change::Decision;
use crate::form::Field;
use crate::policy;
use crate::refusal::Refusal;
use crate::sealed::Secret;

/// Receives an application (收件). Missing materials do not hinder receipt: the law asks the authority to take it and to say once what lacks.
pub(super) fn submit(ask: Ask<'_>, submit: &Submit) -> Result<Decision, Refusal> {
    let matter = ask.matter()?;
    let organisation = ask.facts.organisation.as_ref().ok_or(Refusal::NotHandledHere)?;
    if ask.loaded.contains_key(&crate::StreamId::case(ask.case)) {
        return Err(Refusal::Exists);
    }
    may_submit(ask, submit)?;
    if !matter.spec.applicant.contains(&submit.applicant_kind) {
        return Err(Refusal::ApplicantKind);
    }
    if !matter.spec.levels.contains(&organisation.region.level()) {
        return Err(Refusal::NotHandledHere);
    }
    check_materials(ask, &submit.materials, &submit.secrets)?;
    check_applicant(matter, submit)?;

    let received_on = day_of_receipt(ask);
    let mut draft = paper::Numbers::new(ask.facts);
    let number = draft.take(paper::CASE_NUMBER, &paper::parts(organisation, None))?;
    let event = CaseSubmitted {
        case: ask.case,
        number,
        matter: matter.code().to_string(),
        catalog: ask.facts.catalog.version().to_owned(),
        organisation: organisation.code.clone(),
        region: organisation.region,
        channel: submit.channel,
        applicant: Applicant {
            kind: submit.applicant_kind,
            subject: submit.subject,
            code: submit.applicant_code.clone(),
            name: submit.applicant_name.clone(),
            account: submit.account,
        },
        title: submit.title.clone(),
        received_on,
        accept_by: accept_by(&ask.facts.catalog.limits, ask.facts.calendar(), received_on)?,
        form: submit.form.clone(),
        sealed: submit.secrets.iter().map(Secret::commitment).collect(),
        materials: submit.materials.clone(),
    };
    let mut act = Act::begin(ask, event, submit.secrets.clone(), draft)?;
    if submit.channel == Channel::Office {
        // Nothing was received and nobody waits for acceptance: opening the case is the acceptance, and its clock runs.
        let (by, _) = act.officer("case.open")?;
        process::evaluate(&mut act)?;
        tasks::accept(&mut act, Some(by), false)?;
    } else {
        paper::issue(&mut act, NoticeKind::Receipt)?;
        commitment::received(&mut act)?;
        process::evaluate(&mut act)?;
    }
    process::start(&mut act)?;
    let reply = json!({
        "case": act.case.id, "number": act.case.number, "received_on": received_on,
        "accept_by": act.case.clocks.accept_by.map(|due| due.on),
    });
    Ok(act.finish(reply))
}

/// Takes the answer to the supplement notice: all that was asked for, and nothing else. The five days start again.
pub(super) fn supplement(ask: Ask<'_>, answer: &SupplementAnswer) -> Result<Decision, Refusal> {
    let mut act = Act::on(ask)?;
    if matches!(ask.actor, journal::Actor::Officer { .. }) {
        act.officer("case.receive")?;
    } else {
        act.applicant("case.supplement")?;
    }
    if act.case.stage != Stage::SupplementAsked {
        return Err(Refusal::WrongStage { stage: act.case.stage });
    }
    let asked = act.case.supplement.as_ref().ok_or(Refusal::WrongStage { stage: act.case.stage })?;
    let targets: Vec<&str> = asked.items.iter().map(|item| item.target.as_str()).collect();
    let given: Vec<String> = answer
        .materials
        .iter()
        .map(|material| material.code.clone())
        .chain(answer.form.keys().map(|field| format!("form:{field}")))
        .chain(answer.secrets.iter().filter_map(form_target))
        .collect();
    if let Some(beyond) = given.iter().find(|target| !targets.contains(&target.as_str())) {
        return Err(Refusal::SupplementBeyond { target: beyond.clone() });
    }
    let missing: Vec<String> = targets
        .iter()
        .filter(|target| !given.iter().any(|g| g == *target))
        .map(|target| (*target).to_owned())
        .collect();
    if !missing.is_empty() {
        return Err(Refusal::SupplementIncomplete { missing });
    }
    check_materials(ask, &answer.materials, &answer.secrets)?;
    let received_on = day_of_receipt(ask);
    act.keep(&answer.secrets);
    act.emit(CaseSupplemented {
        received_on,
        accept_by: accept_by(&ask.facts.catalog.limits, ask.facts.calendar(), received_on)?,
        form: answer.form.clone(),
        sealed: answer.secrets.iter().map(Secret::commitment).collect(),
        materials: answer.materials.clone(),
    })?;
    paper::issue(&mut act, NoticeKind::Receipt)?;
    process::evaluate(&mut act)?;
    process::message(&mut act, "supplemented")?;
    let reply = json!({ "received_on": received_on, "accept_by": act.case.clocks.accept_by.map(|due| due.on) });
    Ok(act.finish(reply))
}

/// A field of the form among the secrets, as the notice names it: a list is one field, whatever it holds.
fn form_target(secret: &Secret) -> Option<String> {
    let field = form_pointer(&secret.field)?.split('/').nth(1)?;
    Some(format!("form:{field}"))
}

/// On line: the applicant's own account, for an organisation it represents. At the window: a post that may receive.
fn may_submit(ask: Ask<'_>, submit: &Submit) -> Result<(), Refusal> {
    let organisation = ask.facts.organisation.as_ref().ok_or(Refusal::NotHandledHere)?;
    let object = matter_object(ask.matter()?, &organisation.code, organisation.region);
    let by_authority = ask.matter()?.spec.opened_by == OpenedBy::Authority;
    if by_authority != (submit.channel == Channel::Office) {
        return Err(Refusal::ApplicantKind);
    }
    match submit.channel {
        Channel::Office => {
            let (_, post) = acting_post(ask)?;
            let allowed = policy::allows(&ask.facts.catalog.grants, post, "case.open", &object);
            if allowed { Ok(()) } else { Err(Refusal::Forbidden { action: "case.open".to_owned() }) }
        }
        Channel::Online => {
            let account = applicant_account(ask)?;
            if submit.account != Some(account.id) {
                return Err(Refusal::NotApplicant);
            }
            let represents = account.represents.contains(&submit.applicant_code);
            if submit.applicant_kind == ApplicantKind::Organisation && !represents {
                return Err(Refusal::NotRepresented { code: submit.applicant_code.clone() });
            }
            let allowed = policy::allows_applicant(&ask.facts.catalog.grants, account, "case.apply", &object);
            if allowed { Ok(()) } else { Err(Refusal::Forbidden { action: "case.apply".to_owned() }) }
        }
        Channel::Window => {
            let (_, post) = acting_post(ask)?;
            let allowed = policy::allows(&ask.facts.catalog.grants, post, "case.receive", &object);
            if allowed { Ok(()) } else { Err(Refusal::Forbidden { action: "case.receive".to_owned() }) }
        }
    }
}

/// What the form says of the applicant is what the application says: a licence is made out to whoever applied.
fn check_applicant(matter: &Matter, submit: &Submit) -> Result<(), Refusal> {
    let applies = [("applicant.code", &submit.applicant_code), ("applicant.name", &submit.applicant_name)];
    let differs = |field: &&Field| {
        let said = applies.iter().find(|(source, _)| field.prefill.as_deref() == Some(source));
        let written = submit.form.get(&field.name).and_then(|value| value.as_str());
        said.is_some_and(|(_, applies)| written.is_some_and(|written| written != applies.as_str()))
    };
    let wrong = matter.form.fields().iter().filter(differs);
    let wrong: Vec<(String, String)> =
        wrong.map(|field| (format!("/{}", field.name), "applicant".to_owned())).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Refusal::FormInvalid { fields: wrong }) }
}

/// Materials are those of the matter, and each upload's name is among the secrets of the same command.
fn check_materials(ask: Ask<'_>, materials: &[Material], secrets: &[Secret]) -> Result<(), Refusal> {
    let matter = ask.matter()?;
    for material in materials {
        if !matter.spec.materials.iter().any(|spec| spec.code == material.code) {
            return Err(Refusal::MaterialUnknown { material: material.code.clone() });
        }
        if let MaterialSource::Upload { name, .. } = &material.source
            && !secrets.iter().any(|secret| secret.commitment() == *name)
        {
            return Err(Refusal::FileUnknown { material: material.code.clone() });
        }
    }
    Ok(())
}

/// Day 0 of the acceptance check: what comes on a rest day counts as received on the next working day (domain.md §1.1).
fn day_of_receipt(ask: Ask<'_>) -> Date {
    ask.facts.calendar().this_or_next_working_day(ask.facts.today)
}
