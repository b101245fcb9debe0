//! A simulated year of cases through the real engine over a real database, with all that goes wrong on a machine: restarts, kills while reminders
//! are sent, a clock that jumps both ways, officers who come and go, a notice of days off that is loaded late and then put right.
//!
//! Development only. What came of it is judged by a program in another language from the journal's export alone (`tests/oracle`). The same
//! seed gives the same cases, wishes and calamities; which of two acts of the same quarter is written first is left to the threads.

mod calamity;
mod clock;
mod tests;
mod together;
mod wish;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use anyhow::{Context, bail};
use base::id::CaseId;
use base::region::Level;
use jiff::civil::{Date, date};
use jiff::{Timestamp, ToSpan};
use kernel::case::Case;
use kernel::catalog::matter::{ApplicantKind, OpenedBy};
use kernel::catalog::{Act, LicenceStep, Matter};
use kernel::{State, StreamId};
use serde_json::Value;
use service::apply::{Draft, DraftFile};
use service::{App, Clock as _, Error, Identity, cases};
use store::Store;
use tokio::task::block_in_place;

use self::calamity::Calamity;
use self::clock::FaultyClock;
use self::together::all;
use self::wish::{Chooser, Wish};
use super::application::on_another_day;
use super::clock::Choices;
use super::people::{self, Roster};
use super::story::Story;
use super::{DemoClock, DemoEntropy};
use crate::clock::{SystemClock, SystemEntropy};
use crate::config::{Config, ListenArgs, NodeArgs};
use crate::start;

/// The year: its second half has no notice when it begins.
const FIRST: Date = date(2026, 7, 1);
const LAST: Date = date(2027, 6, 30);
/// Hours at which people act.
const HOURS: [i8; 6] = [9, 10, 11, 14, 15, 16];
/// Bureaus among which the cases are shared out.
const BUREAUS: usize = 12;
/// Who applies.
const APPLICANTS: u64 = 24;
/// Licences of the year: all applicants of a matter file for one firm, and the rules look through what a firm holds.
const GRANTS: u64 = 200;
/// Things that happen to one case at most; then its applicant gives up.
const STEPS_MAX: u32 = 30;

/// What is asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) cases: u64,
    pub(super) seed: u64,
    /// A catalog that overrides the built-in one: an engine with other rules.
    pub(super) catalog: Option<PathBuf>,
    /// Open deadlines are counted again after a notice, as they must be.
    pub(super) recounts: bool,
    /// Says how far it is.
    pub(super) talks: bool,
}

/// What happened.
#[derive(Debug, Default)]
pub(super) struct Happened {
    pub(super) handed_in: u64,
    pub(super) acts: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) sent: u64,
    pub(super) restarts: u64,
    pub(super) kills: u64,
    pub(super) twice: u64,
    pub(super) jumps: u64,
    pub(super) replaced: u64,
    pub(super) moved: u64,
}

/// A matter as everyone applies for it.
struct Kind {
    matter: Arc<Matter>,
    form: Value,
    paper: DraftFile,
    files: BTreeMap<String, DraftFile>,
    applicants: Vec<Identity>,
    firm: (String, String),
}

/// What comes at an instant; within it in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Calamity(Calamity),
    /// The node's own work, morning and evening.
    Jobs,
    HandIn(u64),
    Act(u64, u32),
}

/// The year under way.
pub(super) struct Year {
    asked: Asked,
    config: Config,
    clock: Arc<FaultyClock>,
    entropy: DemoEntropy,
    app: Option<App>,
    roster: Roster,
    kinds: Vec<Kind>,
    bureaus: Vec<String>,
    cases: BTreeMap<u64, CaseId>,
    coming: BinaryHeap<Reverse<(Timestamp, What)>>,
    happened: Happened,
    began: Instant,
}

fn instant(day: Date, hour: i8, minute: i8) -> Timestamp {
    base::time::instant(day.at(hour, minute, 0, 0)).unwrap()
}

/// Someone asks for something new, rather than for a change of what they hold: that depends on what became of it meanwhile.
fn begins_something(matter: &Matter) -> bool {
    let changes = |act: &Act| matches!(act, Act::AlterLicence { step, .. } if !matches!(step, LicenceStep::Day { .. }));
    matter.spec.opened_by == OpenedBy::Applicant && !matter.acts.values().any(changes)
}

impl Year {
    /// Lives through it in a folder. The store is closed at the end.
    pub(super) async fn live(folder: &Path, asked: Asked) -> anyhow::Result<(Happened, Config)> {
        let node = NodeArgs { data: Some(folder.join("data")), catalog: asked.catalog.clone(), ..NodeArgs::default() };
        let mut config = Config::settle(&node, &ListenArgs::default(), "unused")?;
        config.node = Some(journal::Id([0x27; 16]));
        let begin = instant(FIRST, 7, 0);
        let clock = Arc::new(FaultyClock::new(Arc::new(DemoClock::new(Arc::new(SystemClock), begin))));
        let entropy = DemoEntropy::new(Box::new(SystemEntropy), asked.seed);
        let mut year = Self {
            asked,
            config,
            clock,
            entropy,
            app: None,
            roster: Roster::new(),
            kinds: Vec::new(),
            bureaus: Vec::new(),
            cases: BTreeMap::new(),
            coming: BinaryHeap::new(),
            happened: Happened::default(),
            began: Instant::now(),
        };
        year.open().await?;
        year.settle().await?;
        year.plan();
        year.pass().await?;
        year.close();
        Ok((year.happened, year.config))
    }

    fn app(&self) -> &App {
        self.app.as_ref().unwrap()
    }

    fn choices(&self, name: &str) -> Choices {
        Choices::of(format!("{} {name}", self.asked.seed))
    }

    async fn open(&mut self) -> anyhow::Result<()> {
        let options = start::options(&self.config, true)?;
        let store = block_in_place(|| Store::open(options))?;
        let (clock, entropy) = (self.clock.clone(), Box::new(self.entropy.clone()));
        self.app = Some(start::app(&self.config, store, "http://127.0.0.1".to_owned(), true, clock, entropy).await?);
        Ok(())
    }

    fn close(&mut self) {
        block_in_place(|| drop(self.app.take()));
    }

    async fn restart(&mut self) -> anyhow::Result<()> {
        self.close();
        self.happened.restarts += 1;
        self.open().await
    }

    /// People, bureaus, and everything that the applications refer to.
    async fn settle(&mut self) -> anyhow::Result<()> {
        let (app, story) = (self.app().clone(), Story::read()?);
        self.roster = people::settle(&app, &self.clock.real, &story, FIRST, "no password").await?;
        let catalog = app.catalog();
        let counties = catalog.directory.own().filter(|found| found.level == Level::County);
        self.bureaus = counties.step_by(9).take(BUREAUS).map(|found| found.region.to_string()).collect();
        let paper = {
            let mut writer = app.store().files().begin(None)?;
            writer.write(b"%PDF-1.4 simulated")?;
            writer.finish()?
        };
        let (stored, at) = (paper.clone(), app.now().as_microsecond());
        app.store().write(move |writes| writes.put_file(&stored, "", "application/pdf", at)).await?;
        let mut chance = self.choices("applicants");
        for matter in catalog.matters.values() {
            let spec = &matter.spec;
            let passes = matter.examples.iter().find(|example| example.file.ends_with("/pass.json"));
            let is_of_county = spec.levels.contains(&Level::County);
            let is_of_firm = spec.applicant.contains(&ApplicantKind::Organisation);
            let Some(example) = passes.filter(|_| is_of_county && is_of_firm && begins_something(matter)) else {
                continue;
            };
            let told = on_another_day(example, FIRST)?;
            for (register, record) in
                told.registers.iter().flat_map(|(name, all)| all.iter().map(move |one| (name, one)))
            {
                app.write_record(register, record).await?;
            }
            let text = |name: &str| told.form.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
            let firm = (text("applicant_code"), text("applicant_name"));
            let mut applicants = Vec::new();
            for _ in 0..APPLICANTS / 4 {
                applicants.push(people::applicant(&app, &story.names.person(&mut chance), vec![firm.0.clone()]).await?);
            }
            let file = DraftFile {
                hash: paper.hash.clone(),
                media: "application/pdf".to_owned(),
                bytes: paper.length,
                name: "simulated.pdf".to_owned(),
                sealed: false,
            };
            let files = example.materials.iter().map(|code| (code.clone(), file.clone())).collect();
            self.kinds.push(Kind { matter: matter.clone(), form: told.form, paper: file, files, applicants, firm });
        }
        Ok(())
    }

    /// When cases come, and what goes wrong when.
    fn plan(&mut self) {
        let days: Vec<Date> = FIRST.series(1.day()).take_while(|day| *day <= LAST).collect();
        let calendar = self.app().catalog();
        let working: Vec<Date> = days.iter().copied().filter(|day| calendar.calendar.is_working_day(*day)).collect();
        let mut chance = self.choices("arrivals");
        for n in 0..self.asked.cases {
            let (day, hour) = (chance.one(&working).unwrap(), chance.one(&HOURS).unwrap());
            self.coming.push(Reverse((instant(*day, *hour, 0), What::HandIn(n))));
        }
        for day in days {
            self.coming.push(Reverse((instant(day, 8, 30), What::Jobs)));
            // After the last act of the day, and before midnight of a clock that is ahead.
            self.coming.push(Reverse((instant(day, 16, 30), What::Jobs)));
        }
        for (at, calamity) in calamity::all(&mut self.choices("calamities")) {
            self.coming.push(Reverse((at, What::Calamity(calamity))));
        }
    }

    async fn pass(&mut self) -> anyhow::Result<()> {
        let mut said = FIRST;
        while let Some(Reverse((at, what))) = self.coming.pop() {
            if at > instant(LAST, 23, 59) {
                break;
            }
            // What comes while the machine is off is done late.
            self.clock.real.set(at);
            match what {
                What::Calamity(calamity) => self.strike(calamity).await?,
                What::Jobs => self.jobs().await?,
                What::HandIn(_) | What::Act(..) => self.people(at, what).await?,
            }
            let day = base::time::date(at);
            if self.asked.talks && day.month() != said.month() {
                let after = self.began.elapsed().as_secs();
                eprintln!(
                    "{day} after {after} s: {} cases, {:?} acts, {} reminders",
                    self.happened.handed_in, self.happened.acts, self.happened.sent
                );
                said = day;
            }
        }
        Ok(())
    }

    /// Timers, then reminders, as the node's jobs do every minute.
    async fn jobs(&mut self) -> anyhow::Result<()> {
        self.app().run_timers().await?;
        self.happened.sent += self.app().send_reminders().await? as u64;
        Ok(())
    }

    /// Everybody who acts at this hour, at once.
    async fn people(&mut self, at: Timestamp, first: What) -> anyhow::Result<()> {
        let mut now = vec![first];
        while let Some(Reverse((when, what))) = self.coming.peek().copied() {
            if when != at {
                break;
            }
            self.coming.pop();
            now.push(what);
        }
        let this = &*self;
        let done = all(now.iter().map(|what| this.one(*what))).await;
        for (what, done) in now.into_iter().zip(done) {
            let (case, again) = done.with_context(|| format!("{at} {what:?}"))?;
            let n = match what {
                What::HandIn(n) => {
                    self.happened.handed_in += 1;
                    n
                }
                What::Act(n, _) => n,
                What::Calamity(_) | What::Jobs => continue,
            };
            self.cases.insert(n, case);
            match again {
                Some((when, step)) => self.coming.push(Reverse((when, What::Act(n, step)))),
                None => drop(self.cases.remove(&n)),
            }
        }
        Ok(())
    }

    /// One thing, and when the next comes to the same case.
    async fn one(&self, what: What) -> anyhow::Result<(CaseId, Option<(Timestamp, u32)>)> {
        match what {
            What::HandIn(n) => Ok((self.hand_in(n).await?, Some((self.later(n, 0, None), 1)))),
            What::Act(n, step) => {
                let id = *self.cases.get(&n).context("a case")?;
                let wait = match self.wish(n, step, id).await? {
                    Wish::End => return Ok((id, None)),
                    Wish::Wait(days) => Some(days),
                    Wish::Ask(who, command) => {
                        match cases::act(self.app(), &who, id, command, None).await {
                            Ok(_) => self.happened.acts.fetch_add(1, Ordering::Relaxed),
                            // Somebody changed what was read, twice: they come again, as a person would.
                            Err(Error::Refused(_) | Error::Busy) => {
                                self.happened.refused.fetch_add(1, Ordering::Relaxed)
                            }
                            Err(error) => return Err(error.into()),
                        };
                        None
                    }
                };
                Ok((id, Some((self.later(n, step, wait), step + 1))))
            }
            What::Calamity(_) | What::Jobs => bail!("nobody's act"),
        }
    }

    async fn wish(&self, n: u64, step: u32, id: CaseId) -> anyhow::Result<Wish> {
        let case = self.case(id).await?;
        let kind = self.kind(n);
        let facts = self.app().facts();
        let chance = self.choices(&format!("case {n} step {step}"));
        let applicant =
            kind.applicants.iter().find(|who| case.applicant.account == Some(who.account())).context("who")?;
        let (matter, roster) = (&*kind.matter, &self.roster);
        let may_be_granted = n.is_multiple_of((self.asked.cases / GRANTS).max(1));
        let mut chooser = Chooser {
            case: &case,
            matter,
            roster,
            applicant,
            facts: &facts,
            paper: &kind.paper,
            may_be_granted,
            chance,
        };
        Ok(if step > STEPS_MAX && case.stage.is_open() { chooser.withdraw() } else { chooser.wish() })
    }

    fn kind(&self, n: u64) -> &Kind {
        let mut chance = self.choices(&format!("kind {n}"));
        chance.one(&self.kinds).unwrap()
    }

    async fn hand_in(&self, n: u64) -> anyhow::Result<CaseId> {
        let kind = self.kind(n);
        let mut chance = self.choices(&format!("application {n}"));
        let (who, bureau) = (chance.one(&kind.applicants).unwrap(), chance.one(&self.bureaus).unwrap());
        let mut form = kind.form.clone();
        if let Some(region) = form.get_mut("region") {
            *region = Value::from(bureau.as_str());
        }
        let draft = Draft {
            id: self.app().new_draft().to_string(),
            matter: kind.matter.code().to_string(),
            kind: ApplicantKind::Organisation,
            applicant_code: kind.firm.0.clone(),
            applicant_name: kind.firm.1.clone(),
            form,
            saved: BTreeSet::new(),
            paper: BTreeSet::new(),
            subject: None,
            unsaved: BTreeMap::new(),
            files: kind.files.clone(),
        };
        let nonce = format!("year-{n}");
        let receipt = loop {
            match self.app().hand_in(who, &kind.matter, &draft, &nonce).await {
                Err(Error::Busy) => {}
                other => break other,
            }
        };
        let receipt = receipt.with_context(|| format!("{} is handed in", kind.matter.code()))?;
        Ok(receipt.case.parse()?)
    }

    /// In some hours, mostly; sometimes after days; or after so many working days.
    fn later(&self, n: u64, step: u32, wait: Option<u32>) -> Timestamp {
        let mut chance = self.choices(&format!("time {n} {step}"));
        let now = self.clock.real.now();
        let today = base::time::date(now);
        let days = wait.unwrap_or_else(|| match chance.below(100) {
            0..48 => 0,
            48..82 => 1,
            82..94 => 2,
            _ => 3 + u32::try_from(chance.below(5)).unwrap(),
        });
        let next = HOURS.iter().map(|hour| instant(today, *hour, 0)).find(|at| *at > now);
        match next {
            Some(at) if days == 0 => at,
            _ => {
                let day = self.app().catalog().calendar.add_working_days(today, days.max(1));
                instant(day, *chance.one(&HOURS).unwrap(), 0)
            }
        }
    }

    async fn case(&self, id: CaseId) -> anyhow::Result<Case> {
        let stream = StreamId::case(id);
        match self.app().store().read(move |reader| reader.state(&stream)).await? {
            Some((_, State::Case(case))) => Ok(*case),
            _ => bail!("no case {id}"),
        }
    }
}
