//! Completions and manual pages.

use std::fs;

use crate::process::{Directory, zmtp};

#[test]
fn completions_are_printed_for_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let done = zmtp(["completions", shell]);
        for word in ["zmtp", "keygen", "monitor", "topic"] {
            assert!(done.good().contains(word), "{shell} lacks {word}");
        }
    }
    assert!(zmtp(["completions", "cmd"]).bad(2).contains("bash"));
}

#[test]
fn every_command_has_a_manual_page() {
    let directory = Directory::new();
    let folder = directory.path("man1");
    let folder = folder.to_str().unwrap();
    assert_eq!(zmtp(["man", folder]).good(), "");
    let page = |name: &str| fs::read_to_string(format!("{folder}/{name}.1")).unwrap();
    assert!(page("zmtp").contains("zmtp\\-req(1)"));
    for command in ["req", "sub", "decode", "keygen", "completions", "man"] {
        assert!(page(&format!("zmtp-{command}")).starts_with(".ie"), "{command}");
    }
    assert!(page("zmtp-sub").contains("topic"));
    // Again, in the folder that exists.
    zmtp(["man", folder]).good();
    assert!(zmtp(["man", "/dev/null/man1"]).bad(1).contains("/dev/null/man1"));
}
