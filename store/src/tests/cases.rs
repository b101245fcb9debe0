//! Rows of real cases: each follows its case, numbers and claims hold under everybody at once, counters equal a recount.

use std::collections::BTreeMap;

use base::id::CaseId;
use base::time;
use jiff::civil::Date;
use kernel::case::{CaseCommand, Stage, TIMER_DEEMED};
use kernel::catalog::matter::DeliveryKind;
use kernel::directory::DirectoryCommand;
use kernel::policy::Scope;
use kernel::record::{LicenceChange, RecordCommand, RecordWrite};
use kernel::reminder::{Reminder, ReminderSent};
use kernel::{Command, Event, Refusal, StreamId};
use serde_json::json;
use testkit::bureau;
use tokio::task::block_in_place;

use super::acts::join_all;
use super::desk::{Desk, wish};
use super::world::World;
use crate::sql::{tables, values};
use crate::{CaseFilter, Claim, Claimed, DueTimer, Fault, Page, SubmitError, TallyQuery, TaskFilter};

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

/// What the lists say of one case.
#[derive(Debug, PartialEq)]
struct Shown {
    stage: String,
    due_on: Option<Date>,
    tasks: Vec<String>,
    timers: Vec<(String, i64)>,
    documents: Vec<String>,
}

async fn shown(world: &World, case: CaseId) -> Shown {
    let read = world.store.read(move |reader| {
        let (everything, stream) = (Scope::everything(), StreamId::case(case));
        let row = reader.case_by_id(&everything, &case.to_string())?.unwrap();
        let filter = TaskFilter { case: Some(row.id), ..TaskFilter::default() };
        let tasks = reader.tasks(&everything, &filter, &Page::default())?.rows.into_iter().map(|task| task.element);
        let timers = reader.timers_due(i64::MAX, None, 1_000)?.into_iter().filter(|timer| timer.stream == stream);
        Ok(Shown {
            stage: row.stage,
            due_on: row.due_on,
            tasks: tasks.collect(),
            timers: timers.map(|timer| (timer.name, timer.due_at)).collect(),
            documents: reader.documents_of(&stream)?.into_iter().map(|document| document.kind).collect(),
        })
    });
    let mut shown = read.await.unwrap();
    shown.documents.sort();
    shown
}

pub(super) async fn rows_follow_their_case_from_application_to_delivery(world: World) {
    let desk = Desk::open(&world).await;
    let case = desk.apply(&desk.county, &wish(1)).await;
    let expect = |stage: &str, due_on: Option<Date>, tasks: &[&str], timers: Vec<(String, i64)>, documents: &[&str]| {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Shown { stage: stage.to_owned(), due_on, tasks: texts(tasks), timers, documents: texts(documents) }
    };
    let accept_by = desk.case(case).await.clocks.accept_by.unwrap().on;
    // Silence is acceptance with the end of the fifth working day (行政许可法 art. 32).
    let silence = (TIMER_DEEMED.to_owned(), time::end_of_day(accept_by).unwrap().as_microsecond());
    let submitted = expect("submitted", Some(accept_by), &["accept"], vec![silence], &["receipt"]);
    assert_eq!(shown(&world, case).await, submitted);
    for (step, next) in ["review", "head", "decide"].into_iter().enumerate() {
        desk.step(&desk.county, case, step).await.unwrap();
        let promised = desk.case(case).await.clocks.promised.unwrap().on;
        let accepted = expect("accepted", Some(promised), &[next], Vec::new(), &["acceptance", "receipt"]);
        assert_eq!(shown(&world, case).await, accepted);
    }
    desk.step(&desk.county, case, 3).await.unwrap();
    let papers = ["acceptance", "certificate", "grant", "receipt"];
    assert_eq!(shown(&world, case).await, expect("granted", None, &[], Vec::new(), &papers));
    let deliver = CaseCommand::Deliver { method: DeliveryKind::Electronic, signer: None };
    desk.act(&desk.county, case, bureau::as_applicant(1), deliver).await.unwrap();
    let papers = ["acceptance", "certificate", "delivery", "grant", "receipt"];
    assert_eq!(shown(&world, case).await, expect("delivered", None, &[], Vec::new(), &papers));
    assert_eq!(block_in_place(|| world.store.verify().unwrap()).mismatches, []);
}

pub(super) async fn a_certificate_is_found_by_number_and_code_and_printed_once(world: World) {
    let desk = Desk::open(&world).await;
    let case = desk.apply(&desk.county, &wish(1)).await;
    desk.advance(&desk.county, case, 4).await;
    let state = desk.case(case).await;
    let (paper, licence) = (state.notices.last().unwrap().clone(), state.result.unwrap());
    let now = world.now();
    let work = world.store.write(move |writes| {
        let (queue, lease, until) = ("render", "printer", now + 1);
        writes.claim_outbox(&Claim { queue, lease, now, until, each: 10, after: "", limit: 10 })
    });
    let work = work.await.unwrap();
    assert_eq!(work.len(), 1, "{work:?}");
    // Told twice by a printer that was interrupted.
    for _ in 0..2 {
        let (number, pdf_hash, file) = (paper.number.clone(), "ab".repeat(32), "cd".repeat(32));
        desk.by_system(&desk.county, case, CaseCommand::PaperRendered { number, pdf_hash, file }).await.unwrap();
    }
    let (number, code) = (paper.number, paper.code);
    let read = world.store.read(move |reader| {
        let wrong = [reader.document(&number, "00")?, reader.document("00", &code)?];
        let record = reader.record(&Scope::everything(), &licence.register, &licence.id)?.unwrap();
        Ok((reader.document(&number, &code)?.unwrap(), wrong, record, reader.timers_due(i64::MAX, None, 1_000)?))
    });
    let (document, wrong, record, timers) = read.await.unwrap();
    assert_eq!((document.kind.as_str(), document.pdf_hash), ("certificate", Some("ab".repeat(32))));
    assert_eq!(wrong, [None, None], "neither tells that the other was right");
    assert_eq!((record.status.as_str(), record.region.as_str(), record.version), ("valid", "130123", 1));
    assert!(record.body.get("manager").is_none(), "a citizen number stands in the vault alone");
    // 建筑法 art. 9: it lapses unless work starts.
    let timers = timers.into_iter().filter(|timer| timer.stream == StreamId::record(&record.register, &record.id));
    assert_eq!(timers.map(|timer| timer.name).collect::<Vec<_>>(), ["lapse"]);
}

pub(super) async fn a_claimed_task_stands_in_one_inbox_and_comes_back(world: World) {
    let desk = Desk::open(&world).await;
    let case = desk.apply(&desk.county, &wish(1)).await;
    let task = *desk.case(case).await.tasks.keys().next().unwrap();
    let (clerk, account) = (desk.county.officer("window-clerk"), desk.county.account_of("window-clerk").to_string());
    let inboxes = async || {
        let scope = desk.scope(&desk.county, "window-clerk");
        let (mine, free) = (Claimed::By(account.clone()), Claimed::Unclaimed);
        let read = world.store.read(move |reader| {
            let mut count = |claimed| -> Result<usize, Fault> {
                let filter = TaskFilter { claimed, ..TaskFilter::default() };
                Ok(reader.tasks(&scope, &filter, &Page::default())?.rows.len())
            };
            Ok((count(mine)?, count(free)?))
        });
        read.await.unwrap()
    };
    assert_eq!(inboxes().await, (0, 1));
    desk.act(&desk.county, case, clerk.clone(), CaseCommand::Claim { task }).await.unwrap();
    assert_eq!(inboxes().await, (1, 0));
    desk.act(&desk.county, case, clerk, CaseCommand::Release { task }).await.unwrap();
    assert_eq!(inboxes().await, (0, 1));
}

/// The identity of a reminder is unique (security.md §7): a scheduler on each process sends the same one at the same moment.
pub(super) async fn who_was_disabled_holds_no_post_that_is_reminded(world: World) {
    let desk = Desk::open(&world).await;
    let holders = async || {
        let (organisation, day) = (desk.county.organisation.code.clone(), desk.world.facts().today);
        let read = world.store.read(move |reader| reader.posts_of_kind(&organisation, "countersign-officer", day));
        read.await.unwrap().into_iter().map(|post| post.account).collect::<Vec<_>>()
    };
    let (both, account) = (holders().await, desk.county.account_of("countersign-officer"));
    assert_eq!((both.len(), both.contains(&account.to_string())), (2, true));
    world.submit(Command::Directory(DirectoryCommand::DisableAccount { account })).await.unwrap();
    let left: Vec<String> = both.into_iter().filter(|holder| *holder != account.to_string()).collect();
    assert_eq!(holders().await, left);
}

pub(super) async fn a_reminder_is_recorded_once_whoever_sends_it(world: World) {
    let desk = Desk::open_shared(&world).await;
    let case = desk.apply(&desk.county, &wish(1)).await;
    let recipient = desk.county.account_of("window-clerk");
    let sent = |stage: &str, n: u32| ReminderSent {
        reminder: Reminder { rule: "acceptance".to_owned(), stage: stage.to_owned(), recipient, n },
        owed_on: "2026-11-27".parse().unwrap(),
        sent_at: 1,
    };
    let rounds = [vec![sent("yellow", 1)], vec![sent("yellow", 1), sent("red", 1)], vec![sent("yellow", 2)]];
    for round in rounds {
        let remind = |_| desk.remind(case, round.clone());
        for answer in join_all((0..8).map(remind)).await {
            answer.unwrap();
        }
    }
    let stream = StreamId::reminders(case);
    let read = world.store.read(move |reader| {
        Ok((reader.reminders(&recipient.to_string(), 10)?, reader.entries_of(&stream, 0, 100)?.len()))
    });
    let (reminders, entries) = read.await.unwrap();
    let mut known: Vec<(String, u64)> = reminders.into_iter().map(|row| (row.stage, row.n)).collect();
    known.sort();
    let expected = [("red", 1), ("yellow", 1), ("yellow", 2)].map(|(stage, n)| (stage.to_owned(), n));
    assert_eq!((known.as_slice(), entries), (expected.as_slice(), 3));
    // Whatever the kernel decides, the database takes an identity once.
    let row = values![&case.to_string(), "acceptance", "red", &recipient.to_string(), 1u32, "reminders/other", 2i64];
    let row = row.to_vec();
    let double =
        world.store.write(move |writes| writes.connection().insert_all(&tables::REMINDERS, std::slice::from_ref(&row)));
    assert!(double.await.is_err());
}

pub(super) async fn sixty_four_clients_get_case_numbers_without_a_gap(world: World) {
    let desk = Desk::open_shared(&world).await;
    let apply = |client: usize| {
        let desk = &desk;
        async move {
            let mut numbers = Vec::new();
            for n in 0..3 {
                let (_, receipt) = desk.try_apply(&desk.county, &wish(client * 3 + n)).await.unwrap();
                numbers.push(receipt.reply["number"].as_str().unwrap().to_owned());
            }
            numbers
        }
    };
    let mut numbers: Vec<String> = join_all((0..64).map(apply)).await.concat();
    numbers.sort();
    let expected: Vec<String> = (1..=192).map(|n| format!("13012320261123{n:06}")).collect();
    assert_eq!(numbers, expected);
    let receipts = serials(&world, "receipt").await;
    assert_eq!(receipts, (1..=192).collect::<Vec<u64>>());
}

/// The serial numbers of all documents of a kind of this year, in order: `正定建收〔2026〕17号` → 17.
async fn serials(world: &World, kind: &'static str) -> Vec<u64> {
    let sql = "select number from documents where kind = $1";
    let rows = world.store.write(move |writes| writes.connection().query(sql, &values![kind])).await.unwrap();
    let serial = |number: String| number.split_once('〕').unwrap().1.trim_end_matches('号').parse().unwrap();
    let mut serials: Vec<u64> = rows.into_iter().map(|mut row| serial(row.text().unwrap())).collect();
    serials.sort_unstable();
    serials
}

/// 64 officers decide at once; two and two of the cases name the same site manager. The number of a grant that its claim undoes is the next one's.
pub(super) async fn a_manager_leads_one_site_and_no_certificate_number_is_lost(world: World) {
    let desk = Desk::open_shared(&world).await;
    let pairs = |n: usize| bureau::Wish { manager: wish(n / 2).manager, ..wish(n) };
    let cases = join_all((0..64).map(|n| {
        let desk = &desk;
        async move {
            let case = desk.apply(&desk.county, &pairs(n)).await;
            desk.advance(&desk.county, case, 3).await;
            case
        }
    }))
    .await;
    let decided = join_all(cases.iter().map(|case| desk.step(&desk.county, *case, 3))).await;
    assert_eq!(world.store.stats().faults, 0, "refused before the database had to");
    let taken = |answer: &Result<_, SubmitError>| {
        matches!(answer, Err(SubmitError::Refused(Refusal::ClaimTaken { name, holder }))
            if name == "manager-on-site" && holder.starts_with("record/licences/130123"))
    };
    for pair in decided.chunks(2) {
        assert!(pair.iter().any(Result::is_ok) && pair.iter().any(taken), "{pair:?}");
    }
    let mut numbers = Vec::new();
    for case in &cases {
        let state = desk.case(*case).await;
        assert_eq!(state.result.is_some(), state.stage == Stage::Granted);
        numbers.extend(state.result.map(|result| result.number));
    }
    numbers.sort();
    assert_eq!(numbers, (1..=32).map(|n| format!("13012320261123{n:02}01")).collect::<Vec<_>>());
    assert_eq!(serials(&world, "grant").await, (1..=32).collect::<Vec<u64>>());
    let held = world.store.write(|writes| writes.connection().query("select claim from claims", &[])).await.unwrap();
    assert_eq!(held.len(), 32);

    // The work of one is completed: its manager is free, and the other of the pair is granted with the next number.
    let first = desk.case(cases[0]).await.result;
    let (done, waits) = if first.is_some() { (cases[0], cases[1]) } else { (cases[1], cases[0]) };
    let licence = desk.case(done).await.result.unwrap();
    let change = LicenceChange::Completed;
    let completed = RecordCommand::Change { register: licence.register, id: licence.id, change };
    world.submit(Command::Record(completed)).await.unwrap();
    desk.step(&desk.county, waits, 3).await.unwrap();
    assert_eq!(desk.case(waits).await.result.unwrap().number, "130123202611233301");
    assert_eq!(block_in_place(|| world.store.verify().unwrap()).mismatches, []);
}

/// A licence brought from elsewhere has the number that comes next: the grant is refused with the reason, not put off for ever.
pub(super) async fn a_number_that_another_record_has_is_refused_and_not_busy(world: World) {
    let desk = Desk::open(&world).await;
    let case = desk.apply(&desk.county, &wish(1)).await;
    desk.advance(&desk.county, case, 3).await;
    let body = serde_json::json!({ "number": "130123202611230101", "kind": "construction-permit", "region": "130123" });
    let write = RecordWrite {
        register: "licences".to_owned(),
        id: "130123202611230101".to_owned(),
        region: "130123".to_owned(),
        valid_from: None,
        valid_until: None,
        body: body.as_object().unwrap().clone(),
        secrets: Vec::new(),
        source: None,
        matter: None,
        start_by: None,
    };
    world.submit(Command::Record(RecordCommand::Write(Box::new(write)))).await.unwrap();
    let refused = desk.step(&desk.county, case, 3).await;
    assert!(matches!(refused, Err(SubmitError::Refused(Refusal::Exists))), "{refused:?}");
    assert_eq!(desk.case(case).await.stage, Stage::Accepted);
}

/// Cases of two counties in every stage, over several days.
pub(super) async fn mixed(world: &World, desk: &Desk<'_>) {
    for (n, bureau) in (0..14).zip([&desk.county, &desk.other].into_iter().cycle()) {
        let case = desk.apply(bureau, &wish(n)).await;
        desk.advance(bureau, case, n % 5).await;
        let by_applicant = |command| desk.act(bureau, case, bureau::as_applicant((n % 4) as u8), command);
        match n {
            9 => drop(
                by_applicant(CaseCommand::Deliver { method: DeliveryKind::Electronic, signer: None }).await.unwrap(),
            ),
            10 => drop(by_applicant(CaseCommand::Withdraw { reason: Some("另行申请".to_owned()) }).await.unwrap()),
            8 => {
                let refuse = bureau::complete(&desk.case(case).await, "decide", "refuse");
                drop(desk.act(bureau, case, bureau.officer("deputy-director"), refuse).await.unwrap());
            }
            5 => {
                let refuse = bureau::complete(&desk.case(case).await, "accept", "not_accepted");
                drop(desk.act(bureau, case, bureau.officer("window-clerk"), refuse).await.unwrap());
            }
            0 => {
                world.pass(9 * DAY_US);
                drop(desk.by_system(bureau, case, CaseCommand::DeemAccepted).await.unwrap());
            }
            _ => world.pass(DAY_US / 2),
        }
    }
}

/// What each kind of entry counts, read from the entries alone: the oracle knows nothing of `kernel::tally`.
fn counts(kind: &str, event: &Event) -> Option<(&'static str, Date)> {
    let by_kind = match (kind, event) {
        ("case-submitted@1", Event::CaseSubmitted(event)) => ("submitted", event.received_on),
        ("case-accepted@1", Event::CaseAccepted(event)) => {
            (if event.deemed { "deemed" } else { "accepted" }, event.accepted_on)
        }
        ("case-not-accepted@1", Event::CaseNotAccepted(event)) => ("not_accepted", event.on),
        ("case-withdrawn@1", Event::CaseWithdrawn(event)) => ("withdrawn", event.on),
        ("decision-made@1", Event::DecisionMade(event)) => {
            (if event.granted { "granted" } else { "refused" }, event.on)
        }
        ("result-delivered@1", Event::ResultDelivered(event)) => ("delivered", event.on),
        _ => return None,
    };
    Some(by_kind)
}

pub(super) async fn counters_equal_a_recount_and_the_lists_they_lead_to(world: World) {
    let desk = Desk::open(&world).await;
    mixed(&world, &desk).await;
    let (entries, cases) = world
        .store
        .read(|reader| {
            let cases = reader.cases(&Scope::everything(), &CaseFilter::default(), &Page::default())?.rows;
            Ok((reader.entries(0, 10_000)?, cases))
        })
        .await
        .unwrap();
    let region: BTreeMap<String, String> =
        cases.iter().map(|case| (StreamId::case(&case.id).to_string(), case.region.clone())).collect();
    let mut recount: BTreeMap<(&str, String, String), i64> = BTreeMap::new();
    for row in &entries {
        let kind = row.entry.kind.as_str();
        if let Some((metric, day)) = counts(kind, &Event::decode(kind, &row.entry.body).unwrap()) {
            *recount.entry((metric, region[&row.stream].clone(), day.to_string())).or_default() += 1;
        }
    }
    let metrics = ["submitted", "accepted", "deemed", "not_accepted", "withdrawn", "granted", "refused", "delivered"];
    assert!(metrics.iter().all(|metric| recount.keys().any(|key| key.0 == *metric)), "{recount:?}");
    let sql = "select metric, region, day, n from tallies";
    let stored = world.store.write(move |writes| writes.connection().query(sql, &[])).await.unwrap();
    let stored: Vec<(String, String, String, i64)> = stored
        .into_iter()
        .map(|mut row| (row.text().unwrap(), row.text().unwrap(), row.text().unwrap(), row.int().unwrap()))
        .collect();
    assert_eq!(stored.len(), recount.len());
    for (metric, region, day, n) in stored {
        let metric = metrics.iter().find(|known| **known == metric).unwrap();
        assert_eq!(recount.get(&(*metric, region.clone(), day.clone())), Some(&n), "{metric} {region} {day}");
    }
    // What a leader sees of a county: the number, and the list it leads to.
    for bureau in [&desk.county, &desk.other] {
        let scope = desk.scope(bureau, "division-head");
        let region = bureau.region().to_string();
        let read = world.store.read(move |reader| {
            let query = TallyQuery { metric: "submitted".to_owned(), ..TallyQuery::default() };
            Ok((reader.tally(&scope, &query)?, reader.cases(&scope, &CaseFilter::default(), &Page::default())?.rows))
        });
        let (submitted, listed) = read.await.unwrap();
        assert_eq!((submitted, listed.len()), (7, 7));
        assert!(listed.iter().all(|case| case.region == region));
    }
}

pub(super) async fn a_timer_that_was_put_off_keeps_none_waiting_and_comes_back(world: World) {
    let desk = Desk::open(&world).await;
    for n in 0..6 {
        desk.apply(&desk.county, &wish(n)).await;
    }
    let due = async |now: i64| world.store.read(move |reader| reader.timers_due(now, None, 3)).await.unwrap();
    let put_off = async |timer: DueTimer, until: i64| {
        world.store.write(move |writes| writes.put_off_timer(&timer, until)).await.unwrap();
    };
    let waiting = world.store.read(|reader| reader.timers_due(i64::MAX - 1, None, 100)).await.unwrap();
    let (all, licences): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|timer| timer.name == TIMER_DEEMED);
    for timer in licences {
        put_off(timer, i64::MAX).await;
    }
    let now = all[0].due_at;
    assert!(all.len() == 6 && all.iter().all(|timer| timer.due_at == now));
    assert_eq!(due(now - 1).await, []);
    // In order past those that were looked at in this turn.
    let last = all[2].clone();
    let rest = world.store.read(move |reader| reader.timers_due(now, Some(&last), 100)).await.unwrap();
    assert_eq!((due(now).await, rest), (all[..3].to_vec(), all[3..].to_vec()));
    // The first three cannot be carried out: the next three are not kept waiting.
    for timer in &all[..3] {
        put_off(timer.clone(), now + 60).await;
    }
    assert_eq!(due(now + 59).await, all[3..]);
    let again = due(now + 60).await;
    assert_eq!(again.iter().map(|timer| timer.refusals).collect::<Vec<_>>(), [1, 1, 1]);
    put_off(again[0].clone(), now + 180).await;
    assert_eq!(due(now + 179).await[..2], again[1..]);
    assert_eq!(due(now + 180).await[0].refusals, 2);
    // What was put off is no row of a state: it neither disturbs the check nor outlives its timer.
    assert_eq!(block_in_place(|| world.store.verify().unwrap()).mismatches, []);
    let case: CaseId = again[0].stream.rest().parse().unwrap();
    let owner = desk.case(case).await.applicant.account.unwrap();
    let applicant =
        ::journal::Actor::Applicant { account: ::journal::Id(*owner.uuid().as_bytes()), on_behalf_of: None };
    desk.act(&desk.county, case, applicant, CaseCommand::Withdraw { reason: None }).await.unwrap();
    assert_eq!(world.store.write(|writes| writes.forget(0, 0, 0)).await.unwrap(), 1);
}

/// A command whose facts were gathered before midnight, behind one of the new day: its numbers are those of the day that its entry has.
pub(super) async fn a_number_is_of_the_day_of_its_entry(world: World) {
    let desk = Desk::open(&world).await;
    let midnight = time::start_of_day("2026-11-24".parse().unwrap()).unwrap().as_microsecond();
    world.set_clock(midnight + 1_000_000);
    desk.apply(&desk.county, &wish(1)).await;
    world.set_clock(midnight - 1_000_000);
    let (_, receipt) = desk.try_apply(&desk.county, &wish(2)).await.unwrap();
    assert_eq!(receipt.reply["number"], json!("13012320261124000002"));
    assert!(receipt.at >= midnight);
}
