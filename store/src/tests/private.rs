//! What only its owner reads.

use std::io::Read as _;

use kernel::directory::DirectoryCommand;
use kernel::sealed::Secret;
use kernel::{Command, Refusal};
use serde_json::json;
use tokio::task::block_in_place;

use super::world::{World, secret_record};
use crate::{Credential, Fault, Keys, Opened, Options, Session, Store, SubmitError};

pub(super) async fn values_are_sealed_and_erased_for_good(world: World) {
    let subject = world.subject();
    let secret = |field: &str, value: &str| Secret {
        subject,
        field: format!("record/things/1/{field}"),
        salt: [9; 16],
        value: value.to_owned(),
    };
    let secrets = vec![secret("name", "王小明"), secret("phone", "13800138000")];
    world.submit(secret_record("things", "1", "", &json!({}), secrets.clone())).await.unwrap();
    world.store.sign_checkpoint(world.now()).await.unwrap();
    let open = || {
        world.store.read(move |reader| {
            let field = |name: &str| (subject, format!("record/things/1/{name}"));
            reader.open(&[field("phone"), field("address")])
        })
    };
    let opened = open().await.unwrap();
    assert_eq!((opened[0].value(), &opened[1]), (Some("13800138000"), &Opened::Missing));
    assert_eq!(format!("{opened:?}"), "[Value(…), Missing]", "never in a log");
    let under = world.store.read(move |reader| reader.open_under(subject, "record/things/1/")).await.unwrap();
    assert_eq!(
        under.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(),
        ["record/things/1/name", "record/things/1/phone"]
    );
    // A sealed file of the same person.
    let key = world.store.write(move |writes| writes.subject_key(&subject.to_string())).await.unwrap();
    let mut writer = world.store.files().begin(Some(key.clone())).unwrap();
    writer.write(b"scan").unwrap();
    let stored = writer.finish().unwrap();
    let (file, at) = (stored.clone(), world.now());
    world.store.write(move |writes| writes.put_file(&file, &subject.to_string(), "image/png", at)).await.unwrap();
    let before = block_in_place(|| world.store.verify().unwrap());

    let erase = Command::Directory(DirectoryCommand::Erase {
        subject, basis: "个人信息保护法 第四十七条".to_owned()
    });
    world.submit(erase).await.unwrap();
    assert_eq!(open().await.unwrap(), [Opened::Erased, Opened::Erased]);
    assert!(world.store.read(move |reader| reader.is_erased(subject)).await.unwrap());
    assert!(world.store.files().read_sealed(key, &stored.hash).is_err(), "the file is gone");
    let row = world.store.read(move |reader| reader.file(&stored.hash, &subject.to_string())).await.unwrap();
    assert_eq!(row, None);
    // No trace of the values, entries and proofs stand, and nothing new is sealed for the subject.
    let after = block_in_place(|| world.store.verify().unwrap());
    assert_eq!((after.mismatches.as_slice(), after.entries), ([].as_slice(), before.entries + 1));
    let refused = world.submit(secret_record("things", "1", "", &json!({}), secrets)).await;
    assert!(matches!(refused, Err(SubmitError::Refused(Refusal::SubjectErased))));
    let rest = world.store.write(|writes| writes.connection().query("select 1 from vault", &[])).await.unwrap();
    assert!(rest.is_empty());
}

/// A key file from another node, or from before a loss: it would open nothing, and seal new values that nobody opens with the right one.
pub(super) async fn a_database_is_opened_with_its_own_keys_alone(world: World) {
    let subject = world.subject().to_string();
    world.store.write(move |writes| writes.subject_key(&subject).map(drop)).await.unwrap();
    let options = Options { key_file: world.data().join("other-keys"), ..world.options().clone() };
    drop(world.store);
    Keys::open(&options.key_file, true).unwrap();
    for opened in block_in_place(|| [Store::open(options.clone()), Store::open_to_read(options.clone())]) {
        assert!(matches!(opened, Err(Fault::KeyFile { path, .. }) if path == options.key_file));
    }
}

pub(super) async fn drafts_belong_to_their_account(world: World) {
    let subject = world.subject().to_string();
    let put = |account: &'static str, body: &'static str, at: i64| {
        let subject = subject.clone();
        world.store.write(move |writes| writes.put_draft("d", account, &subject, "m", &json!({"name": body}), at))
    };
    put("a", "王", 1).await.unwrap();
    put("a", "李", 2).await.unwrap();
    assert!(put("b", "张", 3).await.is_err(), "someone else's draft");
    let draft = world.store.read(|reader| reader.draft("a", "d")).await.unwrap().unwrap();
    assert_eq!((draft.body, draft.updated_at), (Some(json!({"name": "李"})), 2));
    assert!(world.store.read(|reader| reader.draft("b", "d")).await.unwrap().is_none());
    assert_eq!(world.store.read(|reader| reader.drafts("a")).await.unwrap().len(), 1);
    world.store.write(|writes| writes.forget(0, 0, 3)).await.unwrap();
    assert!(world.store.read(|reader| reader.drafts("a")).await.unwrap().is_empty());
}

pub(super) async fn sessions_and_credentials(world: World) {
    let session = |id: u8, post: &str| Session {
        id_hash: [id; 32],
        account: "a".to_owned(),
        post: post.to_owned(),
        created_at: 1,
        seen_at: 1,
        elevated_at: None,
        expires_at: 1_000,
        data: json!({"csrf": "x"}),
    };
    for (id, post) in [(1, "p"), (2, "p"), (3, "q")] {
        let session = session(id, post);
        world.store.write(move |writes| writes.put_session(&session)).await.unwrap();
    }
    assert!(world.store.write(|writes| writes.touch_session(&[1; 32], 50)).await.unwrap());
    assert!(!world.store.write(|writes| writes.touch_session(&[9; 32], 50)).await.unwrap());
    let read = |id: u8| world.store.read(move |reader| reader.session(&[id; 32]));
    let first = read(1).await.unwrap().unwrap();
    assert_eq!(first, Session { seen_at: 50, ..session(1, "p") });
    let elevated = Session { elevated_at: Some(60), ..first };
    let put = elevated.clone();
    world.store.write(move |writes| writes.put_session(&put)).await.unwrap();
    assert_eq!(read(1).await.unwrap(), Some(elevated));
    // A session that was replaced ends a moment later, one that ended does not come back, and a longer life is not given.
    world.store.write(|writes| writes.set_session_data(&[1; 32], &json!({"seen": 7}))).await.unwrap();
    world.store.write(|writes| writes.set_session_data(&[9; 32], &json!({"seen": 7}))).await.unwrap();
    assert_eq!(read(1).await.unwrap().unwrap().data, json!({"seen": 7}));
    assert!(read(9).await.unwrap().is_none());
    for (at, ends) in [(70, 70), (80, 70)] {
        world.store.write(move |writes| writes.end_session_at(&[1; 32], at)).await.unwrap();
        assert_eq!(read(1).await.unwrap().unwrap().expires_at, ends);
    }
    let elevated_again = Session { seen_at: 50, ..session(1, "p") };
    world.store.write(move |writes| writes.put_session(&elevated_again)).await.unwrap();
    // Idle since 10: the second and third; then the post ends, then the account.
    assert_eq!(world.store.write(|writes| writes.end_expired_sessions(900, 10)).await.unwrap(), 2);
    assert_eq!(world.store.write(|writes| writes.end_sessions_of("a", Some("q"))).await.unwrap(), 0);
    assert_eq!(world.store.write(|writes| writes.end_sessions_of("a", None)).await.unwrap(), 1);
    assert!(read(1).await.unwrap().is_none());

    let credential = Credential {
        login: "wang".to_owned(),
        account: "a".to_owned(),
        password: "$argon2id$…".to_owned(),
        changed_at: 5,
        must_change: true,
    };
    let put = credential.clone();
    world.store.write(move |writes| writes.set_credential(&put)).await.unwrap();
    let found = world
        .store
        .read(|reader| Ok((reader.credential("wang")?, reader.credential("li")?, reader.credentials_of("a")?)));
    assert_eq!(found.await.unwrap(), (Some(credential.clone()), None, vec![credential]));
    assert_ne!(world.store.lookup_hash("phone", "1"), world.store.lookup_hash("id", "1"));
    assert_eq!(world.store.lookup_hash("phone", "1"), world.store.lookup_hash("phone", "1"));
}

pub(super) async fn budgets_refill_after_their_window(world: World) {
    let fail = |now: i64| world.store.write(move |writes| writes.use_budget("login/a", now, 100));
    let mut used = Vec::new();
    for now in [1_000, 1_050, 1_099, 1_100, 1_150] {
        used.push(fail(now).await.unwrap());
    }
    assert_eq!(used, [1, 2, 3, 1, 2]);
    assert_eq!(world.store.read(|reader| reader.budget("login/a")).await.unwrap(), (2, 1_100));
    world.store.write(|writes| writes.refill_budget("login/a")).await.unwrap();
    assert_eq!(fail(1_160).await.unwrap(), 1);
}

pub(super) async fn files_are_named_after_they_are_stored(world: World) {
    let mut writer = world.store.files().begin(None).unwrap();
    writer.write("施工合同".as_bytes()).unwrap();
    let stored = writer.finish().unwrap();
    let file = stored.clone();
    // The same bytes again are the same file.
    for at in [5, 6] {
        let file = file.clone();
        world.store.write(move |writes| writes.put_file(&file, "", "text/plain", at)).await.unwrap();
    }
    let row = world.store.read(move |reader| reader.file(&file.hash, "")).await.unwrap().unwrap();
    assert_eq!((row.length, row.media.as_str(), row.stored_at, &row.sm3), (12, "text/plain", 5, &stored.sm3));
    let mut text = String::new();
    world.store.files().read(&row.hash).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "施工合同");
    assert_eq!(world.store.read(|reader| reader.files(("", ""), 10)).await.unwrap().len(), 1);
    assert!(world.data().join("files").join(&row.hash[..2]).is_dir());
    let missing = world.store.files().read(&"0".repeat(64));
    assert!(matches!(missing, Err(Fault::Io { .. })));
}

pub(super) async fn a_job_goes_on_from_where_it_was_and_once(world: World) {
    let read = async || world.store.read(|reader| reader.progress("count")).await.unwrap();
    let put = async |before: Option<serde_json::Value>, after: serde_json::Value| {
        world.store.write(move |writes| writes.put_progress("count", before.as_ref(), &after)).await.unwrap()
    };
    let (first, second) = (serde_json::json!({ "at": 1, "of": "x" }), serde_json::json!({ "at": 2, "of": "x" }));
    assert_eq!(read().await, None);
    assert!(put(None, first.clone()).await);
    assert!(!put(None, second.clone()).await, "another process began meanwhile");
    assert!(put(read().await, second.clone()).await, "what is read is what was written");
    assert!(!put(Some(first), serde_json::json!({ "at": 9 })).await, "nor does one that was overtaken go back");
    assert_eq!(read().await, Some(second));
    assert_eq!(world.store.read(|reader| reader.progress("other")).await.unwrap(), None);
}

pub(super) async fn catalogs_are_kept_once(world: World) {
    let files = vec![("b.toml".to_owned(), b"b".to_vec()), ("a.csv".to_owned(), vec![0, 255])];
    for (version, at) in [("v1", 1), ("v1", 2), ("v2", 3)] {
        let files = files.clone();
        world.store.write(move |writes| writes.put_catalog(version, &files, at)).await.unwrap();
    }
    let (versions, kept, none) = world
        .store
        .read(|reader| Ok((reader.catalog_versions()?, reader.catalog("v1")?, reader.catalog("v3")?)))
        .await
        .unwrap();
    assert_eq!((versions, none), (vec!["v1".to_owned(), "v2".to_owned()], None));
    assert_eq!(kept.unwrap(), [("a.csv".to_owned(), vec![0, 255]), ("b.toml".to_owned(), b"b".to_vec())]);
}
