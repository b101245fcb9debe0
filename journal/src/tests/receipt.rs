use proptest::prelude::*;

use super::{MemoryLog, entry, id};
use crate::checkpoint::origin;
use crate::note::{Note, NoteError, SignerKey, VerifierKey};
use crate::tree::proofs::prove_inclusion;
use crate::{Checkpoint, Receipt, ReceiptError};

const SIGNED_AT: i64 = 1_766_400_060_000_000;

fn signer(seed: u8) -> SignerKey {
    SignerKey::from_seed(&origin(id(0)), &[seed; 32]).unwrap()
}

fn receipt(sequence: u64, size: u64) -> Receipt {
    receipt_signed(sequence, size, &signer(1), &Checkpoint::new(id(0), size, log(size).frontier().root(), SIGNED_AT))
}

fn receipt_signed(sequence: u64, size: u64, signer: &SignerKey, checkpoint: &Checkpoint) -> Receipt {
    Receipt {
        entry: entry(sequence).encode().unwrap(),
        proof: prove_inclusion(&log(size), sequence, size).unwrap(),
        checkpoint: Note::sign(&checkpoint.to_string(), signer).unwrap(),
        signer: signer.verifier().clone(),
    }
}

fn log(size: u64) -> MemoryLog {
    MemoryLog::of((0..size).map(|sequence| entry(sequence).encode().unwrap()))
}

#[test]
fn a_receipt_is_verified_with_and_without_a_key() {
    let text = receipt(41, 300).to_json().unwrap();
    let read = Receipt::from_json(&text).unwrap();
    assert_eq!(read, receipt(41, 300));
    let verified = read.verify(None).unwrap();
    assert_eq!(verified.entry, entry(41));
    assert_eq!((verified.node, verified.tree_size, verified.signed_at), (id(0), 300, Some(SIGNED_AT)));
    assert_eq!(verified.fingerprint, signer(1).verifier().fingerprint());
    assert!(!verified.pinned);
    assert!(read.verify(Some(signer(1).verifier())).unwrap().pinned);
}

/// Frozen: a receipt of the first release is read by every later one, and written the same.
#[test]
fn the_receipt_of_the_first_release_is_read_and_written() {
    let frozen = include_str!("../../tests/data/receipt-1.json");
    assert_eq!(receipt(2, 5).to_json().unwrap(), frozen);
    Receipt::from_json(frozen).unwrap().verify(Some(signer(1).verifier())).unwrap();
}

#[test]
fn another_key_than_the_pinned_one_is_named() {
    let error = receipt(1, 3).verify(Some(signer(2).verifier())).unwrap_err();
    assert_eq!(error, ReceiptError::OtherSigner { fingerprint: signer(1).verifier().fingerprint() });
    assert_eq!(error.code(), "receipt-other-signer");
}

#[test]
fn a_pinned_key_may_be_a_second_signer() {
    let mut twice = receipt(1, 3);
    twice.checkpoint.add_signature(&signer(2));
    let verified = twice.verify(Some(signer(2).verifier())).unwrap();
    assert_eq!(verified.fingerprint, signer(2).verifier().fingerprint());
}

#[test]
fn a_key_of_another_log_proves_nothing() {
    let foreign = SignerKey::from_seed("jiantong/other", &[1; 32]).unwrap();
    let root = log(3).frontier().root();
    let of_other_name = receipt_signed(1, 3, &foreign, &Checkpoint::new(id(0), 3, root, SIGNED_AT));
    assert_eq!(of_other_name.verify(None).unwrap_err().code(), "receipt-other-log");
    let of_other_node = receipt_signed(1, 3, &signer(1), &Checkpoint::new(id(99), 3, root, SIGNED_AT));
    assert_eq!(of_other_node.verify(None).unwrap_err().code(), "receipt-other-log");
}

#[test]
fn an_entry_that_is_not_in_the_tree_is_refused() {
    let good = receipt(1, 300);
    let cases = [
        Receipt { entry: entry(2).encode().unwrap(), ..good.clone() },
        Receipt { entry: entry(300).encode().unwrap(), ..good.clone() },
        Receipt { proof: receipt(2, 300).proof, ..good.clone() },
        Receipt { proof: vec![], ..good.clone() },
        Receipt { checkpoint: receipt(1, 301).checkpoint, ..good.clone() },
    ];
    for case in cases {
        assert_eq!(case.verify(None).unwrap_err().code(), "receipt-proof");
    }
    assert!(good.verify(None).is_ok());
}

#[test]
fn a_checkpoint_signed_over_another_text_is_refused() {
    let text = receipt(1, 3).to_json().unwrap();
    let forged = Receipt::from_json(&text.replace("\\n3\\n", "\\n4\\n")).unwrap();
    let error = forged.verify(None).unwrap_err();
    assert_eq!(error, ReceiptError::Note(NoteError::WrongSignature(origin(id(0)))));
    assert_eq!(error.code(), "receipt-signature");
}

#[test]
fn refuses_other_forms() {
    let good = receipt(1, 3).to_json().unwrap();
    let code = |text: &str| Receipt::from_json(text).map(|_| ()).unwrap_err().code();
    assert_eq!(code(""), "receipt-form");
    assert_eq!(code("[]"), "receipt-form");
    assert_eq!(code(&good.replace("\"receipt\": 1", "\"receipt\": 2")), "receipt-format");
    assert_eq!(code(&good.replace("\"receipt\": 1", "\"receipt\": 2, \"entries\": []")), "receipt-format");
    assert_eq!(code(&good.replace("\"receipt\": 1", "\"receipt\": 1, \"more\": 1")), "receipt-form");
    assert_eq!(code(&good.replace("\"receipt\": 1", "\"receipt\": 1, \"receipt\": 1")), "receipt-form");
    assert_eq!(code(&good.replace("\"proof\": [", "\"proof\": [\"AAAA\", ")), "receipt-form");
    assert_eq!(code(&good.replace("\"signer\": \"", "\"signer\": \"x")), "receipt-checkpoint");
    assert_eq!(code(&good.replace("\\n\\n", "\\n")), "receipt-checkpoint");
    assert_eq!(code(&" ".repeat(crate::receipt::RECEIPT_BYTES_MAX + 1)), "receipt-form");
    assert!(Receipt::from_json(&good.replace('\n', "\r\n")).is_ok(), "white space may change on the way");
    let not_an_entry = Receipt { entry: vec![0], ..receipt(1, 3) };
    assert_eq!(not_an_entry.verify(None).unwrap_err().code(), "receipt-entry");
}

/// Every bit of the file, each alone.
#[test]
fn no_bit_of_the_file_can_change() {
    let good = receipt(2, 5).to_json().unwrap().into_bytes();
    for bit in 0..good.len() * 8 {
        let mut bytes = good.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let Ok(text) = std::str::from_utf8(&bytes) else { continue };
        let verified = Receipt::from_json(text).and_then(|receipt| receipt.verify(None));
        assert!(verified.is_err(), "bit {bit}: {text}");
    }
}

proptest! {
    #[test]
    fn receipts_of_any_place_verify(size in 1..700u64, place in any::<prop::sample::Index>()) {
        let receipt = receipt(place.index(size as usize) as u64, size);
        let key: VerifierKey = receipt.signer.to_string().parse().unwrap();
        prop_assert!(Receipt::from_json(&receipt.to_json().unwrap()).unwrap().verify(Some(&key)).is_ok());
    }

    #[test]
    fn any_text_never_panics(text in "\\PC{0,200}", base64 in "[A-Za-z0-9+/]{0,40}=?") {
        prop_assert!(Receipt::from_json(&text).is_err());
        let shaped = serde_json::json!({"receipt": 1, "entry": base64, "proof": [base64], "checkpoint": text, "signer": text});
        prop_assert!(Receipt::from_json(&shaped.to_string()).is_err());
    }
}
