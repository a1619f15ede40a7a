//! A difference is listed only if the input explains it.

use super::super::subject::Message;
use super::*;

fn input(kind: Kind, ready: Vec<u8>, frames: &[Vec<u8>]) -> Input {
    Input::new(kind, "", [vec![wire::greeting("NULL"), ready], frames.to_vec()].concat().concat())
}

fn outcome(received: &[&[&[u8]]], refused: bool) -> Outcome {
    let message = |parts: &&[&[u8]]| parts.iter().map(|part| part.to_vec()).collect::<Message>();
    Outcome { received: received.iter().map(message).collect(), refused }
}

fn name(kind: Kind, input: &Input, ours: &Outcome, theirs: &Outcome) -> Option<&'static str> {
    of(kind, input, ours, theirs).map(|listed| listed.name)
}

#[test]
fn another_sender_needs_an_oddly_cased_identity() {
    let router = |property: &str| {
        let properties =
            [wire::property("Socket-Type", b"DEALER"), wire::property(property, b"id")];
        let ready = wire::command("READY", &properties.concat());
        input(Kind::Router, ready, &[wire::frame(0, b"m")])
    };
    let named = |name: &[u8]| outcome(&[&[name, b"m"]], false);
    let odd = router("identity");
    let case = Some("case of property names");
    assert_eq!(name(Kind::Router, &odd, &named(b"id"), &named(b"")), case);
    assert_eq!(name(Kind::Router, &odd, &named(b"other"), &named(b"")), None);
    assert_eq!(name(Kind::Router, &odd, &named(b"id"), &named(b"other")), None);
    let good = router("Identity");
    assert_eq!(name(Kind::Router, &good, &named(b""), &named(b"id")), None);
    assert_eq!(name(Kind::Router, &good, &named(b"id"), &named(b"")), None);
}

#[test]
fn before_an_error_only_received_messages_are_delivered() {
    let bad = wire::with_header(2, u64::MAX, b"");
    let frames = [wire::frame(0, b"m"), wire::frame(0, b"n"), bad];
    let pull = input(Kind::Pull, wire::ready("PUSH"), &frames);
    let both = outcome(&[&[b"m"], &[b"n"]], true);
    let dropped = outcome(&[&[b"m"]], true);
    let in_front = Some("messages before a protocol error");
    assert_eq!(name(Kind::Pull, &pull, &both, &dropped), in_front);
    let more = outcome(&[&[b"m"], &[b"n"], &[b"more"]], true);
    assert_eq!(name(Kind::Pull, &pull, &more, &both), None);
    assert_eq!(name(Kind::Pull, &pull, &more, &dropped), None);
    assert_eq!(name(Kind::Pull, &pull, &dropped, &both), None);
}

#[test]
fn a_subscription_does_not_explain_a_refusal() {
    let frames = [wire::command("SUBSCRIBE", b"x"), wire::message(&[b"", b"m"])];
    let rep = input(Kind::Rep, wire::ready("REQ"), &frames);
    let good = outcome(&[&[b"m"]], false);
    assert_eq!(name(Kind::Rep, &rep, &outcome(&[&[b"m"]], true), &good), None);
    assert_eq!(name(Kind::Rep, &rep, &outcome(&[], true), &good), None);
    assert_eq!(name(Kind::Rep, &rep, &outcome(&[], false), &good), None);
    // In the middle of a request it ends that.
    let frames = [wire::message(&[b"", b"m"]), wire::frame(1, b""), wire::frame(1, b"a")];
    let frames = [frames.concat(), wire::command("SUBSCRIBE", b"x"), wire::frame(0, b"b")];
    let rep = input(Kind::Rep, wire::ready("REQ"), &frames);
    let ours = outcome(&[&[b"m"], &[b"a", b"b"]], false);
    let theirs = outcome(&[&[b"m"], &[b"a", b"\x09SUBSCRIBEx"]], false);
    let commands = Some("SUBSCRIBE and CANCEL to a socket without subscriptions");
    assert_eq!(name(Kind::Rep, &rep, &ours, &theirs), commands);
    assert_eq!(name(Kind::Rep, &rep, &ours, &good), None);
}

#[test]
fn libzmq_reads_what_the_model_predicts_after_our_error() {
    let frames = [wire::frame(0, b"m"), wire::with_header(0xf8, 1, b"n"), wire::frame(0, b"o")];
    let pull = input(Kind::Pull, wire::ready("PUSH"), &frames);
    let ours = outcome(&[&[b"m"]], true);
    let all = outcome(&[&[b"m"], &[b"n"], &[b"o"]], false);
    assert_eq!(name(Kind::Pull, &pull, &ours, &all), Some("reserved flag bits"));
    assert_eq!(name(Kind::Pull, &pull, &ours, &outcome(&[&[b"m"], &[b"o"]], false)), None);
    assert_eq!(name(Kind::Pull, &pull, &outcome(&[&[b"m"]], false), &all), None);
    assert_eq!(name(Kind::Pull, &pull, &outcome(&[], true), &all), None);
}
