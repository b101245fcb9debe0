//! A data directory of an earlier release, opened by this one: the journal's bytes, the states and the arms of `evolve` last.

use std::fs;
use std::path::{Path, PathBuf};

use store::Store;

use crate::{floors, options};

/// The directory of the first format: database, public part of nothing, and keys that protect nothing.
fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/golden-1")
}

/// Made by `cargo test --workspace --test job -- --ignored make_the_golden_directory`; once for each format, never again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "writes the fixture"]
async fn make_the_golden_directory() {
    let folder = tempfile::tempdir().unwrap();
    let hash = floors::run(options(folder.path())).await;
    fs::create_dir_all(golden()).unwrap();
    for (from, to) in [("data/jiantong.sqlite", "jiantong.sqlite"), ("keys", "keys")] {
        fs::copy(folder.path().join(from), golden().join(to)).unwrap();
    }
    fs::write(golden().join("state-hash.txt"), format!("{hash}\n")).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_earlier_releases_data_directory_is_sound_today() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("data")).unwrap();
    fs::copy(golden().join("jiantong.sqlite"), folder.path().join("data/jiantong.sqlite")).unwrap();
    fs::copy(golden().join("keys"), folder.path().join("keys")).unwrap();
    let mut permissions = fs::metadata(folder.path().join("keys")).unwrap().permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
    fs::set_permissions(folder.path().join("keys"), permissions).unwrap();
    let expected = fs::read_to_string(golden().join("state-hash.txt")).unwrap();
    let options = options(folder.path());
    let checked = tokio::task::spawn_blocking(move || {
        let store = Store::open(options).unwrap();
        (store.verify().unwrap(), store.replay_check().unwrap(), store.state_hash().unwrap())
    });
    let (verified, replayed, hash) = checked.await.unwrap();
    assert_eq!(verified.mismatches, []);
    assert_eq!(replayed.mismatches, []);
    assert!(verified.entries > 200, "{} entries", verified.entries);
    assert_eq!(hash.to_string(), expected.trim());
}
