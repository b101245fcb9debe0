//! Real cases in searches and lists: found by any two characters, by those who may see them, each once while others are added.

use std::collections::BTreeSet;

use base::id::CaseId;
use kernel::directory::{DirectoryCommand, Post};
use kernel::policy::Scope;
use kernel::{Command, StreamId};
use serde_json::json;
use testkit::bureau::{self, Wish};
use tokio::task::block_in_place;

use super::acts::join_all;
use super::desk::{Desk, wish};
use super::world::World;
use crate::{CaseFilter, CaseOrder, Cursor, Page, SubmitError, TaskFilter, fold};

const PROJECTS: [&str; 6] =
    ["和平路住宅楼(一期)", "地铁三号线A1标段", "房地产开发综合体", "体育中心扩建", "污水处理厂", "A1 仓库"];

fn project(n: usize) -> Wish {
    Wish { project: PROJECTS[n % PROJECTS.len()].to_owned(), ..wish(n) }
}

/// Streams found, in order.
async fn search(world: &World, scope: Scope, query: &str) -> Vec<String> {
    let query = query.to_owned();
    let found = world.store.read(move |reader| reader.search(&scope, None, &query, &Page::default())).await.unwrap();
    assert!(found.next.is_none());
    let mut streams: Vec<String> = found.rows.into_iter().map(|row| row.stream).collect();
    streams.sort();
    streams
}

pub(super) async fn two_characters_are_found_in_ones_own_region_and_nowhere_else(world: World) {
    let desk = Desk::open(&world).await;
    let mut texts: Vec<(String, String, String)> = Vec::new();
    for n in 0..12 {
        let bureau = if n % 3 == 0 { &desk.other } else { &desk.county };
        let case = desk.apply(bureau, &project(n)).await;
        let state = desk.case(case).await;
        let text = [&state.number, &state.title, &state.applicant.name, &state.applicant.code].map(String::as_str);
        texts.push((StreamId::case(case).to_string(), bureau.region().to_string(), fold(&text.join(" "))));
    }
    let mut queries: BTreeSet<String> =
        ["不存在", "1301", "置业 扩建", "' or 1", "\"*", "证"].map(str::to_owned).into();
    for project in PROJECTS {
        let characters: Vec<char> = project.chars().collect();
        queries.extend(characters.windows(2).map(|pair| pair.iter().collect::<String>()));
    }
    for query in &queries {
        let words: Vec<String> =
            fold(query).split(' ').filter(|word| word.chars().count() > 1).map(str::to_owned).collect();
        let holds = |text: &str| !words.is_empty() && words.iter().all(|word| text.contains(word.as_str()));
        for bureau in [&desk.county, &desk.other] {
            let region = bureau.region().to_string();
            let own = texts.iter().filter(|(_, of, text)| *of == region && holds(text));
            let mut expected: Vec<&String> = own.map(|(stream, ..)| stream).collect();
            expected.sort();
            let scope = desk.scope(bureau, "window-clerk");
            let found = search(&world, scope.clone(), query).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{query} in {region}");
            // The same words in the list of cases and in the inbox.
            let listed = listed(&world, scope, query).await;
            assert_eq!(listed, [expected.len(); 2], "{query} in the lists of {region}");
        }
    }
    // The number of a case of the other county, typed whole, answers as if there were none. Its own applicant finds it.
    let foreign = texts.iter().find(|(_, of, _)| *of == desk.other.region().to_string()).unwrap();
    let number = foreign.2.split(' ').next().unwrap();
    assert_eq!(search(&world, desk.scope(&desk.county, "window-clerk"), number).await, [] as [&str; 0]);
    let owner = Scope::own(&bureau::applicant(project(0).applicant).0.to_string());
    assert_eq!(search(&world, owner, number).await, [foreign.0.as_str()]);
    assert_eq!(search(&world, Scope::own("nobody"), number).await, [] as [&str; 0]);
}

/// How many cases and how many tasks a scope lists for some words.
async fn listed(world: &World, scope: Scope, words: &str) -> [usize; 2] {
    let text = Some(words.to_owned());
    let read = world.store.read(move |reader| {
        let cases =
            reader.cases(&scope, &CaseFilter { text: text.clone(), ..CaseFilter::default() }, &Page::default())?;
        let tasks = reader.tasks(&scope, &TaskFilter { text, ..TaskFilter::default() }, &Page::default())?;
        Ok([cases.rows.len(), tasks.rows.len()])
    });
    read.await.unwrap()
}

/// Reads a list page by page; before each next page others apply, and cases of the list move on.
async fn read_while_it_grows(world: &World, desk: &Desk<'_>, order: CaseOrder, moved: &[CaseId]) -> Vec<String> {
    let scope = desk.scope(&desk.county, "window-clerk");
    let (mut found, mut page, mut round) = (Vec::new(), Page { after: None, rows: 4 }, 0);
    loop {
        let (scope, asked) = (scope.clone(), page.clone());
        let filter = CaseFilter { order, ..CaseFilter::default() };
        let listed = world.store.read(move |reader| reader.cases(&scope, &filter, &asked)).await.unwrap();
        found.extend(listed.rows.into_iter().map(|row| row.id));
        let Some(next) = listed.next else { return found };
        page.after = Some(Cursor::parse(next.as_str()).unwrap());
        let new = (0..3).map(|n| async move { desk.apply(&desk.county, &project(100 + round * 3 + n)).await });
        join_all(new).await;
        if let Some(case) = moved.get(round) {
            desk.step(&desk.county, *case, 0).await.unwrap();
        }
        round += 1;
    }
}

pub(super) async fn a_list_shows_each_case_once_while_others_are_added(world: World) {
    let desk = Desk::open(&world).await;
    let mut cases = Vec::new();
    for n in 0..17 {
        cases.push(desk.apply(&desk.county, &project(n)).await);
        world.pass(7 * 60 * 60 * 1_000_000);
    }
    for order in [CaseOrder::Received, CaseOrder::Due] {
        // In order of time received nothing moves; in order of due day an accepted case does, so that only the others must be there.
        let (moved, still) = cases.split_at(if order == CaseOrder::Due { 4 } else { 0 });
        let found = read_while_it_grows(&world, &desk, order, moved).await;
        let distinct: BTreeSet<&String> = found.iter().collect();
        let repeated = found.len() - distinct.len();
        assert!(repeated <= moved.len(), "{order:?}: {repeated} of {} came twice", found.len());
        for case in still {
            let times = found.iter().filter(|id| **id == case.to_string()).count();
            assert_eq!(times, 1, "{order:?}");
        }
    }
}

/// A cursor comes from an address: whatever stands in it, a list answers, and nothing of it reaches the database unchecked.
pub(super) async fn whatever_stands_in_an_address_a_list_answers(world: World) {
    let desk = Desk::open(&world).await;
    for n in 0..3 {
        desk.apply(&desk.county, &project(n)).await;
    }
    let forged =
        [json!(["a", "b"]), json!([1, 2]), json!([1, "\u{0}"]), json!(["x", 1]), json!([1]), json!(["2026", "a", "b"])];
    for cursor in forged {
        let text = data_encoding::BASE64URL_NOPAD.encode(cursor.to_string().as_bytes());
        let page = Page { after: Some(Cursor::parse(&text).unwrap()), rows: 10 };
        let read = world.store.read(move |reader| {
            let all = Scope::everything();
            let due = CaseFilter { order: CaseOrder::Due, ..CaseFilter::default() };
            let received = reader.cases(&all, &CaseFilter::default(), &page)?.rows.len();
            let due = reader.cases(&all, &due, &page)?.rows.len();
            let tasks = reader.tasks(&all, &TaskFilter::default(), &page)?.rows.len();
            Ok([received, due, tasks, reader.search(&all, Some("case"), "示例", &page)?.rows.len()])
        });
        let counts = read.await.unwrap();
        // Of the right shape for one list it may name a place there; in every other it is the list's beginning.
        assert!(counts.iter().filter(|count| **count == 3).count() >= 3, "{cursor}: {counts:?}");
    }
    let read = world.store.read(|reader| {
        let (all, nul) = (Scope::everything(), || Some("a\u{0}".to_owned()));
        let cases = CaseFilter { matter: nul(), applicants: vec!["\u{0}".to_owned()], ..CaseFilter::default() };
        let tasks = TaskFilter { element: nul(), post_kinds: vec!["\u{0}".to_owned()], ..TaskFilter::default() };
        Ok((
            reader.cases(&all, &cases, &Page::default())?.rows.len()
                + reader.tasks(&all, &tasks, &Page::default())?.rows.len(),
            reader.case_by_number(&all, "\u{0}")?.is_some() || reader.document("\u{0}", "0")?.is_some(),
            reader.search(&all, None, "示\u{0}例", &Page::default())?.rows.len(),
        ))
    });
    assert_eq!(read.await.unwrap(), (0, false, 0));
}

/// A row that is found by its own key belongs to one stream: who would take another's is refused, and nothing of that one changes.
pub(super) async fn no_stream_takes_the_row_of_another(world: World) {
    let desk = Desk::open(&world).await;
    let (clerk, thief) = (desk.county.account_of("window-clerk"), desk.other.account_of("case-officer"));
    let assign = |account, post| Command::Directory(DirectoryCommand::Assign { account, post });
    let post = desk.county.post_of("window-clerk");
    let wish = wish(1);
    let (case, stolen, own) = tokio::join!(
        desk.try_apply(&desk.county, &wish),
        world.submit(assign(thief, post.clone())),
        world.submit(assign(clerk, Post { kind: "case-officer".to_owned(), ..desk.county.post_of("director") })),
    );
    assert!(case.is_ok() && matches!(stolen, Err(SubmitError::Fault(_))) && matches!(own, Err(SubmitError::Fault(_))));
    let id = post.id.to_string();
    let read = world
        .store
        .read(move |reader| Ok((reader.posts_of(&clerk.to_string())?, reader.posts_of(&thief.to_string())?)));
    let (clerks, thiefs) = read.await.unwrap();
    assert_eq!((clerks.len(), clerks[0].post.as_str(), thiefs.len()), (1, id.as_str(), 1));
    assert_eq!(block_in_place(|| world.store.verify().unwrap()).mismatches, []);
}
