//! What cannot be seen from outside. The connection as a whole is tested in `tests/`.

use super::cause::Cause;
use super::*;
use crate::wire::{BufferTooSmall, Greeting, MechanismName, Ping, SocketType, Version};
use crate::{Limits, Null, NullOrOlder, PeerError, Timeout};

const NOW: Instant = Instant::from_millis(0);
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

/// A PULL that has read these bytes.
fn fed(bytes: &[u8]) -> Connection<Null> {
    let mut connection = Connection::new(Null::new(), &PULL, NOW);
    let mut bytes = bytes.to_vec();
    let mut input = Input::new(&mut bytes);
    while matches!(connection.decode(NOW, &mut input), Ok(Decoded::Event(_))) {}
    connection
}

#[test]
fn an_error_command_goes_out_only_for_what_will_not_get_better() {
    let (ours, peer) = (SocketType::Pull, SocketType::Req);
    let mismatch = PeerError::MechanismMismatch { peer: MechanismName::PLAIN };
    let lasting = [
        (Cause::Mechanism, mismatch, Refusal::Mechanism),
        (
            Cause::SocketType(3),
            PeerError::IncompatibleSocketType { ours, peer },
            Refusal::SocketType,
        ),
        (Cause::SocketType(5), PeerError::UnknownSocketType, Refusal::SocketType),
    ];
    for (cause, error, refusal) in lasting {
        let mut connection = fed(&greeting());
        let peer = if cause == Cause::SocketType(3) { b"REQ".as_slice() } else { b"PLAIN" };
        connection.rx.fail_at(cause, peer);
        assert_eq!(connection.error(), Some(error.into()));
        assert!(due(&mut connection).ends_with(refusal.reason().as_bytes()));
    }
    let passing = [
        Cause::Metadata,
        Cause::MessageInHandshake,
        Cause::Refused,
        Cause::SecondReady,
        Cause::UnexpectedCommand,
        Cause::TimedOut(Timeout::Handshake),
        Cause::TimedOut(Timeout::Heartbeat),
        Cause::TimedOut(Timeout::Ttl),
    ];
    for error in passing {
        let mut connection = fed(&greeting());
        connection.rx.fail(error);
        assert_eq!(connection.poll_transmit(&mut [0; 256]), Ok(0));
    }
}

#[test]
fn a_farewell_goes_out_piece_by_piece_if_there_is_little_room() {
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
fn a_pong_echoes_at_most_16_bytes_and_64_bytes_hold_it() {
    let mut connection = fed(&greeting());
    connection.rx.scratch = [7; 20];
    connection.tx.queue_pong(Ping::parse(&[7; 40]).unwrap().context.len());
    assert!(connection.tx.pong_due());
    assert!(due(&mut connection).ends_with(&[&b"\x04\x15\x04PONG"[..], &[7; 16]].concat()));
    assert!(!connection.tx.pong_due());
    connection.tx.queue_pong(16);
    assert_eq!(connection.poll_transmit(&mut [0; 64]), Ok(23));
}

#[test]
fn the_first_error_stays() {
    let mut connection = fed(b"GET / HTTP/1.1");
    let error = connection.error().unwrap();
    assert_eq!(connection.handle_timeout(Instant::NEVER), Err(error));
    let mut late = greeting();
    assert_eq!(connection.decode(Instant::NEVER, &mut Input::new(&mut late)).unwrap_err(), error);
    assert_eq!(connection.error(), Some(error));
}

#[test]
fn settings_may_be_owned_shared_or_borrowed() {
    let config = PULL.clone().with_limits(Limits::DEFAULT.handshake_timeout(7));
    let borrowed = Connection::new(Null::new(), &config, NOW);
    assert_eq!(borrowed.poll_timeout(), Some(NOW.after(7)));
    let shared = Connection::new(Null::new(), std::sync::Arc::new(config.clone()), NOW);
    assert_eq!(shared.config().limits, config.limits);
    let owned = Connection::new(Null::new(), config, NOW);
    assert_eq!(owned.poll_timeout(), Some(NOW.after(7)));
}

/// All that a connection finds and says, and where it ends.
fn told(connection: &mut Connection<NullOrOlder>, bytes: &[u8]) -> String {
    let mut bytes = bytes.to_vec();
    let mut input = Input::new(&mut bytes);
    let (mut all, mut out) = (String::new(), [0; 256]);
    loop {
        while let Ok(n @ 1..) = connection.poll_transmit(&mut out) {
            all += &format!("> {:02x?}\n", &out[..n]);
        }
        let decoded = connection.decode(NOW, &mut input);
        all += &format!("{decoded:?}\n");
        if !matches!(decoded, Ok(Decoded::Event(_))) {
            return all + &format!("{:?} {:?}", connection.peer(), connection.poll_timeout());
        }
    }
}

#[test]
fn a_connection_that_begins_anew_knows_nothing_of_the_last() {
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
        told(&mut connection, before);
        connection.restart(NullOrOlder::new(), NOW);
        let mut new = Connection::new(NullOrOlder::new(), config, NOW);
        assert_eq!(told(&mut connection, bytes), told(&mut new, bytes), "{before:02x?}");
    }
}

#[cfg(feature = "heartbeat")]
#[test]
fn bytes_that_came_before_a_ping_are_no_answer_to_it() {
    static CONFIG: Config =
        Config::new(SocketType::Pull).with_heartbeat(crate::Heartbeat::every(100).timeout(30));
    let at = Instant::from_millis;
    let mut connection = Connection::new(Null::new(), &CONFIG, NOW);
    let ready = b"\x04\x1a\x05READY\x0bSocket-Type\0\0\0\x04PUSH";
    for (time, mut bytes) in [(0, [&greeting()[..], ready].concat()), (100, b"\0\x01x".to_vec())] {
        let mut input = Input::new(&mut bytes);
        while matches!(connection.decode(at(time), &mut input), Ok(Decoded::Event(_))) {}
    }
    assert!(due(&mut connection).ends_with(b"\x04\x07\x04PING\0\0"));
    assert_eq!(connection.poll_timeout(), Some(at(130)));
    assert_eq!(connection.handle_timeout(at(130)), Err(Error::TimedOut(Timeout::Heartbeat)));
}

#[test]
fn who_reads_no_more_than_is_missing_is_never_stuck() {
    fn fed<M: Mechanism>(mechanism: M, bytes: &[u8]) -> usize {
        let config = Config::new(SocketType::Pull);
        let mut connection = Connection::new(mechanism, &config, NOW);
        let (mut from, mut to, mut reads) = (0, 0, 0);
        while to < bytes.len() {
            let front = connection.advance(NOW, &bytes[from..to]);
            from = to - connection.left();
            match front.what {
                What::Failed => panic!("{:?}", connection.error()),
                What::NeedInput => {
                    assert!(front.payload > 0 && front.payload <= bytes.len() - to);
                    to += front.payload;
                    reads += 1;
                }
                _ => {}
            }
        }
        let front = connection.advance(NOW, &bytes[from..]);
        assert_eq!((front.what, connection.frame().1), (What::Piece, true));
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
fn what_is_left_of_the_input_is_said_of_a_failed_connection_too() {
    let mut connection = Connection::new(Null::new(), &PULL, NOW);
    assert_eq!(connection.advance(NOW, b"GET").what, What::Failed);
    for bytes in [&b"GET / HTTP/1.1"[..], b""] {
        assert_eq!(connection.advance(NOW, bytes).what, What::Failed);
        assert_eq!(connection.left(), bytes.len());
    }
}

#[test]
fn the_command_that_a_connection_fails_for_stays_in_the_input() {
    let mut bytes = [&greeting()[..], b"\x04\x07\x04PING\0\0".as_slice()].concat();
    let mut connection = Connection::new(Null::new(), &PULL, NOW);
    let mut input = Input::new(&mut bytes);
    assert!(connection.decode(NOW, &mut input).is_err());
    assert_eq!(input.consumed(), 64);
}
