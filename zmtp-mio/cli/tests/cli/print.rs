//! What is printed, and how.

use serde_json::{Value, json};

use crate::process::{Zmtp, zmtp};

const TCP: &str = "tcp://127.0.0.1:*";

fn parse(line: &str) -> Value {
    serde_json::from_str(line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

#[test]
fn json_contains_every_property_of_a_reply() {
    let (rep, tcp) = Zmtp::rep(&[TCP]);
    let done = zmtp(["req", &tcp, "--json", "--count", "2", "te\"xt\n", "", "--hex", "00ff"]);
    let parts = json!([{"text": "te\"xt\n"}, {"text": ""}, {"hex": "00ff"}]);
    let replies: Vec<_> = done.good().lines().map(parse).collect();
    assert_eq!(replies.len(), 2);
    for (n, reply) in (1..).zip(&replies) {
        assert_eq!(reply["type"], "reply");
        assert_eq!(reply["n"], n);
        assert_eq!(reply["parts"], parts);
        assert!(reply["rtt_us"].is_u64(), "{reply}");
    }
    assert!(done.stderr.is_empty(), "{}", done.stderr);
    drop(rep);
}

#[test]
fn json_contains_requests_and_events() {
    let rep = Zmtp::start(["rep", TCP, "--json", "--verbose", "--count", "1"]);
    let listening = parse(&rep.error_line());
    assert_eq!(listening["type"], "listening");
    let endpoint = listening["endpoint"].as_str().unwrap();
    assert_eq!(zmtp(["req", endpoint, "hello"]).good(), "hello\n");
    let done = rep.finish();
    let request = json!({"type": "request", "n": 1, "parts": [{"text": "hello"}]});
    assert_eq!(parse(done.good()), request);
    let events: Vec<_> = done.stderr.lines().map(parse).collect();
    let find = |name: &str| events.iter().find(|event| event["event"] == name);
    let ready = find("ready").unwrap_or_else(|| panic!("{events:?}"));
    assert_eq!(ready["endpoint"], endpoint);
    assert!(ready["remote"].as_str().unwrap().starts_with("127.0.0.1:"), "{ready}");
    assert!(ready["detail"].as_str().unwrap().contains("REQ"), "{ready}");
}

#[test]
fn json_of_an_xpub_names_subscriptions_and_cancellations() {
    let xpub = Zmtp::start(["xpub", TCP, "--json", "--receive", "4"]);
    let endpoint = xpub.listening();
    let mut xsub = Zmtp::start(["xsub", &endpoint, "--topic", "news", "--lines", "--hex-lines"]);
    assert_eq!(
        parse(&xpub.line()),
        json!({"type": "subscription", "n": 1, "topic": {"text": "news"}})
    );
    // A message to the publisher, a subscription to the byte ff, the end of it.
    xsub.feed_some(b"6869\n01ff\n00ff\n");
    assert_eq!(parse(&xpub.line()), json!({"type": "message", "n": 2, "parts": [{"text": "hi"}]}));
    assert_eq!(
        parse(&xpub.line()),
        json!({"type": "subscription", "n": 3, "topic": {"hex": "ff"}})
    );
    let done = xpub.finish();
    assert_eq!(parse(done.good()), json!({"type": "cancellation", "n": 4, "topic": {"hex": "ff"}}));
}

#[test]
fn totals_of_requests_are_printed() {
    let (rep, tcp) = Zmtp::rep(&[TCP, "--stats", "--count", "3", "--quiet", "--reply", "four"]);
    let done = zmtp(["req", &tcp, "--stats", "--count", "3", "hi"]);
    assert_eq!(done.good(), "four\n".repeat(3));
    assert!(done.stderr.contains("sent 3 messages, 6 bytes"), "{done:?}");
    assert!(done.stderr.contains("received 3 messages, 12 bytes"), "{done:?}");
    let done = rep.finish();
    done.good();
    assert!(done.stderr.contains("received 3 messages, 6 bytes"), "{done:?}");
    let done = zmtp(["req", TCP, "--stats", "--json", "hi", "--timeout", "100ms"]);
    let stats = parse(done.bad(3).lines().find(|line| line.contains("stats")).unwrap());
    assert_eq!((&stats["sent"], &stats["received"]), (&json!(0), &json!(0)), "{stats}");
}

#[test]
fn monitor_has_every_type_of_socket() {
    let types = "req rep dealer router push pull pub sub xpub xsub pair stream client server scatter gather radio \
        dish peer channel";
    for name in types.split_whitespace() {
        let done = zmtp(["monitor", name, "--bind", TCP, "--timeout", "10ms"]);
        assert!(done.bad(3).contains("no event within 10ms"), "{done:?}");
    }
    let done = zmtp(["monitor", "dgram", "udp://127.0.0.1:*", "--timeout", "10ms"]);
    assert!(done.bad(3).contains("no event within 10ms"), "{done:?}");
}

#[test]
fn json_errors_are_json_too() {
    let done = zmtp(["req", "--json", TCP, "x", "--timeout", "100ms"]);
    let last = parse(done.bad(3).lines().last().unwrap());
    assert_eq!((&last["type"], &last["error"]), (&json!("error"), &json!("timeout")));
    let done = zmtp(["req", "--json", "nowhere", "x"]);
    let error = parse(done.bad(4));
    assert_eq!(error["error"], "endpoint");
    assert!(error["text"].as_str().unwrap().contains("\"nowhere\""));
}

#[test]
fn each_format_prints_a_message_in_its_own_way() {
    let (_rep, tcp) = Zmtp::rep(&[TCP]);
    let ask = |flag: &str| zmtp(["req", &tcp, flag, "a|b", "c\n"]);
    assert_eq!(ask("--raw").good(), "a|bc\n");
    assert_eq!(ask("--hex-output").good(), "617c62 | 630a\n");
    assert_eq!(ask("--ascii").good(), "a|b | c.\n");
    assert_eq!(ask("-A").good(), "a|b | c.\n");
    assert_eq!(ask("--quiet").good(), "");
    let verbose = ask("--verbose");
    assert_eq!(verbose.good(), "a\\|b | c\\n\n");
    assert!(verbose.stderr.contains("ready"), "{}", verbose.stderr);
    assert!(verbose.stderr.contains("reply 1 after"), "{}", verbose.stderr);
}

#[test]
fn a_quiet_server_still_prints_its_endpoint() {
    let (rep, tcp) = Zmtp::rep(&[TCP, "--quiet", "--count", "1"]);
    assert_eq!(zmtp(["req", &tcp, "x"]).good(), "x\n");
    assert_eq!(rep.finish().good(), "");
}

#[test]
fn a_closed_output_is_success() {
    let (_rep, tcp) = Zmtp::rep(&[TCP, "-q"]);
    let req = Zmtp::unread(["req", &tcp, "--count", "1000000", "x", "--raw"]);
    let done = req.finish();
    assert_eq!((done.good(), &*done.stderr), ("", ""));
}
