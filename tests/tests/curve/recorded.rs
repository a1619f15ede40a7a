//! Recorded dialogues with libzmq: we take the place of the other end.

use super::{ACCEPT, PUSH, drive};
use wire::Frame;
use zmtp_core::mechanism::Mechanism;
use zmtp_core::wire::SocketType::{self, Dealer, Push, Router};
use zmtp_core::wire::{More, RoutingId};
use zmtp_core::{Config, PeerError};
use zmtp_tests::curve::{CLIENT, OTHER, RAW, SERVER, client, client_keys, server};
use zmtp_tests::driver::LogEntry;
use zmtp_tests::vectors::{Step, Vector};

/// The content of the box that an aside shows.
fn plain(step: Option<&Step>) -> Option<Vec<u8>> {
    let Some(Step::Aside(text)) = step else { return None };
    let hex = text.trim().strip_prefix("plain ")?;
    let words = hex.split(' ').flat_map(|word| {
        let (byte, times) = word.split_once('*').unwrap_or((word, "1"));
        let byte = u8::from_str_radix(byte, 16).expect("hex");
        core::iter::repeat_n(byte, times.parse().expect("a number"))
    });
    Some(words.collect())
}

/// The content of the box that has this meaning: flags, then the body.
fn content_of(entry: &LogEntry) -> Vec<u8> {
    let (start, rest): (&[u8], _) = match entry {
        LogEntry::Frame(header, body) if header.is_final() => (&[0], body),
        LogEntry::Frame(_, body) => (&[1], body),
        LogEntry::Subscribe(topic) => (b"\x02\x09SUBSCRIBE", topic),
        LogEntry::Cancel(topic) => (b"\x02\x06CANCEL", topic),
        entry => panic!("{entry:?} is not sealed"),
    };
    [start, rest].concat()
}

/// Plays the raw peer of a dialogue: what libzmq sent is received, and what we send equals the recorded bytes. Returns
/// the number of compared frames of ours, and of opened frames of libzmq.
fn play<M: Mechanism>(vector: &Vector, mechanism: M, config: &Config) -> (usize, usize) {
    let mut driver = drive(mechanism, config);
    let (mut sent, mut opened) = (0, 0);
    for (at, step) in vector.steps.iter().enumerate() {
        let aside = plain(vector.steps.get(at + 1));
        match step {
            Step::Peer(bytes) => {
                let message = bytes.get(2..).is_some_and(|rest| rest.starts_with(b"\x07MESSAGE"));
                if let Some(content) = aside.filter(|_| message) {
                    let more = match content[0] {
                        0 => More::Last,
                        1 => More::Follows,
                        // A PING with a context, which no connection of ours sends.
                        _ => break,
                    };
                    if bytes[0] == 4 || bytes[17] > 60 {
                        // A frame that only a test sends.
                        break;
                    }
                    driver.send_frame(more, &content[1..]).unwrap();
                }
                let mut ours = driver.take_sent();
                if sent == 0 {
                    // The length of the routing id, for ZMTP 1.0.
                    ours[8] = bytes[8];
                    // The minor version: one peer has 3.0.
                    ours[11] = bytes[11];
                }
                // The recorded ROUTER announces no Identity.
                if vector.name != "curve-client" || bytes.get(2..8) != Some(b"\x05READY") {
                    assert_eq!(ours, *bytes, "{} step {at}", vector.name);
                }
                sent += 1;
            }
            Step::Libzmq(bytes) => {
                driver.take_log();
                driver.feed(&bytes.recorded);
                let refused = bytes.recorded.get(2..8) == Some(b"\x05ERROR");
                let expected = refused.then_some(PeerError::Refused.into());
                assert_eq!(driver.connection().error(), expected, "{} step {at}", vector.name);
                // An aside shows the content of a WELCOME too.
                let frame = Frame::first(&bytes.recorded).filter(Frame::is_whole);
                let message = frame.is_some_and(|frame| frame.body.starts_with(b"\x07MESSAGE"));
                if let Some(content) = aside.filter(|_| message) {
                    let [entry] = driver.log() else { panic!("{:?}", driver.log()) };
                    assert_eq!(content_of(entry), content, "{} step {at}", vector.name);
                    opened += 1;
                }
            }
            _ => {}
        }
    }
    (sent, opened)
}

#[test]
fn we_send_the_bytes_of_an_independent_client_to_libzmqs_server() {
    let dialogues = [
        ("curve-server", Dealer, "rawcli", (4, 2)),
        ("curve-server-300", Push, "", (3, 0)),
        ("curve-server-400", Push, "", (3, 0)),
        ("curve-message-as-command", Push, "", (3, 0)),
        ("curve-nonce-replay", Push, "", (3, 0)),
    ];
    for (name, kind, id, counts) in dialogues {
        let vector = Vector::named(name);
        let config = Config::new(kind).with_routing_id(RoutingId::new(id.as_bytes()).unwrap());
        let mechanism = client(client_keys(SERVER, CLIENT), RAW);
        assert_eq!(play(&vector, mechanism, &config), counts, "{name}");
    }
    let vector = Vector::named("curve-wrong-server-key");
    let mechanism = client(client_keys(OTHER, CLIENT), RAW);
    assert_eq!(play(&vector, mechanism, &PUSH).0, 2);
}

#[test]
fn we_send_the_bytes_of_an_independent_server_to_libzmqs_clients() {
    let dialogues = [
        ("curve-client", Router, (5, 3)),
        ("curve-sub", SocketType::Pub, (4, 3)),
        ("curve-sub-3.0-peer", SocketType::Pub, (3, 2)),
    ];
    for (name, kind, counts) in dialogues {
        let vector = Vector::named(name);
        let config = Config::new(kind);
        let mechanism = server(ACCEPT, RAW);
        assert_eq!(play(&vector, mechanism, &config), counts, "{name}");
    }
}
