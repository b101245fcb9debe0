//! The view of one case, put together from its state, its entries, the vault and a trial of every act.

use std::collections::BTreeMap;

use base::deadline::{Light, LineKind, Remaining};
use base::id::CaseId;
use base::mask;
use base::region::RegionCode;
use jiff::civil::Date;
use kernel::case::{
    self, ADDED_OUTCOMES, Case, CaseCommand, ClockName, ClockRule, Complete, Gathered, MaterialSource, Officer, Stage,
    derivation, view_clock,
};
use kernel::catalog::{Catalog, Matter};
use kernel::change::Decision;
use kernel::command::Loaded;
use kernel::form::{FieldClass, Shown, SummaryRow, Widget};
use kernel::rules::{Checks, Evidence, Verdict};
use kernel::{Command, Facts, Refusal, StreamId};
use serde_json::Value;
use store::EntryRow;
use web::words::Words;

use super::envelope::{EnvelopeAct, EnvelopeShown, is_beside_the_point, pause_kinds};
use super::hearing::{hearing, is_about_the_host};
use super::moves::{last_move, loads};
use super::part::object;
use super::process::coming;
use super::supplement::supplement;
use super::timeline::{Telling, accounts, document, when};
use super::{
    CaseView, CheckShown, ClockShown, Coming, Counted, CountedDay, FormPage, FormRow, MaterialShown, OutcomeShown,
    RefusalShown, TaskShown, load,
};
use crate::app::App;
use crate::error::{Result, refusal_words};
use crate::identity::Identity;
use crate::naming::stage_name;
use crate::registers::is_personal_key;
use crate::session::names_of;

/// Entries of the case and those beside it, as they were written.
fn in_order<'a>(entries: &'a [EntryRow], beside: &'a [EntryRow]) -> Vec<&'a EntryRow> {
    let mut all: Vec<&EntryRow> = entries.iter().chain(beside).collect();
    all.sort_by_key(|row| row.sequence);
    all
}

/// Entries of a case that a page reads: more than any case has.
pub(crate) const ENTRIES_MAX: u32 = 2_000;

/// The case as this person sees it.
pub async fn case_view(app: &App, identity: &Identity, id: CaseId, words: Words) -> Result<CaseView> {
    let case = load(app, identity, id).await?;
    let facts = app.facts_for_case(&case).await?;
    let matter = app.matter_at(&case.matter, &case.catalog).await?;
    let (stream, beside) = (StreamId::case(id), StreamId::messages(id));
    let (subject, prefix) = (case.applicant.subject, format!("case/{id}/"));
    let commanded = Command::Case { case: id, command: CaseCommand::Claim { task: 0 } };
    let wanted = kernel::needs(&commanded, &identity.actor(), &facts).streams;
    let (entries, told, vault, names, loaded, loads) = app
        .store()
        .read(move |reader| {
            let entries = reader.entries_of(&stream, 0, ENTRIES_MAX)?;
            let told = reader.entries_of(&beside, 0, ENTRIES_MAX)?;
            let opened = reader.open_under(subject, &prefix)?;
            let vault = opened.into_iter().filter_map(|(field, value)| Some((field, value.value()?.to_owned())));
            let vault: BTreeMap<String, String> = vault.collect();
            let names = names_of(reader, &accounts(entries.iter().chain(&told)))?;
            let states = reader.states(&wanted)?;
            let loaded: Loaded =
                states.into_iter().map(|(stream, version, state)| (stream, (version, state))).collect();
            let loads = loads(reader, &entries)?;
            Ok((entries, told, vault, names, loaded, loads))
        })
        .await?;
    let catalog = app.catalog();
    let telling =
        Telling { catalog: &catalog, matter: &matter, case: &case, names: &names, vault: &vault, loads: &loads, words };
    let lang = words.lang.tag();
    let evaluated = Gathered::of(&matter, &case, &facts).evaluate(&matter).checks;
    let checks = case.checks.as_ref().map_or(&evaluated, |recorded| &recorded.checks);
    let personal = facts.personal.iter().map(|(pointer, value)| (pointer.as_str(), value.clone()));
    let values = matter.form.join(&Value::Object(case.form.clone()), personal);
    let trial = Trial { app, identity, case: &case, matter: &matter, facts: &facts, loaded: &loaded, words };
    Ok(CaseView {
        id: case.id.to_string(),
        number: case.number.clone(),
        matter: case.matter.clone(),
        matter_kind: matter.spec.kind,
        matter_name: matter.spec.name.get(lang).to_owned(),
        title: case.title.clone(),
        applicant_code: case.applicant.code.clone(),
        applicant_name: case.applicant.name.clone(),
        organisation: case.organisation.clone(),
        region: case.region.to_string(),
        region_name: region_name(app, case.region.as_str()),
        stage: case.stage.as_str().to_owned(),
        stage_name: stage_name(case.stage.as_str(), matter.spec.kind, words),
        received: when(case.received_at, words),
        clock: clock(&case, &matter, &catalog, app.today(), words),
        moved: last_move(&case, &entries, &loads, words),
        form: form(app, &case, &matter, &values, identity, words),
        checks: checks.rows.iter().map(|row| check(row, &matter, words)).collect(),
        materials: materials(&case, &matter, checks, words),
        supplement: supplement(&matter, &values, checks, words),
        timeline: telling.tell(&in_order(&entries, &told)),
        documents: case.notices.iter().map(|notice| document(notice, &matter, words)).collect(),
        tasks: case.tasks.iter().map(|(task, open)| trial.task(*task, open, &telling)).collect(),
        hearing: hearing(&telling),
        acts: EnvelopeAct::ALL.into_iter().filter_map(|act| trial.envelope(act)).collect(),
        coming: coming(&case, &matter)
            .into_iter()
            .map(|(element, task)| Coming {
                element: element.to_owned(),
                name: task.name.get(lang).to_owned(),
                post: catalog
                    .post_kinds
                    .get(&task.post_kind)
                    .map_or_else(|| task.post_kind.clone(), |kind| kind.name.get(lang).to_owned()),
            })
            .collect(),
        tokens: case.tasks.values().map(|open| open.element.clone()).collect(),
        incidents: case.incidents.iter().map(|fault| format!("{}: {}", fault.element, fault.reason)).collect(),
        entries: entries.len(),
    })
}

/// Each clock of a case, day by day.
pub async fn derivations(app: &App, identity: &Identity, id: CaseId, words: Words) -> Result<(String, Vec<Counted>)> {
    let case = load(app, identity, id).await?;
    let (matter, catalog) = (app.matter_at(&case.matter, &case.catalog).await?, app.catalog());
    let counted = derivation(&case, &matter, &catalog.limits, &catalog.calendar)?;
    let counted = counted.into_iter().map(|(clock, derived)| {
        let clock = match clock {
            ClockName::Acceptance => "acceptance",
            ClockName::Promised => "promised",
            ClockName::Statutory => "statutory",
            ClockName::Hearing => "hearing",
            ClockName::LaterCheck => "later-check",
        };
        Counted {
            clock,
            name: words.t(&format!("clock-{clock}")),
            due_on: derived.due_on.map(|on| words.date(on)),
            provisional: derived.provisional,
            days: derived.lines.iter().map(|line| counted_day(line, words)).collect(),
        }
    });
    Ok((case.number.clone(), counted.collect()))
}

fn counted_day(line: &base::deadline::Line, words: Words) -> CountedDay {
    let count = match line.what {
        LineKind::Working { n } => words.t1("day-working", "n", n),
        LineKind::AdjustedWorking { n } => words.t1("day-adjusted", "n", n),
        LineKind::Calendar { n } => words.t1("day-calendar", "n", n),
        LineKind::Minutes { minutes } => words.t1("day-minutes", "n", minutes),
        LineKind::Start => words.t("day-start"),
        LineKind::Weekend => words.t("day-weekend"),
        LineKind::Holiday => words.t("day-holiday"),
        LineKind::Paused { .. } => words.t("day-paused"),
        LineKind::Rolled => words.t("day-rolled"),
    };
    let reason = match (line.what, &line.name) {
        (LineKind::Paused { kind }, _) => words.t(&format!("pause-{}", kind.key())),
        (_, Some(name)) => name.to_string(),
        _ if !line.official => words.t("day-provisional"),
        _ => String::new(),
    };
    CountedDay {
        date: words.date(line.on),
        weekday: words.weekday(line.on.weekday()),
        count,
        reason,
        skipped: !line.what.is_counted(),
    }
}

/// The word of a light in views.
pub(super) fn light_word(light: Light) -> &'static str {
    match light {
        Light::Hold => "hold",
        Light::Green => "green",
        Light::Yellow => "yellow",
        Light::Red => "red",
    }
}

/// `剩 3 天`, `今天到期`, `超期 1 天`.
pub(super) fn remaining_words(remaining: Remaining, words: Words) -> String {
    match remaining {
        Remaining::Left(0) => words.t("left-today"),
        Remaining::Left(days) => words.t1("left-days", "days", days),
        Remaining::Overdue(days) => words.t1("left-overdue", "days", days),
        Remaining::Held => words.t("left-held"),
    }
}

fn clock(case: &Case, matter: &Matter, catalog: &Catalog, today: Date, words: Words) -> Option<ClockShown> {
    let view = view_clock(&case.clocks, case.stage, &catalog.calendar, today)?;
    let from = match view.rule {
        ClockRule::Acceptance => case.clocks.received_on?,
        ClockRule::Decision => case.clocks.counted_from?,
        ClockRule::Hearing => case.hearing.as_ref()?.requested.as_ref()?.on,
        ClockRule::LaterCheck => case.decision.as_ref()?.on,
    };
    let between = |a: Date, b: Date| catalog.calendar.working_days_between(a, b).max(0).unsigned_abs();
    let all = between(from, view.due.on).max(1);
    let used = between(from, today.max(from));
    let calm = between(from, view.due.yellow_on.max(from)).saturating_sub(1);
    let percent = |days: u32| u8::try_from((days.min(all) * 100) / all).unwrap_or(100);
    let basis = match view.rule {
        ClockRule::Acceptance => words.t("basis-acceptance"),
        ClockRule::Hearing => words.t("basis-hearing"),
        ClockRule::LaterCheck => words.t("basis-later-check"),
        ClockRule::Decision if matter.forwards() && case.forwarded.is_none() => {
            let limits = case.limits(matter);
            let days = limits.map(|limits| limits.statutory.limit.count());
            days.map(|days| words.t1("basis-lower-review", "days", days)).unwrap_or_default()
        }
        ClockRule::Decision => case
            .limits(matter)
            .map(|limits| {
                let (promised, statutory) = (limits.promised.limit.count(), limits.statutory.limit.count());
                words.t2("basis-decision", "promised", promised, "statutory", statutory)
            })
            .unwrap_or_default(),
    };
    let held = view.paused.map(|kind| words.t1("left-paused", "kind", words.t(&format!("pause-{}", kind.key()))));
    Some(ClockShown {
        rule: view.rule.as_str(),
        light: light_word(view.light),
        words: held.unwrap_or_else(|| remaining_words(view.remaining, words)),
        due_on: words.date(view.due.on),
        provisional: view.provisional,
        basis,
        from: words.date(from),
        used_percent: percent(used),
        late_percent: percent(used).saturating_sub(percent(calm)),
        used_days: used,
    })
}

fn form(app: &App, case: &Case, matter: &Matter, values: &Value, identity: &Identity, words: Words) -> Vec<FormPage> {
    let own = case.applicant.account == Some(identity.account());
    let lang = words.lang.tag();
    let pages = matter.form.summary(values).into_iter().map(|page| FormPage {
        title: page.title.get(lang).to_owned(),
        rows: page.rows.iter().flat_map(|row| rows(app, row, own, words)).collect(),
    });
    pages.filter(|page| !page.rows.is_empty()).collect()
}

/// A value of the form in words; none for a list, which has rows of its own.
pub(crate) fn shown_words(app: &App, shown: &Shown, words: Words) -> Option<String> {
    let lang = words.lang.tag();
    Some(match shown {
        Shown::Plain(text) => text.clone(),
        Shown::Money(fen) => words.money_wan(fen.0),
        Shown::Measured(text, unit) => format!("{text} {}", unit.get(lang)),
        Shown::Choice(text) => text.get(lang).to_owned(),
        Shown::Confirmed(true) => words.t("value-confirmed"),
        Shown::Confirmed(false) => words.t("value-not-confirmed"),
        Shown::Region(code) => region_name(app, code),
        Shown::Items(_) => return None,
    })
}

fn rows(app: &App, row: &SummaryRow, own: bool, words: Words) -> Vec<FormRow> {
    let lang = words.lang.tag();
    if let Shown::Items(items) = &row.shown {
        return items.iter().flatten().flat_map(|row| rows(app, row, own, words)).collect();
    }
    let value = shown_words(app, &row.shown, words).unwrap_or_default();
    // 个人信息保护法 art. 6: no more than the work needs; the whole value is an act of its own.
    let masked = !own && matches!(row.class, FieldClass::Personal | FieldClass::Sensitive);
    vec![FormRow {
        pointer: row.pointer.clone(),
        label: row.label.get(lang).to_owned(),
        value: if masked { mask(row.widget, &value) } else { value },
        masked,
    }]
}

/// A personal value as it is shown by default: enough to compare with a paper in hand, not enough to use (security.md §4).
pub fn mask(widget: Widget, value: &str) -> String {
    match widget {
        Widget::Idcard => mask::id_number(value),
        Widget::Phone => mask::phone(value),
        _ => mask::name(value),
    }
}

/// The name of a region, or its code.
pub fn region_name(app: &App, code: &str) -> String {
    let catalog = app.catalog();
    let region = code.parse::<RegionCode>().ok();
    let found = region.and_then(|code| catalog.regions.current(code));
    found.map_or_else(|| code.to_owned(), |region| region.name.clone())
}

fn check(row: &kernel::rules::CheckRow, matter: &Matter, words: Words) -> CheckShown {
    let text = row.text.get(words.lang.tag());
    CheckShown {
        rule: row.rule.clone(),
        verdict: match row.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "fail",
            Verdict::Undecided => "undecided",
        },
        text: if text.is_empty() { words.t1("check-by-person", "rule", &row.rule) } else { text.to_owned() },
        article: row.article.clone(),
        evidence: row.evidence.iter().map(|evidence| evidence_words(evidence, matter, words)).collect(),
    }
}

fn evidence_words(evidence: &Evidence, matter: &Matter, words: Words) -> String {
    let lang = words.lang.tag();
    match evidence {
        Evidence::Record { register, id, version, .. } => {
            let declared = matter.registers.get(register);
            let name = declared.map_or(register.as_str(), |found| found.spec.name.get(lang));
            if declared.is_some_and(|register| is_personal_key(register)) {
                // The id is a keyed hash of a citizen number: it says nothing to a person.
                return words.t2("evidence-person", "register", name, "version", *version);
            }
            words.t_args(
                "evidence-record",
                &[("register", name.into()), ("id", id.into()), ("version", version.to_string().into())],
            )
        }
        Evidence::File { material, .. } => words.t1("evidence-file", "name", material_name(matter, material, lang)),
        Evidence::Form { pointer } if pointer.is_empty() => words.t("evidence-form-whole"),
        Evidence::Form { pointer } => {
            let field = matter.form.field(pointer.trim_start_matches('/'));
            words.t1("evidence-form", "name", field.map_or(pointer.as_str(), |field| field.label.get(lang)))
        }
    }
}

pub(super) fn material_name(matter: &Matter, code: &str, lang: &str) -> String {
    let found = matter.spec.materials.iter().find(|material| material.code == code);
    found.map_or_else(|| code.to_owned(), |material| material.name.get(lang).to_owned())
}

fn materials(case: &Case, matter: &Matter, checks: &Checks, words: Words) -> Vec<MaterialShown> {
    let lang = words.lang.tag();
    let shown = matter.spec.materials.iter().map(|spec| {
        let handed = case.materials.iter().rev().find(|material| material.code == spec.code);
        let state = checks.materials.iter().find(|state| state.code == spec.code);
        let (given, file) = match handed.map(|material| &material.source) {
            Some(MaterialSource::Upload { hash, .. }) => (words.t("material-upload"), Some(hash.clone())),
            Some(MaterialSource::Record { .. }) => (words.t("material-record"), None),
            Some(MaterialSource::Paper) => (words.t("material-paper"), None),
            None => match state.and_then(|state| state.given.as_ref()) {
                Some(evidence) => (evidence_words(evidence, matter, words), None),
                None => (String::new(), None),
            },
        };
        let required = state.and_then(|state| state.required);
        MaterialShown { code: spec.code.clone(), name: spec.name.get(lang).to_owned(), required, given, file }
    });
    shown.collect()
}

/// Decides without doing: with numbers that nobody takes.
pub(super) fn tried(
    id: CaseId,
    command: &CaseCommand,
    identity: &Identity,
    loaded: &Loaded,
    facts: &Facts,
) -> std::result::Result<Decision, Refusal> {
    let mut facts = facts.clone();
    for number in case::numbers_needed(command, &facts) {
        facts.numbers.insert(number, 1);
    }
    case::decide(id, command, &identity.actor(), loaded, &facts)
}

/// Tries acts without doing them: the same `decide` that the writer runs, so a button is grey exactly when the act would be refused.
struct Trial<'a> {
    app: &'a App,
    identity: &'a Identity,
    case: &'a Case,
    matter: &'a Matter,
    facts: &'a Facts,
    loaded: &'a Loaded,
    words: Words,
}

impl Trial<'_> {
    fn refused(&self, command: &CaseCommand) -> Option<RefusalShown> {
        let decided = tried(self.case.id, command, self.identity, self.loaded, self.facts);
        decided.err().map(|refusal| RefusalShown { code: refusal.code(), words: refusal_words(&refusal, self.words) })
    }

    fn task(&self, task: u32, open: &case::Task, telling: &Telling<'_>) -> TaskShown {
        let lang = self.words.lang.tag();
        let declared = self.matter.task(&open.element);
        let mine = open.claimed_by.as_ref().is_some_and(|by| by.account == self.identity.account());
        let added = open.asked_for.iter().flat_map(|_| self.added_outcomes(task));
        let declared = declared.filter(|_| open.asked_for.is_none());
        let outcomes = declared.into_iter().flat_map(|declared| declared.outcomes.iter()).map(|(id, outcome)| {
            let supplement = self.case.supplement.is_none() && self.case.stage == Stage::Submitted;
            let items = self.matter.spec.materials.first().filter(|_| supplement);
            let complete = Complete {
                task,
                outcome: id.to_owned(),
                // What the person will write is not there yet: everything else is tried.
                opinion: Some("-".to_owned()),
                article: Some("-".to_owned()),
                items: items.map(|material| (material.code.clone(), "-".to_owned())).into_iter().collect(),
            };
            OutcomeShown {
                id: id.to_owned(),
                text: outcome.text.get(lang).to_owned(),
                reason: outcome.reason,
                article: outcome.article,
                refused: self.refused(&CaseCommand::Complete(Box::new(complete))),
            }
        });
        let claim_refused = self.refused(&CaseCommand::Claim { task });
        TaskShown {
            task,
            element: open.element.clone(),
            name: telling.open_name(open),
            department: open.organisation.as_deref().map(|code| telling.organisation(code)),
            kind: open.kind.as_str(),
            opened: when(open.opened_at, self.words),
            step_due_on: open.step_due_on.map(|on| self.words.date(on)),
            claimed_by: open.claimed_by.as_ref().map(|by| telling.officer(by)).unwrap_or_default(),
            mine,
            may_ask: claim_refused.is_none() && open.asked_for.is_none() && case::may_ask(open.kind),
            asked_for: open.asked_for,
            claim_refused,
            outcomes: outcomes.chain(added).collect(),
            elevate: self.elevates_of(open.organisation_in(self.case), &format!("task.{}", open.kind.as_str())),
            may_assign: mine || self.may_of(open.organisation_in(self.case), "task.assign"),
        }
    }

    /// What an added countersigner may answer.
    fn added_outcomes(&self, task: u32) -> impl Iterator<Item = OutcomeShown> {
        ADDED_OUTCOMES.into_iter().map(move |id| {
            let complete =
                Complete { task, outcome: id.to_owned(), opinion: Some("-".to_owned()), ..Complete::default() };
            OutcomeShown {
                id: id.to_owned(),
                text: self.words.t(&format!("added-{id}")),
                reason: id == ADDED_OUTCOMES[1],
                article: false,
                refused: self.refused(&CaseCommand::Complete(Box::new(complete))),
            }
        })
    }

    /// None when the act is not a matter of this moment or of this post.
    fn envelope(&self, act: EnvelopeAct) -> Option<EnvelopeShown> {
        if !self.may_of(&self.case.organisation, act.action()) {
            return None;
        }
        let own = Officer { account: self.identity.account(), post: self.identity.post()?.id };
        let refused = self.refused(&act.trial(self.case, self.matter, self.facts, own));
        // Who shall preside is chosen on the act's page: that this reader may not is no reason to hide it.
        let refused = refused.filter(|refusal| act != EnvelopeAct::AppointHearing || !is_about_the_host(refusal));
        if refused.as_ref().is_some_and(is_beside_the_point) {
            return None;
        }
        let kinds = pause_kinds(self.matter).filter(|_| act == EnvelopeAct::Pause);
        Some(EnvelopeShown {
            act: act.as_str(),
            refused,
            elevate: self.elevates_of(&self.case.organisation, act.action()),
            kinds: kinds.map(|kind| kind.key().to_owned()).collect(),
        })
    }

    fn may_of(&self, organisation: &str, action: &str) -> bool {
        self.identity.may(self.app, action, &object(self.case, self.matter, organisation))
    }

    fn elevates_of(&self, organisation: &str, action: &str) -> bool {
        let Some(post) = self.identity.post() else { return false };
        let object = object(self.case, self.matter, organisation);
        crate::session::obliged_to_elevate(&self.app.catalog().grants, post, action, &object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_what_is_personal() {
        for (widget, value, shown) in [
            (Widget::Idcard, "130102199003074512", "1301**********4512"),
            (Widget::Phone, "13800001234", "138****1234"),
            (Widget::Text, "欧阳示例", "欧*"),
            (Widget::Text, "a", "a*"),
            (Widget::Text, "", ""),
        ] {
            assert_eq!(mask(widget, value), shown, "{value}");
        }
    }

    #[test]
    fn time_left_is_said_in_words() {
        let words = Words::new(web::words::Lang::En);
        for (remaining, said) in [
            (Remaining::Left(0), "Due today"),
            (Remaining::Left(1), "1 day left"),
            (Remaining::Left(3), "3 days left"),
            (Remaining::Overdue(2), "2 days over"),
            (Remaining::Held, "Clock stopped"),
        ] {
            assert_eq!(remaining_words(remaining, words), said);
        }
    }
}
