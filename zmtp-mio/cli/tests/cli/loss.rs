//! Lost messages: each is reported, whatever ends the command, and they change only the exit code 0.

use std::net::TcpListener;

use serde_json::{Value, json};

use crate::process::{Directory, Done, Zmtp, listening, zmtp, zmtp_with};

const TCP: &str = "tcp://127.0.0.1:*";

/// An endpoint where nothing listens.
fn dead() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("tcp://{}", listener.local_addr().unwrap())
}

#[test]
fn a_timeout_reports_the_messages_that_are_not_sent() {
    let endpoint = dead();
    let line = ["push", &endpoint, "x", "-n", "5", "--peers", "0", "--send-mark", "2"];
    let done = zmtp([&line[..], &["--timeout", "300ms", "--linger", "100ms"]].concat());
    assert!(done.bad(3).contains("no peer that takes the message within 300ms"), "{done:?}");
    let refused = format!("2 messages were not sent: {endpoint}: connection refused");
    assert!(done.stderr.contains(&refused), "{done:?}");
    assert!(done.stderr.contains("3 messages were not sent: the command ended first"), "{done:?}");
}

#[test]
fn a_timeout_without_a_peer_reports_the_messages_that_are_not_sent() {
    for command in ["push", "pub", "dealer", "radio", "scatter"] {
        let done = zmtp([command, TCP, "x", "-n", "7", "--timeout", "100ms"]);
        let text = "7 messages were not sent: the command ended first";
        assert!(done.bad(3).contains(text), "{done:?}");
    }
}

#[test]
fn a_timeout_without_a_peer_reports_the_lines_that_are_not_sent() {
    let done = zmtp_with(["push", TCP, "--lines", "--timeout", "2s"], b"one\ntwo\n");
    assert!(done.bad(3).contains("the lines from line 1 on were not sent"), "{done:?}");
    let done = zmtp_with(["push", TCP, "--lines", "--timeout", "100ms"], b"");
    assert!(!done.bad(3).contains("not sent"), "{done:?}");
}

#[test]
fn a_bad_line_reports_the_messages_that_are_not_sent() {
    let line = ["push", &dead(), "--json-lines", "--peers", "0", "--linger", "100ms"];
    let done = zmtp_with(line, b"\"a\"\n\"b\"\nno\n\"c\"\n");
    assert!(done.bad(1).contains("read stdin: line 3: "), "{done:?}");
    assert!(done.stderr.contains("2 messages were not sent: "), "{done:?}");
    assert!(done.stderr.contains("the lines from line 3 on were not sent"), "{done:?}");
}

#[test]
fn a_bad_line_of_a_request_reports_the_lines_that_are_not_sent() {
    let (_rep, tcp) = Zmtp::rep(&[TCP]);
    let done = zmtp_with(["req", &tcp, "--json-lines"], b"\"a\"\n7\n\"b\"\n");
    assert!(done.bad(1).contains("the lines from line 2 on were not sent"), "{done:?}");
    let done = zmtp(["req", &dead(), "x", "--count", "3", "--timeout", "100ms"]);
    assert!(done.bad(3).contains("2 messages were not sent: the command ended first"), "{done:?}");
}

#[test]
fn an_address_that_is_refused_reports_the_messages_that_are_not_sent() {
    let (router, tcp) = listening(["router", TCP, "--mandatory", "unknown", "text", "-n", "2"]);
    let _dealer = Zmtp::start(["dealer", &tcp]);
    let done = router.finish();
    assert!(done.bad(1).contains("2 messages were not sent: the command ended first"), "{done:?}");
}

#[test]
fn an_interrupt_reports_the_lines_that_are_not_sent() {
    let (pull, tcp) = listening(["pull", TCP]);
    let mut push = Zmtp::start(["push", &tcp, "--lines", "--interval", "60s"]);
    push.feed(b"one\ntwo\nthree\n");
    assert_eq!(pull.line(), "one\n");
    push.signal("-INT");
    let done = push.finish();
    assert!(done.bad(130).contains("the lines from line 2 on were not sent"), "{done:?}");
}

#[test]
fn messages_that_arrive_after_the_last_one_requested_are_lost() {
    for receiver in ["pull", "gather"] {
        let sender = if receiver == "pull" { "push" } else { "scatter" };
        let (pull, tcp) = listening([receiver, TCP, "--count", "2"]);
        let mut push = Zmtp::start([sender, &tcp, "--lines"]);
        push.feed_some(b"1\n");
        assert_eq!(pull.line(), "1\n");
        // All others arrive together.
        pull.signal("-STOP");
        push.feed(b"2\n3\n4\n");
        push.finish().good();
        pull.signal("-CONT");
        let done = pull.finish();
        assert!(done.bad(5).contains("2 received messages were discarded"), "{done:?}");
    }
}

#[test]
fn requests_that_arrive_after_the_last_one_requested_are_lost() {
    let directory = Directory::new();
    let go = directory.path("go");
    let command = format!("cat; until [ -e {} ]; do sleep 0.05; done", go.display());
    let (rep, tcp) = Zmtp::rep(&[TCP, "--count", "1", "--exec", &command]);
    let mut dealer = Zmtp::start(["dealer", &tcp, "--lines", "--split", "|"]);
    // Both arrive together.
    dealer.feed_some(b"|one\n|two\n");
    assert_eq!(rep.line(), "one\n");
    std::fs::write(go, "").unwrap();
    assert_eq!(dealer.line(), " | one\n");
    let done = rep.finish();
    assert!(done.bad(5).contains("1 received message was discarded"), "{done:?}");
}

#[test]
fn messages_that_arrive_at_a_subscriber_or_a_type_that_only_sends_are_not_lost() {
    let (publisher, tcp) = listening(["pub", TCP, "x", "--forever"]);
    let done = zmtp(["sub", &tcp, "--count", "2"]);
    assert_eq!((done.good(), &*done.stderr), ("x\nx\n", ""));
    publisher.signal("-INT");
    publisher.finish().bad(130);
    let (_rep, tcp) = Zmtp::rep(&[TCP]);
    let done = zmtp(["dealer", &tcp, "", "x", "-n", "300", "--receive", "0"]);
    assert_eq!((done.good(), &*done.stderr), ("", ""));
}

#[test]
fn messages_for_a_subscriber_that_leaves_are_not_lost_in_the_totals() {
    let args = ["pub", TCP, "--size", "64k", "--count", "300", "--stats", "--json"];
    let (publisher, tcp) = listening(args);
    // The subscriber leaves while most messages are queued.
    zmtp(["sub", &tcp, "--count", "2", "--quiet"]).good();
    let done = publisher.finish();
    assert_eq!(done.code, Some(0), "{done:?}");
    let stats: Value = serde_json::from_str(done.stderr.trim_end()).unwrap();
    assert_eq!((&stats["sent"], &stats["lost"]), (&json!(300), &json!(0)));
}

#[test]
fn an_empty_line_of_json_is_named() {
    let (_pull, tcp) = listening(["pull", TCP]);
    let done = zmtp_with(["push", &tcp, "--json-lines"], b"\"a\"\n\n\"b\"\n");
    assert!(done.bad(1).contains("read stdin: line 2: the line is empty\n"), "{done:?}");
    let (_rep, tcp) = Zmtp::rep(&[TCP]);
    let done = zmtp_with(["req", &tcp, "--json-lines"], b"\n");
    assert!(done.bad(1).contains("read stdin: line 1: the line is empty\n"), "{done:?}");
}

/// Runs `zmtp pull` for three messages, with this redirection of its stdout.
#[track_caller]
fn pull_with(redirection: &str) -> Done {
    let script = format!("exec \"$0\" \"$@\" {redirection}");
    let pull = Zmtp::through(&["sh", "-c", &script], &["pull", TCP, "--count", "3"]);
    zmtp(["push", &pull.listening(), "x", "--count", "3"]).good();
    pull.finish()
}

#[test]
fn a_stdout_that_is_closed_is_reported_once() {
    let discarded = "zmtp: the output is discarded: stdout is closed, or is /dev/null opened for reading and writing\n";
    // The second one is how Python discards the output of a command.
    for redirection in [">&-", "1<> /dev/null"] {
        let done = pull_with(redirection);
        assert_eq!((done.good(), &*done.stderr), ("", discarded), "{redirection}");
    }
    for redirection in ["", "> /dev/null", ">> /dev/null"] {
        let done = pull_with(redirection);
        assert_eq!((done.good().is_empty(), &*done.stderr), (!redirection.is_empty(), ""));
    }
}

#[test]
fn a_message_that_cannot_be_printed_is_lost() {
    let (_push, endpoint) = listening(["push", TCP, "x"]);
    let done = Zmtp::unread(["pull", "--connect", &endpoint]).finish();
    assert_eq!(done.bad(5), "zmtp: 1 received message was discarded\n");
}

#[test]
fn a_proxy_reports_what_each_of_its_sockets_did_not_send() {
    let (watch, tap) = listening(["pull", TCP]);
    let (front, back) = (format!("pull={TCP}"), format!("push=connect:{}", dead()));
    let tap = format!("push=connect:{tap}");
    let line = ["proxy", &front, &back, "--capture", &tap, "--linger", "100ms"];
    let (proxy, front) = listening(line);
    zmtp(["push", &front, "x"]).good();
    assert_eq!(watch.line(), "x\n");
    proxy.signal("-INT");
    let done = proxy.finish();
    assert!(done.bad(130).contains("backend: 1 message was not sent: "), "{done:?}");
}

#[test]
fn losses_are_records_of_json() {
    let line = ["push", &dead(), "x", "--peers", "0", "--linger", "100ms", "--json"];
    let done = zmtp(line);
    let record: Value = serde_json::from_str(done.bad(5)).unwrap();
    assert_eq!((&record["type"], &record["n"]), (&json!("lost"), &json!(1)));
    assert_eq!(record["cause"], "cancelled");
    assert!(record["text"].as_str().unwrap().starts_with("1 message was not sent: "), "{record}");
}
