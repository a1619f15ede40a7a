//! Replays dialogues with libzmq whose outcome depends on the pattern, with the sockets of `zmtp-mio`
//! in place of libzmq, over TCP and UDP. Intended differences are listed in the table.

mod datagrams;
mod drafts;
mod play;
mod zap;

use std::io::Write;
use std::time::Instant;

use zmtp_mio::{Dealer, Pair, Pub, Push, Reconnect, Router, Sub, Xpub, Xsub};
use zmtp_tests::vectors::{Bytes, Step, Vector};

use play::{IDLE, LIMIT, Play, Socket, play};

#[test]
fn the_probe_is_sent_first() {
    let dealer = Dealer::builder().probe_router(true).build().unwrap();
    play("dealer-probe-router", dealer, |_, _| {});
}

#[test]
fn a_publisher_treats_subscriptions_as_libzmq_does() {
    play("pub-bind-commands", Pub::new().unwrap(), |_, _| {});
    play("pub-bind-legacy-subscription", Pub::new().unwrap(), |_, _| {});
    let xpub = Xpub::builder().welcome("W").build().unwrap();
    play("xpub-welcome", xpub, |_, _| {});
    play("xpub-bind", Xpub::new().unwrap(), |play, heading| {
        if heading.starts_with("disconnect") {
            play.peers.clear();
        }
    });
}

#[test]
fn a_subscriber_sends_the_bytes_that_libzmq_sends() {
    let sub = Sub::builder().topic("weather.").build().unwrap();
    let mut silences = 0;
    play("sub-subscribe-cancel", sub, |play, heading| {
        let sub = &mut play.socket;
        if heading.starts_with("subscribe to the empty topic") {
            sub.subscribe("");
            sub.subscribe("weather.");
        } else if heading.starts_with("first unsubscribe") {
            sub.unsubscribe("weather.");
        } else if heading.starts_with("after the silence") {
            silences += 1;
            if silences == 1 {
                sub.unsubscribe("weather.");
                sub.unsubscribe("");
            }
        } else if heading.starts_with("unsubscribe of something") {
            sub.unsubscribe("nothing");
        } else if heading.starts_with("the subscriber filters") {
            sub.subscribe("A");
        }
    });
}

#[test]
fn a_subscriber_sends_topics_of_all_sizes_as_libzmq_does() {
    play("sub-topic-sizes", Sub::new().unwrap(), |play, heading| {
        let sub = &mut play.socket;
        let t = |n| vec![b't'; n];
        let c = |n| vec![b'c'; n];
        match heading.split(':').next().unwrap() {
            "topic of 245 bytes" => sub.subscribe(t(245)),
            "topic of 246 bytes" => sub.subscribe(t(246)),
            "topic of 300 bytes" => sub.subscribe(t(300)),
            "cancel of 248 and 249 bytes" => {
                for n in [248, 249] {
                    sub.subscribe(c(n));
                    sub.unsubscribe(c(n));
                }
            }
            _ => {}
        }
    });
}

#[test]
fn a_publisher_of_zmtp_3_0_gets_messages_and_a_topic_of_255_bytes_is_framed_correctly() {
    play("sub-to-3.0-peer", Sub::new().unwrap(), |play, heading| {
        let sub = &mut play.socket;
        if heading.starts_with("subscribe, cancel") {
            sub.subscribe("abc");
            sub.unsubscribe("abc");
            sub.subscribe("");
        } else if heading.starts_with("254-byte topic") {
            sub.subscribe(vec![b't'; 254]);
            sub.subscribe(vec![b't'; 256]);
        }
    });
    // libzmq omits the LONG flag.
    let mut right = None;
    play("sub-to-3.0-peer-255-bug", Sub::new().unwrap(), |play, heading| {
        if heading.starts_with("subscribe to a 255-byte topic") {
            play.socket.subscribe(vec![b't'; 255]);
            let frame = [&[2, 0, 0, 0, 0, 0, 0, 1, 0, 1][..], &[b't'; 255]].concat();
            let any = vec![false; frame.len()];
            play.expect(&Bytes { recorded: frame, any });
            play.skip = usize::MAX;
            right = Some(());
        }
    });
    assert!(right.is_some());
}

/// Our XSUB sends SUBSCRIBE to a peer of 3.1, where libzmq's sends a message. Both have the same
/// effect.
#[test]
fn an_xsub_subscribes_by_commands_where_libzmq_sends_messages() {
    let vector = Vector::named("xsub-connect");
    let reconnect = Reconnect::new(IDLE, IDLE);
    let mut play = Play::new(Xsub::builder().reconnect(reconnect).build().unwrap(), false);
    let subscribe = wire::command("SUBSCRIBE", b"A");
    let mut differences = 0;
    for (at, step) in vector.steps.iter().enumerate() {
        println!("xsub-connect step {at}: {step:?}");
        match step {
            Step::Heading(text) if text.starts_with("peer drops") => {
                play.peers.clear();
                play.unread.clear();
                play.open();
            }
            Step::Send(parts) if parts[0].recorded == b"\x01A" => {
                play.step(step);
                let any = vec![false; subscribe.len()];
                play.expect(&Bytes { recorded: subscribe.clone(), any });
                play.skip = 2;
                differences += 1;
            }
            // A frame with other bytes.
            Step::Libzmq(bytes) if play.skip > 0 => {
                let n = bytes.recorded.len();
                play.skip = if n == 4 { 0 } else { play.skip - 1 };
            }
            _ => play.step(step),
        }
    }
    assert_eq!(differences, 2);
}

/// libzmq keeps the second peer and ignores it; ours closes it, with an event that gives the reason.
#[test]
fn a_second_pair_is_closed_where_libzmq_ignores_it() {
    second_is_closed("pair-second-peer", Pair::new().unwrap(), "first connection is unaffected");
}

#[test]
fn a_second_peer_with_the_same_routing_id_is_closed_where_libzmq_ignores_it() {
    second_is_closed("router-duplicate-identity", Router::new().unwrap(), "");
}

fn second_is_closed<S: Socket>(name: &str, socket: S, back: &str) {
    let vector = Vector::named(name);
    let mut play = Play::new(socket, true);
    let mut second = false;
    for (at, step) in vector.steps.iter().enumerate() {
        println!("{name} step {at}: {step:?}");
        match step {
            Step::Heading(text) if text.starts_with("second connection") => {
                play.open();
                second = true;
            }
            Step::Heading(text) if second && text.starts_with("NULL handshake") => {
                // Its READY is the last frame.
                let ready = vector.steps[at..].iter().find_map(|step| match step {
                    Step::Peer(bytes) => Some(bytes.clone()),
                    _ => None,
                });
                play.peers[play.at].write_all(&ready.unwrap()).unwrap();
                play.closes();
                play.at = 0;
                second = false;
                play.skip = usize::MAX;
            }
            Step::Heading(text) if !back.is_empty() && text.starts_with(back) => play.skip = 0,
            Step::Receive(None) => assert!(play.socket.receive().is_none()),
            // Of the second connection, which is closed.
            Step::Observed(_) if back.is_empty() => {}
            Step::Observed(_) => play.idle(),
            Step::Send(_) => {
                play.skip = 0;
                play.step(step);
            }
            _ => play.step(step),
        }
    }
}

#[test]
fn a_routing_id_is_handed_over_and_its_first_holder_closed() {
    let vector = Vector::named("router-handover");
    let mut play = Play::new(Router::builder().handover(true).build().unwrap(), true);
    for (at, step) in vector.steps.iter().enumerate() {
        println!("step {at}: {step:?}");
        match step {
            Step::Heading(text) if text.starts_with("second connection") => play.open(),
            Step::Heading(text) if text.starts_with("on the first connection") => {
                play.at = 0;
                play.closes();
                play.skip = usize::MAX;
            }
            Step::Heading(text) if text.starts_with("on the second connection") => {
                (play.at, play.skip) = (1, 0);
            }
            Step::Observed(_) | Step::Receive(None) if play.skip > 0 => {}
            _ => play.step(step),
        }
    }
}

/// The rows of `malformed.md` about messages to send-only sockets: a PULL to its PUSH, a SUB to its PUB.
#[test]
fn messages_to_send_only_sockets_are_dropped_and_counted() {
    let greeting = wire::greeting("NULL");
    let mut play = Play::new(Push::new().unwrap(), true);
    let written = [greeting.clone(), wire::ready("PULL"), wire::message(&[b"x"])].concat();
    play.peers[0].write_all(&written).unwrap();
    let end = Instant::now() + LIMIT;
    while play.socket.counters().dropped.not_received == 0 {
        assert!(play.read() && Instant::now() < end, "it is not counted, or closed");
    }
    assert_eq!(play.socket.counters().handshakes, 1);
    assert_eq!(play.socket.counters().disconnects, 0);

    let mut play = Play::new(Pub::new().unwrap(), true);
    let written = [greeting, wire::ready("SUB"), wire::message(&[b"a", b"b", b"c"])].concat();
    play.peers[0].write_all(&written).unwrap();
    let end = Instant::now() + LIMIT;
    while play.socket.counters().dropped.not_received == 0 {
        assert!(play.read() && Instant::now() < end, "it is not counted, or closed");
    }
    assert_eq!(play.socket.counters().disconnects, 0);
}
