//! An application of the built-in construction permit, decided and certified through the use cases, on each store.

use store::Options;
use testkit::postgres::Cluster;

use crate::office::{CLERK, HEAD, LEADER, Office, REVIEWER};
use crate::options;

/// Everything that must be the same wherever it runs.
async fn story(office: &Office) {
    let case = office.apply(&["contract"]).await;
    assert_eq!(office.case(case).await.stage.as_str(), "submitted");
    office.ask_for(CLERK, case, "contract").await;
    office.bring(case, "contract").await;
    for (element, by, word) in [
        ("accept", CLERK, "accepted"),
        ("review", REVIEWER, "agree"),
        ("head", HEAD, "agree"),
        ("decide", LEADER, "grant"),
    ] {
        office.finish(by, case, element, word).await;
    }
    let state = office.case(case).await;
    assert_eq!(state.stage.as_str(), "granted", "{:?}", state.incidents);
    let number = &state.result.as_ref().unwrap().number;
    assert_eq!(number, "130123202511170101");

    // Every act is in the journal; its receipt is checked with nothing else at hand.
    let entries = office.entries(case).await;
    assert!(entries.len() >= 15, "{} entries", entries.len());
    let signed = office.app.store().sign_checkpoint(office.now()).await.unwrap().unwrap();
    assert!(signed.size > *entries.last().unwrap());
    let receipt = office.app.store().receipt(entries[0]).await.unwrap().unwrap();
    let read = journal::Receipt::from_json(&receipt.to_json().unwrap()).unwrap();
    let verified = read.verify(Some(&office.app.store().verifier().unwrap())).unwrap();
    assert_eq!(verified.entry.kind.as_str(), "case-submitted@1");

    // The journal alone gives every state again.
    let store = office.app.store().clone();
    let (verify, replay) =
        tokio::task::spawn_blocking(move || (store.verify().unwrap(), store.replay_check().unwrap())).await.unwrap();
    assert_eq!(verify.mismatches, []);
    assert_eq!(replay.mismatches, []);

    // Its certificate is found by number and code together, and by neither alone.
    let certificate = state.notices.last().unwrap().clone();
    assert!(office.verifies(&certificate.number, &certificate.code).await);
    assert!(!office.verifies(&certificate.number, "00").await);
}

pub(crate) async fn run(options: Options) -> journal::Hash {
    let office = Office::open(options).await;
    story(&office).await;
    let store = office.app.store().clone();
    tokio::task::spawn_blocking(move || store.state_hash().unwrap()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_permit_from_application_to_certificate_is_the_same_on_both_stores() {
    let folder = tempfile::tempdir().unwrap();
    let sqlite = run(options(&folder.path().join("sqlite"))).await;
    // The same keys, so that keyed hashes agree; another data directory and another database.
    let place = folder.path().join("postgres");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::copy(folder.path().join("sqlite/keys"), place.join("keys")).unwrap();
    let database = tokio::task::spawn_blocking(|| Cluster::shared().fresh_database()).await.unwrap();
    let postgres =
        run(Options { database: Some(database.url().to_owned()), accept_data_loss: true, ..options(&place) }).await;
    // Its drop talks to the server, which must not block a thread that drives tasks.
    tokio::task::spawn_blocking(move || drop(database)).await.unwrap();
    assert_eq!(sqlite, postgres, "a seeded run ends with the same state");
}
