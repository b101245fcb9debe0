//! Counting the open deadlines again after a notice was loaded: case by case through the kernel, step by step.
//!
//! How far it is stands in the database after each step, so that a node that was killed goes on from there. A case that was counted and not yet
//! ticked off is counted once more, which changes nothing: the kernel writes an entry only when a day moves.

use base::calendar::Calendar;
use kernel::case::{Case, CaseCommand, DueRederived, rederived};
use kernel::catalog::Catalog;
use kernel::directory::NodeSettings;
use kernel::policy::Scope;
use kernel::{Command, Refusal, State, StreamId};
use serde::{Deserialize, Serialize};
use store::{CaseFilter, Cursor, Page, Submission, SubmitError};
use tokio::task::JoinSet;
use utoipa::ToSchema;

use super::Move;
use crate::app::App;
use crate::cases::moved;
use crate::error::{Error, Result};
use crate::identity::system;

/// The job, as its entries name it.
const JOB: &str = "calendar";
/// Cases read together.
const CASES: u32 = 200;
/// Moves that a preview names; it counts all.
const MOVES_SHOWN: usize = 100;

/// How far the open deadlines are counted again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recount {
    /// For which loading: the how-manieth of this node.
    pub load: u32,
    /// Where the list of open cases goes on.
    pub after: Option<String>,
    /// Cases looked at.
    pub looked: u64,
    /// Of them, those whose dates moved.
    pub moved: u64,
    /// Of them, those that could not be counted: their rules are gone, say.
    pub failed: u64,
    /// All are counted.
    pub done: bool,
}

/// How far the open deadlines are counted again, as it is shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RecountShown {
    /// Cases looked at.
    pub looked: u64,
    /// Open cases in all, as far as they are counted.
    pub open: u64,
    /// Cases whose dates moved.
    pub moved: u64,
    /// Cases that could not be counted; the log says why.
    pub failed: u64,
    /// All are counted.
    pub done: bool,
}

/// What a calendar would move.
pub(super) struct Found {
    pub(super) looked: u64,
    pub(super) moving: u64,
    pub(super) moves: Vec<Move>,
}

/// What came of one case.
enum Counted {
    Moved,
    Stays,
    Failed,
}

/// The open cases, in an order that new ones do not disturb.
fn open_cases() -> CaseFilter {
    CaseFilter {
        stages: ["submitted", "supplement_asked", "accepted"].map(str::to_owned).to_vec(),
        ..Default::default()
    }
}

impl App {
    /// A page of the open cases, and where the next begins.
    async fn open_page(&self, after: Option<&str>, rows: u32) -> Result<(Vec<Case>, Option<String>)> {
        let page = Page { after: after.and_then(Cursor::parse), rows };
        let read = self.store().read(move |reader| {
            let listed = reader.cases(&Scope::everything(), &open_cases(), &page)?;
            let streams: Vec<StreamId> = listed.rows.iter().map(|item| StreamId::case(&item.id)).collect();
            let states = reader.states(&streams)?;
            let cases = states.into_iter().filter_map(|(_, _, state)| match state {
                State::Case(case) => Some(*case),
                _ => None,
            });
            Ok((cases.collect(), listed.next.map(|next| next.as_str().to_owned())))
        });
        Ok(read.await?)
    }

    /// What a calendar makes of a case; none when its dates stay.
    async fn rederived(&self, case: &Case, calendar: &Calendar) -> Result<Option<DueRederived>> {
        let matter = self.matter_at(&case.matter, &case.catalog).await?;
        Ok(rederived(case, &matter, &self.catalog().limits, calendar)?)
    }

    /// Every open case looked at under a calendar that is not in force.
    pub(super) async fn count_moves(&self, calendar: &Calendar) -> Result<Found> {
        let mut found = Found { looked: 0, moving: 0, moves: Vec::new() };
        let mut after = None;
        loop {
            let (cases, next) = self.open_page(after.as_deref(), CASES).await?;
            for case in &cases {
                found.looked += 1;
                // One that cannot be counted is told about when it is to be moved.
                let Ok(Some(event)) = self.rederived(case, calendar).await else { continue };
                found.moving += 1;
                found.moves.extend(moves(case, &event, &self.catalog()));
            }
            found.moves.truncate(MOVES_SHOWN);
            match next {
                Some(next) => after = Some(next),
                None => return Ok(found),
            }
        }
    }

    /// Goes on with counting again by so many steps at most. None when no notice was ever loaded here.
    pub async fn recount(&self, steps: u32) -> Result<Option<Recount>> {
        let mut reached = self.recount_step(CASES).await?;
        for _ in 1..steps {
            if reached.as_ref().is_none_or(|run| run.done) {
                break;
            }
            reached = self.recount_step(CASES).await?;
        }
        Ok(reached)
    }

    /// One step: a page of open cases.
    pub async fn recount_step(&self, rows: u32) -> Result<Option<Recount>> {
        let settings = self.settle_calendar().await?;
        let loads = self.node_settings().await?.loads;
        if loads == 0 {
            return Ok(None);
        }
        let kept = self.store().read(|reader| reader.progress(JOB)).await?;
        let reached: Option<Recount> = kept.clone().and_then(|kept| serde_json::from_value(kept).ok());
        // Another notice came: from the beginning, for it.
        let mut run = reached.filter(|run| run.load == loads).unwrap_or(Recount { load: loads, ..Recount::default() });
        if run.done {
            return Ok(Some(run));
        }
        let (cases, next) = self.open_page(run.after.as_deref(), rows).await?;
        let mut counting = JoinSet::new();
        for case in cases {
            let app = self.clone();
            counting.spawn(async move { app.count_again(case, settings).await });
        }
        while let Some(counted) = counting.join_next().await {
            run.looked += 1;
            match counted.map_err(|error| Error::from(store::Fault::Task(error.to_string())))?? {
                Counted::Moved => run.moved += 1,
                Counted::Failed => run.failed += 1,
                Counted::Stays => {}
            }
        }
        run.done = next.is_none();
        run.after = next;
        let progress = serde_json::to_value(&run).unwrap_or_default();
        let written = self.store().write(move |writes| writes.put_progress(JOB, kept.as_ref(), &progress)).await;
        // Another process took this step too: its word stands, and the next turn reads it.
        if written.map_err(Error::Fault)? { Ok(Some(run)) } else { Err(Error::Busy) }
    }

    /// Counts one case again. A machine that failed, or a store that is busy, ends the step, to be taken once more; a case whose rules are gone
    /// keeps no other waiting.
    async fn count_again(&self, case: Case, settings: u64) -> Result<Counted> {
        let event = match self.rederived(&case, &self.catalog().calendar).await {
            Ok(event) => event,
            Err(Error::Refused(refusal)) => {
                tracing::warn!(case = %case.id, %refusal, "A case could not be counted again");
                return Ok(Counted::Failed);
            }
            Err(error) => return Err(error),
        };
        if event.is_none() {
            return Ok(Counted::Stays);
        }
        let mut facts = self.facts();
        facts.matter = Some(self.matter_at(&case.matter, &case.catalog).await?);
        facts.read = vec![(StreamId::node(), settings)];
        let command = Command::Case { case: case.id, command: CaseCommand::Rederive };
        let submission = Submission { command, actor: system(JOB), facts, key: None, entered_at: None };
        match self.store().submit(submission).await {
            Ok(receipt) if receipt.reply["moved"] == true => Ok(Counted::Moved),
            // Decided, or moved by an act of its own, between reading and writing.
            Ok(_) | Err(SubmitError::Refused(Refusal::WrongStage { .. })) => Ok(Counted::Stays),
            Err(error) => Err(error.into()),
        }
    }

    pub(super) async fn recount_shown(&self, settings: &NodeSettings) -> Result<Option<RecountShown>> {
        /// More open cases than this are not counted for a page.
        const OPEN_MAX: u32 = 1_000_000;
        if settings.loads == 0 {
            return Ok(None);
        }
        let read = self.store().read(|reader| {
            let open = reader.count_cases(&Scope::everything(), &open_cases(), OPEN_MAX)?;
            Ok((reader.progress(JOB)?, open))
        });
        let (kept, open) = read.await?;
        let run: Recount = kept.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default();
        let run = if run.load == settings.loads { run } else { Recount::default() };
        let Recount { looked, moved, failed, done, .. } = run;
        Ok(Some(RecountShown { looked, open, moved, failed, done }))
    }
}

fn moves(case: &Case, event: &DueRederived, catalog: &Catalog) -> Vec<Move> {
    let listed = catalog.directory.organisations.iter().find(|listed| listed.code.as_str() == case.organisation);
    let organisation = listed.map_or(&case.organisation, |listed| &listed.name);
    let named = moved(case.clocks.dues(), event.dues()).into_iter().map(|(clock, was, is)| Move {
        number: case.number.clone(),
        organisation: organisation.clone(),
        clock,
        was,
        is,
    });
    named.collect()
}
