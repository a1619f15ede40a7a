//! Listeners that attack a connecting REQ. It waits between attempts, accepts no false reply, and is
//! served as soon as a good server listens.
#![cfg(unix)]

use std::thread;
use std::time::{Duration, Instant};

use crate::harness::listeners::{
    BadServer, ask_in_vain, assert_growing, assert_longest, assert_served, free_endpoint,
    read_up_to, waits,
};
use crate::harness::processes::{
    KIB, MIB, Watch, alone_with, assert_rests, peak_of_memory, this_test,
};
use crate::harness::{Echo, LIMIT, RawPeer, RawServer, builder, closes, events};
use zmtp_core::wire::{Malformed, MechanismName, SocketType, UnsupportedVersion, Version};
use zmtp_core::{self, LimitExceeded, PeerError, Timeout};
use zmtp_mio::{Builder, CloseReason, Counters, EventKind, Req};

/// Memory that a client may use while it is attacked.
const BOUND: usize = 4 * MIB;

/// The state of a client after an attack.
struct Attacked {
    /// Counters at the end of the attack.
    counters: Counters,
    events: Vec<EventKind>,
    /// Waits between connection attempts.
    waits: Vec<Duration>,
}

/// Sends a request to a bad listener, in a process of its own. Asserts that connections end only for
/// the expected reasons, that all are counted, that memory and CPU time are bounded, and that a good
/// server serves the client afterwards.
fn survives(
    test: &str,
    settings: Builder<zmtp_mio::kind::Req>,
    behave: impl Fn(RawPeer) -> Option<RawPeer> + Send + 'static,
    expected: &[CloseReason],
    then: impl FnOnce(Attacked),
) {
    alone_with(test, 256, || {
        let bad = BadServer::new(behave);
        let (before, watch) = (peak_of_memory(), Watch::start());
        let mut req = settings.connect(&bad.endpoint).unwrap();
        let (events, counters) = ask_in_vain(&mut req);
        watch.assert_calm(Duration::from_millis(500));
        assert!(bad.accepted() > 0, "no connection was made");
        let (ends, waits) = (closes(&events), waits(&events));
        assert!(counters.connection_attempts <= 1 + waits.len() as u64, "{counters:?}: {events:?}");
        assert!(!ends.is_empty(), "{events:?}");
        assert!(ends.iter().all(|why| expected.contains(why)), "{ends:?}");
        assert_eq!(counters.refused + counters.disconnects, ends.len() as u64, "{counters:?}");
        assert_eq!((counters.messages_received, counters.events_lost), (0, 0));
        let endpoint = bad.endpoint.clone();
        drop(bad);
        let _good = Echo::on(&endpoint);
        assert_served(&mut req);
        let grown = peak_of_memory() - before;
        println!("{} KiB, waits {waits:?}, {:?}", grown / KIB, ends[0]);
        assert!(grown < BOUND, "memory grew by {} KiB", grown / KIB);
        assert_rests(&mut req);
        then(Attacked { counters, events, waits });
    });
}

impl Attacked {
    /// Its waits grew, and every connection ended before its handshake was over.
    fn grew_without_handshakes(self) {
        assert_growing(&self.waits);
        assert_eq!((self.counters.handshakes, self.counters.disconnects), (0, 0));
    }

    /// Its waits grew, and every connection ended after its handshake.
    fn grew_with_handshakes(self) {
        assert_growing(&self.waits);
        assert_eq!(self.counters.refused, 0);
        assert!(self.counters.handshakes >= self.counters.disconnects);
    }

    /// It waited longest from the first attempt on.
    fn waited_long(self) {
        assert_longest(&self.waits);
        assert_eq!((self.counters.handshakes, self.counters.disconnects), (0, 0));
    }
}

/// Handshakes and reads up to the request.
fn to_the_request(peer: &mut RawPeer) -> bool {
    peer.try_send(&wire::burst("REP", &[])).is_ok() && read_up_to(peer, b"question")
}

/// Replies to the request with these bytes, and keeps the connection.
fn replies(bytes: Vec<u8>) -> impl Fn(RawPeer) -> Option<RawPeer> + Send {
    move |mut peer| {
        if to_the_request(&mut peer) {
            let _ = peer.try_send(&bytes);
        }
        Some(peer)
    }
}

/// Sends these bytes at once, and keeps the connection.
fn says(bytes: Vec<u8>) -> impl Fn(RawPeer) -> Option<RawPeer> + Send {
    move |mut peer| {
        let _ = peer.try_send(&bytes);
        Some(peer)
    }
}

fn protocol(error: impl Into<zmtp_core::Error>) -> CloseReason {
    CloseReason::Protocol(error.into())
}

/// The reasons with which the system may report a closed peer.
fn gone() -> [CloseReason; 3] {
    use std::io::ErrorKind::{BrokenPipe, ConnectionReset};
    [CloseReason::ByPeer, CloseReason::Io(ConnectionReset), CloseReason::Io(BrokenPipe)]
}

#[test]
fn a_client_survives_a_listener_that_closes_at_once() {
    let test = this_test!();
    survives(test, builder::<Req>(), |_| None, &gone(), Attacked::grew_without_handshakes);
}

#[test]
fn a_client_survives_a_silent_listener() {
    let test = this_test!();
    let settings = builder::<Req>().handshake_timeout(Duration::from_millis(300));
    let late = protocol(zmtp_core::Error::TimedOut(Timeout::Handshake));
    survives(test, settings, Some, &[late], Attacked::grew_without_handshakes);
}

#[test]
fn a_client_survives_garbage() {
    let test = this_test!();
    let (ours, peer) = (MechanismName::NULL, MechanismName::new(&[0xff; 20]));
    let unknown = protocol(PeerError::MechanismMismatch { ours, peer });
    survives(test, builder::<Req>(), says(vec![0xff; 300]), &[unknown], Attacked::waited_long);
}

#[test]
fn a_client_survives_garbage_after_the_greeting() {
    let test = this_test!();
    let garbage = [&wire::greeting("NULL")[..], &[0xff; 300]].concat();
    let flags = protocol(Malformed::ReservedFlags(0xff));
    survives(test, builder::<Req>(), says(garbage), &[flags], Attacked::grew_without_handshakes);
}

#[test]
fn a_client_survives_an_http_server() {
    let test = this_test!();
    let http = b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n".to_vec();
    let peer = UnsupportedVersion::NoSignature(b'H');
    let (lowest, mechanism) = (Version::V1_0, MechanismName::NULL);
    let old = protocol(PeerError::UnsupportedVersion { peer, lowest, mechanism });
    survives(test, builder::<Req>(), says(http), &[old], Attacked::waited_long);
}

#[test]
fn a_client_waits_longest_after_an_error_command() {
    let test = this_test!();
    let error = [&wire::greeting("NULL")[..], &wire::error("go away")].concat();
    let refused = protocol(PeerError::Refused);
    survives(test, builder::<Req>(), says(error), &[refused], |client| {
        let is_reason = |kind: &EventKind| match kind {
            EventKind::Refused(reason) => reason.bytes() == b"go away",
            _ => false,
        };
        let reasons = client.events.iter().filter(|kind| is_reason(kind)).count();
        assert_eq!(reasons as u64, client.counters.refused, "{:?}", client.events);
        client.waited_long();
    });
}

#[test]
fn a_client_waits_longest_after_a_wrong_socket_type() {
    let test = this_test!();
    let (ours, peer) = (SocketType::Req, SocketType::Pub);
    let wrong = protocol(PeerError::IncompatibleSocketType { ours, peer });
    let wire = wire::burst("PUB", &[]);
    survives(test, builder::<Req>(), says(wire), &[wrong], Attacked::waited_long);
}

#[test]
fn a_client_survives_a_server_that_closes_after_the_handshake() {
    let test = this_test!();
    let behave = |mut peer: RawPeer| {
        to_the_request(&mut peer);
        None
    };
    let ends = [CloseReason::ByPeer];
    survives(test, builder::<Req>(), behave, &ends, Attacked::grew_with_handshakes);
}

#[test]
fn a_client_survives_a_reset_in_a_reply() {
    let test = this_test!();
    let behave = |mut peer: RawPeer| {
        if to_the_request(&mut peer) {
            let _ = peer.try_send(&wire::delimited(&[7; 1_000])[..500]);
        }
        peer.reset();
        None
    };
    let reset = [CloseReason::Io(std::io::ErrorKind::ConnectionReset)];
    survives(test, builder::<Req>(), behave, &reset, |client| {
        assert!(client.counters.dropped.incomplete > 0, "{:?}", client.counters);
        client.grew_with_handshakes();
    });
}

#[test]
fn a_client_survives_an_announced_reply_of_2_to_the_63_bytes() {
    let test = this_test!();
    let reply = [wire::frame(1, b""), wire::long_header(0, 1 << 63)].concat();
    let end = protocol(Malformed::FrameSize(1 << 63));
    survives(test, builder::<Req>(), replies(reply), &[end], Attacked::grew_with_handshakes);
}

#[test]
fn a_client_survives_an_announced_reply_of_2_to_the_40_bytes() {
    let test = this_test!();
    let reply = [wire::frame(1, b""), wire::long_header(0, 1 << 40)].concat();
    let limit = zmtp_core::Limit::Frame;
    let end = protocol(LimitExceeded { limit, allowed: 128 << 20, got: 1 << 40 });
    survives(test, builder::<Req>(), replies(reply), &[end], Attacked::grew_with_handshakes);
}

/// Asks a server that sends these bytes again and again instead of a reply, until the request is
/// cancelled after 2 s. The next request is answered.
fn pestered(bytes: &[u8]) -> Counters {
    let endpoint = free_endpoint();
    let server = RawServer::on(&endpoint);
    let serving = thread::spawn({
        let bytes = bytes.to_vec();
        move || {
            let mut pestering = server.accept_as("REP");
            // The connection of a request that was cancelled is closed, and a new one comes.
            let end = Instant::now() + 2 * LIMIT;
            let mut peer = loop {
                pestering.send_some(&bytes);
                if let Some(newer) = server.accept_within(Duration::from_millis(5)) {
                    break newer;
                }
                assert!(Instant::now() < end, "no new connection");
            };
            peer.handshake_as("REP");
            let request = peer.read_message();
            peer.send(&wire::reply_to(&request, b"good"));
            peer
        }
    });
    let before = peak_of_memory();
    let mut req = builder::<Req>().connect(&endpoint).unwrap();
    let reply = req.request("question", Duration::from_secs(2)).unwrap();
    assert!(reply.is_none(), "{reply:?} is no reply");
    let reply = req.request("again", 2 * LIMIT).unwrap().expect("it is not dead for good");
    assert_eq!(reply.bytes().unwrap(), b"good");
    let grown = peak_of_memory() - before;
    assert!(grown < BOUND, "memory grew by {} KiB", grown / KIB);
    // Only the cancelled request has closed a connection.
    assert_eq!(closes(&events!(req)), [CloseReason::RequestCancelled]);
    let counters = req.counters();
    assert_eq!((counters.connection_attempts, counters.disconnects), (2, 1));
    let _peer = serving.join().unwrap();
    assert_rests(&mut req);
    counters
}

#[test]
fn heartbeats_are_no_reply() {
    alone_with(this_test!(), 256, || {
        pestered(&wire::ping(&[9; 16]).repeat(50));
        pestered(&wire::command("PONG", b"unasked").repeat(50));
    });
}

#[test]
fn unexpected_replies_are_counted_and_not_delivered() {
    alone_with(this_test!(), 256, || {
        // Without a delimiter, and without a body.
        let counters = pestered(&[wire::frame(0, b"bare"), wire::message(&[b""])].concat());
        assert!(counters.dropped.bad_envelope > 0, "{:?}", counters.dropped);
        // Well-formed, but without end.
        pestered(&wire::frame(1, b""));
    });
}

#[test]
fn unknown_commands_are_counted_and_no_reply() {
    alone_with(this_test!(), 256, || {
        let counters = pestered(&wire::command("WHAT", &[7; 200]).repeat(20));
        // More than one write of the server brings.
        assert!(counters.ignored_commands > 20, "{counters:?}");
    });
}
