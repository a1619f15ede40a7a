//! Every recorded dialogue with libzmq is replayed here or in another test, refused as stated, or is no dialogue of a connection.

use zmtp_core::mechanism::{Credentials, Decision, PlainClient, PlainServer, Status};
use zmtp_core::pattern::{Dish, FairPeer, Fixed, FixedSubscriptions, Reason};
use zmtp_core::wire::{Datagram, Group, MechanismName, SocketType, UnsupportedVersion, Version};
use zmtp_core::{Config, Connection, Error, Null, PeerError, Timeout};
use zmtp_tests::driver::{Driver, Fetch, Lane, LogEntry, NOW};
use zmtp_tests::model;
use zmtp_tests::properties::run;
use zmtp_tests::reader::Reader;
use zmtp_tests::replay::{Close, Play, legal_peer, replay, replay_secured};
use zmtp_tests::vectors::{Step, Vector};

// Those of patterns are played by whole sockets too, in `sockets/main.rs`; here by the connection alone.
const SUBSCRIPTIONS: Play = Play::later("replayed by `sockets/main.rs`");
const MANY_PEERS: Play = Play::later("two peers of one socket are in `sockets/main.rs`");

/// Dialogues that our connection replays in place of libzmq, byte by byte.
const REPLAYED: &[(&str, Play)] = &[
    ("dealer-identity", Play::SAME),
    ("dealer-probe-router", Play::later("the probe is in `sockets/main.rs`")),
    ("draft-channel", Play::SAME),
    ("draft-client", Play::SAME),
    ("draft-dish-ping-closes", Play::SAME.close(Close::Stays("a defect of libzmq"))),
    (
        "draft-dish-tcp",
        Play::SAME.close(Close::Rejects(&[Reason::NotSubscribed, Reason::NotGroupAndBody])),
    ),
    ("draft-gather", Play::SAME),
    ("draft-peer", Play::SAME),
    ("draft-radio-tcp", Play::SAME),
    ("draft-scatter", Play::SAME),
    ("draft-server", Play::SAME),
    ("greeting-future-version", Play::SAME),
    ("greeting-odd-padding", Play::SAME),
    ("greeting-revision-2", Play::SAME),
    ("greeting-staged-bind", Play::SAME),
    ("greeting-staged-connect", Play::SAME),
    ("heartbeat-ping-out", Play::SAME),
    ("heartbeat-pong-in", Play::ROUTED),
    ("heartbeat-timeout", Play::SAME.close(Close::Misses(Timeout::Heartbeat, 550))),
    ("heartbeat-ttl-16bit-wrap", Play::SAME.close(Close::Stays("a defect of libzmq"))),
    ("heartbeat-ttl-expiry", Play::SAME.close(Close::Misses(Timeout::Ttl, 500))),
    ("ipc-req", Play::SAME),
    ("mechanism-mismatch", Play::SAME.close(Close::Fails(PLAIN_OFFERED))),
    ("null-rep-bind", Play::SAME),
    ("null-req-connect", Play::SAME),
    ("pair-connect", Play::SAME),
    ("pair-second-peer", MANY_PEERS),
    ("pub-bind-commands", SUBSCRIPTIONS),
    ("pub-bind-legacy-subscription", SUBSCRIPTIONS),
    ("pull-frame-sizes", Play::SAME),
    ("pull-partial-multipart", Play::SAME),
    ("push-frame-sizes", Play::SAME),
    ("push-multipart", Play::SAME),
    ("ready-metadata", Play::SAME),
    ("req-correlate", Play::SAME),
    (
        "req-reply-without-delimiter",
        // The connection stays: libzmq's REQ would never be asked again.
        Play::SAME.close(Close::StaysAndRejects(Reason::BadEnvelope)),
    ),
    ("router-auto-identity", Play::ROUTED),
    ("router-duplicate-identity", MANY_PEERS),
    ("router-handover", MANY_PEERS),
    ("router-identity", Play::ROUTED),
    ("sub-subscribe-cancel", SUBSCRIPTIONS.leaves_out(6)),
    ("sub-to-3.0-peer", SUBSCRIPTIONS),
    ("sub-topic-sizes", SUBSCRIPTIONS.leaves_out(7)),
    ("v1.0-pub", Play::SAME),
    ("v1.0-push", Play::SAME),
    ("v1.0-revision-0", Play::SAME),
    ("v1.0-router-long-identity", Play::ROUTED),
    ("v1.0-sub", SUBSCRIPTIONS),
    ("v2.0-dealer", Play::SAME),
    ("v2.0-router", Play::ROUTED),
    ("v2.0-sub", SUBSCRIPTIONS),
    ("v3.0-peer", Play::SAME),
    ("xpub-bind", SUBSCRIPTIONS),
    ("xpub-welcome", SUBSCRIPTIONS),
    ("xsub-connect", SUBSCRIPTIONS.leaves_out(1)),
];

/// Dialogues that libzmq accepts and we refuse.
const REFUSED: &[(&str, Error)] = &[(
    // libzmq ignores the socket type in a ZMTP 2.0 greeting.
    "v2.0-wrong-type",
    Error::Peer(PeerError::IncompatibleSocketType {
        ours: SocketType::Pull,
        peer: SocketType::Req,
    }),
)];

/// Dialogues with peers older than ZMTP 3.0, and the byte that shows each.
const OLDER: &[(&str, UnsupportedVersion)] = &[
    ("v1.0-pub", UnsupportedVersion::NoSignature(0x01)),
    ("v1.0-push", UnsupportedVersion::NoSignature(0x01)),
    ("v1.0-revision-0", UnsupportedVersion::Major(0)),
    ("v1.0-router-long-identity", UnsupportedVersion::NoSignature(0x00)),
    ("v1.0-sub", UnsupportedVersion::NoSignature(0x01)),
    ("v2.0-dealer", UnsupportedVersion::Major(1)),
    ("v2.0-router", UnsupportedVersion::Major(1)),
    ("v2.0-sub", UnsupportedVersion::Major(1)),
    ("v2.0-wrong-type", UnsupportedVersion::Major(1)),
];

/// Dialogues that other tests play, and which.
const ELSEWHERE: &[(&str, &str)] = &[
    ("curve-client", CURVE),
    ("curve-message-as-command", CURVE),
    ("curve-nonce-replay", CURVE),
    ("curve-server", CURVE),
    ("curve-server-300", CURVE),
    ("curve-server-400", CURVE),
    ("curve-sub", CURVE),
    ("curve-sub-3.0-peer", CURVE),
    ("curve-wrong-server-key", CURVE),
    ("null-zap-200", ZAP),
    ("null-zap-300", ZAP),
    ("null-zap-400", ZAP),
    ("sub-to-3.0-peer-255-bug", "a frame that libzmq gets wrong; ours is in `sockets/main.rs`"),
];

const ZAP: &str = "ZAP is above the connection: `sockets/zap.rs`";

const CURVE: &str = "libzmq's keys are random: `curve/recorded.rs` plays the other end";

/// Dialogues of something else than one connection, and what plays them.
const NO_CONNECTION: &[(&str, &str)] = &[(
    "draft-udp-radio-dish",
    "datagrams: `our_datagrams_equal_those_of_libzmq`, and with sockets in `sockets/datagrams.rs`",
)];

const DENIED: Error = Error::Peer(PeerError::Denied);
const REFUSED_BY_PEER: Error = Error::Peer(PeerError::Refused);

/// Dialogues with PLAIN, replayed byte by byte.
const PLAIN: &[(&str, Play)] = &[
    ("plain-client", Play::SAME),
    ("plain-client-rejected", Play::SAME.close(Close::Fails(REFUSED_BY_PEER))),
    ("plain-client-rejected-5e", Play::SAME.close(Close::Fails(REFUSED_BY_PEER))),
    ("plain-server", Play::ROUTED),
    ("plain-server-300", Play::SAME.close(Close::FailsSooner(DENIED))),
    ("plain-server-400", Play::SAME.close(Close::FailsSooner(DENIED))),
    ("plain-server-500", Play::SAME.close(Close::FailsSooner(DENIED))),
    ("plain-server-no-zap", Play::SAME.close(Close::Fails(DENIED))),
];

const PLAIN_OFFERED: Error = Error::Peer(PeerError::MechanismMismatch {
    ours: MechanismName::NULL,
    peer: MechanismName::PLAIN,
});

#[test]
fn every_dialogue_is_in_one_list_and_none_is_missing() {
    let mut listed: Vec<&str> = REPLAYED.iter().map(|(name, _)| *name).collect();
    listed.extend(REFUSED.iter().map(|(name, _)| *name));
    listed.extend(ELSEWHERE.iter().chain(NO_CONNECTION).map(|(name, _)| *name));
    listed.extend(PLAIN.iter().map(|(name, _)| *name));
    listed.sort_unstable();
    let mut there: Vec<String> = Vector::all().into_iter().map(|vector| vector.name).collect();
    there.sort_unstable();
    assert_eq!(listed, there);
    let (replayed, refused) = (REPLAYED.len() + PLAIN.len(), REFUSED.len());
    let (elsewhere, others) = (ELSEWHERE.len(), NO_CONNECTION.len());
    println!(
        "{replayed} replayed, {elsewhere} elsewhere, {refused} refused, {others} of no connection"
    );
}

#[test]
fn our_bytes_and_messages_equal_those_of_libzmq() {
    for (name, play) in REPLAYED {
        replay(&Vector::named(name), *play);
    }
}

#[test]
fn our_bytes_and_messages_with_plain_equal_those_of_libzmq() {
    for (name, play) in PLAIN {
        let vector = Vector::named(name);
        if vector.sut.text.contains("PLAIN_SERVER") {
            let status = name.strip_prefix("plain-server-");
            replay_secured(&vector, *play, || {
                PlainServer::new(|credentials: Credentials<'_>| match (credentials, status) {
                    (Credentials::Plain { username: b"admin", password: b"secret" }, None) => {
                        Decision::Accept
                    }
                    (_, Some("400")) => Decision::Refuse(Status::Denied),
                    (_, Some("500")) => Decision::Refuse(Status::Failed),
                    // Without a handler too.
                    _ => Decision::Refuse(Status::Temporary),
                })
            });
        } else {
            let credentials = match *name {
                "plain-client" => ("admin", "secret"),
                _ => ("a", "b"),
            };
            replay_secured(&vector, *play, || {
                PlainClient::new(credentials.0, credentials.1).unwrap()
            });
        }
    }
}

/// The first half is played by a RADIO, the second by a DISH that joined the group TV.
#[test]
fn our_datagrams_equal_those_of_libzmq() {
    let mut dish = Dish::new(Fixed::<FairPeer, 1>::new(), FixedSubscriptions::<64>::new());
    dish.join(Group::new(b"TV").unwrap()).unwrap();
    let (mut sent, mut delivered, mut counts) = (Vec::new(), None, [0, 0]);
    for step in Vector::named("draft-udp-radio-dish").steps {
        match step {
            Step::Send(parts) => {
                let group = Group::new(&parts[0].recorded).unwrap();
                let datagram = Datagram { group, body: &parts[1].recorded };
                sent = vec![0; datagram.len()];
                assert_eq!(datagram.write(&mut sent), Ok(sent.len()));
            }
            Step::Libzmq(bytes) => {
                assert_eq!(sent, bytes.recorded);
                counts[0] += 1;
            }
            Step::Peer(bytes) => {
                let parsed = Datagram::parse(&bytes).ok();
                delivered = parsed
                    .filter(|datagram| dish.is_joined(datagram.group.bytes()))
                    .map(|datagram| [datagram.group.bytes().to_vec(), datagram.body.to_vec()]);
            }
            Step::Receive(parts) => {
                let parts = parts.map(|parts| parts.into_iter().map(|part| part.recorded));
                assert_eq!(delivered.take().map(Vec::from), parts.map(Iterator::collect));
                counts[1] += 1;
            }
            _ => {}
        }
    }
    assert_eq!(counts, [3, 4]);
}

#[test]
fn refused_dialogues_end_with_their_error_and_no_further_byte() {
    for (name, error) in REFUSED {
        let vector = Vector::named(name);
        let config = Config::new(vector.sut.socket_type);
        let stream = vector.peer_streams().concat();
        let driver = run(&config, &stream, Lane::Decode, Fetch::Eagerly, [1]);
        assert_eq!(driver.log(), [LogEntry::Failed(*error)], "{name}");
        assert!(vector.libzmq_streams().concat().starts_with(driver.sent()), "{name}");
    }
}

/// A minimum version and a mechanism without older peers refuse them at the same byte.
#[test]
fn older_peers_may_be_refused_at_the_byte_that_shows_them() {
    for (name, old) in OLDER {
        let vector = Vector::named(name);
        let config = Config::new(vector.sut.socket_type).with_routing_id(vector.sut.routing_id);
        let stream = vector.peer_streams().concat();
        let min = if *old == UnsupportedVersion::Major(1) { Version::V3_0 } else { Version::V2_0 };
        let strict = config.clone().with_min_version(min);
        let driver = run(&strict, &stream, Lane::Decode, Fetch::Eagerly, [1]);
        let mechanism = MechanismName::NULL;
        let error =
            |lowest| Error::from(PeerError::UnsupportedVersion { peer: *old, lowest, mechanism });
        assert_eq!(driver.log(), [LogEntry::Failed(error(min))], "{name}");
        // No ERROR follows.
        let staged = min == Version::V2_0;
        assert!(if staged { driver.sent().len() <= 11 } else { driver.sent().len() == 64 });

        let mut connection = Connection::new(Null::new(), &config, NOW);
        Reader::new(stream).receive_all(&mut connection, NOW);
        assert_eq!(connection.error(), Some(error(Version::V3_0)), "{name}");
        // libzmq's own bytes are those of a greeting as far as ours went.
        let mut sent = [0; 64];
        let n = connection.poll_transmit(&mut sent).unwrap();
        assert_eq!(n, 0, "{name}");
    }
}

#[test]
fn other_mechanisms_are_refused_with_a_whole_greeting_and_an_error() {
    let with = [("curve-", MechanismName::CURVE), ("plain-", MechanismName::PLAIN)];
    for vector in Vector::all() {
        let name = &vector.name;
        let Some((_, peer)) = with.iter().find(|(start, _)| name.starts_with(start)) else {
            continue;
        };
        let config = Config::new(vector.sut.socket_type);
        let mut driver = Driver::new(&config);
        driver.feed(&vector.peer_streams()[0]);
        let error = PeerError::MechanismMismatch { ours: MechanismName::NULL, peer: *peer }.into();
        assert_eq!(driver.log(), [LogEntry::Failed(error)], "{name}");
        assert!(driver.sent()[64..].ends_with(b"Mechanism mismatch"), "{name}");
    }
}

/// The bytes of libzmq, read by a compatible end of ours: none is refused, and the events equal the
/// model's.
#[test]
fn our_end_parses_everything_that_libzmq_sends() {
    for (name, _) in REPLAYED {
        let vector = Vector::named(name);
        let config = Config::new(legal_peer(vector.sut.socket_type));
        // libzmq's bytes to an older peer contain no greeting for us.
        if OLDER.iter().any(|(older, _)| older == name) {
            continue;
        }
        for stream in vector.libzmq_streams() {
            let driver = run(&config, &stream, Lane::Body, Fetch::Eagerly, []);
            assert_eq!(driver.log(), model::log(&config, &stream), "{name}");
            assert_eq!(driver.connection().error(), None, "{name}");
            assert!(driver.rest().is_empty() && driver.unfinished().is_none(), "{name}");
        }
    }
}
