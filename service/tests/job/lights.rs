//! The light of a list, of its filter, of a case's page and of the interface is the kernel's, whatever the zone of the process.
//!
//! What the kernel's light is worth stands in its own tests. Here the day is reckoned from the instant alone, eight hours east of UTC.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use base::deadline::{Light, PauseKind};
use base::id::CaseId;
use jiff::civil::{Date, date};
use jiff::{SignedDuration, Timestamp};
use kernel::case::{CaseCommand, view_clock};
use kernel::catalog::Catalog;
use kernel::policy::Scope;
use serde_json::Value;
use service::Clock as _;
use store::{CaseFilter, Page, TaskFilter};

use crate::client::{Client, let_in, served};
use crate::office::{CLERK, LEADER, Office, REVIEWER};
use crate::options;

/// Yesterday, today and tomorrow as seen from Shanghai, at one end of its day or the other.
const ZONES: [&str; 3] = ["America/Los_Angeles", "Pacific/Kiritimati", "UTC"];
/// What tells the inner test that it is run for a zone, and which dice it throws.
const SEED: &str = "LIGHTS_SEED";
const CASES: usize = 100;
/// For so many days something happens.
const DAYS: i64 = 64;

#[test]
fn lights_are_the_kernels_whatever_the_zone_of_the_process() {
    let program = std::env::current_exe().unwrap();
    let run = |(seed, zone): (usize, &'static str)| {
        let mut test = Command::new(&program);
        test.args(["--exact", "lights::lights_of_a_hundred_cases", "--ignored"]);
        test.env("TZ", zone).env(SEED, (seed + 1).to_string());
        (zone, test.stdout(std::process::Stdio::piped()).spawn().unwrap())
    };
    let running: Vec<_> = ZONES.into_iter().enumerate().map(run).collect();
    for (zone, child) in running {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && said.contains("1 passed"), "{zone}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by the test before, once for each zone"]
async fn lights_of_a_hundred_cases() {
    let seed = std::env::var(SEED).unwrap().parse().unwrap();
    assert!(ZONES.contains(&std::env::var("TZ").unwrap().as_str()));
    let folder = tempfile::tempdir().unwrap();
    let mut dice = Dice(seed);
    let files = restless(&mut dice);
    let (catalog, problems) = Catalog::parse(&files);
    let catalog = std::sync::Arc::new(catalog.unwrap_or_else(|| panic!("{problems:#?}")));
    let office = Office::open_with(options(folder.path()), catalog, &files, "construction-permit").await;
    let_in(&office.app, &[CLERK, REVIEWER]).await;
    let (mut cases, mut seen) = (Vec::new(), BTreeMap::new());
    for n in 0..DAYS {
        let day = after(date(2025, 11, 17), n);
        if n > 0 {
            office.clock.set(at(day, 9, 0));
            happens(&office, &mut dice, &mut cases).await;
        }
        // Early and late, when other zones have another day.
        if n % 9 == 8 {
            office.clock.set(at(day, 22, 0));
            agrees(&office, &mut dice, &cases, day, &mut seen).await;
            office.clock.set(at(after(day, 1), 0, 0));
            agrees(&office, &mut dice, &cases, after(day, 1), &mut seen).await;
        }
    }
    assert_eq!(cases.len(), CASES);
    for light in ["green", "yellow", "red", "hold"] {
        assert!(seen.get(light).is_some_and(|times| *times > 20), "{light}: {seen:?}");
    }
}

/// Numbers that look like chance and come again with the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    fn days(&mut self, sides: u64) -> i64 {
        i64::try_from(self.below(sides)).unwrap()
    }
}

fn after(on: Date, days: i64) -> Date {
    on.checked_add(jiff::Span::new().days(days)).unwrap()
}

/// The instant of a time of day eight hours east of UTC.
fn at(on: Date, hour: i8, minute: i8) -> Timestamp {
    let civil = on.at(hour, minute, 0, 0);
    civil.to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp() - SignedDuration::from_hours(8)
}

/// The built-in catalog with notices of its own, for the first year, the next or both, and a construction permit that promises something
/// else on each day.
fn restless(dice: &mut Dice) -> kernel::catalog::Files {
    let mut files = testkit::world::catalog_files();
    let known = dice.below(3);
    let mut notices = "date,kind,name\n2020-01-01,holiday,x\n".to_owned();
    for on in (0..200).map(|n| after(date(2025, 11, 10), n)) {
        let told = (on.year() == 2025 && known != 0) || (on.year() == 2026 && known != 1);
        if told && dice.below(5) == 0 {
            let kind = if dice.below(2) == 0 { "holiday" } else { "workday" };
            writeln!(notices, "{on},{kind},x").unwrap();
        }
    }
    files.insert("calendars/cn.csv".to_owned(), notices.into_bytes());
    let path = "systems/licensing/matters/construction-permit/matter.toml";
    let text = String::from_utf8(files.get(path).unwrap().to_vec()).unwrap();
    let mut lists = [const { String::new() }; 3];
    for on in (0..DAYS + 10).map(|n| after(date(2025, 11, 10), n)) {
        let unit = ["wd", "wd", "cd"][usize::try_from(dice.below(3)).unwrap()];
        let promised = 1 + dice.below(25);
        let counts = [promised + dice.below(9), promised, 1 + dice.below(12)];
        for (list, count) in lists.iter_mut().zip(counts) {
            write!(list, "{{ {unit} = {count}, basis = \"own\", valid_from = {on} }}, ").unwrap();
        }
    }
    let [statutory, promised, extension] = lists;
    let (head, rest) = text.split_once("statutory = [").unwrap();
    let (_, tail) = rest.split_once("steps ").unwrap();
    let limits = format!("statutory = [{statutory}]\npromised = [{promised}]\nextension = [{extension}]\nsteps {tail}");
    files.insert(path.to_owned(), format!("{head}{limits}").into_bytes());
    files
}

/// A day at the office: new applications, and to some of those before something is done, if the law lets it.
async fn happens(office: &Office, dice: &mut Dice, cases: &mut Vec<CaseId>) {
    let today = office.app.today();
    for case in cases.clone() {
        let state = office.case(case).await;
        if state.clocks.accepted_on.is_none() {
            if dice.below(4) == 0 {
                office.finish(CLERK, case, "accept", "accepted").await;
            }
            continue;
        }
        let paused = state.clocks.paused().is_some();
        let (by, command) = match dice.below(40) {
            0..6 if paused => (REVIEWER, CaseCommand::Resume { until: after(today, -dice.days(3)) }),
            0..3 => {
                let (kind, from) = (PauseKind::ExpertReview, after(today, dice.days(3)));
                (REVIEWER, CaseCommand::Pause { kind, from, expected_days: 5 })
            }
            3 => (LEADER, CaseCommand::Extend { reason: "案情复杂".to_owned() }),
            _ => continue,
        };
        let done = office.tries(by, case, command).await;
        assert!(matches!(done, Ok(_) | Err(store::SubmitError::Refused(_))), "{done:?}");
    }
    for _ in 0..dice.below(5).min((CASES - cases.len()) as u64) {
        let case = office.apply(&[]).await;
        let received = office.case(case).await.clocks.received_on;
        assert_eq!(received, Some(office.app.catalog().calendar.this_or_next_working_day(today)));
        cases.push(case);
    }
}

fn word(light: Light) -> &'static str {
    match light {
        Light::Hold => "hold",
        Light::Green => "green",
        Light::Yellow => "yellow",
        Light::Red => "red",
    }
}

/// Every list, filter and page says what the kernel says of that day.
async fn agrees(office: &Office, dice: &mut Dice, cases: &[CaseId], day: Date, seen: &mut BTreeMap<&str, usize>) {
    assert_eq!(office.app.today(), day, "at {}", office.clock.now());
    let calendar = office.app.catalog().calendar.clone();
    let mut expected = BTreeMap::new();
    for case in cases {
        let state = office.case(*case).await;
        let view = view_clock(&state.clocks, state.stage, &calendar, day).unwrap();
        *seen.entry(word(view.light)).or_default() += 1;
        expected.insert(case.to_string(), (state.number.clone(), word(view.light)));
    }
    filters(office, &expected, day).await;

    let served = served(&office.app);
    let (clerk, reviewer) = (Client::signed_in(&served, CLERK).await, Client::signed_in(&served, REVIEWER).await);
    let rows = whole(&reviewer, "/api/v1/cases?").await;
    assert_eq!(rows.len(), expected.len());
    let mut words = BTreeMap::new();
    for row in &rows {
        assert_eq!(row["light"], expected[row["case"].as_str().unwrap()].1, "{row} on {day}");
        words.insert(row["case"].as_str().unwrap(), row);
    }
    let mut waiting = 0;
    for light in ["green", "yellow", "red", "hold"] {
        for client in [&clerk, &reviewer] {
            let rows = whole(client, &format!("/api/v1/inbox?light={light}&")).await;
            let html = client.get(&format!("/office/inbox?light={light}")).await.text();
            for row in &rows {
                assert_eq!(row["light"], light, "{row} on {day}");
                assert_eq!(expected[row["case"].as_str().unwrap()].1, light, "{row} on {day}");
            }
            for (number, of_case) in expected.values() {
                assert!(!html.contains(number.as_str()) || *of_case == light, "{number} is {of_case} on {day}: {html}");
            }
            let shown = expected.values().filter(|(number, _)| html.contains(number.as_str())).count();
            assert_eq!(shown, rows.len().min(50), "{light} on {day}");
            waiting += rows.len();
        }
    }
    assert_eq!(waiting, expected.len(), "each case waits for one of the two");

    for _ in 0..10.min(cases.len()) {
        let case = cases[usize::try_from(dice.below(cases.len() as u64)).unwrap()].to_string();
        let (number, light) = &expected[&case];
        let clock = &reviewer.get(&format!("/api/v1/cases/{case}")).await.json()["clock"];
        assert_eq!(clock["light"], *light, "{number} on {day}: {clock}");
        let of_row = words[case.as_str()]["words"].as_str().unwrap();
        let of_case = clock["words"].as_str().unwrap();
        assert!(*light == "hold" || of_row.starts_with(of_case), "{number} on {day}: {of_row} and {of_case}");
        let html = reviewer.get(&format!("/office/cases/{case}")).await.text();
        let class = if *light == "hold" { "paused" } else { light };
        assert!(html.contains(&format!("deadline-bar {class}-edge")), "{number} is {light} on {day}: {html}");
    }
}

/// The conditions and counters of the database.
async fn filters(office: &Office, expected: &BTreeMap<String, (String, &str)>, day: Date) {
    for light in [Light::Hold, Light::Green, Light::Yellow, Light::Red] {
        let read = office.app.store().read(move |reader| {
            let (everything, page) = (Scope::everything(), Page { after: None, rows: 500 });
            let filter = CaseFilter { light: Some((light, day)), ..CaseFilter::default() };
            let cases: Vec<String> =
                reader.cases(&everything, &filter, &page)?.rows.into_iter().map(|row| row.id).collect();
            let tasks = TaskFilter { light: Some((light, day)), ..TaskFilter::default() };
            let tasks = reader.tasks(&everything, &tasks, &page)?.rows.len();
            let lights = [
                reader.case_lights(&everything, &CaseFilter::default(), day)?,
                reader.task_lights(&everything, &TaskFilter::default(), day)?,
            ];
            Ok((cases, tasks, lights))
        });
        let (mut found, tasks, counted) = read.await.unwrap();
        found.sort();
        let of_light = expected.iter().filter(|(_, (_, of_case))| *of_case == word(light));
        let of_light: Vec<&String> = of_light.map(|(case, _)| case).collect();
        assert_eq!(found.iter().collect::<Vec<_>>(), of_light, "{light:?} on {day}");
        assert_eq!(tasks, of_light.len(), "{light:?} on {day}");
        for lights in counted {
            let count = match light {
                Light::Hold => lights.hold,
                Light::Green => lights.green,
                Light::Yellow => lights.yellow,
                Light::Red => lights.red,
            };
            assert_eq!(count, of_light.len() as u64, "{light:?} on {day}");
        }
    }
}

/// A list of the interface, page by page.
async fn whole(client: &Client, path: &str) -> Vec<Value> {
    let (mut rows, mut after) = (Vec::new(), String::new());
    loop {
        let answer = client.get(&format!("{path}after={after}")).await.json();
        rows.extend(answer["rows"].as_array().unwrap().iter().cloned());
        match answer["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => return rows,
        }
    }
}
