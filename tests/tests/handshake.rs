//! The handshake of two ends: compatible types, the order of greeting and READY, and what must not
//! precede them.

use wire::{command, frame, greeting, ready};
use zmtp_core::wire::{CommandName, MechanismName, RoutingId, SocketType, Version, error_reason};
use zmtp_core::{Config, Connection, Error, Event, IgnoredCommand, Null, PeerError, SendError};
use zmtp_tests::driver::{Driver, LogEntry, NOW};
use zmtp_tests::pair::{Pair, messages};
use zmtp_tests::reader::Reader;

/// The legal pairs among the eleven stable types (RFC 37 § The Socket-Type Property).
const LEGAL: [(SocketType, SocketType); 12] = {
    use SocketType::{Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Sub, Xpub, Xsub};
    [
        (Pair, Pair),
        (Pub, Sub),
        (Pub, Xsub),
        (Xpub, Sub),
        (Xpub, Xsub),
        (Req, Rep),
        (Req, Router),
        (Rep, Dealer),
        (Dealer, Dealer),
        (Dealer, Router),
        (Router, Router),
        (Push, Pull),
    ]
};

fn stable() -> impl Iterator<Item = SocketType> {
    SocketType::all().filter(|kind| kind.code() <= 10)
}

fn is_legal(one: SocketType, other: SocketType) -> bool {
    LEGAL.contains(&(one, other)) || LEGAL.contains(&(other, one))
}

#[test]
fn exactly_the_twelve_compatible_pairs_exchange_messages() {
    for (one, other) in stable().flat_map(|one| stable().map(move |other| (one, other))) {
        let (left, right) = (Config::new(one), Config::new(other));
        for largest_piece in [1, 7, usize::MAX] {
            let mut pair = Pair::cut(&left, &right, largest_piece);
            pair.run();
            assert_eq!(pair.left.connection().is_ready(), is_legal(one, other), "{one} {other}");
            if !is_legal(one, other) {
                continue;
            }
            pair.left.send(&["a", "", "c"]).unwrap();
            pair.right.send(&["d"]).unwrap();
            pair.run();
            let [a, c, d] = [b"a", b"c", b"d"].map(|part| part.to_vec());
            assert_eq!(messages(pair.right.log()), [vec![a, vec![], c]]);
            assert_eq!(messages(pair.left.log()), [vec![d]]);
            let info = pair.left.connection().peer().unwrap();
            assert_eq!((info.socket_type, info.version), (Some(other), Version::V3_1));
        }
    }
}

#[test]
fn the_draft_types_exchange_messages_with_their_counterparts() {
    for (one, other) in SocketType::all().flat_map(|one| SocketType::all().map(move |b| (one, b))) {
        let (left, right) = (Config::new(one), Config::new(other));
        let mut pair = Pair::new(&left, &right);
        pair.run();
        assert_eq!(pair.left.connection().is_ready(), one.accepts(other));
        assert_eq!(pair.right.connection().is_ready(), other.accepts(one));
    }
}

#[test]
fn an_incompatible_pair_fails_on_both_sides_with_an_error_command() {
    for (one, other) in stable().flat_map(|one| stable().map(move |other| (one, other))) {
        if is_legal(one, other) {
            continue;
        }
        let config = Config::new(one);
        let mut driver = Driver::new(&config);
        driver.feed(&[greeting("NULL"), ready(other.name())].concat());
        let error = PeerError::IncompatibleSocketType { ours: one, peer: other }.into();
        assert_eq!(driver.log(), [LogEntry::Failed(error)], "{one} {other}");
        let farewell = command("ERROR", b"\x18Incompatible Socket-Type");
        assert!(driver.sent().ends_with(&farewell), "{one} {other}");

        // Wired to each other both see it by themselves, as their READYs cross.
        let (left, right) = (Config::new(one), Config::new(other));
        let mut pair = Pair::new(&left, &right);
        pair.run();
        let mirrored = PeerError::IncompatibleSocketType { ours: other, peer: one }.into();
        assert_eq!(pair.left.connection().error(), Some(error));
        assert_eq!(pair.right.connection().error(), Some(mirrored));
    }
}

#[test]
fn the_greeting_is_sent_in_stages_as_the_version_of_the_peer_becomes_known() {
    let config = Config::new(SocketType::Dealer);
    let mut driver = Driver::new(&config);
    assert_eq!(driver.take_sent().len(), 10);
    let stages = [(9, 0), (1, 1), (1, 53), (52, 0)];
    let mut bytes = &greeting("NULL")[..];
    for (arrive, leave) in stages {
        driver.feed(bytes.split_off(..arrive).unwrap());
        assert_eq!(driver.take_sent().len(), leave, "after {arrive}");
    }
    driver.feed(bytes);
    // Our READY follows the last byte of the peer's greeting, without waiting for its READY.
    assert_eq!(wire::frames(driver.sent()).0[0].command().unwrap().0, b"READY");
    assert!(!driver.connection().is_ready());
}

#[test]
fn the_greeting_is_sent_at_once_if_older_peers_are_refused() {
    let config = Config::new(SocketType::Dealer).with_min_version(Version::V3_0);
    let mut driver = Driver::new(&config);
    assert_eq!(driver.take_sent().len(), 64);
    driver.feed(&greeting("NULL")[..63]);
    assert!(driver.take_sent().is_empty());
}

#[test]
fn no_message_may_be_sent_before_both_readys() {
    let config = Config::new(SocketType::Push);
    let mut driver = Driver::new(&config);
    for byte in greeting("NULL").into_iter().chain(ready("PULL")) {
        assert_eq!(driver.send(&["early"]), Err(SendError::NotReady));
        driver.feed(&[byte]);
    }
    assert_eq!(driver.send(&["in time"]), Ok(()));
}

#[test]
fn no_message_may_be_sent_before_our_ready_was_transmitted() {
    let config = Config::new(SocketType::Push);
    let mut connection = Connection::new(Null::new(), &config, NOW);
    let mut reader = Reader::new([greeting("NULL"), ready("PULL")].concat());
    assert!(reader.receive_all(&mut connection, NOW).contains(&Event::Ready));
    let more = zmtp_core::wire::More::Last;
    assert_eq!(connection.begin_frame(more, 1).unwrap_err(), SendError::NotReady);
    assert_eq!(connection.poll_transmit(&mut [0; 256]), Ok(64));
    assert_eq!(connection.begin_frame(more, 1).unwrap_err(), SendError::NotReady);
    assert!(connection.poll_transmit(&mut [0; 256]).unwrap() > 0);
    assert!(connection.begin_frame(more, 1).is_ok());
}

#[test]
fn greeting_ready_and_message_are_accepted_in_one_burst() {
    let config = Config::new(SocketType::Pull);
    let mut driver = Driver::new(&config);
    driver.feed(&[greeting("NULL"), ready("PUSH"), frame(1, b"a"), frame(0, b"b")].concat());
    assert_eq!(messages(driver.log()), [[b"a".to_vec(), b"b".to_vec()]]);
    assert!(driver.connection().is_ready());
}

#[test]
fn a_message_or_a_ping_before_ready_fails_the_handshake() {
    let config = Config::new(SocketType::Pull);
    let early = [
        (frame(0, b"m"), PeerError::MessageInHandshake),
        (command("PING", b"\0\0"), PeerError::UnexpectedCommand(CommandName::Ping)),
        (command("SUBSCRIBE", b""), PeerError::UnexpectedCommand(CommandName::Subscribe)),
    ];
    for (bytes, error) in early {
        let mut driver = Driver::new(&config);
        driver.feed(&[greeting("NULL"), bytes].concat());
        assert_eq!(driver.log(), [LogEntry::Failed(error.into())]);
    }
}

#[test]
fn two_consecutive_pings_get_two_pongs() {
    let config = Config::new(SocketType::Pull);
    let mut driver = Driver::new(&config);
    driver.feed(&[greeting("NULL"), ready("PUSH")].concat());
    driver.take_sent();
    let pings = [command("PING", b"\0\0a"), command("PING", b"\0\x05b"), frame(0, b"m")];
    driver.feed(&pings.concat());
    assert_eq!(driver.sent(), [command("PONG", b"a"), command("PONG", b"b")].concat());
    assert_eq!(messages(driver.log()), [[b"m".to_vec()]]);
}

#[test]
fn a_ping_waits_for_the_previous_pong_and_a_message_does_not() {
    let config = Config::new(SocketType::Pull);
    let mut connection = Connection::new(Null::new(), &config, NOW);
    let mut out = [0; 128];
    let bytes = [
        greeting("NULL"),
        ready("PUSH"),
        command("PING", b"\0\0a"),
        frame(0, b""),
        command("FOO", b""),
        command("PING", b"\0\0b"),
    ]
    .concat();
    let mut reader = Reader::new(bytes);
    let mut step = |connection: &mut Connection<_, _>| {
        loop {
            match reader.receive(connection, NOW).0 {
                Event::Nothing => {}
                event => return event,
            }
        }
    };
    assert_eq!(step(&mut connection), Event::Ready);
    assert_eq!(connection.poll_transmit(&mut out), Ok(64));
    assert!(connection.poll_transmit(&mut out).unwrap() > 0);
    assert_eq!(step(&mut connection), Event::Frame);
    assert_eq!(step(&mut connection), Event::Ignored);
    // It asks again and again until the first PONG was fetched.
    assert_eq!(step(&mut connection), Event::NeedTransmit);
    assert_eq!(step(&mut connection), Event::NeedTransmit);
    let n = connection.poll_transmit(&mut out).unwrap();
    assert_eq!(out[..n], command("PONG", b"a"));
    assert_eq!(step(&mut connection), Event::NeedInput);
    let n = connection.poll_transmit(&mut out).unwrap();
    assert_eq!(out[..n], command("PONG", b"b"));
}

#[test]
fn nothing_is_sent_after_an_error_of_the_peer() {
    let config = Config::new(SocketType::Pull);
    let mut connection = Connection::new(Null::new(), &config, NOW);
    let mut reader = Reader::new([greeting("NULL"), command("ERROR", b"\x03400")].concat());
    assert_eq!(reader.receive(&mut connection, NOW).0, Event::Nothing);
    let (event, data) = reader.receive(&mut connection, NOW);
    assert_eq!((event, error_reason(&data)), (Event::Refused, Ok(&b"400"[..])));
    assert_eq!(connection.error(), Some(PeerError::Refused.into()));
    assert_eq!(connection.poll_transmit(&mut [0; 256]), Ok(0));
    assert_eq!(connection.poll_timeout(), None);
}

#[test]
fn a_ready_of_any_length_is_sent_through_buffers_of_every_size() {
    for len in [0, 1, 100, 216, 217, 218, 219, 255] {
        let id = RoutingId::new(&vec![b'i'; len]).unwrap();
        let config = Config::new(SocketType::Dealer).with_routing_id(id);
        for room in 0..320 {
            let mut connection = Connection::new(Null::new(), &config, NOW);
            let events = Reader::new(greeting("NULL")).receive_all(&mut connection, NOW);
            assert_eq!(events.last(), Some(&Event::NeedInput));
            let mut sent = Vec::new();
            for room in [room, 400, 400] {
                let mut out = vec![0; room];
                let n = connection.poll_transmit(&mut out).unwrap_or_default();
                sent.extend_from_slice(&out[..n]);
            }
            let expected = wire::ready_with_identity("DEALER", &vec![b'i'; len]);
            assert_eq!(sent[64..], expected, "{len} bytes of id, first room {room}");
        }
    }
}

#[test]
fn a_ready_without_a_socket_type_is_accepted_unless_one_is_required() {
    let bare = [greeting("NULL"), command("READY", b"")].concat();
    let lenient = Config::new(SocketType::Pull);
    let mut driver = Driver::new(&lenient);
    driver.feed(&bare);
    assert_eq!(driver.connection().peer().unwrap().socket_type, None);
    let strict = lenient.clone().with_require_socket_type(true);
    let mut driver = Driver::new(&strict);
    driver.feed(&bare);
    assert_eq!(driver.log(), [LogEntry::Failed(PeerError::MissingSocketType.into())]);
}

#[test]
fn a_peer_with_another_mechanism_gets_our_whole_greeting_and_an_error() {
    for bytes in 32..64 {
        let config = Config::new(SocketType::Pull);
        let mut driver = Driver::new(&config);
        driver.feed(&greeting("CURVE")[..bytes]);
        let (ours, peer) = (MechanismName::NULL, MechanismName::CURVE);
        let error = Error::Peer(PeerError::MechanismMismatch { ours, peer });
        assert_eq!(driver.log(), [LogEntry::Failed(error)]);
        let (ours, farewell) = driver.sent().split_at(64);
        assert_eq!(ours[12..16], *b"NULL");
        assert_eq!(farewell, command("ERROR", b"\x12Mechanism mismatch"));
    }
}

#[test]
fn only_publishers_accept_subscriptions() {
    let bytes = [command("SUBSCRIBE", b"a"), command("CANCEL", b"")].concat();
    for (ours, peer) in LEGAL.into_iter().flat_map(|(one, other)| [(one, other), (other, one)]) {
        let config = Config::new(ours);
        let mut driver = Driver::new(&config);
        driver.feed(&[greeting("NULL"), ready(peer.name())].concat());
        driver.take_log();
        driver.feed(&bytes);
        let expected = match ours {
            SocketType::Pub | SocketType::Xpub => {
                [LogEntry::Subscribe(b"a".to_vec()), LogEntry::Cancel(Vec::new())]
            }
            _ => [CommandName::Subscribe, CommandName::Cancel]
                .map(|name| LogEntry::Ignored(IgnoredCommand::Command(name))),
        };
        assert_eq!(driver.log(), expected, "{ours}");
    }
}

#[test]
fn a_connection_takes_less_than_200_bytes() {
    let (held, shared) =
        (size_of::<Connection<Null>>(), size_of::<Connection<Null, std::sync::Arc<Config>>>());
    println!("Connection<Null>: {held} bytes, with a shared Config: {shared}");
    assert!(held < 200 && shared < 200);
}
