use proptest::prelude::*;

use super::{entry, id};
use crate::tree::{Frontier, leaf_hash};
use crate::verify::{Fault, LogVerifier, Mismatch, Sound};
use crate::{Checkpoint, Entry, Hash};

fn entries(size: u64) -> Vec<Vec<u8>> {
    (0..size).map(|sequence| entry(sequence).encode().unwrap()).collect()
}

fn checkpoints(entries: &[Vec<u8>], sizes: &[u64]) -> Vec<Checkpoint> {
    let head = |&size: &u64| {
        let mut frontier = Frontier::new();
        entries[..size as usize].iter().for_each(|entry| frontier.push(leaf_hash(entry)));
        Checkpoint::new(id(0), size, frontier.root(), 0)
    };
    sizes.iter().map(head).collect()
}

fn verify(entries: &[Vec<u8>], leaves: Option<&[Hash]>, checkpoints: Vec<Checkpoint>) -> Result<Sound, Mismatch> {
    let mut verifier = LogVerifier::new(id(0), checkpoints);
    for (position, entry) in entries.iter().enumerate() {
        verifier.entry(entry, leaves.map(|leaves| &leaves[position]))?;
    }
    verifier.finish()
}

#[test]
fn a_sound_log_is_reported_with_its_root() {
    let entries = entries(20);
    let sound = verify(&entries, None, checkpoints(&entries, &[15, 0, 7, 7])).unwrap();
    let root = checkpoints(&entries, &[20])[0].root;
    assert_eq!(sound, Sound { size: 20, root, streams: 3, attested: 15 });
    assert_eq!(verify(&[], None, vec![]).unwrap().size, 0);
}

/// domain.md §17, fact 4: flip one bit in journal entry k → verification names k and nothing after is trusted. Every bit of every entry.
#[test]
fn one_flipped_bit_names_its_entry() {
    let good = entries(9);
    let leaves: Vec<Hash> = good.iter().map(|entry| leaf_hash(entry)).collect();
    let checkpoints = checkpoints(&good, &[3, 9]);
    for place in 0..good.len() {
        for bit in 0..good[place].len() * 8 {
            let mut entries = good.clone();
            entries[place][bit / 8] ^= 1 << (bit % 8);
            let attested = if place < 3 { 0 } else { 3 };
            let mismatch = verify(&entries, Some(&leaves), checkpoints.clone()).unwrap_err();
            assert_eq!(mismatch, Mismatch { sequence: place as u64, fault: Fault::Leaf, attested });
            // Without stored leaves the checkpoints alone still refuse, and nothing is believed from the last good one on.
            let mismatch = verify(&entries, None, checkpoints.clone()).unwrap_err();
            assert_eq!(mismatch.attested, attested, "{mismatch}");
        }
    }
}

#[test]
fn nothing_after_a_fault_is_accepted() {
    let entries = entries(5);
    let mut verifier = LogVerifier::new(id(0), vec![]);
    verifier.entry(&entries[0], None).unwrap();
    let mismatch = verifier.entry(&entries[2], None).unwrap_err();
    assert_eq!(mismatch, Mismatch { sequence: 1, fault: Fault::Sequence { found: 2 }, attested: 0 });
    assert_eq!(verifier.entry(&entries[1], None), Err(mismatch.clone()));
    assert_eq!(verifier.frontier().size(), 1);
    assert_eq!(verifier.finish(), Err(mismatch));
}

#[test]
fn each_fault_is_named() {
    let fault = |changed: Entry| {
        let mut log = entries(6);
        log[4] = changed.encode().unwrap();
        let mismatch = verify(&log, None, vec![]).unwrap_err();
        assert_eq!(mismatch.sequence, 4);
        mismatch.fault
    };
    let last = entry(3).at;
    assert_eq!(fault(Entry { node: id(5), ..entry(4) }), Fault::Node { found: id(5) });
    assert_eq!(fault(Entry { sequence: 3, ..entry(4) }), Fault::Sequence { found: 3 });
    assert_eq!(fault(Entry { at: last, ..entry(4) }), Fault::Time { last, found: last });
    assert_eq!(fault(Entry { at: last - 1, ..entry(4) }), Fault::Time { last, found: last - 1 });
    let stream = || entry(4).stream;
    assert_eq!(fault(Entry { version: 3, ..entry(4) }), Fault::Version { stream: stream(), expected: 2, found: 3 });
    assert_eq!(fault(Entry { version: 1, ..entry(4) }), Fault::Version { stream: stream(), expected: 2, found: 1 });
    let other = || "case/77".to_owned();
    assert_eq!(fault(Entry { stream: other(), ..entry(4) }), Fault::Version { stream: other(), expected: 1, found: 2 });

    let mut log = entries(6);
    log[4].truncate(40);
    assert!(matches!(verify(&log, None, vec![]), Err(Mismatch { sequence: 4, fault: Fault::Unreadable(_), .. })));
}

#[test]
fn checkpoints_show_a_shorter_and_a_rewritten_log() {
    let good = entries(12);
    let signed = checkpoints(&good, &[4, 8, 12]);
    let shorter = verify(&good[..10], None, signed.clone()).unwrap_err();
    assert_eq!(shorter, Mismatch { sequence: 10, fault: Fault::Missing { size: 12 }, attested: 8 });
    let mut rewritten = good.clone();
    rewritten[5] = Entry { entered_at: 0, ..entry(5) }.encode().unwrap();
    let mismatch = verify(&rewritten, None, signed.clone()).unwrap_err();
    assert_eq!(mismatch, Mismatch { sequence: 4, fault: Fault::Root { size: 8 }, attested: 4 });

    let foreign = Checkpoint { origin: "jiantong/elsewhere".into(), ..signed[0].clone() };
    let mismatch = verify(&good, None, vec![foreign]).unwrap_err();
    assert_eq!(mismatch.fault, Fault::Origin { found: "jiantong/elsewhere".into() });
    let wrong_empty = Checkpoint { root: Hash([0; 32]), size: 0, ..signed[0].clone() };
    assert_eq!(verify(&good, None, vec![wrong_empty]).unwrap_err().fault, Fault::Root { size: 0 });
}

proptest! {
    #[test]
    fn missing_doubled_and_swapped_entries_are_named(place in 0..18usize, how in 0..3u8) {
        let mut log = entries(20);
        match how {
            0 => drop(log.remove(place)),
            1 => log.insert(place, log[place].clone()),
            _ => log.swap(place, place + 1),
        }
        let mismatch = verify(&log, None, vec![]).unwrap_err();
        prop_assert_eq!(mismatch.sequence, if how == 1 { place as u64 + 1 } else { place as u64 });
        let is_sequence = matches!(mismatch.fault, Fault::Sequence { .. });
        prop_assert!(is_sequence);
    }

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(LogVerifier::new(id(0), vec![]).entry(&bytes, None).is_err());
    }
}
