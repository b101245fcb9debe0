//! The demonstration is the same every time, sound, owes no reminder, and all its papers can be printed.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use kernel::policy::Scope;
use service::App;
use store::{CaseFilter, OutboxAge, Store};

use super::{DemoClock, DemoEntropy, SEED, begin, build};
use crate::clock::{SystemClock, SystemEntropy};
use crate::config::{Config, ListenArgs, NodeArgs};
use crate::start;

const NOW: &str = "2026-11-24T06:00:00Z";

fn fonts() -> PathBuf {
    let set = std::env::var_os("JIANTONG_FONTS").map(PathBuf::from);
    set.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/fonts"))
}

async fn built(folder: &Path) -> App {
    let node = NodeArgs { data: Some(folder.join("data")), fonts: Some(fonts()), ..NodeArgs::default() };
    let mut config = Config::settle(&node, &ListenArgs::default(), "unused").unwrap();
    config.node = Some(journal::Id([0x13; 16]));
    let now: Timestamp = NOW.parse().unwrap();
    let options = start::options(&config, true).unwrap();
    let store = tokio::task::spawn_blocking(|| Store::open(options).unwrap()).await.unwrap();
    let clock = Arc::new(DemoClock::new(Arc::new(SystemClock), begin(now, 0.001).unwrap()));
    let entropy = Box::new(DemoEntropy::new(Box::new(SystemEntropy), SEED));
    let url = "http://127.0.0.1:8080".to_owned();
    let app = start::app(&config, store, url, true, clock.clone(), entropy).await.unwrap();
    build(&app, &clock, now, 0.001, &mut |_, _| {}).await.unwrap();
    app
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demonstration_is_sound_and_every_time_the_same() {
    let folders = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let app = built(folders[0].path()).await;
    let store = app.store().clone();
    let checked = tokio::task::spawn_blocking(move || (store.verify().unwrap(), store.state_hash().unwrap()));
    let (report, hash) = checked.await.unwrap();
    assert_eq!(report.mismatches, []);
    let faulty = CaseFilter { incident: true, ..CaseFilter::default() };
    let faulty = app.store().read(move |reader| reader.count_cases(&Scope::everything(), &faulty, 10)).await.unwrap();
    assert_eq!(faulty, 0, "no process of the story met a fault");

    // Nothing is owed any more, and nothing is sent twice.
    assert_eq!(app.send_reminders().await.unwrap(), 0);
    assert_eq!(app.run_timers().await.unwrap(), 0);

    // Every paper that a decision asked for is printed at the first try.
    let mut printed = 0;
    loop {
        let count = app.run_renders("test", 8).await.unwrap();
        // A turn takes a share of each office, so that one which is not full is not the last.
        if count == 0 {
            break;
        }
        printed += count;
    }
    let waiting = app.store().read(|reader| reader.outbox_age()).await;
    assert_eq!(waiting.unwrap(), OutboxAge::default(), "papers that could not be printed");
    assert!(printed > 5, "{printed} certificates");

    // The second must have the same keys, for keyed hashes are part of it.
    std::fs::copy(folders[0].path().join("data.keys"), folders[1].path().join("data.keys")).unwrap();
    let again = built(folders[1].path()).await;
    let store = again.store().clone();
    let again = tokio::task::spawn_blocking(move || store.state_hash().unwrap()).await.unwrap();
    assert_eq!(hash, again);
}
