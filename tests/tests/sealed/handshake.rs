//! The handshake of a mechanism that seals, and peers that it refuses.

use wire::{command, frame, greeting, opening_of_2_0, ready};
use zmtp_core::wire::SocketType::{Dealer, Pull, Push};
use zmtp_core::wire::{MechanismName, UnsupportedVersion, Version};
use zmtp_core::{Answer, Config, Connection, Error, ErrorKind, Event, Limits, PeerError, Timeout};
use zmtp_tests::driver::{Driver, Fetch, Lane, LogEntry, NOW};
use zmtp_tests::pair::{Pair, messages};
use zmtp_tests::reader::Reader;
use zmtp_tests::sealed::Sealed;

use crate::KEY;

#[test]
fn a_handshake_succeeds_for_every_size_of_pieces() {
    let (config, server) = (Config::new(Push), Config::new(Pull));
    for largest in 1..80 {
        let ends = [Sealed::client(KEY), Sealed::server(KEY)];
        let mut pair = Pair::secured(ends, [&config, &server], largest);
        pair.run();
        pair.left.send(&["a", "b"]).unwrap();
        pair.run();
        assert_eq!(messages(pair.right.log()), [[b"a", b"b"]]);
        assert!(matches!(pair.left.log(), [LogEntry::Ready(_)]));
    }
}

#[test]
fn the_reason_of_a_refusal_goes_out_in_an_error() {
    let config = Config::new(Dealer);
    let ends = [Sealed::client(KEY).with_credentials(b"wrong"), Sealed::server(KEY)];
    let mut pair = Pair::secured(ends, [&config, &config], usize::MAX);
    pair.run();
    let denied = Error::Peer(PeerError::Denied);
    assert_eq!(pair.right.log(), [LogEntry::Failed(denied)]);
    assert!(pair.right.connection().sends_error());
    assert_eq!(denied.kind(), ErrorKind::Configuration);
    let refused = Error::Peer(PeerError::Refused);
    assert_eq!(pair.left.log(), [LogEntry::Refused(b"400".to_vec()), LogEntry::Failed(refused)]);
}

#[test]
fn a_handshake_waits_for_an_answer_and_its_deadline_runs_on() {
    let config = Config::new(Dealer).with_limits(Limits::DEFAULT.handshake_timeout(300));
    let waiting = || {
        let ends = [Sealed::client(KEY).with_credentials(b"me"), Sealed::server(KEY).asking()];
        let mut pair = Pair::secured(ends, [&config, &config], usize::MAX);
        pair.run();
        assert_eq!(pair.right.log(), [LogEntry::Waiting]);
        assert_eq!(pair.right.connection().mechanism().credentials(), b"me");
        assert_eq!(pair.right.rest(), command("HELLO", b"me"));
        pair
    };
    let mut pair = waiting();
    pair.right.wait(100);
    pair.right.answer(Answer::Accept);
    pair.run();
    assert!(pair.left.connection().is_ready() && pair.right.connection().is_ready());
    pair.left.send(&["x"]).unwrap();
    pair.run();
    assert_eq!(messages(pair.right.log()), [[b"x"]]);
    // A late answer changes nothing.
    pair.right.answer(Answer::Refuse(b"300"));
    assert_eq!(pair.right.connection().error(), None);

    for reason in [&b"300"[..], b"", &[b'r'; 300]] {
        let mut pair = waiting();
        pair.right.answer(Answer::Refuse(reason));
        assert_eq!(pair.right.connection().error(), Some(PeerError::Denied.into()));
        pair.run();
        let sent = reason[..reason.len().min(255)].to_vec();
        assert_eq!(pair.left.log()[0], LogEntry::Refused(sent));
    }

    let mut pair = waiting();
    pair.right.wait(299);
    assert_eq!(pair.right.connection().error(), None);
    pair.right.wait(1);
    let late = Error::TimedOut(Timeout::Handshake);
    assert_eq!(pair.right.log(), [LogEntry::Waiting, LogEntry::Failed(late)]);
    pair.right.answer(Answer::Accept);
    assert_eq!(pair.right.connection().error(), Some(late));
}

#[test]
fn bytes_that_arrive_during_the_wait_stay_unread() {
    let config = Config::new(Dealer);
    let ends = [Sealed::client(KEY), Sealed::server(KEY).asking()];
    let mut pair = Pair::secured(ends, [&config, &config], usize::MAX);
    pair.run();
    pair.right.feed(&command("INITIATE", b""));
    assert_eq!(pair.right.log(), [LogEntry::Waiting]);
    // A client must not send INITIATE before WELCOME; with the answer it is read and refused or not
    // by the mechanism, as if it had arrived then.
    pair.right.answer(Answer::Accept);
    assert_eq!(pair.right.rest(), b"");
}

#[test]
fn a_message_during_the_handshake_is_refused_sealed_or_not() {
    let config = Config::new(Dealer);
    let boxed = frame(0, &Sealed::client(KEY).box_of(100, 0, b"body"));
    for bytes in [frame(0, b"body"), boxed] {
        let ends = [Sealed::client(KEY), Sealed::server(KEY)];
        for hello in [false, true] {
            let mut server =
                Driver::secured(ends[1].clone(), &config, Lane::Decode, Fetch::Eagerly);
            server.feed(&greeting("SEALED"));
            if hello {
                server.feed(&command("HELLO", b"secret"));
            }
            server.feed(&bytes);
            let error = PeerError::MessageInHandshake.into();
            assert_eq!(server.log(), [LogEntry::Failed(error)]);
        }
    }
}

#[test]
fn a_peer_without_security_is_refused() {
    let config = Config::new(Dealer);
    let fed = |bytes: &[u8]| {
        let mut server =
            Driver::secured(Sealed::server(KEY), &config, Lane::Decode, Fetch::Eagerly);
        server.feed(bytes);
        server
    };
    for bytes in [opening_of_2_0(5, b"me"), b"\x01\0\x03\0hi".to_vec()] {
        let error = fed(&bytes).connection().error();
        assert!(
            matches!(error, Some(Error::Peer(PeerError::UnsupportedVersion { .. }))),
            "{error:?} for {bytes:?}"
        );
    }
    let peer = UnsupportedVersion::Major(1);
    let (lowest, mechanism) = (Version::V3_0, MechanismName::new(b"SEALED"));
    let unsupported = PeerError::UnsupportedVersion { peer, lowest, mechanism }.into();
    assert_eq!(fed(&opening_of_2_0(5, b"me")).log(), [LogEntry::Failed(unsupported)]);
    let server = fed(&[greeting("NULL"), ready("DEALER")].concat());
    let error = server.connection().error();
    assert!(matches!(error, Some(Error::Peer(PeerError::MechanismMismatch { .. }))));
    assert!(server.sent().ends_with(b"\x05ERROR\x12Mechanism mismatch"));
    // The other commands of a NULL handshake are no commands of this one.
    let server = fed(&[greeting("SEALED"), ready("DEALER")].concat());
    let error = server.connection().error();
    assert!(matches!(error, Some(Error::Peer(PeerError::UnexpectedCommand(_)))));
    assert!(!server.connection().is_ready());
}

#[test]
fn a_connection_starts_anew_with_new_counters() {
    let config = Config::new(Dealer);
    let mut connection = Connection::new(Sealed::server(KEY), &config, NOW);
    for _ in 0..2 {
        let mut client =
            Driver::secured(Sealed::client(KEY), &config, Lane::Decode, Fetch::Eagerly);
        let mut reader = Reader::default();
        while !client.connection().is_ready() {
            reader.push(&client.take_sent());
            reader.receive_all(&mut connection, NOW);
            let mut out = [0; 512];
            while let Ok(n @ 1..) = connection.poll_transmit(&mut out) {
                client.feed(&out[..n]);
            }
        }
        client.send(&["x"]).unwrap();
        reader.push(&client.take_sent());
        assert!(reader.receive_all(&mut connection, NOW).contains(&Event::Frame));
        connection.restart(Sealed::server(KEY), NOW);
    }
}
