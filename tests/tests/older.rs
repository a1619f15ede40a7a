//! Peers of ZMTP 2.0 and 1.0: their openings from both ends, and the same API for all versions.

use wire::{frame, frame_of_1_0, greeting, greeting_of, opening_of_2_0, ready};
use zmtp_core::wire::SocketType::{Dealer, Pub, Pull, Push, Rep, Router, Sub, Xpub, Xsub};
use zmtp_core::wire::{
    Framing, Malformed, MechanismName, More, RoutingId, SocketType, UnsupportedVersion, Version,
};
use zmtp_core::{
    Config, Connection, Error, Heartbeat, Limit, LimitExceeded, Limits, Null, NullOrOlder,
    PeerError, SendError, Subscription,
};
use zmtp_tests::driver::{Driver, Fetch, Lane, LogEntry, NOW};
use zmtp_tests::properties::{assert_same, run};
use zmtp_tests::reader::Reader;

/// Lengths around each boundary of the framings.
const LENGTHS: [usize; 9] = [0, 1, 252, 253, 254, 255, 256, 257, 70_000];

/// A signature followed by the version byte of ZMTP 1.0.
fn opening_of_revision_0(socket_type: u8, identity: &[u8]) -> Vec<u8> {
    let mut bytes = opening_of_2_0(socket_type, b"")[..12].to_vec();
    bytes[10] = 0;
    [bytes, frame_of_1_0(0, identity)].concat()
}

/// The opening of each older peer, its version, and whether it contains a socket type.
fn openings(kind: SocketType, identity: &[u8]) -> [(Vec<u8>, Version, bool); 3] {
    [
        (opening_of_2_0(kind.code(), identity), Version::V2_0, true),
        (opening_of_revision_0(kind.code(), identity), Version::V1_0, true),
        (frame_of_1_0(0, identity), Version::V1_0, false),
    ]
}

fn frame_of(version: Version, flags: u8, body: &[u8]) -> Vec<u8> {
    if version == Version::V1_0 { frame_of_1_0(flags, body) } else { frame(flags, body) }
}

fn identity(id: &[u8]) -> LogEntry {
    LogEntry::Ready(wire::property("Identity", id))
}

fn routing_id(len: usize) -> RoutingId {
    RoutingId::new(&vec![b'i'; len]).unwrap()
}

/// A connection to a peer of this version after its opening.
fn open<'c>(config: &'c Config, opening: &[u8]) -> Driver<'c> {
    let mut driver = Driver::new(config);
    driver.feed(opening);
    assert!(driver.connection().is_ready(), "{:?}", driver.log());
    driver.take_sent();
    driver
}

#[test]
fn the_same_types_are_compatible_in_2_0_as_in_3() {
    let stable = || SocketType::all().filter(|kind| kind.code() <= 10);
    for (ours, peer) in stable().flat_map(|ours| stable().map(move |peer| (ours, peer))) {
        let config = Config::new(ours);
        for (opening, version, says_type) in openings(peer, b"id") {
            let mut driver = Driver::new(&config);
            driver.feed_in_pieces(&opening, [1]);
            if says_type && !ours.accepts(peer) {
                let error = PeerError::IncompatibleSocketType { ours, peer }.into();
                assert_eq!(driver.log(), [LogEntry::Failed(error)]);
                // What opens our side, and no ERROR: that would be a message to this peer.
                assert!(driver.sent().len() <= 14, "{ours} {peer}");
                continue;
            }
            assert_eq!(driver.log()[0], identity(b"id"));
            let info = driver.connection().peer().unwrap();
            assert_eq!((info.version, info.socket_type), (version, says_type.then_some(peer)));
            assert!(driver.connection().is_ready());
            assert!(!driver.connection().needs_transmit());
        }
    }
}

#[test]
fn our_identity_of_any_length_is_framed_in_the_version_of_the_peer() {
    for len in [0, 1, 253, 254, 255] {
        let config = Config::new(Dealer).with_routing_id(routing_id(len));
        let id = vec![b'i'; len];
        let signature = [&b"\xff\0\0\0\0\0\0"[..], &(len as u16 + 1).to_be_bytes(), b"\x7f"];
        for (opening, version, says_type) in openings(Router, b"") {
            let mut expected = signature.concat();
            if says_type {
                expected.extend([3, Dealer.code()]);
                expected.extend(frame_of(version, 0, &id));
            } else {
                // The signature was the header of this frame.
                expected.extend(&id);
            }
            // Through every room, all at once and byte by byte.
            for room in (0..20).chain([250, 300]) {
                let mut connection = Connection::new(NullOrOlder::new(), &config, NOW);
                Reader::new(opening.clone()).receive_all(&mut connection, NOW);
                assert_eq!(connection.error(), None);
                let mut sent = Vec::new();
                for room in [room, 400, 400, 400] {
                    let mut out = vec![0; room];
                    let ready = connection.is_ready();
                    let n = connection.poll_transmit(&mut out).unwrap_or_default();
                    assert!(n == 0 || !ready, "nothing is sent after READY");
                    sent.extend_from_slice(&out[..n]);
                }
                assert_eq!(sent, expected, "{version} {len} {room}");
                assert!(connection.is_ready() && !connection.needs_transmit());
            }
            let mut driver = Driver::new(&config);
            driver.feed_in_pieces(&opening, [1]);
            assert_eq!(driver.sent(), expected);
        }
    }
}

#[test]
fn a_1_0_peer_is_sent_nothing_of_later_versions() {
    let config = Config::new(Pull);
    let mut driver = Driver::new(&config);
    assert_eq!(driver.take_sent().len(), 10);
    driver.feed(&[1]);
    // Its first byte shows the version; its identity has not arrived yet.
    assert!(driver.take_sent().is_empty());
    assert_eq!(driver.send(&["early"]), Err(SendError::NotReady));
    driver.feed(&[0]);
    assert_eq!(driver.log(), [identity(b"")]);
}

#[test]
fn identities_of_up_to_255_bytes_are_accepted() {
    for len in [0, 1, 253, 254, 255, 256, 70_000] {
        let id = vec![b'i'; len];
        for (opening, ..) in openings(Dealer, &id) {
            let config = Config::new(Router);
            let driver = run(&config, &opening, Lane::Decode, Fetch::Eagerly, [1]);
            let expected = match len {
                ..=255 => identity(&id),
                _ => LogEntry::Failed(PeerError::RoutingIdTooLong(len as u32).into()),
            };
            assert_eq!(driver.log(), [expected], "{len}");
        }
    }
    // A lower limit of commands also applies to identities: both are read in one piece.
    let config = Config::new(Router).with_limits(Limits::DEFAULT.max_command(100));
    let driver = run(&config, &frame_of_1_0(0, &[7; 101]), Lane::Decode, Fetch::Eagerly, []);
    let error = Error::Limit(LimitExceeded { limit: Limit::Command, allowed: 100, got: 101 });
    assert_eq!(driver.log(), [LogEntry::Failed(error)]);
}

#[test]
fn messages_use_the_framing_of_the_peer_in_both_directions() {
    for (kind, peer) in [(Pull, Push), (Push, Pull), (Dealer, Rep), (Rep, Dealer)] {
        let config = Config::new(kind);
        for (opening, version, _) in openings(peer, b"me") {
            for len in LENGTHS {
                let body = vec![b'b'; len];
                let message = [frame_of(version, 1, &body), frame_of(version, 0, b"")].concat();
                let mut driver = open(&config, &opening);
                driver.send(&[&body[..], b""]).unwrap();
                assert_eq!(driver.sent(), message, "{version} {len}");
                assert_eq!(driver.connection().framing(), version.framing());

                let stream = [&opening[..], &message].concat();
                let whole = run(&config, &stream, Lane::Decode, Fetch::Eagerly, []);
                let [_, LogEntry::Frame(first, got), LogEntry::Frame(last, _)] = whole.log() else {
                    panic!("{:?}", whole.log())
                };
                assert!(!first.is_final() && last.is_final() && *got == body);
                for lane in [Lane::Body, Lane::Both] {
                    assert_same(&whole, &run(&config, &stream, lane, Fetch::Lazily, [7]));
                }
            }
        }
    }
}

#[test]
fn subscriptions_are_messages_in_the_framing_of_the_peer() {
    for (config, len) in
        [Sub, Xsub].map(Config::new).iter().flat_map(|config| LENGTHS.map(|len| (config, len)))
    {
        let topic = vec![b't'; len];
        for (opening, version, _) in openings(Pub, b"") {
            let mut driver = open(config, &opening);
            driver.subscribe(Subscription::Subscribe, &topic).unwrap();
            driver.subscribe(Subscription::Cancel, &topic).unwrap();
            let bodies = [1, 0].map(|first| [&[first], &topic[..]].concat());
            let expected = bodies.map(|body| frame_of(version, 0, &body)).concat();
            assert_eq!(driver.sent(), expected, "{version} {len}");
        }
    }
}

#[test]
fn a_peer_without_a_socket_type_is_subscribed_to_every_topic() {
    for (ours, peer) in [(Pub, Sub), (Xpub, Sub), (Pub, Xsub), (Push, Pull), (Sub, Pub)] {
        let config = Config::new(ours);
        for (opening, _, says_type) in openings(peer, b"") {
            for sizes in [vec![], vec![1]] {
                let driver = run(&config, &opening, Lane::Decode, Fetch::Eagerly, sizes);
                let mut expected = vec![identity(b"")];
                if !says_type && matches!(ours, Pub | Xpub) {
                    expected.push(LogEntry::Subscribe(Vec::new()));
                }
                assert_eq!(driver.log(), expected, "{ours}");
            }
        }
    }
}

#[test]
fn a_minimum_version_refuses_exactly_the_versions_below_it() {
    let peers = [
        (frame_of_1_0(0, b""), Version::V1_0, UnsupportedVersion::NoSignature(1)),
        (opening_of_revision_0(8, b""), Version::V1_0, UnsupportedVersion::Major(0)),
        (opening_of_2_0(8, b""), Version::V2_0, UnsupportedVersion::Major(1)),
        (
            [greeting_of([3, 0], "NULL"), ready("PUSH")].concat(),
            Version::V3_0,
            UnsupportedVersion::Major(3),
        ),
        ([greeting("NULL"), ready("PUSH")].concat(), Version::V3_1, UnsupportedVersion::Major(3)),
        (
            [greeting_of([2, 0], "NULL"), ready("PUSH")].concat(),
            Version::V3_1,
            UnsupportedVersion::Major(2),
        ),
        (
            [greeting_of([4, 0], "NULL"), ready("PUSH")].concat(),
            Version::V3_1,
            UnsupportedVersion::Major(4),
        ),
    ];
    for min in [Version::V1_0, Version::V2_0, Version::V3_0, Version::V3_1] {
        let config = Config::new(Pull).with_min_version(min);
        for (bytes, version, old) in &peers {
            let driver = run(&config, bytes, Lane::Decode, Fetch::Eagerly, [1]);
            let (lowest, mechanism) = (min, MechanismName::NULL);
            let unsupported = PeerError::UnsupportedVersion { peer: *old, lowest, mechanism };
            let error = (*version < min).then_some(Error::from(unsupported));
            assert_eq!(driver.connection().error(), error, "{version} at least {min}");
            assert_eq!(driver.connection().is_ready(), error.is_none());
            if error.is_none() {
                let spoken = driver.connection().peer().unwrap().version.negotiated();
                assert_eq!(spoken, *version);
            } else {
                assert!(!driver.sent().windows(5).any(|bytes| bytes == b"ERROR"));
            }
        }
    }
}

#[test]
fn a_mechanism_without_older_peers_refuses_them_for_all_settings() {
    let config = Config::new(Pull).with_min_version(Version::V1_0);
    for (bytes, ..) in openings(Push, b"") {
        let mut connection = Connection::new(Null::new(), &config, NOW);
        Reader::new(bytes).receive_all(&mut connection, NOW);
        let error = connection.error();
        let Some(Error::Peer(PeerError::UnsupportedVersion { lowest, mechanism, .. })) = error
        else {
            panic!("{error:?}")
        };
        assert_eq!((lowest, mechanism), (Version::V3_0, MechanismName::NULL));
        assert_eq!(connection.framing(), Framing::V3);
    }
}

#[test]
fn other_protocols_are_refused_at_their_second_byte() {
    let config = Config::new(Pull);
    for opening in [&b"GET / HTTP/1.1\r\n"[..], b"\x16\x03\x01\x02", b"SSH-2.0", b"\0\0", b"EHLO"] {
        let mut driver = Driver::new(&config);
        driver.feed(&opening[..2]);
        let peer = UnsupportedVersion::NoSignature(opening[0]);
        let (lowest, mechanism) = (Version::V1_0, MechanismName::NULL);
        let error = PeerError::UnsupportedVersion { peer, lowest, mechanism }.into();
        assert_eq!(driver.log(), [LogEntry::Failed(error)]);
        assert_eq!(driver.sent().len(), 10);
    }
}

#[test]
fn violations_of_the_older_framings_fail_the_connection() {
    let config = Config::new(Pull);
    let after = |opening: Vec<u8>, bytes: &[u8]| {
        let stream = [&opening[..], bytes].concat();
        let driver = run(&config, &stream, Lane::Decode, Fetch::Eagerly, [1]);
        driver.connection().error()
    };
    let malformed = |what: Malformed| Some(Error::from(what));
    let v2 = || opening_of_2_0(8, b"");
    let v1 = || frame_of_1_0(0, b"");
    for flags in [4, 5, 6, 0x80] {
        assert_eq!(after(v2(), &[flags]), malformed(Malformed::ReservedFlags(flags)));
        assert_eq!(after(v1(), &[9, flags]), malformed(Malformed::ReservedFlags(flags)));
    }
    assert_eq!(after(v1(), &[0]), malformed(Malformed::EmptyFrame));
    let long = |len: u64, flags: u8| [&[0xff], &len.to_be_bytes()[..], &[flags]].concat();
    assert_eq!(after(v1(), &long(0, 0)), malformed(Malformed::EmptyFrame));
    assert_eq!(after(v1(), &long(u64::MAX, 0)), malformed(Malformed::FrameSize(u64::MAX)));
    let huge =
        Error::Limit(LimitExceeded { limit: Limit::Frame, allowed: 128 << 20, got: 1 << 62 });
    assert_eq!(after(v1(), &long((1 << 62) + 1, 1)), Some(huge));
    let identity_with_more = after(v2()[..12].to_vec(), &[1, 0]);
    assert_eq!(identity_with_more, malformed(Malformed::MoreOnIdentity));
    assert_eq!(after(v2()[..11].to_vec(), &[11]), Some(PeerError::UnknownSocketType.into()));
}

#[test]
fn limits_hold_in_every_framing() {
    let limits = Limits::DEFAULT.max_frame(50).max_message(60).max_parts(3);
    let config = Config::new(Pull).with_limits(limits);
    for (opening, version, _) in openings(Push, b"") {
        let part = |more: u8, len: usize| frame_of(version, more, &vec![7; len]);
        let good = [part(1, 50), part(1, 0), part(0, 10)].concat();
        for (then, limit, allowed, got) in [
            (part(0, 51), Limit::Frame, 50, 51),
            ([part(1, 50), part(0, 11)].concat(), Limit::Message, 60, 61),
            ([part(1, 0), part(1, 0), part(1, 0), part(0, 0)].concat(), Limit::Parts, 3, 4),
        ] {
            let stream = [&opening[..], &good, &then].concat();
            let driver = run(&config, &stream, Lane::Both, Fetch::Eagerly, [3]);
            let error = Error::Limit(LimitExceeded { limit, allowed, got });
            assert_eq!(driver.connection().error(), Some(error), "{version}");
        }
    }
}

#[test]
fn older_peers_are_sent_no_ping_and_the_handshake_timeout_applies() {
    let config = Config::new(Pull).with_heartbeat(Heartbeat::every(100));
    for (opening, ..) in openings(Push, b"id") {
        let mut driver = Driver::new(&config);
        driver.feed(&opening[..opening.len() - 1]);
        assert_eq!(driver.connection().poll_timeout(), Some(NOW.after(10_000)));
        driver.feed(&opening[opening.len() - 1..]);
        assert_eq!(driver.connection().poll_timeout(), None);
        driver.wait(u32::MAX);
        assert_eq!(driver.connection().error(), None);
    }
}

#[test]
fn a_peer_without_a_socket_type_is_accepted_unless_one_is_required() {
    let config = Config::new(Pull).with_require_socket_type(true);
    for (opening, _, says_type) in openings(Push, b"") {
        let driver = run(&config, &opening, Lane::Decode, Fetch::Eagerly, [1]);
        let error = (!says_type).then_some(PeerError::MissingSocketType.into());
        assert_eq!(driver.connection().error(), error);
    }
}

#[test]
fn our_frames_are_read_by_an_end_of_the_same_version() {
    for framing in [Framing::V1, Framing::V2, Framing::V3] {
        for len in LENGTHS {
            let config = Config::new(Push);
            let bytes = match framing {
                Framing::V1 => frame_of_1_0(0, b""),
                Framing::V2 => opening_of_2_0(7, b""),
                Framing::V3 => [greeting("NULL"), ready("PULL")].concat(),
            };
            let mut driver = open(&config, &bytes);
            let header = driver.connection_mut().begin_frame(More::Follows, len as u64).unwrap();
            let (parsed, taken) = framing.parse(header.as_ref()).unwrap().unwrap();
            assert_eq!((parsed.len(), parsed.is_final()), (len as u64, false));
            assert_eq!(taken, header.as_ref().len());
        }
    }
}
