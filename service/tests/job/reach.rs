//! How far a grant reaches: another county's cases, and what is about no case at all.

use crate::client::{Client, let_in, served};
use crate::office::{CLERK, OWNER, Office};
use crate::options;
use crate::story::apply;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_journal_is_read_as_far_as_the_grant_reaches() {
    let folder = tempfile::tempdir().unwrap();
    let office = Office::open(options(folder.path())).await;
    let people = [
        (40, "audit-admin", "130123"),
        (41, "audit-admin", "130102"),
        (42, "audit-admin", "130000"),
        (43, "supervisor", "130100"),
        (44, "supervisor", "130000"),
    ];
    for (n, kind, region) in people {
        office.employ(n, kind, region).await;
    }
    let_in(&office.app, &[OWNER, CLERK, 40, 41, 42, 43, 44]).await;
    let router = served(&office.app);
    let owner = Client::signed_in(&router, OWNER).await;
    let case = apply(&owner, &office, &["contract"]).await;
    let of_case = office.entries(case.parse().unwrap()).await[0];
    // The first entry of every node registers an organisation.
    for (n, on_case, on_node) in [
        (OWNER, 200, 404),
        (CLERK, 200, 404),
        (40, 200, 404),
        (41, 404, 404),
        (42, 404, 200),
        (43, 200, 404),
        (44, 200, 200),
    ] {
        let reader = Client::signed_in(&router, n).await;
        for (sequence, status) in [(of_case, on_case), (1, on_node)] {
            let answer = reader.get(&format!("/api/v1/journal/entries/{sequence}")).await;
            assert_eq!(answer.status, status, "{n} {sequence}: {}", answer.text());
        }
    }
}
