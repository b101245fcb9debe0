//! A year owes what it sent, as a program says that shares no line with the engine; and that program catches what is planted.

use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use serde_json::Value;
use store::Store;
use tokio::task::block_in_place;

use super::{Asked, Year};
use crate::command::export;
use crate::start;

/// Set by `cargo xtask year`; without them the short form runs.
const CASES: &str = "JIANTONG_YEAR_CASES";
const SEED: &str = "JIANTONG_YEAR_SEED";
/// Where the export is kept, for a look at it afterwards.
const KEPT: &str = "JIANTONG_YEAR_EXPORT";
/// Cases of the short form, and of an engine that is made wrong on purpose.
const FEW: u64 = 600;
const WRONG: u64 = 250;

fn asked(cases: u64, seed: u64) -> Asked {
    Asked { cases, seed, catalog: None, recounts: true, talks: false }
}

fn of_environment(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// Lives through a year and writes its journal's export beside it.
async fn export_of(folder: &Path, asked: Asked) -> PathBuf {
    let began = Instant::now();
    let talks = asked.talks;
    let (happened, config) = Box::pin(Year::live(folder, asked)).await.unwrap();
    let lived = began.elapsed();
    let options = start::options(&config, false).unwrap();
    let store = block_in_place(|| Store::open_to_read(options).unwrap());
    let path = folder.join("journal.jsonl");
    let mut out = BufWriter::new(File::create(&path).unwrap());
    let entries = export::write(&store, &mut out).await.unwrap();
    out.flush().unwrap();
    if talks {
        eprintln!("{happened:?}\n{entries} entries; lived in {lived:.0?}, exported after {:.0?}", began.elapsed());
    }
    assert!(happened.kills > 0 && happened.twice > 0 && happened.moved > 0 && happened.replaced > 0, "{happened:?}");
    path
}

/// What the oracle says of an export, and whether it is content.
fn judged(export: &Path) -> (Value, bool) {
    let oracle = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/oracle/reminders.py");
    let ran = Command::new("python3").arg(oracle).arg(export).output().expect("the oracle needs python3");
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    let value =
        serde_json::from_str(&said).unwrap_or_else(|_| panic!("{said}{}", String::from_utf8_lossy(&ran.stderr)));
    (value, ran.status.success())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_year_owes_what_it_sent_and_the_oracle_sees_what_is_planted() {
    let folder = tempfile::tempdir().unwrap();
    let cases = of_environment(CASES);
    let mut asked = asked(cases.unwrap_or(FEW), of_environment(SEED).unwrap_or(1));
    asked.talks = cases.is_some();
    let export = export_of(folder.path(), asked).await;
    if let Some(kept) = std::env::var_os(KEPT) {
        fs::copy(&export, kept).unwrap();
    }
    let (said, content) = judged(&export);
    eprintln!("{said:#}");
    assert!(content, "{said:#}");
    assert_eq!(said["owed"], said["sent"]);
    assert!(said["owed"].as_u64().unwrap() > 1_000, "{said:#}");
    if cases.is_none() {
        plant(&export);
    }
}

/// Mutants of the export: what an engine would have written that forgets, repeats, errs about the person, or reminds of a clock that stands.
fn plant(export: &Path) {
    let text = fs::read_to_string(export).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let read = |line: &str| serde_json::from_str::<Value>(line).unwrap();
    // One that is still owed when its day ends: nothing happens to its case on that day any more.
    let day = |entry: &Value| (entry["at"].as_i64().unwrap() / 1_000_000 + 8 * 3600) / 86_400;
    let stands = |n: &usize| {
        let sent = read(lines[*n]);
        let case = sent["stream"].as_str().unwrap().replace("reminders/", "case/");
        let mut rest = lines[n + 1..].iter().map(|line| read(line)).take_while(|entry| day(entry) == day(&sent));
        !rest.any(|entry| entry["stream"] == case.as_str())
    };
    let sent = (0..lines.len()).filter(|n| lines[*n].contains("\"kind\":\"reminder-sent@1\"")).skip(200);
    let at = sent.into_iter().find(stands).unwrap();
    let some = lines[at];
    let others: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();

    let mut forgotten = others.clone();
    forgotten.remove(at);
    let mut doubled = others.clone();
    doubled.insert(at + 1, some.to_owned());
    let mut misled = others.clone();
    let mut wrong = read(some);
    wrong["body"]["reminder"]["recipient"] = "00000000-0000-4000-8000-000000000001".into();
    misled[at] = wrong.to_string();
    // Right after a pause its clock is reminded of all the same.
    let paused = lines.iter().position(|line| line.contains("\"kind\":\"clock-paused@1\"")).unwrap();
    let mut woken = others;
    let mut early = read(some);
    let pause = read(lines[paused]);
    early["stream"] = pause["stream"].as_str().unwrap().replace("case/", "reminders/").into();
    early["at"] = pause["at"].clone();
    early["body"]["reminder"]["rule"] = "decision".into();
    woken.insert(paused + 1, early.to_string());

    let cases = [
        ("forgotten", forgotten, [1, 0, 0]),
        ("doubled", doubled, [0, 1, 0]),
        ("misled", misled, [1, 0, 1]),
        ("woken", woken, [0, 0, 1]),
    ];
    for (name, lines, found) in cases {
        let path = export.with_file_name(format!("{name}.jsonl"));
        fs::write(&path, lines.join("\n")).unwrap();
        let (said, content) = judged(&path);
        assert!(!content, "{name}");
        assert_eq!(
            ["missing", "double", "extra"].map(|what| said[what].clone()),
            found.map(Value::from),
            "{name}: {said:#}"
        );
    }
}

/// An engine whose lights turn yellow a day early.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oracle_sees_an_engine_that_reminds_a_day_early() {
    let folder = tempfile::tempdir().unwrap();
    let catalog = folder.path().join("catalog");
    let limits =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalog/standards/limits.toml")).unwrap();
    let early = limits.replace("yellow_days_min      = 1", "yellow_days_min      = 2");
    assert_ne!(limits, early);
    fs::create_dir_all(catalog.join("standards")).unwrap();
    fs::write(catalog.join("standards/limits.toml"), early).unwrap();
    let export = export_of(folder.path(), Asked { catalog: Some(catalog), ..asked(WRONG, 2) }).await;
    let (said, content) = judged(&export);
    assert!(!content && said["extra"].as_u64().unwrap() > 20, "{said:#}");
}

/// An engine that goes on counting as if the year's notice had not been loaded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_oracle_sees_an_engine_that_ignores_a_notice() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = Asked { recounts: false, ..asked(WRONG * 2, 3) };
    let (happened, config) = Box::pin(Year::live(folder.path(), wrong)).await.unwrap();
    assert_eq!(happened.moved, 0);
    let store = block_in_place(|| Store::open_to_read(start::options(&config, false).unwrap()).unwrap());
    let path = folder.path().join("journal.jsonl");
    let mut out = BufWriter::new(File::create(&path).unwrap());
    export::write(&store, &mut out).await.unwrap();
    out.flush().unwrap();
    let (said, content) = judged(&path);
    let wrong = ["missing", "extra", "dates"].map(|what| said[what].as_u64().unwrap());
    assert!(!content && wrong[2] > 0 && wrong[0] + wrong[1] > 0, "{said:#}");
}
