//! Telling the story: the earliest thing first, whoever does it, with the days between on which the node does its own work.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;

use anyhow::{Context, bail};
use base::id::CaseId;
use jiff::{SignedDuration, Timestamp, ToSpan};
use kernel::case::{Case, CaseCommand, Complete, Places, SupplementAnswer};
use kernel::catalog::Matter;
use kernel::catalog::matter::ApplicantKind;
use kernel::{State, StreamId};
use serde_json::{Map, Value};
use service::apply::{Draft, DraftFile, handed_in};
use service::{App, Identity, cases};
use store::Stored;

use super::acts;
use super::clock::{Choices, DemoClock};
use super::people::Roster;
use super::story::Step;

/// The paper that stands for every material.
const MATERIAL: &str = include_str!("../../demo/material.typ");

/// A case that will be.
pub(super) struct Plan {
    pub(super) serial: u64,
    /// When it is handed in.
    pub(super) at: Timestamp,
    pub(super) matter: Arc<Matter>,
    /// Who hands it in, and for which organisation: code and name.
    pub(super) who: Identity,
    pub(super) firm: (String, String),
    pub(super) form: Value,
    /// What the registers must know before.
    pub(super) records: Vec<(String, Value)>,
    pub(super) materials: Vec<String>,
    pub(super) steps: Vec<Step>,
}

/// What happens at an instant.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A new day: the node's own work.
    Day,
    /// A case is handed in.
    HandIn(usize),
    /// The next step of a case.
    Step(usize, usize),
}

/// The telling.
pub(super) struct Run<'a> {
    app: &'a App,
    clock: &'a DemoClock,
    now: Timestamp,
    roster: Roster,
    paper: Stored,
    cases: BTreeMap<usize, CaseId>,
}

impl<'a> Run<'a> {
    /// Prints the one paper that all materials are.
    pub(super) async fn new(
        app: &'a App,
        clock: &'a DemoClock,
        now: Timestamp,
        roster: Roster,
    ) -> anyhow::Result<Self> {
        let printer =
            app.printer().context("the demonstration prints paper: name the folder of the fonts with --fonts")?;
        let data = Value::Object(Map::new());
        let (template, issued_on) = (MATERIAL, base::time::date(now));
        let pdf = printer.render(&print::Document { template, common: "", data: &data, qr: "", issued_on })?;
        let mut writer = app.store().files().begin(None)?;
        writer.write(&pdf.bytes)?;
        let paper = writer.finish()?;
        let (stored, at) = (paper.clone(), app.now().as_microsecond());
        app.store().write(move |writes| writes.put_file(&stored, "", "application/pdf", at)).await?;
        Ok(Self { app, clock, now, roster, paper, cases: BTreeMap::new() })
    }

    /// Tells all of it, in order of time.
    pub(super) async fn tell(
        &mut self,
        plans: Vec<Plan>,
        progress: &mut (dyn FnMut(u64, u64) + Send),
    ) -> anyhow::Result<()> {
        let mut coming: BinaryHeap<Reverse<(Timestamp, What)>> = BinaryHeap::new();
        coming.extend(plans.iter().enumerate().map(|(n, plan)| Reverse((plan.at, What::HandIn(n)))));
        let mut morning = morning_after(self.app.now())?;
        while morning < self.now {
            coming.push(Reverse((morning, What::Day)));
            morning = morning_after(morning)?;
        }
        let all: usize = plans.iter().map(|plan| plan.steps.len() + 1).sum();
        let mut done = 0;
        while let Some(Reverse((at, what))) = coming.pop() {
            if at > self.now {
                continue;
            }
            self.clock.set(at);
            let next = match what {
                What::Day => {
                    self.app.run_timers().await?;
                    self.app.send_reminders().await?;
                    continue;
                }
                What::HandIn(n) => {
                    let plan = plans.get(n).context("a plan")?;
                    let case =
                        self.hand_in(plan).await.with_context(|| format!("case {} is handed in", plan.serial))?;
                    self.cases.insert(n, case);
                    (n, 0)
                }
                What::Step(n, step) => {
                    let plan = plans.get(n).context("a plan")?;
                    let what = || format!("case {}, step {}", plan.serial, step + 1);
                    self.step(n, plan, plan.steps.get(step).context("a step")?).await.with_context(what)?;
                    (n, step + 1)
                }
            };
            done += 1;
            progress(done, all as u64);
            if let Some((plan, step)) = plans.get(next.0).and_then(|plan| Some((plan, plan.steps.get(next.1)?))) {
                coming.push(Reverse((self.later(plan, at, next.1, step)?, What::Step(next.0, next.1))));
            }
        }
        self.clock.set(self.now);
        self.app.run_timers().await?;
        self.app.send_reminders().await?;
        Ok(())
    }

    /// So many working days later, in office hours; the same day some time later.
    fn later(&self, plan: &Plan, at: Timestamp, n: usize, step: &Step) -> anyhow::Result<Timestamp> {
        let mut choices = Choices::of(format!("time {} {n}", plan.serial));
        let minutes = i64::try_from(choices.below(60))?;
        if step.after == 0 {
            return Ok(at.checked_add(SignedDuration::from_mins(10 + minutes))?);
        }
        let day = self.app.catalog().calendar.add_working_days(base::time::date(at), step.after);
        let hour = i8::try_from(9 + choices.below(5))?;
        base::time::instant(day.at(hour, i8::try_from(minutes)?, 0, 0)).context("a time of day")
    }

    async fn hand_in(&self, plan: &Plan) -> anyhow::Result<CaseId> {
        for (register, record) in &plan.records {
            self.app.write_record(register, record).await.with_context(|| format!("{register}: {record}"))?;
        }
        let draft = Draft {
            id: self.app.new_draft().to_string(),
            matter: plan.matter.code().to_string(),
            kind: ApplicantKind::Organisation,
            applicant_code: plan.firm.0.clone(),
            applicant_name: plan.firm.1.clone(),
            form: plan.form.clone(),
            saved: BTreeSet::new(),
            paper: BTreeSet::new(),
            subject: None,
            unsaved: BTreeMap::new(),
            files: plan.materials.iter().map(|code| (code.clone(), self.file(&plan.matter, code))).collect(),
        };
        let nonce = format!("demo-{}", plan.serial);
        let receipt = self.app.hand_in(&plan.who, &plan.matter, &draft, &nonce).await?;
        Ok(receipt.case.parse()?)
    }

    fn file(&self, matter: &Matter, code: &str) -> DraftFile {
        let spec = matter.spec.materials.iter().find(|material| material.code == code);
        let name = spec.map_or(code, |spec| spec.name.zh.as_str());
        DraftFile {
            hash: self.paper.hash.clone(),
            media: "application/pdf".to_owned(),
            bytes: self.paper.length,
            name: format!("{name}.pdf"),
            sealed: false,
        }
    }

    async fn step(&self, n: usize, plan: &Plan, step: &Step) -> anyhow::Result<()> {
        let id = *self.cases.get(&n).context("no case")?;
        let case = self.case(id).await?;
        if let Some(element) = &step.task {
            return self.task(&case, element, step).await;
        }
        if let Some(act) = &step.act {
            return self.act(&case, plan, act, step).await;
        }
        if step.withdraw {
            let nonce = format!("demo-{}-withdraw", plan.serial);
            let reason = step.words.clone();
            return Ok(self.app.withdraw(&plan.who, &id.to_string(), reason, &nonce).await?);
        }
        let mut entropy = self.app.entropy();
        let mut answer = SupplementAnswer { form: Map::new(), secrets: Vec::new(), materials: Vec::new() };
        let places = Places::of(id, case.clocks.round + 1);
        for code in &step.bring {
            let file = self.file(&plan.matter, code);
            let (material, secrets) = handed_in(&places, case.applicant.subject, code, &file, &mut entropy);
            answer.materials.push(material);
            answer.secrets.extend(secrets);
        }
        cases::act(self.app, &plan.who, id, CaseCommand::Supplement(Box::new(answer)), None).await?;
        Ok(())
    }

    async fn task(&self, case: &Case, element: &str, step: &Step) -> anyhow::Result<()> {
        let Some((task, open)) = case.tasks.iter().find(|(_, open)| open.element == element) else {
            bail!("no open task {element}; open are {:?}", case.tasks);
        };
        let officer = self.officer(open.organisation_in(case), &open.post_kind, case.done.len())?;
        let command = if step.claim {
            CaseCommand::Claim { task: *task }
        } else {
            let words = |code: &String| (code.clone(), step.words.clone().unwrap_or_default());
            CaseCommand::Complete(Box::new(Complete {
                task: *task,
                outcome: step.outcome.clone(),
                opinion: step.words.clone().filter(|_| step.ask.is_empty()),
                article: step.article.clone(),
                items: step.ask.iter().map(words).collect(),
            }))
        };
        cases::act(self.app, officer, case.id, command, None).await?;
        Ok(())
    }

    /// One of those who hold such a post in an organisation.
    fn officer(&self, organisation: &str, kind: &str, n: usize) -> anyhow::Result<&Identity> {
        let key = (organisation.to_owned(), kind.to_owned());
        let able = self.roster.get(&key).with_context(|| format!("nobody is {} in {}", key.1, key.0))?;
        able.get(n % able.len()).context("an officer")
    }

    async fn act(&self, case: &Case, plan: &Plan, word: &str, step: &Step) -> anyhow::Result<()> {
        let who = match &step.by {
            Some(kind) => self.officer(&self.where_is(case, kind), kind, case.done.len())?,
            None => &plan.who,
        };
        let host = self.officer(&case.organisation, HOST, 0)?;
        let command = acts::command(self.app, case, word, step, host)?;
        // Only its host records a hearing.
        let who = if matches!(command, CaseCommand::HoldHearing { .. }) { host } else { who };
        cases::act(self.app, who, case.id, command, None).await?;
        Ok(())
    }

    /// Where somebody of this kind acts on a case: who handles it, or another organisation of its region.
    fn where_is(&self, case: &Case, kind: &str) -> String {
        let catalog = self.app.catalog();
        let here = |organisation: &str| self.roster.contains_key(&(organisation.to_owned(), kind.to_owned()));
        let mut others = catalog.directory.organisations.iter().filter(|found| found.region == case.region);
        let other = others.find(|found| here(found.code.as_str())).filter(|_| !here(&case.organisation));
        other.map_or_else(|| case.organisation.clone(), |found| found.code.to_string())
    }

    async fn case(&self, id: CaseId) -> anyhow::Result<Case> {
        let stream = StreamId::case(id);
        match self.app.store().read(move |reader| reader.state(&stream)).await? {
            Some((_, State::Case(case))) => Ok(*case),
            _ => bail!("no case {id}"),
        }
    }
}

/// The kind of post that presides over hearings here.
const HOST: &str = "countersign-officer";

/// Half past eight of the next day.
fn morning_after(at: Timestamp) -> anyhow::Result<Timestamp> {
    let day = base::time::date(at).checked_add(1.day())?;
    base::time::instant(day.at(8, 30, 0, 0)).context("a morning")
}
