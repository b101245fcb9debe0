//! Deadlines that moved because a year's notice was loaded: from when to when, and which notice. Told on the timeline and at the head of the case.

use base::calendar::Calendar;
use jiff::civil::Date;
use kernel::case::{Case, Due};
use kernel::directory::CalendarLoaded;
use kernel::{Event, StreamId};
use serde::Serialize;
use store::{EntryRow, Fault, Reader};
use utoipa::ToSchema;
use web::words::Words;

/// Entries of the node's own stream that are read: more than a node has.
const ENTRIES_MAX: u32 = 2_000;
/// The kind of entry that tells of a move.
const REDERIVED: &str = "due-rederived@1";

/// The clocks of a case: acceptance check, limit of the law, promise, hearing.
type Dues = [Option<Due>; 4];
const CLOCKS: [&str; 4] = ["acceptance", "statutory", "promised", "hearing"];

/// Deadlines of a case that were counted again last, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct MoveShown {
    /// When, `2026-11-25 09:05`.
    pub at: String,
    /// Each date that moved: from when to when.
    pub lines: Vec<String>,
    /// Because of which notice.
    pub why: String,
}

/// The days that are others than before: clock, was, is.
pub(crate) fn moved(before: Dues, after: Dues) -> Vec<(&'static str, Date, Date)> {
    let pairs = CLOCKS.into_iter().zip(before.into_iter().zip(after));
    let moved = pairs.filter_map(|(clock, (was, is))| Some((clock, was?.on, is?.on)));
    moved.filter(|(_, was, is)| was != is).collect()
}

/// The notices that were loaded, with their place in the journal; read only for a case that one of them moved.
pub(crate) fn loads(reader: &mut Reader<'_>, entries: &[EntryRow]) -> Result<Vec<(u64, CalendarLoaded)>, Fault> {
    if !entries.iter().any(|row| row.entry.kind.as_str() == REDERIVED) {
        return Ok(Vec::new());
    }
    let own = reader.entries_of(&StreamId::node(), 0, ENTRIES_MAX)?;
    let loads = own.iter().filter_map(|row| match Event::decode(row.entry.kind.as_str(), &row.entry.body) {
        Ok(Event::CalendarLoaded(load)) => Some((row.sequence, load)),
        _ => None,
    });
    Ok(loads.collect())
}

/// What was announced to people, entry after entry, so that a move can say from when.
pub(super) struct Announced<'a> {
    dues: Dues,
    loads: &'a [(u64, CalendarLoaded)],
    words: Words,
}

impl<'a> Announced<'a> {
    pub(super) fn new(loads: &'a [(u64, CalendarLoaded)], words: Words) -> Self {
        Self { dues: [None; 4], loads, words }
    }

    /// Takes note of an entry; what it moved, if it is one that tells of a move.
    pub(super) fn note(&mut self, row: &EntryRow, event: &Event) -> Option<MoveShown> {
        let [accept_by, statutory, promised, hearing] = &mut self.dues;
        match event {
            Event::CaseSubmitted(event) => *accept_by = Some(event.accept_by),
            Event::CaseSupplemented(event) => *accept_by = Some(event.accept_by),
            Event::CaseAccepted(event) => (*statutory, *promised) = (event.statutory, event.promised),
            Event::ClockResumed(event) => (*statutory, *promised) = (event.statutory, event.promised),
            Event::ClockExtended(event) => (*statutory, *promised) = (event.statutory, event.promised),
            Event::HearingRequested(event) => *hearing = Some(event.hold_by),
            Event::DueRederived(event) => {
                let before = std::mem::replace(&mut self.dues, event.dues());
                return Some(self.told(row, before));
            }
            _ => {}
        }
        None
    }

    fn told(&self, row: &EntryRow, before: Dues) -> MoveShown {
        let words = self.words;
        let line = |(clock, was, is): (&'static str, Date, Date)| {
            let args = [
                ("clock", words.t(&format!("clock-{clock}")).into()),
                ("was", words.date(was).into()),
                ("is", words.date(is).into()),
            ];
            words.t_args("moved-line", &args)
        };
        let mut lines: Vec<String> = moved(before, self.dues).into_iter().map(line).collect();
        if lines.is_empty() {
            lines.push(words.t("moved-lights"));
        }
        let because = self.loads.iter().rfind(|(sequence, _)| *sequence < row.sequence);
        let why =
            because.map(|(_, load)| words.t2("moved-why", "title", &load.source.title, "number", &load.source.number));
        MoveShown { at: super::timeline::when(row.entry.at, words), lines, why: why.unwrap_or_default() }
    }
}

/// The last move of a case that is still open, as its applicant and its officers are told at its head.
pub(crate) fn last_move(
    case: &Case,
    entries: &[EntryRow],
    loads: &[(u64, CalendarLoaded)],
    words: Words,
) -> Option<MoveShown> {
    if !case.stage.is_open() {
        return None;
    }
    let mut announced = Announced::new(loads, words);
    let told = entries.iter().filter_map(|row| {
        let event = Event::decode(row.entry.kind.as_str(), &row.entry.body).ok()?;
        announced.note(row, &event)
    });
    told.last()
}

/// The days among these that rest on a year without its notice.
pub(crate) fn provisional_days(dues: Dues, calendar: &Calendar) -> Vec<Date> {
    let mut days: Vec<Date> =
        dues.into_iter().flatten().filter(|due| due.is_provisional(calendar)).map(|due| due.on).collect();
    days.dedup();
    days
}
