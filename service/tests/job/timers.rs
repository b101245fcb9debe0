//! Timers that cannot be carried out wait by themselves: the law's other clocks go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use kernel::catalog::{Catalog, Files};
use service::{App, Clock, EntropySource};
use sha2::{Digest, Sha256};

use crate::office::Office;
use crate::options;

/// More than are read at one time.
const STUCK: usize = 70;
const MINUTE_US: i64 = 60 * 1_000_000;

/// Stands still until it is set.
struct SetClock(AtomicI64);

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

/// Other seeds than those of the office.
struct OtherEntropy(AtomicI64);

impl EntropySource for OtherEntropy {
    fn seed(&self) -> [u8; 32] {
        Sha256::digest(format!("other {}", self.0.fetch_add(1, Ordering::SeqCst))).into()
    }
}

/// The same store with another catalog and a clock of its own.
fn beside(office: &Office, catalog: &Arc<Catalog>, clock: &Arc<SetClock>) -> Office {
    let (store, settings) = (office.app.store().clone(), office.app.settings().clone());
    let entropy = Box::new(OtherEntropy(AtomicI64::new(clock.0.load(Ordering::SeqCst))));
    let app = App::new(store, Arc::clone(catalog), Arc::clone(clock) as Arc<dyn Clock>, entropy, None, settings);
    let matter = Arc::clone(catalog.matter(&office.matter.code().to_string()).unwrap());
    Office { app, matter, clock: Arc::clone(&office.clock) }
}

/// The built-in catalog with another guide: another version.
fn another_version() -> (Arc<Catalog>, Files) {
    let mut files = testkit::world::catalog_files();
    let guide = |path: &String| path.ends_with("construction-permit/guide.md");
    let path = files.iter().map(|(path, _)| path.to_owned()).find(guide).unwrap();
    let guide = [files.text(&path).unwrap(), "\n"].concat().into_bytes();
    files.insert(path, guide);
    let (catalog, problems) = Catalog::parse(&files);
    (Arc::new(catalog.unwrap_or_else(|| panic!("{problems:?}"))), files)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn timers_that_cannot_be_carried_out_keep_no_other_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let clock = Arc::new(SetClock(AtomicI64::new(office.now())));
    // Cases of a catalog version that the store never kept: nobody knows their rules any more.
    let (lost, files) = another_version();
    let without = beside(&office, &lost, &clock);
    for _ in 0..STUCK {
        clock.0.fetch_add(1_000_000, Ordering::SeqCst);
        without.apply(&[]).await;
    }
    let sound = office.apply(&[]).await;

    // Silence until the end of 24 November is acceptance.
    let catalog = office.app.catalog();
    let later = beside(&office, &catalog, &clock);
    let at = "2025-11-25T01:00:00Z".parse::<Timestamp>().unwrap().as_microsecond();
    clock.0.store(at, Ordering::SeqCst);
    assert_eq!(later.app.run_timers().await.unwrap(), 1);
    assert!(office.case(sound).await.clocks.deemed);
    let due = async |now: i64| {
        let due = later.app.store().read(move |reader| reader.timers_due(now, None, 100)).await.unwrap();
        due.iter().map(|timer| timer.refusals).collect::<Vec<_>>()
    };
    assert_eq!(due(at).await, [0; 0], "not asked about each second");
    assert_eq!(due(at + MINUTE_US).await, [1; STUCK]);
    clock.0.store(at + MINUTE_US, Ordering::SeqCst);
    assert_eq!(later.app.run_timers().await.unwrap(), 0);
    assert_eq!((due(at + 2 * MINUTE_US).await.len(), due(at + 3 * MINUTE_US).await), (0, vec![2; STUCK]));

    // The version is found again: what was put off is carried out.
    let (version, all) =
        (lost.version().to_owned(), files.iter().map(|(path, bytes)| (path.to_owned(), bytes.to_vec())));
    let all: Vec<(String, Vec<u8>)> = all.collect();
    later.app.store().write(move |writes| writes.put_catalog(&version, &all, at)).await.unwrap();
    clock.0.store(at + 3 * MINUTE_US, Ordering::SeqCst);
    assert_eq!(later.app.run_timers().await.unwrap(), STUCK);
}
