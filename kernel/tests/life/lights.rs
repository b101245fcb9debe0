//! The light of a case equals a recomputation from nothing but what was done on which day, on each day and under any calendar.
//!
//! The recomputation shares no line with the kernel: it walks day by day over rows of a calendar that it reads by itself (domain.md §1.4).

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use base::calendar::Calendar;
use base::deadline::{Light, PauseKind, Remaining};
use jiff::civil::{Date, Weekday, date};
use kernel::case::{CaseCommand, view_clock};
use kernel::catalog::{Catalog, Example, Matter};
use kernel::projection::CaseRow;
use kernel::{State, StreamId, project};
use proptest::prelude::*;

use super::world::{CLERK, DIRECTOR, REVIEWER, World, case_id, example, files, officer, outcome, system};

/// Cases are handed in from here on.
const FIRST: Date = date(2026, 9, 21);
/// How many days later at most.
const DAYS: i64 = 180;
/// For how long each is looked at.
const LOOKED_AT: i64 = 130;

fn after(on: Date, days: i64) -> Date {
    on.checked_add(jiff::Span::new().days(days)).unwrap()
}

/// The unit of a matter's limits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Unit {
    Working,
    Calendar,
}

/// What the matter promises to a case of a day, how much the law allows, and by how much it may be extended: another for each day.
#[derive(Clone, Copy, Debug)]
struct Promise {
    unit: Unit,
    promised: u32,
    statutory: u32,
    extension: u32,
}

fn promise_on(on: Date) -> Promise {
    // Any mixing will do that leaves no order between neighbouring days.
    let seed = u32::try_from(on.year()).unwrap() * 372 + u32::try_from(on.month()).unwrap() * 31;
    let mixed = (seed + u32::try_from(on.day()).unwrap()).wrapping_mul(2_654_435_761) >> 8;
    let unit = if mixed.is_multiple_of(3) { Unit::Calendar } else { Unit::Working };
    let promised = 1 + mixed / 3 % 30;
    Promise { unit, promised, statutory: promised + mixed / 90 % 10, extension: 1 + mixed / 900 % 15 }
}

/// The built-in catalog, whose construction permit has limits of its own for each day of acceptance.
static RESTLESS: LazyLock<Arc<Catalog>> = LazyLock::new(|| {
    let (mut files, path) = (files(), "systems/licensing/matters/construction-permit/matter.toml");
    let text = String::from_utf8(files.get(path).unwrap().to_vec()).unwrap();
    let versions = |count: fn(&Promise) -> u32| {
        let mut rows = String::new();
        for on in (0..DAYS + LOOKED_AT).map(|n| after(FIRST, n - 7)) {
            let promise = promise_on(on);
            let unit = if promise.unit == Unit::Working { "wd" } else { "cd" };
            write!(rows, "{{ {unit} = {}, basis = \"own\", valid_from = {on} }}, ", count(&promise)).unwrap();
        }
        rows
    };
    let (head, rest) = text.split_once("statutory = [").unwrap();
    let (_, tail) = rest.split_once("steps ").unwrap();
    let limits = format!(
        "statutory = [{}]\npromised = [{}]\nextension = [{}]\nsteps {tail}",
        versions(|promise| promise.statutory),
        versions(|promise| promise.promised),
        versions(|promise| promise.extension),
    );
    files.insert(path.to_owned(), format!("{head}{limits}").into_bytes());
    let (catalog, problems) = Catalog::parse(&files);
    Arc::new(catalog.unwrap_or_else(|| panic!("{problems:#?}")))
});

/// Rows of notices, by day: worked or not.
type Rows = BTreeMap<Date, bool>;

/// What the notices say; all rows of a year's notice are of that year, and a year without rows has no notice.
fn calendars() -> impl Strategy<Value = Rows> {
    let days = proptest::collection::btree_map(-20_i64..DAYS + LOOKED_AT + 60, any::<bool>(), 0..70);
    (days, any::<[bool; 2]>()).prop_map(|(days, known)| {
        let rows = days.into_iter().map(|(n, worked)| (after(FIRST, n), worked));
        rows.filter(|(on, _)| known[usize::from(on.year() > 2026)]).chain([(date(2020, 1, 1), false)]).collect()
    })
}

/// What somebody tries on a day; the law refuses some of it.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Accept,
    /// From so many days on.
    Pause(i64),
    /// The last day not counted is so many days ago.
    Resume(i64),
    Extend,
}

fn deeds() -> impl Strategy<Value = Vec<(i64, Deed)>> {
    let deed = prop_oneof![
        3 => (0_i64..4).prop_map(Deed::Pause),
        4 => (0_i64..3).prop_map(Deed::Resume),
        1 => Just(Deed::Extend),
    ];
    (0_i64..11, proptest::collection::vec((0_i64..14, deed), 0..9)).prop_map(|(first, then)| {
        let mut on = first;
        let rest = then.into_iter().map(move |(gap, deed)| {
            on += gap;
            (on, deed)
        });
        [(first, Deed::Accept)].into_iter().chain(rest).collect()
    })
}

/// A case as the recomputation knows it: what was done, and nothing of what the kernel made of it.
#[derive(Debug)]
struct Done<'a> {
    rows: &'a Rows,
    received: Date,
    counted_from: Option<(Date, Promise)>,
    /// First and last day of each pause.
    pauses: Vec<(Date, Option<Date>)>,
    extended: bool,
}

impl Done<'_> {
    fn is_worked(&self, on: Date) -> bool {
        let weekend = matches!(on.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.rows.get(&on).copied().unwrap_or(!weekend)
    }

    fn is_paused(&self, on: Date) -> bool {
        self.pauses.iter().any(|(from, to)| to.is_some_and(|to| (*from..=to).contains(&on)))
    }

    /// Days after one up to another on which somebody works and the clock runs.
    fn left(&self, from: Date, to: Date) -> u32 {
        let days = from.series(jiff::Span::new().days(1)).skip(1).take_while(|on| *on <= to);
        days.filter(|on| self.is_worked(*on) && !self.is_paused(*on)).count().try_into().unwrap()
    }

    /// Day 0 and the last day of the clock that runs.
    fn limit(&self) -> (Date, Date) {
        let (from, unit, mut left) = match self.counted_from {
            None => (self.received, Unit::Working, 5),
            Some((from, promise)) => {
                (from, promise.unit, promise.promised + if self.extended { promise.extension } else { 0 })
            }
        };
        let mut on = from;
        while left > 0 {
            on = after(on, 1);
            let counts = !self.is_paused(on) && (unit == Unit::Calendar || self.is_worked(on));
            left -= u32::from(counts);
        }
        if !self.is_worked(on) {
            // 民法典 art. 203: to a day on which somebody works, and on which the clock runs.
            on = after(on, 1);
            while !self.is_worked(on) || self.is_paused(on) {
                on = after(on, 1);
            }
        }
        (from, on)
    }

    fn shows(&self, today: Date) -> (Light, Remaining) {
        if self.counted_from.is_some() && self.pauses.last().is_some_and(|(_, to)| to.is_none()) {
            return (Light::Hold, Remaining::Held);
        }
        let (from, last) = self.limit();
        if today > last {
            let over = last.series(jiff::Span::new().days(1)).skip(1).take_while(|on| *on <= today);
            let over = over.filter(|on| self.is_worked(*on)).count().try_into().unwrap();
            return (if over == 0 { Light::Yellow } else { Light::Red }, Remaining::Overdue(over));
        }
        let (whole, left) = (self.left(from, last), self.left(today, last));
        // Green while more is left than a fifth of the limit and more than one working day.
        let green = left * 5 > whole && left > 1;
        (if green { Light::Green } else { Light::Yellow }, Remaining::Left(left))
    }
}

/// What a list of the database makes of a row: it compares days and knows no calendar.
fn listed(row: &CaseRow, today: Date) -> Light {
    match (row.paused, row.yellow_on.unwrap(), row.red_on.unwrap()) {
        (true, ..) => Light::Hold,
        (_, _, red_on) if red_on <= today => Light::Red,
        (_, yellow_on, _) if yellow_on <= today => Light::Yellow,
        _ => Light::Green,
    }
}

fn parsed(rows: &Rows) -> Calendar {
    let mut text = "date,kind,name\n".to_owned();
    for (on, worked) in rows {
        let kind = if *worked { "workday" } else { "holiday" };
        writeln!(text, "{on},{kind},x").unwrap();
    }
    Calendar::parse(&text).unwrap()
}

/// Does one deed, if the law lets it, and notes it.
fn does(world: &mut World, (matter, passes): (&Arc<Matter>, &Example), done: &mut Done<'_>, deed: Deed) {
    let today = world.today;
    match deed {
        Deed::Accept if done.counted_from.is_some() => {}
        Deed::Accept => {
            let task = world.task(1, "accept");
            world.on(matter, passes, 1, &officer(CLERK), outcome(task, "accepted")).unwrap();
            // Who was silent until the limit ended has accepted as of receipt (行政许可法 art. 32(4)).
            let from = if today > done.limit().1 { done.received } else { today };
            done.counted_from = Some((from, promise_on(from)));
        }
        Deed::Pause(ahead) => {
            let from = after(today, ahead);
            let pause = CaseCommand::Pause { kind: PauseKind::ExpertReview, from, expected_days: 5 };
            if world.on(matter, passes, 1, &officer(REVIEWER), pause).is_ok() {
                done.pauses.push((from, None));
            }
        }
        Deed::Resume(ago) => {
            let until = after(today, -ago);
            if world.on(matter, passes, 1, &officer(REVIEWER), CaseCommand::Resume { until }).is_ok() {
                done.pauses.last_mut().unwrap().1 = Some(until);
            }
        }
        Deed::Extend => {
            let extend = CaseCommand::Extend { reason: "案情复杂".to_owned() };
            done.extended |= world.on(matter, passes, 1, &officer(DIRECTOR), extend).is_ok();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn the_light_equals_a_recomputation_day_by_day(rows in calendars(), on in 0..DAYS, deeds in deeds(), timer: bool) {
        let matter = Arc::clone(RESTLESS.matter("construction-permit").unwrap());
        let mut passes = example(&matter, "pass").clone();
        let (calendar, first) = (parsed(&rows), after(FIRST, on));
        passes.on = first;
        let mut world = World::new(first, &passes);
        world.catalog = Arc::new(RESTLESS.with_calendar(calendar.clone()));
        world.apply(&matter, &passes, 1, &[]).unwrap();
        let mut done = Done { rows: &rows, received: first, counted_from: None, pauses: Vec::new(), extended: false };
        while !done.is_worked(done.received) {
            done.received = after(done.received, 1);
        }
        for n in 0..LOOKED_AT {
            world.today = after(first, n);
            let deems = timer && done.counted_from.is_none();
            if deems && world.on(&matter, &passes, 1, &system(), CaseCommand::DeemAccepted).is_ok() {
                done.counted_from = Some((done.received, promise_on(done.received)));
            }
            for (_, deed) in deeds.iter().filter(|(day, _)| *day == n) {
                does(&mut world, (&matter, &passes), &mut done, *deed);
            }
            let case = world.case(1);
            let (today, expected) = (world.today, done.shows(world.today));
            let view = view_clock(&case.clocks, case.stage, &calendar, today).unwrap();
            prop_assert_eq!((view.light, view.remaining), expected, "the page on {} of {:?}", today, done);
            prop_assert!(view.paused.is_some() || view.due.on == done.limit().1, "{} of {:?}", view.due.on, done);
            let projected = project(&StreamId::case(case_id(1)), &State::Case(Box::new(case.clone())));
            let row = projected.case.unwrap();
            prop_assert_eq!(listed(&row, today), expected.0, "the list on {} of {:?}", today, done);
            for task in projected.tasks {
                let of_case = (row.due_on, row.yellow_on, row.red_on, row.paused);
                prop_assert_eq!((task.due_on, task.yellow_on, task.red_on, task.paused), of_case);
            }
        }
    }
}
