//! Sealed frames that fail the connection: over a limit, changed, repeated, or in the clear.

use wire::{command, frame, ready};
use zmtp_core::wire::SocketType::Dealer;
use zmtp_core::{
    Config, Error, ErrorKind, IgnoredCommand, Limit, LimitExceeded, Limits, OpenError, PeerError,
    SendError,
};
use zmtp_tests::driver::{Fetch, Lane, LogEntry};
use zmtp_tests::pair::{Pair, messages};
use zmtp_tests::sealed::{OVERHEAD, Sealed};

use crate::{KEY, ready_server, received, refused};

#[test]
fn the_limit_on_sealed_frames_is_that_on_frames_and_the_overhead() {
    let config = Config::new(Dealer).with_limits(Limits::DEFAULT.max_frame(1_000).max_command(64));
    let sealed = Sealed::client(KEY);
    for (len, fits) in [(999, true), (1_000, true), (1_001, false), (5_000, false)] {
        let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
        let bytes = frame(0, &sealed.box_of(100, 0, &vec![7; len]));
        if fits {
            server.feed(&bytes);
            assert_eq!(messages(server.log()), [[vec![7; len]]]);
        } else {
            // The header alone shows it.
            server.feed(&bytes[..9]);
            let exceeded = LimitExceeded { limit: Limit::Frame, allowed: 1_000, got: len as u64 };
            assert_eq!(server.log(), [LogEntry::Failed(exceeded.into())]);
        }
    }
    // What is in the box is held to its own limit.
    let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
    server.feed(&frame(0, &sealed.box_of(100, 2, &[7; 65])));
    let exceeded = LimitExceeded { limit: Limit::Command, allowed: 64, got: 65 };
    assert_eq!(server.log(), [LogEntry::Failed(exceeded.into())]);
    let config = Config::new(Dealer).with_limits(Limits::DEFAULT.max_message(50).max_parts(3));
    let parts = |len: usize| {
        let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
        for counter in 0..4 {
            server.feed(&frame(0, &sealed.box_of(100 + counter, 1, &vec![7; len])));
        }
        server.connection().error()
    };
    let exceeded = |limit, allowed, got| Some(LimitExceeded { limit, allowed, got }.into());
    assert_eq!(parts(20), exceeded(Limit::Message, 50, 60));
    assert_eq!(parts(0), exceeded(Limit::Parts, 3, 4));
}

#[test]
fn a_box_whose_bytes_were_changed_is_refused() {
    let good = Sealed::client(KEY).box_of(100, 0, b"body");
    assert_eq!(messages(received(0, &good).log()), [[b"body"]]);
    for at in 0..good.len() {
        for bit in [1, 0x80] {
            let mut bad = good.clone();
            bad[at] ^= bit;
            let error = if at < 8 { OpenError::Clear } else { OpenError::Forged };
            assert_eq!(received(0, &bad).log(), refused(error), "byte {at}");
        }
    }
    // Neither does another key open it, nor does an end open its own box.
    let other = Sealed::client(KEY + 1).box_of(100, 0, b"body");
    assert_eq!(received(0, &other).log(), refused(OpenError::Forged));
    let echoed = Sealed::server(KEY).box_of(100, 0, b"body");
    assert_eq!(received(0, &echoed).log(), refused(OpenError::Forged));
}

#[test]
fn a_counter_must_rise() {
    let sealed = Sealed::client(KEY);
    for (counters, error) in [
        (&[100, 101, 500, u64::MAX][..], None),
        (&[100, 100], Some(OpenError::Replayed)),
        (&[100, 99], Some(OpenError::Replayed)),
        (&[0], Some(OpenError::Replayed)),
    ] {
        let mut server = received(0, &sealed.box_of(counters[0], 0, b"x"));
        for counter in &counters[1..] {
            server.feed(&frame(0, &sealed.box_of(*counter, 0, b"x")));
        }
        let expected = error.map(|error| PeerError::Sealed(error).into());
        assert_eq!(server.connection().error(), expected, "{counters:?}");
    }
}

#[test]
fn a_connection_whose_counter_is_used_up_fails() {
    let config = Config::new(Dealer);
    let client = Sealed::client(KEY).counting_from(u64::MAX - 1);
    let ends = [client, Sealed::server(KEY)];
    let mut pair = Pair::secured(ends.clone(), [&config, &config], usize::MAX);
    pair.run();
    assert_eq!(pair.left.send(&["one", "two"]), Ok(()));
    assert_eq!(pair.left.send(&["three"]), Err(SendError::Failed));
    assert_eq!(pair.left.connection().error(), Some(Error::Exhausted));
    assert_eq!(Error::Exhausted.kind(), ErrorKind::TimedOut);
    // A PONG needs a counter too.
    let mut pair = Pair::secured(ends, [&config, &config], usize::MAX);
    pair.run();
    pair.left.send(&["one", "two"]).unwrap();
    let ping = Sealed::server(KEY).box_of(100, 2, b"\x04PING\0\0");
    pair.left.feed(&frame(0, &ping));
    assert_eq!(pair.left.connection().error(), Some(Error::Exhausted));
}

#[test]
fn a_box_without_room_for_its_overhead_is_refused() {
    let good = Sealed::client(KEY).box_of(100, 0, b"");
    assert_eq!(messages(received(0, &good).log()), [[b""]]);
    for len in 0..OVERHEAD {
        assert_eq!(received(0, &good[..len]).log(), refused(OpenError::TooShort));
    }
}

#[test]
fn flags_other_than_more_or_command_are_refused() {
    let sealed = Sealed::client(KEY);
    for flags in 0..=255 {
        let server = received(0, &sealed.box_of(100, flags, b"\x05WORDS"));
        let error = server.connection().error();
        match flags {
            0..=2 => assert_eq!(error, None),
            _ => assert_eq!(error, Some(PeerError::Sealed(OpenError::Flags).into())),
        }
    }
    // Outside, only the flags of a message's last frame are accepted.
    let good = sealed.box_of(100, 0, b"body");
    for outer in [1, 4] {
        assert_eq!(received(outer, &good).log(), refused(OpenError::Clear));
    }
    let unknown = received(0, &sealed.box_of(100, 2, b"\0\0"));
    assert_eq!(unknown.log(), [LogEntry::Ignored(IgnoredCommand::Malformed)]);
}

#[test]
fn frames_in_the_clear_are_refused_after_the_handshake() {
    for bytes in [frame(0, &[7; 100]), frame(1, &[7; 300]), command("PING", &[0; 40])] {
        let config = Config::new(Dealer);
        let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
        server.feed(&bytes);
        assert_eq!(server.log(), refused(OpenError::Clear));
    }
    for bytes in [frame(0, b"hello"), command("PING", b"\0\0"), ready("DEALER")] {
        let config = Config::new(Dealer);
        let mut server = ready_server(&config, Lane::Decode, Fetch::Eagerly);
        server.feed(&bytes);
        let error = server.connection().error();
        let expected = [OpenError::Clear, OpenError::TooShort].map(PeerError::Sealed);
        assert!(matches!(error, Some(Error::Peer(error)) if expected.contains(&error)));
    }
}
