//! Peers that break the protocol or dawdle in the handshake, towards a REP: each ends with its
//! cause, and an honest client is answered all the while.
#![cfg(unix)]

mod common;

use std::thread;
use std::time::{Duration, Instant};

use common::echo::{echo_with, endpoint_of, outcome};
use common::{Echo, LIMIT, RawPeer, assert_echo, closes, events, mutes, req, wire};
use zmtp_mio::zmtp_core::wire::{Malformed, OldPeer};
use zmtp_mio::zmtp_core::{Error, PeerError, Timeout};
use zmtp_mio::{CloseReason, Counters, Rep};

const LATE: CloseReason = CloseReason::Protocol(Error::TimedOut(Timeout::Handshake));

/// A server that gives a handshake one second.
fn hasty() -> Echo {
    echo_with(|options| options.limits = options.limits.handshake_timeout(1_000))
}

/// What becomes of a peer that says `octets`, right away or behind its READY.
fn fate(is_ready: bool, octets: &[u8]) -> (CloseReason, Counters) {
    let echo = Echo::new();
    let mut honest = req(&echo.endpoint);
    assert_echo(&mut honest, b"before");
    let mut peer = match is_ready {
        true => RawPeer::ready(&echo.endpoint, "REQ"),
        false => RawPeer::connect(&echo.endpoint),
    };
    let _ = peer.try_send(octets);
    peer.assert_closed();
    assert_echo(&mut honest, b"after");
    let (counters, closes) = outcome(echo);
    assert_eq!(closes.len(), 1, "{closes:?}");
    (closes[0], counters)
}

fn assert_refused(octets: &[u8], error: impl Into<Error>) {
    let (reason, counters) = fate(false, octets);
    assert_eq!(reason, CloseReason::Protocol(error.into()));
    assert_eq!((counters.refused, counters.disconnects), (1, 0), "{reason}");
}

fn assert_cut_off(octets: &[u8], error: impl Into<Error>) {
    let (reason, counters) = fate(true, octets);
    assert_eq!(reason, CloseReason::Protocol(error.into()));
    assert_eq!((counters.refused, counters.disconnects), (0, 1), "{reason}");
}

fn greeted(more: &[u8]) -> Vec<u8> {
    [&wire::greeting()[..], more].concat()
}

#[test]
fn a_peer_that_sends_an_octet_every_200_ms_runs_out_of_time() {
    let echo = hasty();
    let mut honest = req(&echo.endpoint);
    let mut peer = RawPeer::connect(&echo.endpoint);
    let start = Instant::now();
    for octet in wire::greeting() {
        if peer.try_send(&[octet]).is_err() || start.elapsed() > LIMIT {
            break;
        }
        assert_echo(&mut honest, b"meanwhile");
        thread::sleep(Duration::from_millis(200));
    }
    assert!(start.elapsed() < LIMIT, "it was never cut off");
    let (counters, closes) = outcome(echo);
    assert_eq!((&closes[..], counters.refused), (&[LATE][..], 1));
}

#[test]
fn a_peer_that_falls_silent_anywhere_in_its_handshake_runs_out_of_time() {
    let echo = hasty();
    let mut honest = req(&echo.endpoint);
    let whole = wire::burst("REQ", &[]);
    let cuts = [0, 1, 9, 10, 11, 12, 63, 64, 65, 66, 80, whole.len() - 1];
    let mut peers: Vec<_> = cuts
        .iter()
        .map(|&cut| {
            let mut peer = RawPeer::connect(&echo.endpoint);
            peer.send(&whole[..cut]);
            peer
        })
        .collect();
    assert_echo(&mut honest, b"meanwhile");
    for peer in &mut peers {
        peer.assert_closed();
    }
    assert_echo(&mut honest, b"afterwards");
    let (counters, closes) = outcome(echo);
    assert_eq!(closes, [LATE; 12]);
    assert_eq!((counters.refused, counters.handshakes), (12, 1));
}

#[test]
fn two_hundred_silent_peers_hold_up_nobody_and_run_out_of_time() {
    let echo = hasty();
    let mut peers = mutes(&echo.endpoint, 200);
    for peer in &mut peers {
        peer.send(&wire::greeting());
    }
    let mut honest = req(&echo.endpoint);
    for _ in 0..50 {
        assert_echo(&mut honest, b"meanwhile");
    }
    for peer in &mut peers {
        peer.assert_closed();
    }
    assert_echo(&mut honest, b"afterwards");
    let (counters, closes) = outcome(echo);
    assert_eq!(closes, [LATE; 200]);
    assert_eq!(counters.refused, 200);
}

#[test]
fn a_peer_that_is_through_its_handshake_may_be_silent_for_longer_than_that_took() {
    let echo = hasty();
    let mut peer = RawPeer::ready(&echo.endpoint, "REQ");
    thread::sleep(Duration::from_millis(1_500));
    peer.send(&wire::plain(b"still here"));
    assert_eq!(peer.read_message(), [&b""[..], b"still here"]);
}

#[test]
fn a_second_ready_is_cut_off() {
    assert_cut_off(&wire::ready("REQ"), PeerError::SecondReady);
}

#[test]
fn more_on_a_command_is_refused() {
    let mut octets = wire::ready("REQ");
    octets[0] |= 1;
    assert_refused(&greeted(&octets), Malformed::MoreOnCommand);
    let mut octets = wire::ping(b"");
    octets[0] |= 1;
    assert_cut_off(&octets, Malformed::MoreOnCommand);
}

#[test]
fn each_reserved_flag_bit_is_refused_before_and_after_ready() {
    for bit in 3..8 {
        let flags = 1 << bit;
        assert_refused(&greeted(&[flags | 4, 0]), Malformed::ReservedFlags(flags | 4));
        assert_cut_off(&[flags, 0], Malformed::ReservedFlags(flags));
        assert_cut_off(
            &[wire::frame(1, b""), vec![flags]].concat(),
            Malformed::ReservedFlags(flags),
        );
    }
}

#[test]
fn a_message_before_ready_is_refused() {
    assert_refused(&greeted(&wire::plain(b"eager")), PeerError::MessageInHandshake);
    // A READY in a message frame is a message.
    let mut octets = wire::ready("REQ");
    octets[0] = 0;
    assert_refused(&greeted(&octets), PeerError::MessageInHandshake);
}

#[test]
fn other_protocols_are_refused() {
    for (opening, old) in [
        (&b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n"[..], OldPeer::Unversioned(b'G')),
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], OldPeer::Unversioned(0x16)),
        (&b"SSH-2.0-OpenSSH_9.7\r\n"[..], OldPeer::Unversioned(b'S')),
        // Nearly ZMTP 1.0: a length of 0, flags that there are not, and both in the long form.
        (&[0, 0][..], OldPeer::Unversioned(0)),
        (&[6, 2, b'h', b'e', b'l', b'l', b'o'][..], OldPeer::Unversioned(6)),
        (&[0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], OldPeer::Unversioned(0)),
        (&[0xff, 0, 0, 0, 0, 0, 0, 0, 1, 2][..], OldPeer::Unversioned(2)),
    ] {
        assert_refused(opening, PeerError::Old(old));
    }
}

#[test]
fn greeting_ready_and_request_in_one_burst_are_answered() {
    for endpoint in common::transports() {
        let echo = Echo::on(&endpoint);
        let mut peer = RawPeer::connect(&echo.endpoint);
        peer.send(&wire::burst("REQ", &[b"one", b"two", &[7; 100_000]]));
        peer.read_exact(64);
        assert_eq!(peer.read_message(), [&b""[..], b"one"]);
        assert_eq!(peer.read_message(), [&b""[..], b"two"]);
        assert_eq!(peer.read_message(), [&b""[..], &[7; 100_000]]);
    }
}

#[test]
fn our_greeting_goes_out_in_stages_as_the_peers_comes_in() {
    let wait = Duration::from_millis(200);
    for endpoint in common::transports() {
        let echo = Echo::on(&endpoint);
        let mut peer = RawPeer::connect(&echo.endpoint);
        let theirs = wire::greeting();
        let ours = peer.read_for(64, wait);
        assert_eq!(ours, [0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f]);
        peer.send(&theirs[..9]);
        assert!(peer.read_for(64, wait).is_empty());
        peer.send(&theirs[9..10]);
        assert_eq!(peer.read_for(64, wait), [3]);
        peer.send(&theirs[10..11]);
        let rest = peer.read_for(64, wait);
        assert_eq!((rest.len(), rest[0], &rest[1..5]), (53, 1, &b"NULL"[..]));
        peer.send(&theirs[11..]);
        assert_eq!(&peer.read_frame().1[..6], b"\x05READY");
    }
}

#[test]
fn a_peer_that_resets_in_the_middle_of_a_frame_is_counted_each_time() {
    let echo = Echo::new();
    let mut honest = req(&echo.endpoint);
    for round in 0..200 {
        let mut peer = RawPeer::ready(&echo.endpoint, "REQ");
        peer.send(&wire::frame(1, b""));
        peer.send(&wire::long_header(0, 1_000_000));
        peer.send(&vec![1; [0, 1, 100, 70_000][round % 4]]);
        peer.reset();
        if round % 10 == 0 {
            assert_echo(&mut honest, b"meanwhile");
        }
    }
    assert_echo(&mut honest, b"afterwards");
    let mut rep = echo.stop();
    let kinds = events!(rep);
    let closes = closes(&kinds);
    let counters = rep.counters();
    assert_eq!(closes, [CloseReason::Io(std::io::ErrorKind::ConnectionReset); 200]);
    assert_eq!((counters.disconnects, counters.dropped.incomplete), (200, 200));
}

#[test]
fn a_thousand_connects_closed_at_once_are_each_accounted_for() {
    let mut rep = common::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(&rep);
    let dialling = thread::spawn({
        let endpoint = endpoint.clone();
        move || (0..1_000).for_each(|_| drop(RawPeer::connect(&endpoint)))
    });
    // The kernel drops SYNs when its backlog is full, and the next try comes a second later.
    let (mut ends, end) = (Vec::new(), Instant::now() + 6 * LIMIT);
    while rep.counters().refused < 1_000 {
        assert!(Instant::now() < end, "{} ended: {:?}", ends.len(), rep.counters());
        rep.wait(Duration::from_millis(10)).unwrap();
        ends.extend(closes(&events!(rep)));
    }
    dialling.join().unwrap();
    let counters = rep.counters();
    assert_eq!((counters.accepted, counters.refused), (1_000, 1_000));
    // On a busy machine one wait may meet more of them than there is room for events.
    assert!(ends.len() as u64 + counters.events_lost >= 1_000);
    let is_of_the_peer =
        |end: &CloseReason| matches!(end, CloseReason::ByPeer | CloseReason::Io(_));
    assert!(ends.iter().all(is_of_the_peer), "{ends:?}");
    let echo = Echo::with(rep);
    assert_echo(&mut req(&echo.endpoint), b"afterwards");
}

#[test]
fn a_peer_that_closes_in_the_middle_of_the_handshake_is_refused() {
    let echo = Echo::new();
    let mut honest = req(&echo.endpoint);
    let whole = wire::burst("REQ", &[]);
    for cut in 0..whole.len() {
        let mut peer = RawPeer::connect(&echo.endpoint);
        peer.send(&whole[..cut]);
        peer.finish();
        peer.assert_closed();
    }
    assert_echo(&mut honest, b"afterwards");
    let (counters, closes) = outcome(echo);
    assert_eq!(closes, vec![CloseReason::ByPeer; whole.len()]);
    assert_eq!(counters.refused, whole.len() as u64);
}
