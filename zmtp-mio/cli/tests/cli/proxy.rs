//! The proxy, between tools.

use crate::process::{Zmtp, listening, zmtp};

const TCP: &str = "tcp://127.0.0.1:*";

/// A proxy; returns where its two sides listen, and any others.
fn proxy<const N: usize>(args: &[&str]) -> (Zmtp, [String; N]) {
    let proxy = Zmtp::start([&["proxy"], args].concat());
    let ends = std::array::from_fn(|_| proxy.listening());
    (proxy, ends)
}

fn end(name: &str) -> String {
    format!("{name}={TCP}")
}

#[test]
fn requests_reach_services_and_replies_return() {
    let (proxy, [front, back]) = proxy(&[&end("router"), &end("dealer"), "--stats"]);
    let _rep = Zmtp::start(["rep", "--connect", &back]);
    let done = zmtp(["req", &front, "hello", "--count", "3", "--timeout", "15s"]);
    assert_eq!(done.good(), "hello\n".repeat(3));
    proxy.signal("-INT");
    let done = proxy.finish();
    // Routing id, delimiter and body of each, there and back.
    let text = "frontend received 9 parts, 30 bytes, and sent 9 parts, 30 bytes";
    assert!(done.bad(130).contains(text), "{}", done.stderr);
}

#[test]
fn subscriptions_are_forwarded_and_captured() {
    let (watch, tap) = listening(["pull", TCP, "--hex-output"]);
    let tap = format!("push=connect:{tap}");
    let (_proxy, [front, back]) = proxy(&[&end("xsub"), &end("xpub"), "--capture", &tap]);
    let sub = Zmtp::start(["sub", &back, "--topic", "we", "--count", "1"]);
    zmtp(["pub", "--connect", &front, "weather"]).good();
    assert_eq!(sub.finish().good(), "weather\n");
    // The subscription, the message, and the cancellation.
    assert_eq!([(); 3].map(|()| watch.line()), ["017765\n", "77656174686572\n", "007765\n"]);
}

#[test]
fn groups_are_forwarded() {
    let (_proxy, [front, back]) =
        proxy(&["dish=udp://127.0.0.1:*", &end("radio"), "--group", "a", "--group", "b"]);
    let dish = Zmtp::start(["dish", &back, "--group", "b", "--count", "1", "--verbose"]);
    while !dish.error_line().contains("ready") {}
    // A datagram that arrives before the JOIN is dropped.
    let _radio =
        Zmtp::start(["radio", &front, "--group", "b", "--forever", "--interval", "50ms", "x"]);
    assert_eq!(dish.finish().good(), "b | x\n");
}

#[test]
fn messages_of_clients_are_forwarded_where_no_reply_is_possible() {
    let (_proxy, [front, back]) = proxy(&[&end("server"), &end("scatter")]);
    let gather = Zmtp::start(["gather", "--connect", &back, "--count", "1"]);
    zmtp(["client", &front, "x", "--receive", "0"]).good();
    assert_eq!(gather.finish().good(), "x\n");
}

#[test]
fn a_proxy_accepts_commands() {
    let (proxy, [_, _, control]) = proxy(&[&end("pull"), &end("push"), "--control", &end("rep")]);
    assert_eq!(zmtp(["req", &control, "STATISTICS", "--raw"]).stdout, [0; 64]);
    assert_eq!(zmtp(["req", &control, "TERMINATE"]).good(), "\n");
    proxy.finish().good();
}

#[test]
fn incompatible_ends_are_2() {
    for line in [
        &["proxy"][..],
        &["proxy", "router", "dealer"],
        &["proxy", "rep=tcp://127.0.0.1:*", "req=tcp://127.0.0.1:*"],
        &["proxy", "server=tcp://127.0.0.1:*", "client=tcp://127.0.0.1:*"],
        &["proxy", "channel=tcp://127.0.0.1:*", "peer=tcp://127.0.0.1:*"],
        &["proxy", "dish=tcp://127.0.0.1:*", "radio=tcp://127.0.0.1:*"],
        &["proxy", "push=tcp://127.0.0.1:*", "scatter=tcp://127.0.0.1:*"],
        &["proxy", "pull=tcp://127.0.0.1:*", "sub=tcp://127.0.0.1:*"],
        &["proxy", "router=tcp://127.0.0.1:*", "client=tcp://127.0.0.1:*"],
        &["proxy", "pull=tcp://127.0.0.1:*", "push=tcp://127.0.0.1:*", "--group", "a"],
        &["proxy", "pull=tcp://127.0.0.1:*", "push=tcp://127.0.0.1:*", "--capture", "sub=ipc://x"],
        &["proxy", "pull=tcp://127.0.0.1:*", "push=tcp://127.0.0.1:*", "--control", "pub=ipc://x"],
    ] {
        let done = zmtp(line);
        assert_ne!(done.bad(2), "", "{line:?}");
        assert!(!done.stderr.contains("listening"), "{done:?}");
    }
}
