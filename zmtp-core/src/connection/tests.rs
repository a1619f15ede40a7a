//! What cannot be seen from outside. The connection as a whole is tested in `tests/`.

use super::failure::Failure;
use super::*;
use crate::wire::{BufferTooSmall, FrameKind, Greeting, MechanismName, Ping, SocketType, Version};
use crate::{Limits, Null, NullOrOlder, PeerError, Timeout};

pub(super) const NOW: Instant = Instant::from_millis(0);
static PULL: Config = Config::new(SocketType::Pull);

fn greeting() -> Vec<u8> {
    let (version, mechanism) = (Version::V3_1, MechanismName::NULL);
    Greeting { version, mechanism, as_server: false }.emit(0).to_vec()
}

/// All that waits to be written.
fn due(connection: &mut Connection<Null>) -> Vec<u8> {
    let (mut all, mut out) = (Vec::new(), [0; 256]);
    loop {
        match connection.poll_transmit(&mut out).unwrap() {
            0 => return all,
            n => all.extend_from_slice(&out[..n]),
        }
    }
}

/// Passes bytes to a connection until it needs more or has failed. Returns how many it left unread.
fn feed<M: Mechanism>(connection: &mut Connection<M>, now: Instant, bytes: &[u8]) -> usize {
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    loop {
        let received = connection.receive(now, &mut bytes[at..]);
        at = bytes.len() - connection.unread();
        if matches!(received.event, Event::NeedInput | Event::NeedTransmit | Event::Failed) {
            return connection.unread();
        }
    }
}

/// A PULL that has read these bytes.
fn fed(bytes: &[u8]) -> Connection<Null> {
    let mut connection = Connection::new(Null::new(), &PULL, NOW);
    feed(&mut connection, NOW, bytes);
    connection
}

/// A PULL after its handshake.
pub(super) fn traffic() -> Connection<Null> {
    let ready = b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH";
    fed(&[&greeting()[..], ready].concat())
}

#[test]
fn an_error_command_is_sent_only_for_failures_that_a_retry_cannot_correct() {
    let (ours, peer) = (SocketType::Pull, SocketType::Req);
    let (null, plain) = (MechanismName::NULL, MechanismName::PLAIN);
    let mismatch = PeerError::MechanismMismatch { ours: null, peer: plain };
    let lasting = [
        (Failure::Mechanism, mismatch, Refusal::Mechanism),
        (
            Failure::SocketType(3),
            PeerError::IncompatibleSocketType { ours, peer },
            Refusal::SocketType,
        ),
        (Failure::SocketType(5), PeerError::UnknownSocketType, Refusal::SocketType),
    ];
    for (failure, error, refusal) in lasting {
        let mut connection = fed(&greeting());
        let peer = if failure == Failure::SocketType(3) { b"REQ".as_slice() } else { b"PLAIN" };
        connection.rx.fail_at(failure, peer);
        assert_eq!(connection.error(), Some(error.into()));
        assert!(due(&mut connection).ends_with(refusal.reason().as_bytes()));
    }
    let passing = [
        Failure::Metadata,
        Failure::MessageInHandshake,
        Failure::Refused,
        Failure::SecondReady,
        Failure::UnexpectedCommand,
        Failure::TimedOut(Timeout::Handshake),
        Failure::TimedOut(Timeout::Heartbeat),
        Failure::TimedOut(Timeout::Ttl),
    ];
    for error in passing {
        let mut connection = fed(&greeting());
        connection.rx.fail(error);
        assert_eq!(connection.poll_transmit(&mut [0; 256]), Ok(0));
    }
}

#[test]
fn an_error_command_is_sent_in_pieces_through_a_small_buffer() {
    let mut connection =
        fed(b"\xff\0\0\0\0\0\0\0\0\x7f\x03\x01PLAIN\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0");
    assert!(connection.error().is_some());
    let mut out = [0; 64];
    assert_eq!(connection.poll_transmit(&mut out[..63]), Err(BufferTooSmall { missing: 1 }));
    assert_eq!(connection.poll_transmit(&mut out), Ok(64));
    assert_eq!(connection.poll_transmit(&mut out[..26]), Err(BufferTooSmall { missing: 1 }));
    assert_eq!(connection.poll_transmit(&mut out[..27]), Ok(27));
    assert_eq!(connection.poll_transmit(&mut out), Ok(0));
}

#[test]
fn a_pong_returns_at_most_16_bytes_and_fits_64_bytes() {
    let mut connection = fed(&greeting());
    connection.rx.scratch = [7; 16];
    connection.tx.queue_pong(Ping::parse(&[7; 40]).unwrap().context.len());
    assert!(connection.tx.pong_due());
    assert!(due(&mut connection).ends_with(&[&b"\x04\x15\x04PONG"[..], &[7; 16]].concat()));
    assert!(!connection.tx.pong_due());
    connection.tx.queue_pong(16);
    assert_eq!(connection.poll_transmit(&mut [0; 64]), Ok(23));
}

#[test]
fn a_pong_without_a_ping_is_queued_once_and_only_after_the_handshake() {
    let mut connection = fed(&greeting());
    connection.queue_pong();
    assert!(!connection.pong_due());
    let mut connection = traffic();
    due(&mut connection);
    assert!(connection.is_ready() && !connection.needs_transmit());
    // The context of the PING is kept.
    feed(&mut connection, NOW, b"\x04\x08\x04PING\0\0x");
    connection.queue_pong();
    assert!(connection.pong_due() && connection.needs_transmit());
    assert_eq!(due(&mut connection), b"\x04\x06\x04PONGx");
    connection.queue_pong();
    connection.queue_pong();
    assert_eq!(due(&mut connection), b"\x04\x05\x04PONG");
    assert!(!connection.pong_due() && !connection.needs_transmit());
}

#[test]
fn no_pong_and_no_ping_is_due_to_an_older_peer() {
    static CONFIG: Config = Config::new(SocketType::Pull).with_min_version(Version::V1_0);
    let version_2 = b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x08\0\0";
    for opening in [&version_2[..], b"\x01\0"] {
        let mut connection = Connection::new(NullOrOlder::new(), &CONFIG, NOW);
        history(&mut connection, opening);
        assert!(connection.is_ready() && connection.peer().unwrap().version < Version::V3_0);
        connection.queue_pong();
        connection.queue_ping();
        assert!(!connection.pong_due() && !connection.needs_transmit());
        assert_eq!(connection.poll_transmit(&mut [0; 64]), Ok(0));
    }
}

#[cfg(feature = "heartbeat")]
#[test]
fn a_ping_is_queued_only_to_a_peer_that_gets_pings() {
    static BEATS: Config =
        Config::new(SocketType::Pull).with_heartbeat(crate::Heartbeat::every(100));
    let ready = b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH";
    for (config, minor, pings) in [(&BEATS, 1, true), (&BEATS, 0, false), (&PULL, 1, false)] {
        let mut greeting = greeting();
        greeting[11] = minor;
        let mut connection = Connection::new(Null::new(), config, NOW);
        connection.queue_ping();
        feed(&mut connection, NOW, &[&greeting[..], ready].concat());
        due(&mut connection);
        let deadline = connection.poll_timeout();
        connection.queue_ping();
        assert_eq!(due(&mut connection).is_empty(), !pings);
        assert_eq!(connection.poll_timeout(), deadline, "no answer is awaited");
    }
}

#[test]
fn only_a_command_is_skipped_and_its_bytes_are_pieces() {
    let mut connection = traffic();
    let command = b"\x04\x07\x05OTHER!\0\x01m".as_slice();
    assert_eq!(connection.receive(NOW, &mut command[..5].to_vec()).event, Event::NeedInput);
    assert!(!connection.skip_command(&command[..4]), "not the last input");
    assert!(connection.skip_command(&command[..5]));
    assert_eq!(connection.unread(), 3);
    assert!(!connection.skip_command(&command[2..5]), "it is skipped already");
    let piece = connection.receive(NOW, &mut command[2..9].to_vec());
    assert_eq!((piece.event, piece.payload), (Event::Piece, 7));
    assert_eq!(connection.frame(), (FrameHeader::new(FrameKind::Command, 7), true));
    assert_eq!(connection.receive(NOW, &mut command[9..].to_vec()).event, Event::Frame);

    for bytes in [&b"\x04"[..], b"\x02\0\0", b"\x00"] {
        let mut connection = traffic();
        assert_eq!(connection.receive(NOW, &mut bytes.to_vec()).event, Event::NeedInput);
        assert!(!connection.skip_command(bytes), "{bytes:02x?}");
    }
    let mut handshake = fed(&greeting());
    let ready = b"\x04\x1a\x05READY";
    assert_eq!(handshake.receive(NOW, &mut ready.to_vec()).event, Event::NeedInput);
    assert!(!handshake.skip_command(ready));
}

#[test]
fn the_first_error_is_final() {
    let mut connection = fed(b"GET / HTTP/1.1");
    let error = connection.error().unwrap();
    assert_eq!(connection.handle_timeout(Instant::NEVER), Err(error));
    let late = connection.receive(Instant::NEVER, &mut greeting());
    assert_eq!(late.event, Event::Failed);
    assert_eq!(connection.error(), Some(error));
}

#[test]
fn the_configuration_may_be_owned_shared_or_borrowed() {
    let config = PULL.clone().with_limits(Limits::DEFAULT.handshake_timeout(7));
    let borrowed = Connection::new(Null::new(), &config, NOW);
    assert_eq!(borrowed.poll_timeout(), Some(NOW.after(7)));
    let shared = Connection::new(Null::new(), std::sync::Arc::new(config.clone()), NOW);
    assert_eq!(shared.config().limits, config.limits);
    let owned = Connection::new(Null::new(), config, NOW);
    assert_eq!(owned.poll_timeout(), Some(NOW.after(7)));
}

/// All that a connection finds and sends, and where it ends.
fn history(connection: &mut Connection<NullOrOlder>, bytes: &[u8]) -> String {
    let mut bytes = bytes.to_vec();
    let (mut at, mut all, mut out) = (0, String::new(), [0; 256]);
    loop {
        while let Ok(n @ 1..) = connection.poll_transmit(&mut out) {
            all += &format!("> {:02x?}\n", &out[..n]);
        }
        let received = connection.receive(NOW, &mut bytes[at..]);
        let payload = received.payload_of(&bytes[at..], connection.unread());
        let is_frame = matches!(received.event, Event::Frame | Event::Piece);
        let frame = is_frame.then(|| connection.frame());
        all += &format!("{received:?} {payload:02x?} {frame:?}\n");
        at = bytes.len() - connection.unread();
        if matches!(received.event, Event::NeedInput | Event::NeedTransmit | Event::Failed) {
            let error = connection.error();
            return all
                + &format!("{error:?} {:?} {:?}", connection.peer(), connection.poll_timeout());
        }
    }
}

#[test]
fn a_restarted_connection_has_no_state_of_the_last() {
    const ANY: Config = Config::new(SocketType::Pub).with_min_version(Version::V1_0);
    static CONFIGS: [Config; 2] = [ANY, ANY.with_require_socket_type(true)];
    let greeting = greeting();
    let signature = b"\xff\0\0\0\0\0\0\0\x01\x7f";
    let ready = b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB";
    let ping = b"\x04\x08\x04PING\0\x01x";
    let all = [
        vec![],
        greeting.clone(),
        [&greeting[..], ready].concat(),
        [&greeting[..], ready, ping, b"\x01\x05abc"].concat(),
        [&greeting[..], b"\x04\x06\x05READY"].concat(),
        [&greeting[..10], b"\x03\0PLAIN\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"].concat(),
        [&signature[..], b"\x01\x02\0\x01x"].concat(),
        [&signature[..], b"\x01"].concat(),
        b"\x01\0".to_vec(),
        b"GET".to_vec(),
    ];
    let pairs = all.iter().flat_map(|before| all.iter().map(move |bytes| (before, bytes)));
    for ((before, bytes), config) in pairs.flat_map(|pair| CONFIGS.iter().map(move |c| (pair, c))) {
        let mut connection = Connection::new(NullOrOlder::new(), config, NOW);
        history(&mut connection, before);
        connection.restart(NullOrOlder::new(), NOW);
        let mut new = Connection::new(NullOrOlder::new(), config, NOW);
        assert_eq!(history(&mut connection, bytes), history(&mut new, bytes), "{before:02x?}");
    }
}

#[cfg(feature = "heartbeat")]
#[test]
fn bytes_that_arrived_before_a_ping_do_not_answer_it() {
    static CONFIG: Config =
        Config::new(SocketType::Pull).with_heartbeat(crate::Heartbeat::every(100).timeout(30));
    let at = Instant::from_millis;
    let mut connection = Connection::new(Null::new(), &CONFIG, NOW);
    let ready = b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH";
    for (time, bytes) in [(0, [&greeting()[..], ready].concat()), (100, b"\0\x01x".to_vec())] {
        feed(&mut connection, at(time), &bytes);
    }
    assert!(due(&mut connection).ends_with(b"\x04\x07\x04PING\0\0"));
    assert_eq!(connection.poll_timeout(), Some(at(130)));
    assert_eq!(connection.handle_timeout(at(130)), Err(Error::TimedOut(Timeout::Heartbeat)));
}

#[test]
fn reading_only_the_missing_bytes_never_blocks() {
    fn fed<M: Mechanism>(mechanism: M, bytes: &[u8]) -> usize {
        let mut bytes = bytes.to_vec();
        let config = Config::new(SocketType::Pull);
        let mut connection = Connection::new(mechanism, &config, NOW);
        let (mut from, mut to, mut reads) = (0, 0, 0);
        while to < bytes.len() {
            let received = connection.receive(NOW, &mut bytes[from..to]);
            from = to - connection.unread();
            match received.event {
                Event::Failed => panic!("{:?}", connection.error()),
                Event::NeedInput => {
                    assert!(received.payload > 0 && received.payload <= bytes.len() - to);
                    to += received.payload;
                    reads += 1;
                }
                _ => {}
            }
        }
        let received = connection.receive(NOW, &mut bytes[from..]);
        assert!(matches!(received.event, Event::Frame | Event::Piece) && connection.frame().1);
        reads
    }
    let ready = b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH";
    let long = [&[2, 0, 0, 0, 0, 0, 0, 1, 0][..], &[7; 256]].concat();
    // A greeting, two commands and three messages, each in two pieces, a long one in three.
    let messages: [&[u8]; 3] = [b"\x01\x02hi\x04\x07\x04PING\0\0", &long, b"\0\x05there"];
    let bytes = [&greeting()[..], ready, &messages.concat()].concat();
    assert_eq!(fed(Null::new(), &bytes), 1 + 2 + 2 + 2 + 3 + 2);
    let older = [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 1, 8, 0, 0, 0, 2, b'h', b'i'];
    fed(NullOrOlder::new(), &older);
    let oldest = [1, 0, 3, 0, b'h', b'i'];
    fed(NullOrOlder::new(), &oldest);
}

#[test]
fn the_command_that_fails_a_connection_stays_unread() {
    let ping = b"\x04\x07\x04PING\0\0".as_slice();
    let mut connection = Connection::new(Null::new(), &PULL, NOW);
    assert_eq!(feed(&mut connection, NOW, &[&greeting()[..], ping].concat()), ping.len());
    assert!(connection.error().is_some());
}

#[test]
fn a_failed_connection_leaves_its_input_unread() {
    let mut connection = Connection::new(Null::new(), &PULL, NOW);
    assert_eq!(connection.receive(NOW, &mut b"GET".to_vec()).event, Event::Failed);
    for bytes in [&b"GET / HTTP/1.1"[..], b""] {
        assert_eq!(connection.receive(NOW, &mut bytes.to_vec()).event, Event::Failed);
        assert_eq!(connection.unread(), bytes.len());
    }
}
