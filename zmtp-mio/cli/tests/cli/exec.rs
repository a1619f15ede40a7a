//! Replies made by commands.

use std::fs;

use serde_json::{Value, json};

use crate::process::{Directory, Zmtp, is_alive, within, zmtp, zmtp_with};

const TCP: &str = "tcp://127.0.0.1:*";

#[test]
fn the_output_of_a_command_is_the_reply() {
    let (rep, tcp) = Zmtp::rep(&[TCP, "--exec", "tr a-z A-Z"]);
    assert_eq!(zmtp(["req", &tcp, "hello"]).good(), "HELLO\n");
    assert_eq!(zmtp(["req", &tcp, "a", "", "bc"]).good(), "ABC\n");
    assert_eq!([rep.line(), rep.line()], ["hello\n", "a |  | bc\n"]);
}

#[test]
fn a_command_gets_the_sizes_of_parts() {
    let (_rep, tcp) = Zmtp::rep(&[TCP, "--exec", "printf %s \"$ZMTP_PART_SIZES\""]);
    assert_eq!(zmtp(["req", &tcp, "a", "", "bcd"]).good(), "1 0 3\n");
}

#[test]
fn large_bodies_pass_a_command_and_unread_ones_do_not_block_it() {
    let body = vec![b'x'; 4 << 20];
    let (_rep, tcp) = Zmtp::rep(&[TCP, "-q", "--exec", "cat"]);
    let done = zmtp_with(["req", &tcp, "--raw", "--timeout", "15s"], &body);
    assert!(done.stdout == body, "{} bytes came back: {}", done.stdout.len(), done.stderr);
    let (_rep, tcp) = Zmtp::rep(&[TCP, "-q", "--exec", "echo read nothing"]);
    let done = zmtp_with(["req", &tcp, "--raw", "--timeout", "15s"], &body);
    assert_eq!(done.good(), "read nothing\n");
}

#[test]
fn a_failing_command_gives_an_empty_reply_and_a_note() {
    let command = "read word; echo half; [ \"$word\" = good ]";
    let (rep, tcp) = Zmtp::rep(&[TCP, "--exec", command]);
    assert_eq!(zmtp(["req", &tcp, "bad\n"]).good(), "\n");
    let note = rep.error_line();
    assert!(note.contains("exit status: 1"), "{note}");
    assert_eq!(zmtp(["req", &tcp, "good\n"]).good(), "half\\n\n", "it still serves");
}

#[test]
fn a_command_that_takes_too_long_is_killed_with_its_children() {
    let directory = Directory::new();
    let file = directory.path("id");
    // A pipeline: the shell has children.
    let command = format!("read word; (echo $$ > {}; sleep 300) | cat", file.display());
    let (rep, tcp) = Zmtp::rep(&[TCP, "--exec", &command, "--exec-timeout", "500ms"]);
    let start = format!("{}", file.display());
    assert_eq!(zmtp(["req", &tcp, "x\n", "--timeout", "15s"]).good(), "\n", "{start}");
    let note = rep.error_line();
    assert!(note.contains("took longer than 500ms"), "{note}");
    let id = fs::read_to_string(file).unwrap();
    within(|| !is_alive(id.trim()));
    // Its late end must not disturb the next.
    assert_eq!(zmtp(["req", &tcp, "x\n", "--timeout", "15s"]).good(), "\n");
}

#[test]
fn a_command_that_floods_is_stopped() {
    let (rep, tcp) = Zmtp::rep(&[TCP, "--exec", "yes"]);
    assert_eq!(zmtp(["req", &tcp, "x", "--timeout", "15s"]).good(), "\n");
    let note = rep.error_line();
    assert!(note.contains("more than 16777216 bytes"), "{note}");
}

#[test]
fn other_peers_are_accepted_while_a_command_runs() {
    let (_rep, tcp) = Zmtp::rep(&[TCP, "--exec", "sleep 30"]);
    let _first = Zmtp::start(["req", &tcp, "x", "--timeout", "60s"]);
    let second = Zmtp::start(["req", "--verbose", &tcp, "x", "--timeout", "60s"]);
    let mut line = String::new();
    within(|| {
        line = second.error_line();
        line.contains("ready")
    });
    assert!(line.contains("REP"), "{line}");
}

#[test]
fn an_interrupt_ends_the_command_too() {
    let directory = Directory::new();
    let file = directory.path("id");
    let command = format!("echo $$ > {}; sleep 300; echo late", file.display());
    let (rep, tcp) = Zmtp::rep(&[TCP, "--exec", &command]);
    let req = Zmtp::start(["req", &tcp, "x", "--timeout", "60s"]);
    let mut id = String::new();
    within(|| {
        id = fs::read_to_string(&file).unwrap_or_default();
        id.ends_with('\n')
    });
    assert!(is_alive(id.trim()));
    rep.signal("-INT");
    assert_eq!(rep.finish().bad(130), "zmtp: the reply to request 1 was not sent\n");
    within(|| !is_alive(id.trim()));
    assert!(req.finish().bad(5).contains("was lost"));
}

#[test]
fn a_signal_reports_the_request_whose_reply_is_not_sent() {
    for (signal, code) in [("-INT", 130), ("-TERM", 143)] {
        let command = "read word; case $word in slow) sleep 300;; esac; echo $word";
        let (rep, tcp) = Zmtp::rep(&[TCP, "--json", "--exec", command]);
        assert_eq!(zmtp(["req", &tcp, "--raw", "fast\n"]).good(), "fast\n");
        let _req = Zmtp::start(["req", &tcp, "slow\n", "--timeout", "60s"]);
        assert!(rep.line().contains("fast"));
        // The command starts after the request is printed.
        assert!(rep.line().contains("slow"));
        rep.signal(signal);
        let done = rep.finish();
        let record: Value = serde_json::from_str(done.bad(code)).unwrap();
        assert_eq!((&record["type"], &record["n"]), (&json!("lost"), &json!(1)));
        assert_eq!(record["cause"], "unsent");
        assert_eq!(record["text"], "the reply to request 2 was not sent");
    }
}
