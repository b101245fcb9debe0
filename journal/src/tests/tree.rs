use ct_merkle::mem_backed_tree::MemoryBackedTree;
use proptest::prelude::*;
use sha2::Sha256;

use super::MemoryLog;
use crate::Hash;
use crate::tree::proofs::{prove_consistency, prove_inclusion, root, verify_consistency, verify_inclusion};
use crate::tree::tiles::{BundleId, TileError, TileId, TileWriter, bundle, unbundle};
use crate::tree::{Frontier, empty_root, leaf_hash};

fn leaf(index: u64) -> Vec<u8> {
    format!("leaf {index}").into_bytes()
}

fn log(size: u64) -> MemoryLog {
    MemoryLog::of((0..size).map(leaf))
}

fn concatenated(proof: &[Hash]) -> Vec<u8> {
    proof.iter().flat_map(|hash| hash.0).collect()
}

/// The tree of the Certificate Transparency reference implementation's tests: eight leaves and the root after each.
#[test]
fn roots_are_those_of_certificate_transparency() {
    let leaves: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    let roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];
    let mut frontier = Frontier::new();
    assert_eq!(frontier.root().to_string(), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    for (leaf, root) in leaves.iter().zip(roots) {
        frontier.push(leaf_hash(leaf));
        assert_eq!(frontier.root().to_string(), root);
    }
}

/// Every leaf and every earlier tree of each size, against ct-merkle, another implementation of RFC 6962.
#[test]
fn proofs_are_those_of_ct_merkle_up_to_300_leaves() {
    let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut log = MemoryLog::default();
    let mut roots = vec![empty_root()];
    for size in 0..=300u64 {
        assert_eq!(log.frontier().root().0[..], oracle.root().as_bytes()[..], "root of {size}");
        assert_eq!(root(&log, size).unwrap(), log.frontier().root());
        for index in 0..size {
            let proof = prove_inclusion(&log, index, size).unwrap();
            assert_eq!(concatenated(&proof), oracle.prove_inclusion(index as usize).as_bytes(), "{index} in {size}");
            verify_inclusion(&leaf_hash(&leaf(index)), index, size, &proof, &roots[size as usize]).unwrap();
        }
        for old in 0..=size {
            let proof = prove_consistency(&log, old, size).unwrap();
            if old > 0 {
                let expected = oracle.prove_consistency((size - old) as usize);
                assert_eq!(concatenated(&proof), expected.as_bytes(), "{old} to {size}");
            }
            verify_consistency(old, &roots[old as usize], size, &roots[size as usize], &proof).unwrap();
        }
        log.push(&leaf(size));
        oracle.push(leaf(size));
        roots.push(log.frontier().root());
    }
}

#[test]
fn proofs_are_those_of_ct_merkle_across_three_levels_of_tiles() {
    let mut log = MemoryLog::default();
    let mut oracle = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    for size in [4_097, 65_535, 65_536, 65_537, 70_000u64] {
        for index in oracle.len()..size {
            log.push(&leaf(index));
            oracle.push(leaf(index));
        }
        let new_root = log.frontier().root();
        assert_eq!(new_root.0[..], oracle.root().as_bytes()[..]);
        assert_eq!(root(&log, size).unwrap(), new_root);
        for index in [0, 1, 255, 256, 4_095, 4_096, size / 3, size / 2 + 7, size - 2, size - 1] {
            log.reads.set(0);
            let proof = prove_inclusion(&log, index, size).unwrap();
            assert!(log.reads.get() <= 5, "{} tiles read", log.reads.get());
            assert_eq!(concatenated(&proof), oracle.prove_inclusion(index as usize).as_bytes(), "{index} in {size}");
            verify_inclusion(&leaf_hash(&leaf(index)), index, size, &proof, &new_root).unwrap();
        }
        for old in [1, 2, 255, 256, 257, 4_096, size / 3, size / 2 + 7, size - 1] {
            log.reads.set(0);
            let proof = prove_consistency(&log, old, size).unwrap();
            assert!(log.reads.get() <= 6, "{} tiles read", log.reads.get());
            let expected = oracle.prove_consistency((size - old) as usize);
            assert_eq!(concatenated(&proof), expected.as_bytes(), "{old} to {size}");
            verify_consistency(old, &root(&log, old).unwrap(), size, &new_root, &proof).unwrap();
        }
    }
    // C2SP tlog-tiles: "a tree of size 70,000 will be represented by 273 full level 0 tiles, one partial level 0 tile of width 112, one full
    // level 1 tile, one partial level 1 tile of width 17, and one partial level 2 tile of width 1".
    let full = |level| log.full.iter().filter(|tile| tile.level == level).count();
    assert_eq!((full(0), full(1), full(2)), (273, 1, 0));
}

#[test]
fn asks_for_partial_tiles_as_wide_as_the_tree() {
    struct Widths(MemoryLog, std::cell::RefCell<Vec<String>>);
    impl crate::tree::tiles::HashReader for Widths {
        fn tile(
            &self,
            level: u8,
            index: u64,
            width: u16,
        ) -> Result<Vec<Hash>, Box<dyn std::error::Error + Send + Sync>> {
            self.1.borrow_mut().push(TileId { level, index, width }.to_string());
            self.0.tile(level, index, width)
        }
    }
    let reader = Widths(log(1000), Default::default());
    root(&reader, 700).unwrap();
    assert_eq!(*reader.1.borrow(), ["tile/1/000.p/2", "tile/0/002.p/188"]);
}

#[test]
fn reports_tiles_that_are_missing_or_short() {
    struct Short;
    impl crate::tree::tiles::HashReader for Short {
        fn tile(&self, level: u8, _: u64, width: u16) -> Result<Vec<Hash>, Box<dyn std::error::Error + Send + Sync>> {
            if level == 0 { Ok(vec![Hash([0; 32]); usize::from(width) - 1]) } else { Err("gone".into()) }
        }
    }
    assert!(matches!(root(&Short, 100), Err(TileError::Short(TileId { level: 0, index: 0, width: 100 }, 99))));
    assert!(matches!(root(&Short, 300), Err(TileError::Read(TileId { level: 1, index: 0, width: 1 }, _))));
    assert!(prove_inclusion(&Short, 5, 5).is_err());
    assert!(prove_consistency(&Short, 6, 5).is_err());
}

#[test]
fn a_writer_resumes_from_tiles_at_any_size() {
    let mut log = MemoryLog::default();
    let mut straight = TileWriter::new();
    for size in 0..1100u64 {
        if size % 37 == 0 || size % 256 < 2 || size % 256 > 253 {
            let mut resumed = TileWriter::resume(log.frontier(), &log).unwrap();
            let mut full = Vec::new();
            for index in size..size + 300 {
                resumed.push(leaf_hash(&leaf(index)), &mut full);
            }
            assert_eq!(resumed.frontier().root(), super::tree::log(size + 300).frontier().root(), "from {size}");
            assert!(full.iter().any(|tile| tile.level == 0 && tile.index == size / 256));
        }
        assert_eq!(Frontier::from_bytes(&log.frontier().to_bytes()).as_ref(), Some(log.frontier()));
        log.push(&leaf(size));
        straight.append([leaf_hash(&leaf(size))]);
    }
    let mut lying = MemoryLog::of((0..300).map(leaf));
    let frontier = lying.frontier().clone();
    lying.leaves[299] = Hash([1; 32]);
    assert!(matches!(TileWriter::resume(&frontier, &lying), Err(TileError::Root { size: 300 })));
}

#[test]
fn frontier_refuses_bytes_that_do_not_belong_together() {
    let bytes = log(5).frontier().to_bytes();
    assert_eq!(bytes.len(), 8 + 2 * 32);
    assert!(Frontier::from_bytes(&bytes).is_some());
    assert!(Frontier::from_bytes(&bytes[..bytes.len() - 1]).is_none());
    assert!(Frontier::from_bytes(&[&bytes[..], &[0; 32]].concat()).is_none());
    assert!(Frontier::from_bytes(&bytes[..7]).is_none());
}

#[test]
fn paths_are_those_of_tlog_tiles() {
    for (path, level, index, width) in [
        ("tile/0/000", 0, 0, 256),
        ("tile/0/x001/067", 0, 1067, 256),
        ("tile/1/x001/x234/067", 1, 1_234_067, 256),
        ("tile/7/x001/000.p/1", 7, 1000, 1),
        ("tile/0/999.p/255", 0, 999, 255),
        ("tile/0/x018/x446/x744/x073/x709/x551/615", 0, u64::MAX, 256),
    ] {
        let id = TileId { level, index, width };
        assert_eq!(id.to_string(), path);
        assert_eq!(path.parse(), Ok(id));
    }
    let id = BundleId { index: 1_234_067, width: 8 };
    assert_eq!(id.to_string(), "tile/entries/x001/x234/067.p/8");
    assert_eq!("tile/entries/x001/x234/067.p/8".parse(), Ok(id));
    for bad in [
        "",
        "tile/0",
        "tile/0/",
        "tile/00/000",
        "tile/8/000",
        "tile/-1/000",
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000",
        "tile/0/x000/001",
        "tile/0/001/001",
        "tile/0/x001/x002",
        "tile/0/x001//002",
        "tile/0/+01",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/0/000.p/",
        "tile/0/000.p/1/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/../000",
        "tile/0/x018/x446/x744/x073/x709/x551/616",
        "tile/entries/000",
    ] {
        assert!(bad.parse::<TileId>().is_err(), "{bad}");
    }
    assert!("tile/0/000".parse::<BundleId>().is_err());
}

#[test]
fn bundles_prefix_each_entry_with_its_length() {
    let long = vec![7; 65_535];
    let entries: [&[u8]; 3] = [b"ab", b"", &long];
    let bytes = bundle(&entries).unwrap();
    assert_eq!(bytes[..8], *b"\x00\x02ab\x00\x00\xff\xff");
    assert_eq!(unbundle(&bytes).unwrap(), entries);
    assert!(bundle(&[&[0; 65_536]]).is_none());
    assert!(unbundle(&bytes[..bytes.len() - 1]).is_none());
    assert!(unbundle(b"\x00").is_none());
}

#[test]
fn a_proof_that_ends_below_the_root_is_refused() {
    let leaf = leaf_hash(&leaf(0));
    assert!(verify_inclusion(&leaf, 0, 1, &[], &leaf).is_ok());
    assert!(verify_inclusion(&leaf, 0, 2, &[], &leaf).is_err());
    assert!(verify_consistency(1, &leaf, 2, &leaf, &[]).is_err());
    assert!(verify_consistency(3, &leaf, 4, &leaf, &[leaf]).is_err());
}

#[test]
fn consistency_from_the_empty_tree_needs_the_empty_root() {
    let (root, other) = (log(3).frontier().root(), Hash([1; 32]));
    assert!(verify_consistency(0, &empty_root(), 3, &root, &[]).is_ok());
    assert!(verify_consistency(0, &other, 3, &root, &[]).is_err());
    assert!(verify_consistency(0, &empty_root(), 3, &root, &[other]).is_err());
    assert!(verify_consistency(0, &empty_root(), 0, &other, &[]).is_err());
    assert!(verify_consistency(3, &root, 3, &other, &[]).is_err());
    assert!(verify_consistency(3, &root, 2, &root, &[]).is_err());
}

proptest! {
    #[test]
    fn a_changed_inclusion_proof_is_refused(
        size in 1..600u64, index in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>(), other in 0..700u64, extra: [u8; 32],
    ) {
        let log = log(size);
        let root = log.frontier().root();
        let index = index.index(size as usize) as u64;
        let leaf = leaf_hash(&leaf(index));
        let proof = prove_inclusion(&log, index, size).unwrap();
        prop_assert!(verify_inclusion(&leaf, index, size, &proof, &root).is_ok());
        prop_assert_eq!(verify_inclusion(&leaf, other, size, &proof, &root).is_ok(), other == index);
        prop_assert!(verify_inclusion(&Hash(extra), index, size, &proof, &root).is_err());
        let longer = [&proof[..], &[Hash(extra)]].concat();
        prop_assert!(verify_inclusion(&leaf, index, size, &longer, &root).is_err());
        if let Some((_, shorter)) = proof.split_last() {
            prop_assert!(verify_inclusion(&leaf, index, size, shorter, &root).is_err());
            let mut flipped = proof.clone();
            let bit = bit.index(proof.len() * 256);
            flipped[bit / 256].0[bit % 256 / 8] ^= 1 << (bit % 8);
            prop_assert!(verify_inclusion(&leaf, index, size, &flipped, &root).is_err());
        }
    }

    #[test]
    fn a_changed_consistency_proof_is_refused(
        new in 2..600u64, old in any::<prop::sample::Index>(), bit in any::<prop::sample::Index>(), extra: [u8; 32],
    ) {
        let log = log(new);
        let old = 1 + old.index(new as usize - 1) as u64;
        let (old_root, new_root) = (root(&log, old).unwrap(), log.frontier().root());
        let proof = prove_consistency(&log, old, new).unwrap();
        prop_assert!(verify_consistency(old, &old_root, new, &new_root, &proof).is_ok());
        prop_assert!(verify_consistency(old, &Hash(extra), new, &new_root, &proof).is_err());
        prop_assert!(verify_consistency(old, &old_root, new, &Hash(extra), &proof).is_err());
        let longer = [&proof[..], &[Hash(extra)]].concat();
        prop_assert!(verify_consistency(old, &old_root, new, &new_root, &longer).is_err());
        prop_assert!(verify_consistency(old, &old_root, new, &new_root, &proof[1..]).is_err());
        let mut flipped = proof.clone();
        let bit = bit.index(proof.len() * 256);
        flipped[bit / 256].0[bit % 256 / 8] ^= 1 << (bit % 8);
        prop_assert!(verify_consistency(old, &old_root, new, &new_root, &flipped).is_err());
    }

    #[test]
    fn random_bytes_and_paths_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), path in "(tile/)?[0-9xp./]{0,30}") {
        if let Some(frontier) = Frontier::from_bytes(&bytes) {
            prop_assert_eq!(frontier.to_bytes(), bytes.clone());
        }
        if let Some(entries) = unbundle(&bytes) {
            prop_assert_eq!(bundle(&entries).unwrap(), bytes);
        }
        if let Ok(id) = path.parse::<TileId>() {
            prop_assert_eq!(id.to_string(), path.clone());
        }
        if let Ok(id) = path.parse::<BundleId>() {
            prop_assert_eq!(id.to_string(), path);
        }
    }
}
