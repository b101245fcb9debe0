use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{entry, hex, id};
use crate::cbor::{self, Keys};
use crate::entry::ENTRY_BYTES_MAX;
use crate::{Actor, Body, Commitment, Entry, EntryError, Hash, Id, Kind, commit};

/// Frozen: one line for each sort of actor, name and bytes. A difference here is a broken promise, not a snapshot to accept.
const GOLDEN: &str = include_str!("../../tests/data/entries.hex");

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Opinion {
    outcome: String,
    opinion: Commitment,
    decided_on: String,
    fee_fen: i64,
}

fn golden_entries() -> [(&'static str, Entry); 5] {
    let opinion = Opinion {
        outcome: "approved".into(),
        opinion: Commitment::to(id(7), "opinion", &[0xa5; 16], &cbor::encode("同意").unwrap()),
        decided_on: "2026-01-13".into(),
        fee_fen: -1,
    };
    let with = |sequence: u64, kind: &str, actor: Actor, body: Body| Entry {
        kind: kind.parse().unwrap(),
        actor,
        body,
        ..entry(sequence)
    };
    let officer = |delegation| Actor::Officer { account: id(1), post: id(2), delegation };
    let applicant = |on_behalf_of| Actor::Applicant { account: id(4), on_behalf_of };
    let empty = || Body::of(&std::collections::BTreeMap::<String, u8>::new()).unwrap();
    [
        ("officer", with(0, "case-decided@1", officer(None), Body::of(&opinion).unwrap())),
        ("officer-delegated", with(23, "case-accepted@2", officer(Some(id(3))), entry(0).body)),
        ("applicant", with(24, "application-submitted@1", applicant(Some(id(5))), entry(0).body)),
        ("applicant-for-self", with(256, "case-withdrawn@1", applicant(None), empty())),
        ("system", with(65_536, "reminder-sent@1", Actor::System { job: "timers".into() }, entry(0).body)),
    ]
}

#[test]
fn bytes_are_those_of_the_first_release() {
    let lines = GOLDEN.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once(' ').unwrap());
    let frozen: Vec<(&str, &str)> = lines.collect();
    let now: Vec<(&str, String)> =
        golden_entries().into_iter().map(|(name, entry)| (name, hex(&entry.encode().unwrap()))).collect();
    assert_eq!(frozen, now.iter().map(|(name, bytes)| (*name, bytes.as_str())).collect::<Vec<_>>());
}

#[test]
fn every_sort_of_actor_survives() {
    for (name, entry) in golden_entries() {
        let bytes = entry.encode().unwrap();
        cbor::check(&bytes, Keys::Text).unwrap();
        assert_eq!(Entry::decode(&bytes).unwrap(), entry, "{name}");
    }
}

/// The hand-written bytes are what any deterministic encoder gives for the documented map.
#[test]
fn bytes_are_the_documented_map() {
    #[derive(Serialize)]
    struct Documented {
        node: Id,
        sequence: u64,
        stream: &'static str,
        version: u64,
        kind: &'static str,
        at: i64,
        entered_at: i64,
        actor: std::collections::BTreeMap<&'static str, std::collections::BTreeMap<&'static str, Id>>,
        body: serde_json::Value,
    }
    let fields = [("account", id(1)), ("post", id(2)), ("delegation", id(3))];
    let documented = Documented {
        node: id(0),
        sequence: 23,
        stream: "case/0190f1e2-d3c4-7ab5-8a01-02030405060c",
        version: 8,
        kind: "case-accepted@2",
        at: 1_766_400_000_000_023,
        entered_at: 1_766_400_000_000_000,
        actor: [("officer", fields.into())].into(),
        body: serde_json::json!({"due_on": "2026-01-20", "days": 20, "materials": ["施工合同"]}),
    };
    assert_eq!(golden_entries()[1].1.encode().unwrap(), cbor::encode(&documented).unwrap());
}

#[test]
fn body_is_read_back_as_its_type() {
    let (_, entry) = &golden_entries()[0];
    let opinion: Opinion = Entry::decode(&entry.encode().unwrap()).unwrap().body.decode().unwrap();
    assert_eq!(opinion.outcome, "approved");
    assert!(opinion.opinion.opens_with(&[0xa5; 16], &cbor::encode("同意").unwrap()));
    assert!(!opinion.opinion.opens_with(&[0xa4; 16], &cbor::encode("同意").unwrap()));
    assert!(!opinion.opinion.opens_with(&[0xa5; 16], &cbor::encode("不同意").unwrap()));
}

#[test]
fn serde_gives_the_actor_in_the_bytes_of_the_entry() {
    for (name, entry) in golden_entries() {
        let actor = cbor::encode(&entry.actor).unwrap();
        let key_and_actor = [b"\x65actor".as_slice(), &actor].concat();
        let bytes = entry.encode().unwrap();
        assert!(bytes.windows(key_and_actor.len()).any(|window| window == key_and_actor), "{name}");
        assert_eq!(cbor::decode::<Actor>(&actor).unwrap(), entry.actor);
        let json = serde_json::to_string(&entry.actor).unwrap();
        assert_eq!(serde_json::from_str::<Actor>(&json).unwrap(), entry.actor, "{json}");
    }
}

#[test]
fn a_body_is_taken_from_bytes_only_if_it_would_be_written_so() {
    let bytes = cbor::encode(&serde_json::json!({"b": 1, "aa": null})).unwrap();
    assert_eq!(Body::from_bytes(&bytes).unwrap().as_bytes(), bytes);
    assert_eq!(Body::from_bytes(b"\x80"), Err(EntryError::BodyNotMap));
    assert!(Body::from_bytes(&[&bytes[..], b"\x00"].concat()).is_err());
    assert!(Body::from_bytes(b"\xa2\x62aa\x01\x61b\x02").is_err());
    assert!(Body::from_bytes(b"\xa1\x01\x02").is_err());
}

#[test]
fn a_body_is_shown_as_json() {
    let shown = golden_entries()[0].1.body.to_json();
    let expected = serde_json::json!({
        "fee_fen": -1, "decided_on": "2026-01-13", "outcome": "approved", "opinion": {
            "field": "opinion", "subject": "0190f1e2-d3c4-7ab5-8a01-020304050607",
            "hash": commit(&[0xa5; 16], &cbor::encode("同意").unwrap()),
        },
    });
    assert_eq!(shown, expected);
    let all = serde_json::json!({"list": [true, null, {}, [], u64::MAX, i64::MIN]});
    assert_eq!(Body::of(&all).unwrap().to_json(), all);
}

#[test]
fn commitment_is_the_hash_of_salt_then_value() {
    // printf '0123456789abcdefvalue' | sha256sum
    let expected = "b89ca3961c4207a5f6516e0f5077f64c7b1073fd29b22425fd2dfdecf42422c8";
    assert_eq!(commit(b"0123456789abcdef", b"value").to_string(), expected);
}

#[test]
fn largest_entry_is_65535_bytes() {
    let with_note = |length: usize| Entry {
        body: Body::of(&std::collections::BTreeMap::from([("note", "x".repeat(length))])).unwrap(),
        ..entry(0)
    };
    let around = with_note(60_000).encode().unwrap().len() - 60_000;
    let largest = with_note(ENTRY_BYTES_MAX - around).encode().unwrap();
    assert_eq!(largest.len(), ENTRY_BYTES_MAX);
    Entry::decode(&largest).unwrap();
    let too_large = with_note(ENTRY_BYTES_MAX - around + 1).encode();
    assert_eq!(too_large, Err(EntryError::TooLarge { bytes: ENTRY_BYTES_MAX + 1 }));
    assert_eq!(Entry::decode(&[0; ENTRY_BYTES_MAX + 1]), Err(EntryError::TooLarge { bytes: ENTRY_BYTES_MAX + 1 }));
}

#[test]
fn refuses_what_is_not_in_the_form() {
    for kind in [
        "case-accepted",
        "case-accepted@",
        "case-accepted@0",
        "case-accepted@01",
        "case-accepted@+1",
        "Case@1",
        "@1",
        "1a@1",
        "a--b@1",
        "a-@1",
        "a@1@2",
        "a@99999999999",
        "受理@1",
    ] {
        assert!(kind.parse::<Kind>().is_err(), "{kind}");
    }
    let kind: Kind = "case-accepted@12".parse().unwrap();
    assert_eq!((kind.name(), kind.form(), kind.as_str()), ("case-accepted", 12, "case-accepted@12"));

    assert_eq!(Body::of("text"), Err(EntryError::BodyNotMap));
    assert!(Body::of(&std::collections::BTreeMap::from([(1, 2)])).is_err());
    assert!(Body::of(&serde_json::json!({"share": 0.5})).is_err());
    assert_eq!(Entry { version: 0, ..entry(0) }.encode(), Err(EntryError::VersionZero));
    for stream in ["", "case", "case/", "/1", "case/\n", "case/\u{9b}", &format!("case/{}", "x".repeat(196))] {
        let refused = Err(EntryError::Stream(stream.chars().take(64).collect()));
        assert_eq!(Entry { stream: stream.into(), ..entry(0) }.encode(), refused);
    }
    for stream in
        ["record/licences/130102202509280101", "organisation/130100-zjj", &format!("case/{}", "x".repeat(195))]
    {
        let bytes = Entry { stream: stream.into(), ..entry(0) }.encode().unwrap();
        assert_eq!(Entry::decode(&bytes).unwrap().stream, stream);
    }
    let job = Actor::System { job: "张三".into() };
    assert_eq!(Entry { actor: job, ..entry(0) }.encode(), Err(EntryError::Job("张三".into())));
}

/// Each of these is canonical CBOR, but not an entry.
#[test]
fn refuses_maps_that_are_not_entries() {
    let good = golden_entries()[1].1.encode().unwrap();
    let replaced = |from: &[u8], to: &[u8]| {
        let place = good.windows(from.len()).position(|window| window == from).unwrap();
        [&good[..place], to, &good[place + from.len()..]].concat()
    };
    assert!(Entry::decode(&replaced(b"\x67version\x08", b"\x67version\x00")).is_err());
    assert!(Entry::decode(&replaced(b"\x67version\x08", b"\x67version\x20")).is_err());
    assert!(Entry::decode(&replaced(b"\x67version\x08", b"\x67version\x18\x08")).is_err());
    assert!(Entry::decode(&replaced(b"\x67officer", b"\x67offices")).is_err());
    assert!(Entry::decode(&replaced(b"case-accepted@2", b"Case-accepted@2")).is_err());
    assert!(Entry::decode(&replaced(b"case/0190", b"case+0190")).is_err());
    assert!(Entry::decode(&replaced(b"delegation", b"delegatioN")).is_err());
    assert!(Entry::decode(&replaced(b"entered_at", b"entered_aT")).is_err());
    assert!(Entry::decode(&[good.as_slice(), b"\x00"].concat()).is_err());
    assert!(Entry::decode(&good[..good.len() - 1]).is_err());
    assert!(Entry::decode(&good).is_ok());
}

fn ids() -> impl Strategy<Value = Id> {
    any::<[u8; 16]>().prop_map(Id)
}

fn actors() -> impl Strategy<Value = Actor> {
    prop_oneof![
        (ids(), ids(), prop::option::of(ids())).prop_map(|(account, post, delegation)| Actor::Officer {
            account,
            post,
            delegation
        }),
        (ids(), prop::option::of(ids())).prop_map(|(account, on_behalf_of)| Actor::Applicant { account, on_behalf_of }),
        "[a-z][a-z0-9]{0,10}(-[a-z0-9]{1,10}){0,3}".prop_map(|job| Actor::System { job }),
    ]
}

proptest! {
    #[test]
    fn entries_survive(
        node in ids(), sequence: u64, stream in "[a-z]{1,9}/[a-z0-9施]{1,60}", version in 1..=u64::MAX, at: i64, entered_at: i64, actor in actors(),
        kind in "[a-z]{1,20}(-[a-z0-9]{1,20}){0,1}@[1-9][0-9]{0,8}",
        body in prop::collection::hash_map(".{0,20}", prop::option::of(any::<i64>()), 0..20),
    ) {
        let body = Body::of(&body).unwrap();
        let entry = Entry { node, sequence, stream, version, kind: kind.parse().unwrap(), at, entered_at, actor, body };
        let bytes = entry.encode().unwrap();
        prop_assert_eq!(cbor::check(&bytes, Keys::Text), Ok(()));
        prop_assert_eq!(Entry::decode(&bytes).unwrap(), entry);
    }

    /// No byte can change without the entry changing or being refused: one entry, one spelling.
    #[test]
    fn a_changed_byte_is_refused_or_is_another_entry(which in 0..5usize, place in any::<prop::sample::Index>(), byte: u8) {
        let good = golden_entries()[which].1.encode().unwrap();
        let mut bytes = good.clone();
        bytes[place.index(good.len())] = byte;
        if let Ok(entry) = Entry::decode(&bytes) {
            prop_assert_eq!(entry.encode().unwrap(), bytes);
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Entry::decode(&bytes).is_err());
    }

    #[test]
    fn ids_and_hashes_survive_as_text(id in ids(), hash: [u8; 32]) {
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        prop_assert_eq!(serde_json::from_str::<Id>(&serde_json::to_string(&id).unwrap()).unwrap(), id);
        let hash = Hash(hash);
        prop_assert_eq!(serde_json::from_str::<Hash>(&serde_json::to_string(&hash).unwrap()).unwrap(), hash);
    }
}

#[test]
fn refuses_other_spellings_of_an_id() {
    let good = "0190f1e2-d3c4-7ab5-8a01-020304050600";
    assert_eq!(good.parse(), Ok(id(0)));
    for bad in [
        "0190F1E2-d3c4-7ab5-8a01-020304050600",
        "0190f1e2d3c47ab58a01020304050600",
        "0190f1e2-d3c4-7ab5-8a01-02030405060",
        "0190f1e2-d3c4-7ab5-8a010-20304050600",
        "g190f1e2-d3c4-7ab5-8a01-020304050600",
        "",
    ] {
        assert!(bad.parse::<Id>().is_err(), "{bad}");
    }
}
