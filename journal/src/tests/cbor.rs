use std::collections::{BTreeMap, HashMap};

use ciborium::Value;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{hex, id};
use crate::cbor::{CborError, DEPTH_MAX, Keys, Problem, check, decode, encode, encode_with};
use crate::{Hash, Id};

/// RFC 8949 appendix A, the rows that deterministic encoding without floats, tags and odd simple values allows.
#[test]
fn writes_the_examples_of_rfc_8949() {
    let text = |text: &str| Value::Text(text.to_owned());
    let rows: [(Value, &str); 24] = [
        (0.into(), "00"),
        (1.into(), "01"),
        (10.into(), "0a"),
        (23.into(), "17"),
        (24.into(), "1818"),
        (25.into(), "1819"),
        (100.into(), "1864"),
        (1000.into(), "1903e8"),
        (1_000_000.into(), "1a000f4240"),
        (1_000_000_000_000u64.into(), "1b000000e8d4a51000"),
        (u64::MAX.into(), "1bffffffffffffffff"),
        ((-1).into(), "20"),
        ((-10).into(), "29"),
        ((-100).into(), "3863"),
        ((-1000).into(), "3903e7"),
        (false.into(), "f4"),
        (Value::Null, "f6"),
        (Value::Bytes(vec![1, 2, 3, 4]), "4401020304"),
        (text(""), "60"),
        (text("IETF"), "6449455446"),
        (text("水"), "63e6b0b4"),
        (
            Value::Array((1..=25).map(Value::from).collect()),
            "98190102030405060708090a0b0c0d0e0f101112131415161718181819",
        ),
        (
            Value::Map(vec![(text("b"), Value::Array(vec![2.into(), 3.into()])), (text("a"), 1.into())]),
            "a26161016162820203",
        ),
        (
            Value::Map(
                "edcba".chars().map(|key| (text(&key.to_string()), text(&key.to_uppercase().to_string()))).collect(),
            ),
            "a56161614161626142616361436164614461656145",
        ),
    ];
    for (value, expected) in rows {
        let bytes = encode(&value).unwrap();
        assert_eq!(hex(&bytes), expected, "{value:?}");
        assert_eq!(decode::<Value>(&bytes).unwrap(), value_sorted(value));
    }
}

#[test]
fn writes_the_bounds_of_each_length_of_integer() {
    let below = b"\x3b\x80\x00\x00\x00\x00\x00\x00\x00";
    assert_eq!(check(below, Keys::Any), Err(CborError::Malformed { offset: 0, problem: Problem::IntegerTooLow }));
    assert_eq!(decode::<i64>(&encode(&i64::MIN).unwrap()), Ok(i64::MIN));
    for (value, length) in
        [(23u64, 1), (24, 2), (255, 2), (256, 3), (65_535, 3), (65_536, 5), (u32::MAX.into(), 5), (1 << 32, 9)]
    {
        assert_eq!(encode(&value).unwrap().len(), length, "{value}");
        assert_eq!(decode::<u64>(&encode(&value).unwrap()), Ok(value));
        let negative = -1 - i128::from(value);
        assert_eq!(encode(&negative).unwrap().len(), length, "{negative}");
        assert_eq!(decode::<i128>(&encode(&negative).unwrap()), Ok(negative));
    }
    assert_eq!(encode(&i64::MIN).unwrap(), encode(&i128::from(i64::MIN)).unwrap());
    assert_eq!(encode(&(i128::from(u64::MAX) + 1)), Err(CborError::IntegerTooLarge));
    assert_eq!(encode(&(i128::from(i64::MIN) - 1)), Err(CborError::IntegerTooLarge));
}

#[test]
fn refuses_every_other_spelling() {
    use Problem::*;
    for (bytes, offset, problem) in [
        (&b""[..], 0, Truncated),
        (b"\x82\x01", 0, Truncated),
        (b"\x82\x18\x18", 3, Truncated),
        (b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff", 0, Truncated),
        (b"\x62\x61", 0, Truncated),
        (b"\x19\x01", 0, Truncated),
        (b"\x01\x01", 1, Trailing),
        (b"\x18\x17", 0, NotShortest),
        (b"\x19\x00\xff", 0, NotShortest),
        (b"\x1a\x00\x00\xff\xff", 0, NotShortest),
        (b"\x1b\x00\x00\x00\x00\xff\xff\xff\xff", 0, NotShortest),
        (b"\x78\x01a", 0, NotShortest),
        (b"\x9f\x01\xff", 0, Indefinite),
        (b"\xbf\xff", 0, Indefinite),
        (b"\x7f\x61a\xff", 0, Indefinite),
        (b"\xf9\x00\x00", 0, Float),
        (b"\xfb\x00\x00\x00\x00\x00\x00\x00\x00", 0, Float),
        (b"\xc0\x61a", 0, Tag),
        (b"\xf7", 0, Simple),
        (b"\xe0", 0, Simple),
        (b"\xf8\x20", 0, Simple),
        (b"\xff", 0, Simple),
        (b"\x1c", 0, Simple),
        (b"\x62\xc3\x28", 0, Utf8),
        (b"\xa2\x61b\x01\x61a\x02", 4, KeyOrder),
        (b"\xa2\x62aa\x01\x61b\x02", 5, KeyOrder),
        (b"\xa2\x61a\x01\x61a\x02", 4, DuplicateKey),
    ] {
        assert_eq!(check(bytes, Keys::Any), Err(CborError::Malformed { offset, problem }), "{}", hex(bytes));
        assert!(decode::<Value>(bytes).is_err());
    }
    assert_eq!(check(b"\xa1\x01\x02", Keys::Any), Ok(()));
    assert_eq!(
        check(b"\xa1\x61a\xa1\x01\x02", Keys::Text),
        Err(CborError::Malformed { offset: 4, problem: KeyNotText })
    );
}

#[test]
fn refuses_to_write_floats_numbers_as_keys_and_keys_twice() {
    assert_eq!(encode(&1.5), Err(CborError::Float));
    assert_eq!(encode(&[0f32]), Err(CborError::Float));
    assert_eq!(encode_with(&BTreeMap::from([(1, 2)]), Keys::Text), Err(CborError::KeyNotText));
    assert!(encode(&BTreeMap::from([(1, 2)])).is_ok());
    let twice = Value::Map(vec![("a".into(), 1.into()), ("b".into(), 1.into()), ("a".into(), 2.into())]);
    assert_eq!(encode(&twice), Err(CborError::DuplicateKey));
}

#[test]
fn depth_has_one_limit_for_writing_and_reading() {
    let nested = |depth: usize| (0..depth).fold(Value::Null, |inner, _| Value::Array(vec![inner]));
    let bytes = encode(&nested(DEPTH_MAX)).unwrap();
    assert_eq!(decode::<Value>(&bytes), Ok(nested(DEPTH_MAX)));
    assert_eq!(encode(&nested(DEPTH_MAX + 1)), Err(CborError::TooDeep));
    let deeper = [b"\x81".as_slice(), &bytes].concat();
    assert_eq!(check(&deeper, Keys::Any), Err(CborError::Malformed { offset: DEPTH_MAX, problem: Problem::TooDeep }));
    assert!(check(&[0x81; 1_000_000], Keys::Any).is_err());
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    zebra: Option<u8>,
    absent: Option<String>,
    long_name_of_a_field: BTreeMap<String, Shape>,
    id: Id,
    hash: Hash,
    by_id: BTreeMap<Id, i64>,
    many: Vec<u32>,
    pair: (bool, char),
    unit: (),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Unit,
    New(String),
    Pair(i32, i32),
    Fields { y: i64, x: i64 },
}

#[test]
fn serde_types_survive() {
    let value = Everything {
        zebra: Some(7),
        absent: None,
        long_name_of_a_field: BTreeMap::from([
            ("a".into(), Shape::Unit),
            ("b".into(), Shape::New("文".into())),
            ("c".into(), Shape::Pair(-1, 1)),
            ("d".into(), Shape::Fields { y: i64::MIN, x: i64::MAX }),
        ]),
        id: id(9),
        hash: Hash([7; 32]),
        by_id: BTreeMap::from([(id(1), 1), (id(2), -2)]),
        many: (0..300).collect(),
        pair: (true, '省'),
        unit: (),
    };
    let bytes = encode(&value).unwrap();
    check(&bytes, Keys::Any).unwrap();
    assert_eq!(decode::<Everything>(&bytes).unwrap(), value);
    // The same through a library that knows nothing of ours.
    let read: Everything = ciborium::from_reader(&bytes[..]).unwrap();
    assert_eq!(read, value);
    assert!(encode_with(&value, Keys::Text).is_err(), "by_id has ids for keys");
}

#[test]
fn a_text_of_any_length_survives() {
    for length in [0, 23, 24, 255, 256, 4096, 4097, 65_536, 200_000] {
        let text = "文".repeat(length / 3) + &"x".repeat(length % 3);
        assert_eq!(decode::<String>(&encode(&text).unwrap()), Ok(text));
    }
}

/// A value as deterministic CBOR has it, maps sorted by an oracle: ciborium writes the keys, the standard library sorts them.
fn value_sorted(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(value_sorted).collect()),
        Value::Map(pairs) => {
            let mut pairs: Vec<_> =
                pairs.into_iter().map(|(key, value)| (value_sorted(key), value_sorted(value))).collect();
            pairs.sort_by_key(|(key, _)| by_ciborium(key));
            Value::Map(pairs)
        }
        other => other,
    }
}

fn by_ciborium(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    ciborium::into_writer(value, &mut bytes).unwrap();
    bytes
}

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-300i64..300).prop_map(Value::from),
        prop::collection::vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        "[a-c文]{0,30}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        let map = prop::collection::btree_map("[a-e]{0,26}", inner.clone(), 0..30)
            .prop_flat_map(|map| Just(map.into_iter().collect::<Vec<_>>()).prop_shuffle())
            .prop_map(|pairs| Value::Map(pairs.into_iter().map(|(key, value)| (key.into(), value)).collect()));
        prop_oneof![prop::collection::vec(inner, 0..30).prop_map(Value::Array), map]
    })
}

proptest! {
    #[test]
    fn any_order_of_keys_gives_the_bytes_of_the_oracle(value in values()) {
        let bytes = encode(&value).unwrap();
        prop_assert_eq!(&bytes, &by_ciborium(&value_sorted(value.clone())));
        prop_assert_eq!(check(&bytes, Keys::Text), Ok(()));
        prop_assert_eq!(decode::<Value>(&bytes).unwrap(), value_sorted(value));
    }

    #[test]
    fn a_hash_map_is_written_like_a_sorted_one(map in prop::collection::btree_map("[a-z]{0,30}", any::<i32>(), 0..40)) {
        let unordered: HashMap<_, _> = map.iter().collect();
        prop_assert_eq!(encode(&unordered), encode(&map));
    }

    /// Accepted bytes are exactly those that come out again, and no bytes cause a panic.
    #[test]
    fn a_changed_byte_is_refused_or_is_another_value(value in values(), place in any::<prop::sample::Index>(), byte: u8) {
        let mut bytes = encode(&value).unwrap();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let again = ciborium::from_reader::<Value, _>(&bytes[..]).ok().and_then(|value| encode(&value).ok());
        prop_assert_eq!(check(&bytes, Keys::Any).is_ok(), again.as_ref() == Some(&bytes));
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if check(&bytes, Keys::Any).is_ok() {
            prop_assert_eq!(encode(&decode::<Value>(&bytes).unwrap()).unwrap(), bytes);
        }
    }
}

/// Run with `cargo test -p jiantong-journal -- --ignored --nocapture measures`.
#[test]
#[ignore = "a measurement, not a check"]
fn measures_the_codec() {
    let body = serde_json::json!({
        "due_on": "2026-01-20", "promised_on": "2026-01-13", "matter": "jt-construction-permit", "catalog": "sha256:00112233445566778899aabbccddeeff",
        "days": 20, "limit": "wd(20)", "materials": [{"name": "construction-contract", "file": "00112233445566778899", "pages": 12},
        {"name": "planning-permit", "file": "99887766554433221100", "pages": 3}], "tokens": {"accept": 1, "review": 0}, "back_entry": false,
    });
    let body = crate::Body::of(&body).unwrap();
    let fields: Value = body.decode().unwrap();
    let entry = crate::Entry { body: body.clone(), ..super::entry(1) };
    let bytes = entry.encode().unwrap();
    let time = |name: &str, run: &dyn Fn()| {
        let start = std::time::Instant::now();
        (0..100_000).for_each(|_| run());
        println!("{name}: {:.2} µs", start.elapsed().as_secs_f64() * 10.0);
    };
    println!("body {} bytes, entry {} bytes", body.as_bytes().len(), bytes.len());
    time("body, own writer", &|| drop(std::hint::black_box(encode(&fields).unwrap())));
    time("body, through ciborium::Value", &|| {
        let value = Value::serialized(&fields).unwrap();
        drop(std::hint::black_box(by_ciborium(&value_sorted(value))));
    });
    time("body, check", &|| std::hint::black_box(check(body.as_bytes(), Keys::Text)).unwrap());
    time("body, decode", &|| drop(std::hint::black_box(body.decode::<Value>().unwrap())));
    time("entry, encode", &|| drop(std::hint::black_box(entry.encode().unwrap())));
    time("entry, decode", &|| drop(std::hint::black_box(crate::Entry::decode(&bytes).unwrap())));
    time("entry, leaf hash", &|| {
        std::hint::black_box(crate::tree::leaf_hash(&bytes));
    });
}
