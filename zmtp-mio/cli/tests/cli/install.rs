//! Completions and manual pages.

use std::path::Path;
use std::process::Command;
use std::{env, fs};

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

/// The names of the commands, from the help text.
fn commands() -> Vec<String> {
    let help = zmtp(["--help"]);
    let lines = help.good().lines().skip_while(|line| *line != "Commands:").skip(1);
    let lines = lines.take_while(|line| !line.is_empty());
    // Further lines of a description are indented more.
    let names =
        lines.filter_map(|line| line.strip_prefix("  ").filter(|line| !line.starts_with(' ')));
    let names = names.filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(Into::into).collect()
}

#[test]
fn every_page_has_the_sections_of_a_manual_page() {
    let directory = Directory::new();
    let folder = directory.path("man1");
    zmtp(["man", folder.to_str().unwrap()]).good();
    let commands = commands();
    assert_eq!(commands.len(), 28, "{commands:?}");
    let programs = Path::new(env!("CARGO_BIN_EXE_zmtp")).parent().unwrap();
    let path = format!("{}:{}", programs.display(), env::var("PATH").unwrap());
    for name in commands.iter().map(|name| format!("zmtp-{name}")).chain(["zmtp".into()]) {
        let page = fs::read_to_string(folder.join(format!("{name}.1"))).unwrap();
        let sections = ["EXIT STATUS", "ENVIRONMENT", "EXAMPLES", "SEE ALSO"];
        for section in sections {
            let heading = [section.to_owned(), format!("\"{section}\"")];
            let is_there = page.lines().any(|line| {
                line.strip_prefix(".SH ")
                    .is_some_and(|title| heading.iter().any(|one| one == title))
            });
            assert!(is_there, "{name} has no {section}");
        }
        assert!(!page.contains(".SH EXTRA"), "{name}");
        // The shell and the parser accept each example: only the last argument is refused.
        let examples = page.split(".SH EXAMPLES\n").nth(1).unwrap();
        let examples = examples.split(".SH").next().unwrap().lines();
        let mut ran = 0;
        for line in examples.filter_map(|line| line.strip_prefix("\\fB")?.strip_suffix("\\fR")) {
            let line = line.replace("\\-", "-").replace("\\*(Aq", "'");
            let script = format!("{line} --no-such-option");
            let mut shell = Command::new("sh");
            let done = shell.args(["-c", &script]).env("PATH", &path).output().unwrap();
            let error = String::from_utf8(done.stderr).unwrap();
            assert!(error.contains("'--no-such-option'"), "{line}: {error}");
            ran += 1;
        }
        assert!(ran > 0, "{name}");
    }
}

#[test]
fn every_command_has_a_manual_page() {
    let directory = Directory::new();
    let folder = directory.path("man1");
    let folder = folder.to_str().unwrap();
    assert_eq!(zmtp(["man", folder]).good(), "");
    let page = |name: &str| fs::read_to_string(format!("{folder}/{name}.1")).unwrap();
    assert!(page("zmtp").contains("zmtp\\-req(1)"));
    for command in commands() {
        let text = page(&format!("zmtp-{command}"));
        assert!(text.starts_with(".ie"), "{command}");
        assert!(text.contains(&format!(".TH zmtp-{command} 1  \"zmtp ")), "{command}");
    }
    assert!(page("zmtp-sub").contains("topic"));
    // Again, in the folder that exists.
    zmtp(["man", folder]).good();
    assert!(zmtp(["man", "/dev/null/man1"]).bad(1).contains("/dev/null/man1"));
}
