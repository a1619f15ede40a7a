//! Replays the fuzz corpora and findings on any compiler.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use zmtp_tests::properties::{TARGETS, check};
use zmtp_tests::random::Random;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz")
}

fn names_in(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|why| panic!("{}: {why}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn the_properties_hold_for_every_input_of_every_corpus() {
    for (target, _) in TARGETS {
        let folder = fuzz().join("corpus").join(target);
        let names = names_in(&folder);
        assert!(!names.is_empty(), "{target} has no corpus");
        for name in names {
            println!("{target}: {name}");
            check(target, &fs::read(folder.join(name)).unwrap());
        }
    }
}

#[test]
fn the_list_of_targets_is_complete() {
    let listed: BTreeSet<String> = TARGETS.iter().map(|(name, _)| format!("{name}.rs")).collect();
    // The targets of the C library have their properties in its package.
    let others = |folder| {
        let mut names = names_in(&fuzz().join(folder));
        names.retain(|name| !name.starts_with("libzmq_"));
        names
    };
    assert_eq!(others("fuzz_targets"), listed);
    let folders: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).into()).collect();
    assert_eq!(others("corpus"), folders);
}

#[test]
fn the_property_of_every_target_holds_for_random_bytes() {
    let mut random = Random::new(4);
    for (target, _) in TARGETS {
        for round in 0..1_500 {
            let len = random.below(400);
            let bytes: Vec<u8> = (0..len).map(|_| random.number() as u8).collect();
            println!("{target}, round {round}");
            check(target, &bytes);
        }
    }
}
