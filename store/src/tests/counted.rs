//! What a step in the inbox costs, in rows and not in time: the same with a hundred open cases and with a hundred thousand.

use kernel::StreamId;
use kernel::policy::Scope;
use kernel::projection::{CaseRow, Rows, TaskRow, TimerRow};
use serde_json::json;
use testkit::bureau::Bureau;

use super::acts::join_all;
use super::desk::{Desk, wish};
use super::lists::day;
use super::world::{Kind, World, record};
use crate::sql::sqlite::work::{self, Work};
use crate::sql::{tables, values};
use crate::writer::rows::{Difference, TableRows, table_rows};
use crate::{Claimed, Cursor, Field, FieldKind, Filter, Page, RecordQuery, Scalar, TaskFilter};

/// Rows of a page: of a hundred cases three pages are full, and none of them comes to those without a date.
const ROWS: u32 = 5;
/// Open cases of one's own inbox.
const FEW: u64 = 100;
const MANY: u64 = 100_000;
/// What three rows of a page cost at most: which half of the inbox a page ends in is chance.
const FEW_ROWS: i64 = 120;

/// Case `n` of many that are open: at the case officer's of a bureau, some in the officer's own hands, some in a colleague's.
fn open_case(bureau: &Bureau, n: u64, me: &str) -> (StreamId, Rows) {
    let id = format!("00000000-0000-7000-8000-{n:012}");
    let due = (!n.is_multiple_of(7)).then(|| day((n % 40) as i64));
    let (organisation, region) = (bureau.organisation.code.clone(), bureau.region().to_string());
    let row = CaseRow {
        id: id.clone(),
        number: format!("{region}20261101{n:07}"),
        matter: "construction-permit".to_owned(),
        organisation: organisation.clone(),
        region: region.clone(),
        stage: "accepted",
        subject: "s".to_owned(),
        applicant_code: String::new(),
        applicant_name: String::new(),
        account: String::new(),
        title: "title".to_owned(),
        received_at: n as i64,
        due_on: due,
        yellow_on: due,
        red_on: due,
        paused: false,
        incident: false,
    };
    let task = TaskRow {
        case: id.clone(),
        task: 1,
        element: "review".to_owned(),
        kind: "review",
        matter: row.matter.clone(),
        organisation,
        region,
        post_kind: "case-officer".to_owned(),
        claimed_by: [me, "colleague", "", ""][(n % 4) as usize].to_owned(),
        opened_at: n as i64,
        due_on: due,
        yellow_on: due,
        red_on: due,
        paused: false,
    };
    let timers = vec![TimerRow { name: "deemed".to_owned(), due_at: i64::MAX - n as i64 }];
    (StreamId::case(id), Rows { case: Some(row), tasks: vec![task], timers, ..Rows::default() })
}

/// So many more cases stand open at a bureau: rows as the writer writes them, and a state each.
async fn fill(world: &World, bureau: &Bureau, numbers: std::ops::Range<u64>, me: &str) {
    let mut from = numbers.start;
    while from < numbers.end {
        let to = numbers.end.min(from + 10_000);
        write(world, bureau, from..to, me).await;
        from = to;
    }
}

async fn write(world: &World, bureau: &Bureau, numbers: std::ops::Range<u64>, me: &str) {
    let (bureau, me) = (bureau.clone(), me.to_owned());
    let written = world.store.write(move |writes| {
        let mut difference = Difference::default();
        let mut states = Vec::new();
        for n in numbers.clone() {
            let (stream, rows) = open_case(&bureau, n, &me);
            difference.add(&TableRows::new(), table_rows(&stream, 1, n, &rows));
            states.push(values![&stream, 1_i64, n, vec![0_u8; 32]].to_vec());
        }
        writes.connection().insert_all(&tables::STATES, &states)?;
        difference.write(writes.connection())
    });
    written.await.unwrap();
}

/// What was asked, and what it cost.
type Costs = Vec<(&'static str, Work)>;

/// What a case officer does in a day, in a store of its own with so many open cases.
async fn costs(world: &World, own: u64, others: u64) -> Costs {
    let desk = Desk::open(world).await;
    let me = desk.county.account_of("case-officer").to_string();
    let case = desk.apply(&desk.county, &wish(1)).await;
    desk.advance(&desk.county, case, 1).await;
    fill(world, &desk.county, 0..own, &me).await;
    fill(world, &desk.other, own..own + others, &me).await;

    let (mut costs, folder) = (Vec::new(), world.data());
    let scope = desk.scope(&desk.county, "case-officer");
    let filter = TaskFilter {
        post_kinds: vec!["case-officer".to_owned()],
        organisation: Some(desk.county.organisation.code.clone()),
        claimed: Claimed::ByOrUnclaimed(me),
        ..TaskFilter::default()
    };
    let mut page = Page { after: None, rows: ROWS };
    let mut last = String::new();
    for name in ["the first page", "the second page", "the third page"] {
        let (scope, filter, asked, before) = (scope.clone(), filter.clone(), page.clone(), work::of(&folder));
        let listed = world.store.read(move |reader| reader.tasks(&scope, &filter, &asked)).await.unwrap();
        costs.push((name, work::of(&folder) - before));
        assert_eq!(listed.rows.len(), ROWS as usize);
        last = listed.rows[0].case.clone();
        page.after = listed.next;
    }
    let middle = Page { after: Some(Cursor::of(&values![day(20).to_string(), "", 0_u32])), rows: ROWS };
    let (asked, within, before) = (filter.clone(), scope.clone(), work::of(&folder));
    let listed = world.store.read(move |reader| reader.tasks(&within, &asked, &middle)).await.unwrap();
    costs.push(("a page in the middle", work::of(&folder) - before));
    assert_eq!(listed.rows.len(), ROWS as usize);
    let (asked, within, before) = (filter.clone(), scope.clone(), work::of(&folder));
    let beside = world.store.read(move |reader| reader.tasks_beside(&within, &asked, &last)).await.unwrap();
    costs.push(("the cases beside one", work::of(&folder) - before));
    assert!(beside.previous.is_some() && beside.next.is_some());
    if own == FEW {
        let (today, before) = (day(20), work::of(&folder));
        let lights = world.store.read(move |reader| reader.task_lights(&Scope::everything(), &filter, today)).await;
        assert!(lights.unwrap().green > 0);
        costs.push(("the counters of an inbox of a hundred", work::of(&folder) - before));
    }
    let before = work::of(&folder);
    desk.step(&desk.county, case, 1).await.unwrap();
    costs.push(("a step, from its facts to its commit", work::of(&folder) - before));
    costs
}

/// In worlds that differ in nothing else.
fn costs_with(own: u64, others: u64) -> Costs {
    let mut found = Costs::new();
    World::run(Kind::Sqlite, async |world| found = costs(&world, own, others).await);
    for (what, work) in &found {
        assert!(work.steps > 0, "{what} was not counted");
        // The tasks of one case are sorted, to find where it stands; no list is.
        let of_one_case = if what.contains("beside") { 2 } else { 0 };
        assert!(work.scanned == 0 && work.sorts <= of_one_case, "{what} scans or sorts a list: {found:?}");
    }
    found
}

#[test]
fn a_step_costs_the_same_with_a_hundred_and_a_hundred_thousand_open_cases() {
    let few = costs_with(FEW, 0);
    for (place, costs) in [("elsewhere", costs_with(FEW, 10_000)), ("here", costs_with(MANY, 0))] {
        for (what, work) in &costs {
            let (_, with_few) = few.iter().find(|(name, _)| name == what).unwrap();
            // A hundred cases end before as many were looked at on either side as there may be.
            let more = if what.contains("beside") { with_few.steps } else { FEW_ROWS };
            let costs_more = work.steps - with_few.steps;
            assert!(costs_more <= more, "{what}, {place}: {work:?}, and {with_few:?} of few");
        }
    }
}

/// The licences of one holder, among so many of as many others: what a matter's fact asks.
async fn fact(world: &World, records: u64) -> Work {
    let field = |name: &str| Field { name: name.to_owned(), kind: FieldKind::Text };
    let holder = [field("holder")];
    world.store.write(move |writes| writes.declare_fields("licences", &holder)).await.unwrap();
    let written = join_all((0..records).map(|n| {
        let body = json!({ "holder": format!("9113{n:06}"), "kind": "gas-business-licence" });
        world.submit(record("licences", &format!("l-{n}"), "130123", body))
    }));
    assert!(written.await.iter().all(Result::is_ok));
    let equal = |field: &str, value: &str| Filter::Eq(field.to_owned(), Scalar::Text(value.to_owned()));
    let query = RecordQuery {
        register: "licences".to_owned(),
        fields: vec![field("holder"), field("kind")],
        filter: Some(Filter::And(vec![equal("holder", "9113000042"), equal("kind", "gas-business-licence")])),
        order: None,
        descending: false,
    };
    let (folder, page) = (world.data(), Page { after: None, rows: 100 });
    let before = work::of(&folder);
    let found = world.store.read(move |reader| reader.records(&Scope::everything(), &query, &page)).await.unwrap();
    assert_eq!(found.rows.len(), 1);
    work::of(&folder) - before
}

#[test]
fn a_fact_costs_the_same_among_a_hundred_records_and_among_thousands() {
    let cost = |records: u64| {
        let mut cost = None;
        World::run(Kind::Sqlite, async |world| cost = Some(fact(&world, records).await));
        cost.unwrap()
    };
    let (few, many) = (cost(FEW), cost(3_000));
    assert!(many.steps - few.steps <= FEW_ROWS && many.scanned == 0 && many.sorts == 0, "{few:?} {many:?}");
}
