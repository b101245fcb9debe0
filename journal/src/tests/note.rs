use proptest::prelude::*;

use super::id;
use crate::checkpoint::origin;
use crate::note::{Note, NoteError, SignerKey, VerifierKey};
use crate::values::unhex;
use crate::{Checkpoint, Hash};

/// Key, text and signature of the example in the documentation of Go's `golang.org/x/mod/sumdb/note`, from which C2SP signed-note comes.
const GO_KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_SEED: &str = "810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173";
const GO_NOTE: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn signer(name: &str, seed: u8) -> SignerKey {
    SignerKey::from_seed(name, &[seed; 32]).unwrap()
}

#[test]
fn reads_and_writes_the_example_of_go() {
    let note: Note = GO_NOTE.parse().unwrap();
    let key: VerifierKey = GO_KEY.parse().unwrap();
    note.verify(&key).unwrap();
    assert_eq!(note.to_string(), GO_NOTE);
    assert_eq!(key.to_string(), GO_KEY);
    assert_eq!(key.name(), "PeterNeumann");
    let signer = SignerKey::from_seed("PeterNeumann", &unhex(GO_SEED.as_bytes()).unwrap()).unwrap();
    assert_eq!(signer.verifier(), &key);
    assert_eq!(Note::sign(note.text(), &signer).unwrap().to_string(), GO_NOTE);
}

#[test]
fn several_keys_sign_one_text() {
    let (log, witness, stranger) =
        (signer("jiantong/log", 1), signer("jiantong/witness", 2), signer("jiantong/log", 3));
    let mut note = Note::sign("first\n\nsecond\n", &log).unwrap();
    note.add_signature(&witness);
    let read: Note = note.to_string().parse().unwrap();
    assert_eq!(read, note);
    assert_eq!(read.text(), "first\n\nsecond\n");
    assert_eq!(read.signatures().len(), 2);
    assert_eq!(read.verify(log.verifier()), Ok(()));
    assert_eq!(read.verify(witness.verifier()), Ok(()));
    assert_eq!(read.verify(stranger.verifier()), Err(NoteError::NotSigned("jiantong/log".into())));
}

#[test]
fn a_wrong_signature_beside_a_right_one_is_refused() {
    let log = signer("jiantong/log", 1);
    let note = Note::sign("text\n", &log).unwrap().to_string();
    let other = Note::sign("other\n", &log).unwrap().to_string();
    let both = note + other.split_once("\n\n").unwrap().1;
    let both: Note = both.parse().unwrap();
    assert_eq!(both.verify(log.verifier()), Err(NoteError::WrongSignature("jiantong/log".into())));
}

#[test]
fn refuses_malformed_notes() {
    let good = Note::sign("text\n", &signer("log", 1)).unwrap().to_string();
    let line = good.split_once("\n\n").unwrap().1;
    assert!(good.parse::<Note>().is_ok());
    for bad in [
        String::new(),
        "text\n".into(),
        "text\n\n".into(),
        "\n\n".into(),
        format!("text\n{line}"),
        good.trim_end().into(),
        format!("{good}\n"),
        good.replace("text", "te\txt"),
        good.replace("text\n", "text\r\n"),
        good.replace('—', "-"),
        good.replace("— log ", "— log  "),
        good.replace("— log ", "—  "),
        good.replace("— log ", "— l+g "),
        good.replace("— log ", "— l\u{3000}g "),
        good.replace("— log ", "— "),
        good.replace("=\n", "\n"),
        "text\n\n— log AAAA\n".into(),
        "text\n\n— log AAAAAA==\n".into(),
        "text\n\n".to_owned() + &line.repeat(65),
        "x".repeat(crate::note::NOTE_BYTES_MAX) + &good,
    ] {
        assert!(bad.parse::<Note>().is_err(), "{bad:?}");
    }
    assert!(("text\n\n".to_owned() + &line.repeat(64)).parse::<Note>().is_ok());
    assert!(Note::sign("no newline", &signer("log", 1)).is_err());
    assert!(Note::sign("tab\t\n", &signer("log", 1)).is_err());
    assert!(SignerKey::from_seed("a b", &[1; 32]).is_err());
    assert!(SignerKey::from_seed("", &[1; 32]).is_err());
}

#[test]
fn refuses_malformed_keys() {
    for bad in [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        "+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumanm+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+BBpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10T",
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW\n",
        "PeterNeumann+c74f20a3+AQ==",
    ] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad:?}");
    }
}

#[test]
fn checkpoint_text_is_frozen() {
    let checkpoint = Checkpoint::new(id(0), 20_852_163, Hash([0xfb; 32]), 1_766_400_000_000_000);
    let text = "jiantong/0190f1e2-d3c4-7ab5-8a01-020304050600\n20852163\n+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/v7+/s=\nat 1766400000000000\n";
    assert_eq!(checkpoint.to_string(), text);
    assert_eq!(text.parse(), Ok(checkpoint.clone()));
    assert_eq!(checkpoint.at(), Some(1_766_400_000_000_000));
    assert_eq!(checkpoint.origin, origin(id(0)));
}

/// C2SP tlog-checkpoint: the example of the specification.
#[test]
fn reads_the_checkpoint_of_the_specification() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let checkpoint: Checkpoint = text.parse().unwrap();
    assert_eq!(
        (checkpoint.origin.as_str(), checkpoint.size, checkpoint.at()),
        ("example.com/behind-the-sofa", 20_852_163, None)
    );
    assert_eq!(checkpoint.to_string(), text);
    let note = text.to_owned()
        + "\n— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n";
    assert_eq!(note.parse::<Note>().unwrap().text(), text);
}

#[test]
fn refuses_malformed_checkpoints() {
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    let good = format!("log\n0\n{root}\n");
    assert!(good.parse::<Checkpoint>().is_ok());
    for bad in [
        String::new(),
        format!("log\n0\n{root}"),
        "log\n0\n".into(),
        format!("\n0\n{root}\n"),
        format!("log\n00\n{root}\n"),
        format!("log\n+1\n{root}\n"),
        format!("log\n-1\n{root}\n"),
        format!("log\n18446744073709551616\n{root}\n"),
        "log\n0\nAAAA\n".into(),
        format!("log\n0\n{}\n", root.trim_end_matches('=')),
        format!("log\n0\n{root}\n\n"),
        format!("log\n0\n{root}\n\nlater\n"),
    ] {
        assert!(bad.parse::<Checkpoint>().is_err(), "{bad:?}");
    }
}

proptest! {
    #[test]
    fn any_text_never_panics_and_notes_survive(text in "(\\PC|\n){0,200}", tail in "(\n\n)?(— [a-z]{0,4} [A-Za-z0-9=]{0,20}\n){0,3}") {
        let text = text + &tail;
        if let Ok(note) = text.parse::<Note>() {
            prop_assert_eq!(note.to_string(), text.clone());
        }
        if let Ok(checkpoint) = text.parse::<Checkpoint>() {
            prop_assert_eq!(checkpoint.to_string(), text.clone());
        }
        if let Ok(key) = text.parse::<VerifierKey>() {
            prop_assert_eq!(key.to_string(), text);
        }
    }

    #[test]
    fn what_is_signed_is_read_back(lines in prop::collection::vec("\\PC{0,40}", 1..6), seed: u8) {
        let text = lines.join("\n") + "\n";
        let signer = signer("log", seed);
        let note: Note = Note::sign(&text, &signer).unwrap().to_string().parse().unwrap();
        prop_assert_eq!(note.text(), text);
        prop_assert_eq!(note.verify(signer.verifier()), Ok(()));
    }
}
