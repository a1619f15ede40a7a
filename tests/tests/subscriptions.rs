//! Subscriptions on the wire: commands for peers of ZMTP 3.1, messages for older ones.

use wire::{command, frame, greeting, greeting_of, ready};
use zmtp_core::wire::SocketType::{Pub, Sub, Xpub, Xsub};
use zmtp_core::{Config, SendError, Subscription};
use zmtp_tests::driver::{Driver, LogEntry};
use zmtp_tests::vectors::Vector;

const LENGTHS: [usize; 12] = [0, 1, 244, 245, 246, 248, 249, 254, 255, 256, 257, 70_000];

fn open(config: &Config, version: [u8; 2]) -> Driver<'_> {
    let mut driver = Driver::new(config);
    driver.feed(&[greeting_of(version, "NULL"), ready("XPUB")].concat());
    driver.take_sent();
    driver
}

#[test]
fn subscriptions_to_3_1_are_commands_with_the_correct_size_at_every_length() {
    for kind in [Sub, Xsub] {
        let config = Config::new(kind);
        for len in LENGTHS {
            let topic = vec![b't'; len];
            let mut driver = open(&config, [3, 1]);
            driver.subscribe(Subscription::Subscribe, &topic).unwrap();
            assert_eq!(driver.take_sent(), command("SUBSCRIBE", &topic), "{len}");
            driver.subscribe(Subscription::Cancel, &topic).unwrap();
            assert_eq!(driver.take_sent(), command("CANCEL", &topic), "{len}");
        }
    }
}

#[test]
fn subscriptions_to_older_peers_are_messages_with_the_correct_size_at_255_bytes() {
    let config = Config::new(Sub);
    for len in LENGTHS {
        let topic = vec![b't'; len];
        let mut driver = open(&config, [3, 0]);
        driver.subscribe(Subscription::Subscribe, &topic).unwrap();
        assert_eq!(driver.take_sent(), frame(0, &[&[1], &topic[..]].concat()), "{len}");
        driver.subscribe(Subscription::Cancel, &topic).unwrap();
        assert_eq!(driver.take_sent(), frame(0, &[&[0], &topic[..]].concat()), "{len}");
    }
}

#[test]
fn subscriptions_of_one_end_are_parsed_by_the_other() {
    let (subscriber, publisher) = (Config::new(Xsub), Config::new(Xpub));
    for len in LENGTHS.into_iter().filter(|len| *len < 65_000) {
        let topic = vec![b't'; len];
        let mut ours = open(&subscriber, [3, 1]);
        let mut theirs = Driver::new(&publisher);
        theirs.feed(&[greeting("NULL"), ready("XSUB")].concat());
        theirs.take_log();
        ours.subscribe(Subscription::Subscribe, &topic).unwrap();
        ours.subscribe(Subscription::Cancel, &topic).unwrap();
        theirs.feed_in_pieces(ours.sent(), [1]);
        assert_eq!(theirs.log(), [LogEntry::Subscribe(topic.clone()), LogEntry::Cancel(topic)]);
    }
}

#[test]
fn subscriptions_are_refused_before_the_handshake_is_complete() {
    let config = Config::new(Sub);
    let mut driver = Driver::new(&config);
    let early = driver.subscribe(Subscription::Subscribe, b"");
    assert_eq!(early, Err(SendError::NotReady));
    driver.feed(b"GET");
    assert!(driver.connection().error().is_some());
    let late = driver.subscribe(Subscription::Subscribe, b"");
    assert_eq!(late, Err(SendError::Failed));
}

/// Our subscriptions equal those of libzmq's dialogues byte by byte, except for the topic of 255 bytes
/// that it frames incorrectly to older peers.
#[test]
fn our_subscriptions_equal_those_of_libzmq() {
    let mut compared = 0;
    for name in ["sub-subscribe-cancel", "sub-to-3.0-peer", "sub-topic-sizes"] {
        let vector = Vector::named(name);
        let publisher = Config::new(Pub);
        let streams = vector.libzmq_streams().into_iter().zip(vector.peer_streams());
        for (libzmq, peer) in streams {
            // Read what libzmq sent, with a publisher of ours in the peer's place.
            let mut reader = Driver::new(&publisher);
            reader.feed(&libzmq);
            let minor = peer[11];
            let config = Config::new(Sub);
            let mut ours = open(&config, [3, minor]);
            for entry in reader.log() {
                let (what, topic) = match entry {
                    LogEntry::Subscribe(topic) => (Subscription::Subscribe, topic),
                    LogEntry::Cancel(topic) => (Subscription::Cancel, topic),
                    LogEntry::Frame(_, body) if body[0] == 1 => {
                        (Subscription::Subscribe, &body[1..].to_vec())
                    }
                    LogEntry::Frame(_, body) => (Subscription::Cancel, &body[1..].to_vec()),
                    _ => continue,
                };
                ours.subscribe(what, topic).unwrap();
                compared += 1;
            }
            assert!(!ours.sent().is_empty() && libzmq.ends_with(ours.sent()), "{name}");
        }
    }
    assert!(compared > 10, "{compared}");
}
