//! Lists over rows of cases, written as the writer would.

use base::deadline::Light;
use jiff::civil::Date;
use kernel::StreamId;
use kernel::policy::Scope;
use kernel::projection::{CaseRow, Rows, SearchRow, TaskRow, TimerRow};

use super::world::World;
use crate::sql::{tables, values};
use crate::writer::rows::{Difference, TableRows, table_rows};
use crate::{
    CaseFilter, CaseOrder, Claimed, Cursor, Fault, Lights, Listed, Page, Reader, TallyQuery, TaskFilter, fold,
};

const REGIONS: [&str; 4] = ["130102", "130104", "130200", "410100"];
const TITLES: [&str; 5] = ["和平路住宅楼", "地铁三号线(一期)", "房地产开发项目 A1", "体育中心扩建", "a1 仓库"];

pub(super) fn day(offset: i64) -> Date {
    "2026-11-01".parse::<Date>().unwrap().saturating_add(jiff::Span::new().days(offset))
}

/// Case `n` of a made-up world: everything follows from its number.
fn case(n: u64) -> (StreamId, Rows) {
    let id = format!("00000000-0000-7000-8000-{n:012}");
    let pick = |list: &[&str]| list[(n as usize * 7 / 3) % list.len()].to_owned();
    let due = (!n.is_multiple_of(5)).then(|| day((n % 40) as i64));
    let shift = |days: i64| due.map(|due| due.saturating_add(jiff::Span::new().days(days)));
    let row = CaseRow {
        id: id.clone(),
        number: format!("长住20261101{n:06}"),
        matter: pick(&["construction-permit", "completion-filing"]),
        organisation: format!("{}-zjj", pick(&REGIONS)),
        region: pick(&REGIONS),
        stage: if n.is_multiple_of(3) { "submitted" } else { "accepted" },
        subject: "s".to_owned(),
        applicant_code: format!("91{}", n % 6),
        applicant_name: format!("企业{}", n % 6),
        account: if n.is_multiple_of(4) { "me".to_owned() } else { String::new() },
        title: TITLES[n as usize % TITLES.len()].to_owned(),
        received_at: 1_000_000 + (n / 3) as i64,
        due_on: due,
        yellow_on: shift(-3),
        red_on: shift(1),
        paused: n.is_multiple_of(11),
        incident: n.is_multiple_of(13),
    };
    let task = TaskRow {
        case: id.clone(),
        task: 1,
        element: "review".to_owned(),
        kind: "review",
        matter: row.matter.clone(),
        organisation: row.organisation.clone(),
        region: row.region.clone(),
        post_kind: if n.is_multiple_of(2) { "clerk" } else { "head" }.to_owned(),
        claimed_by: ["", "me", "other"][n as usize % 3].to_owned(),
        opened_at: row.received_at,
        due_on: row.due_on,
        yellow_on: row.yellow_on,
        red_on: row.red_on,
        paused: row.paused,
    };
    let words = SearchRow {
        family: "case".to_owned(),
        region: row.region.clone(),
        organisation: row.organisation.clone(),
        text: format!("{} {} {}", row.number, row.title, row.applicant_name),
    };
    let timers = vec![TimerRow { name: "deemed".to_owned(), due_at: row.received_at + 10 }];
    let rows = Rows { case: Some(row), tasks: vec![task], timers, words: Some(words), ..Rows::default() };
    (StreamId::case(id), rows)
}

async fn filled(world: &World, count: u64) -> Vec<CaseRow> {
    world
        .store
        .write(move |writes| {
            let mut difference = Difference::default();
            for n in 0..count {
                let (stream, rows) = case(n);
                difference.add(&TableRows::new(), table_rows(&stream, 1, n, &rows));
            }
            difference.write(writes.connection())
        })
        .await
        .unwrap();
    (0..count).filter_map(|n| case(n).1.case).collect()
}

/// Reads a whole list, page by page.
async fn whole<T: Send + 'static>(
    world: &World,
    rows: u32,
    list: impl Fn(&mut Reader<'_>, &Page) -> Result<Listed<T>, Fault> + Clone + Send + 'static,
) -> Vec<T> {
    let (mut found, mut page) = (Vec::new(), Page { after: None, rows });
    loop {
        let (list, asked) = (list.clone(), page.clone());
        let listed = world.store.read(move |reader| list(reader, &asked)).await.unwrap();
        assert!(listed.rows.len() <= rows as usize);
        found.extend(listed.rows);
        let Some(next) = listed.next else { return found };
        // As it comes back from an address.
        page.after = Some(Cursor::parse(next.as_str()).unwrap());
    }
}

pub(super) async fn cases_are_paged_without_gap_or_repeat(world: World) {
    let mut all = filled(&world, 90).await;
    for (order, rows) in [(CaseOrder::Received, 7), (CaseOrder::Due, 1), (CaseOrder::Due, 100)] {
        match order {
            CaseOrder::Received => all.sort_by(|a, b| (b.received_at, &b.id).cmp(&(a.received_at, &a.id))),
            CaseOrder::Due => all.sort_by_key(|row| (row.due_on.is_none(), row.due_on, row.id.clone())),
        }
        let filter = CaseFilter { order, ..CaseFilter::default() };
        let found = whole(&world, rows, move |reader, page| reader.cases(&Scope::everything(), &filter, page)).await;
        let ids = |rows: Vec<String>| rows;
        assert_eq!(
            ids(found.into_iter().map(|row| row.id).collect()),
            ids(all.iter().map(|row| row.id.clone()).collect())
        );
    }
    let number = all[5].number.clone();
    let (one, other, none) = (all[5].id.clone(), all[6].id.clone(), Scope::own("nobody"));
    let (found, by_id, hidden) = world
        .store
        .read(move |reader| {
            let everything = Scope::everything();
            Ok((
                reader.case_by_number(&everything, &number)?,
                reader.case_by_id(&everything, &other)?,
                reader.case_by_number(&none, &number)?,
            ))
        })
        .await
        .unwrap();
    assert_eq!((found.unwrap().id, by_id.unwrap().id, hidden), (one, all[6].id.clone(), None));
}

/// Every scope × every list, against the plain rule over all rows.
pub(super) async fn no_list_leaks_beyond_its_scope(world: World) {
    let all = filled(&world, 60).await;
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    let scopes = [
        Scope::everything(),
        Scope::default(),
        Scope::own("me"),
        Scope { regions: texts(&["1301"]), ..Scope::default() },
        Scope { regions: texts(&["13"]), targets: texts(&["completion-filing"]), ..Scope::default() },
        Scope { organisations: texts(&["130104-zjj"]), ..Scope::default() },
        Scope {
            regions: texts(&["41"]),
            organisations: texts(&["130200-zjj"]),
            account: Some("me".to_owned()),
            ..Scope::default()
        },
        Scope { targets: texts(&["construction-permit"]), account: Some("me".to_owned()), ..Scope::default() },
    ];
    for scope in scopes {
        let sees = |row: &CaseRow, own: bool| {
            let place = scope.regions.iter().any(|prefix| row.region.starts_with(prefix.as_str()))
                || scope.organisations.contains(&row.organisation);
            let target = scope.targets.is_empty() || scope.targets.contains(&row.matter);
            scope.everything || (place && target) || (own && scope.account.as_deref() == Some(row.account.as_str()))
        };
        let expect = |own: bool| {
            let mut ids: Vec<String> = all.iter().filter(|row| sees(row, own)).map(|row| row.id.clone()).collect();
            ids.sort();
            ids
        };
        let within = scope.clone();
        let mut cases: Vec<String> =
            whole(&world, 9, move |reader, page| reader.cases(&within, &CaseFilter::default(), page))
                .await
                .into_iter()
                .map(|row| row.id)
                .collect();
        cases.sort();
        assert_eq!(cases, expect(true), "cases of {scope:?}");
        let within = scope.clone();
        let mut tasks: Vec<String> =
            whole(&world, 9, move |reader, page| reader.tasks(&within, &TaskFilter::default(), page))
                .await
                .into_iter()
                .map(|row| row.case)
                .collect();
        tasks.sort();
        assert_eq!(tasks, expect(false), "tasks of {scope:?}");
        let within = scope.clone();
        let mut found: Vec<String> = whole(&world, 9, move |reader, page| reader.search(&within, None, "企业", page))
            .await
            .into_iter()
            .map(|row| row.stream.trim_start_matches("case/").to_owned())
            .collect();
        found.sort();
        assert_eq!(found, expect(true), "search of {scope:?}");
        let within = scope.clone();
        let counted =
            world.store.read(move |reader| reader.count_cases(&within, &CaseFilter::default(), 1_000)).await.unwrap();
        assert_eq!(counted as usize, expect(true).len(), "count of {scope:?}");
    }
}

pub(super) async fn lights_are_counted_as_they_are_listed(world: World) {
    let all = filled(&world, 120).await;
    let today = day(20);
    let lights = world.store.read(move |reader| {
        let everything = Scope::everything();
        Ok((
            reader.case_lights(&everything, &CaseFilter::default(), today)?,
            reader.task_lights(&everything, &TaskFilter::default(), today)?,
        ))
    });
    let (cases, tasks) = lights.await.unwrap();
    assert_eq!(cases, tasks);
    let mut expected = Lights::default();
    for row in &all {
        match (row.paused, row.due_on, row.yellow_on, row.red_on) {
            (true, ..) => expected.hold += 1,
            (_, None, ..) => {}
            (_, _, _, Some(red)) if red <= today => expected.red += 1,
            (_, _, Some(yellow), _) if yellow <= today => expected.yellow += 1,
            _ => expected.green += 1,
        }
    }
    assert_eq!(cases, expected);
    assert!(expected.hold > 0 && expected.green > 0 && expected.yellow > 0 && expected.red > 0);
    for (light, count) in
        [(Light::Hold, cases.hold), (Light::Green, cases.green), (Light::Yellow, cases.yellow), (Light::Red, cases.red)]
    {
        let filter = CaseFilter { light: Some((light, today)), ..CaseFilter::default() };
        let listed = whole(&world, 50, move |reader, page| reader.cases(&Scope::everything(), &filter, page)).await;
        assert_eq!(listed.len() as u64, count, "{light:?}");
    }
}

pub(super) async fn the_inbox_shows_what_a_post_may_take(world: World) {
    filled(&world, 60).await;
    let list = async |filter: TaskFilter| {
        whole(&world, 13, move |reader, page| reader.tasks(&Scope::everything(), &filter, page)).await
    };
    let clerk = TaskFilter { post_kinds: vec!["clerk".to_owned()], ..TaskFilter::default() };
    let all = list(clerk.clone()).await;
    assert_eq!(all.len(), 30);
    assert!(all.is_sorted_by_key(|task| (task.due_on.is_none(), task.due_on, task.case.clone())));
    assert!(
        all.iter().all(|task| task.post_kind == "clerk" && task.number.starts_with("长住") && !task.title.is_empty())
    );
    let claimed = |claimed: Claimed| TaskFilter { claimed, ..clerk.clone() };
    let me = || "me".to_owned();
    let counts = [
        list(claimed(Claimed::By(me()))).await.len(),
        list(claimed(Claimed::Unclaimed)).await.len(),
        list(claimed(Claimed::ByOrUnclaimed(me()))).await.len(),
    ];
    assert_eq!(counts, [10, 10, 20]);
    let narrow = TaskFilter {
        organisation: Some("130102-zjj".to_owned()),
        matter: Some("construction-permit".to_owned()),
        region: Some("1301".to_owned()),
        element: Some("review".to_owned()),
        kind: Some("review".to_owned()),
        text: Some("住宅 企业".to_owned()),
        ..TaskFilter::default()
    };
    let found = list(narrow).await;
    assert!(!found.is_empty());
    assert!(found.iter().all(|task| task.organisation == "130102-zjj" && task.title.contains("住宅")));
    let one = list(TaskFilter { case: Some(all[0].case.clone()), ..TaskFilter::default() }).await;
    assert_eq!(one, [all[0].clone()]);
}

pub(super) async fn timers_and_counters_are_read(world: World) {
    filled(&world, 9).await;
    let (due, next) =
        world.store.read(|reader| Ok((reader.timers_due(1_000_011, None, 100)?, reader.next_timer()?))).await.unwrap();
    assert_eq!((due.len(), due[0].due_at, next), (6, 1_000_010, Some(1_000_010)));
    // Two batches add to the same counter.
    for n in [2i64, 5] {
        world
            .store
            .write(move |writes| {
                let row = |day: &str, region: &str, n: i64| values!["accepted", day, "m", region, "o", n].to_vec();
                let rows = [row("2026-11-01", "130102", n), row("2026-11-02", "130200", 1)];
                writes.connection().upsert_all(&tables::TALLIES, &rows)
            })
            .await
            .unwrap();
    }
    let sum = |query: TallyQuery, scope: Scope| world.store.read(move |reader| reader.tally(&scope, &query));
    let query = TallyQuery { metric: "accepted".to_owned(), ..TallyQuery::default() };
    assert_eq!(sum(query.clone(), Scope::everything()).await.unwrap(), 9);
    assert_eq!(sum(TallyQuery { until: Some(day(0)), ..query.clone() }, Scope::everything()).await.unwrap(), 7);
    assert_eq!(
        sum(TallyQuery { region: Some("1302".to_owned()), ..query.clone() }, Scope::everything()).await.unwrap(),
        2
    );
    let own = Scope { regions: vec!["1301".to_owned()], ..Scope::default() };
    assert_eq!(sum(query.clone(), own).await.unwrap(), 7);
    assert_eq!(sum(TallyQuery { metric: "granted".to_owned(), ..query }, Scope::everything()).await.unwrap(), 0);
}

/// Every substring of two and more characters of some texts, and words that are nowhere, against a plain scan.
pub(super) async fn search_finds_what_a_substring_scan_finds(world: World) {
    filled(&world, 30).await;
    let texts: Vec<(String, String)> = (0..30)
        .filter_map(|n| {
            let (stream, rows) = case(n);
            Some((stream.to_string(), fold(&rows.words?.text)))
        })
        .collect();
    let mut queries: Vec<String> = vec![
        "地产".into(),
        "住宅 企业3".into(),
        "不存在".into(),
        "A1".into(),
        "(一".into(),
        "\" or 1".into(),
        "'*".into(),
    ];
    for title in TITLES {
        let characters: Vec<char> = title.chars().collect();
        for length in 2..=characters.len().min(5) {
            queries.extend(characters.windows(length).map(|part| part.iter().collect::<String>()));
        }
    }
    for query in queries {
        let words: Vec<String> =
            fold(&query).split(' ').filter(|word| word.chars().count() >= 2).map(str::to_owned).collect();
        let mut expected: Vec<&String> = texts
            .iter()
            .filter(|(_, text)| !words.is_empty() && words.iter().all(|word| text.contains(word.as_str())))
            .map(|(stream, _)| stream)
            .collect();
        expected.sort();
        let asked = query.clone();
        let found =
            whole(&world, 20, move |reader, page| reader.search(&Scope::everything(), Some("case"), &asked, page))
                .await;
        let mut found: Vec<&String> = found.iter().map(|row| &row.stream).collect();
        found.sort();
        assert_eq!(found, expected, "{query}");
    }
    // A changed text is found by its new words alone.
    world
        .store
        .write(|writes| {
            let (stream, mut rows) = case(0);
            let before = table_rows(&stream, 1, 0, &rows);
            if let Some(words) = &mut rows.words {
                words.text = "污水处理厂".to_owned();
            }
            let mut difference = Difference::default();
            difference.add(&before, table_rows(&stream, 2, 99, &rows));
            difference.write(writes.connection())
        })
        .await
        .unwrap();
    let count = async |query: &'static str| {
        whole(&world, 50, move |reader, page| reader.search(&Scope::everything(), None, query, page)).await.len()
    };
    assert_eq!((count("污水处理").await, count("和平路").await), (1, 5));
}
