//! `Link` against a script of octets and against another `Link`.

mod pipe;

use embedded_io::ErrorKind;
use pipe::{End, PipeError, frame, greeting, pipe, ready};
use zmtp_core::wire::{RoutingId, SocketType};
use zmtp_core::{Config, Event, Instant, PeerError};
use zmtp_embedded::{Error, Link};

static DEALER: Config = Config::new(SocketType::Dealer);
static ROUTER: Config = Config::new(SocketType::Router);
const NOW: Instant = Instant::from_millis(0);

type Failure = Error<PipeError>;

/// The parts that come until a message is whole or nothing more comes.
fn message(link: &mut Link<'_, End>) -> Result<Vec<Vec<u8>>, Failure> {
    let mut parts = Vec::new();
    for _ in 0..100_000 {
        let Some(Event::Chunk(chunk)) = link.next(NOW)? else { continue };
        if chunk.is_first() {
            parts.push(Vec::new());
        }
        parts.last_mut().expect("a first chunk").extend_from_slice(chunk.octets());
        if chunk.is_last() && chunk.header().is_final() {
            break;
        }
    }
    Ok(parts)
}

/// A peer that has said all a handshake needs, and the link that heard it.
fn linked<'b>(config: &'b Config, buffer: &'b mut [u8], most: usize) -> (Link<'b, End>, End) {
    let (ours, peer) = pipe(most);
    peer.say(&[greeting(), ready("ROUTER")].concat());
    let mut link = Link::new(ours, config, buffer, NOW);
    link.handshake(|| NOW).expect("a good peer");
    (link, peer)
}

#[test]
fn the_octets_on_the_wire_are_those_of_the_rfc() {
    let mut buffer = [0; 64];
    let (mut link, peer) = linked(&DEALER, &mut buffer, 1_000);
    assert_eq!(link.peer().expect("ready").socket_type, Some(SocketType::Router));
    assert_eq!(peer.heard(), [greeting(), ready("DEALER")].concat());
    link.send(&[b"", b"hello"]).expect("ready");
    assert_eq!(peer.heard(), b"\x01\x00\x00\x05hello");
    link.send(&[]).expect("no parts are no message");
    assert_eq!(peer.heard(), b"");
}

#[test]
fn two_links_exchange_messages_of_any_size_through_small_buffers_and_short_reads() {
    for most in [1, 7, 1_000] {
        for room in [48, 49, 300] {
            let (a, b) = pipe(most);
            let (mut room_a, mut room_b) = (vec![0; room], vec![0; room]);
            let mut dealer = Link::new(a, &DEALER, &mut room_a, NOW);
            let mut router = Link::new(b, &ROUTER, &mut room_b, NOW);
            while !(dealer.is_ready() && router.is_ready()) {
                dealer.next(NOW).expect("a good peer");
                router.next(NOW).expect("a good peer");
            }
            for len in [0, 1, 40, 255, 256, 5_000] {
                let body = vec![0x5a; len];
                dealer.send(&[b"", &body, b"end"]).expect("ready");
                let parts = message(&mut router).expect("a good peer");
                assert!(parts == [&b""[..], &body, b"end"], "{most} {room} {len}");
                router.send(&[&body]).expect("ready");
                let parts = message(&mut dealer).expect("a good peer");
                assert!(parts == [&body[..]], "{most} {room} {len}");
            }
        }
    }
}

#[test]
fn a_message_that_fits_the_buffer_leaves_in_one_write_and_a_large_body_in_one_of_its_own() {
    let mut buffer = [0; 64];
    let (ours, peer) = pipe(10_000);
    let writes = ours.writes.clone();
    peer.say(&[greeting(), ready("ROUTER")].concat());
    let mut link = Link::new(ours, &DEALER, &mut buffer, NOW);
    link.handshake(|| NOW).expect("a good peer");
    writes.borrow_mut().clear();
    link.send(&[b"", b"hello", b"world"]).expect("ready");
    assert_eq!(writes.take(), [16]);
    link.send(&[b"", &[0; 1_000]]).expect("ready");
    assert_eq!(writes.take(), [11, 1_000]);
}

#[test]
fn a_ping_is_answered_before_the_next_read() {
    let mut buffer = [0; 64];
    let (mut link, peer) = linked(&DEALER, &mut buffer, 1_000);
    peer.heard();
    peer.say(&frame(4, b"\x04PING\0\0one").repeat(2));
    for _ in 0..6 {
        assert!(link.next(NOW).expect("a good peer").is_none());
    }
    assert_eq!(peer.heard(), frame(4, b"\x04PONGone").repeat(2));
}

#[test]
fn a_long_routing_id_is_announced() {
    let id = RoutingId::new(&[7; 255]).expect("the longest");
    let config = DEALER.clone().with_routing_id(id);
    let mut buffer = [0; 64];
    let (_, peer) = linked(&config, &mut buffer, 1_000);
    assert!(peer.heard().ends_with(&[7; 255]));
}

#[test]
fn a_command_that_does_not_fit_the_buffer_says_what_would() {
    let mut buffer = [0; 64];
    let (ours, peer) = pipe(1_000);
    peer.say(&[greeting(), frame(4, &[1; 100])].concat());
    let mut link = Link::new(ours, &DEALER, &mut buffer, NOW);
    for _ in 0..2 {
        let error = link.handshake(|| NOW).expect_err("102 octets do not fit 64");
        assert_eq!(error, Error::BufferTooSmall { needed: 102 });
    }
}

#[test]
fn a_peer_of_the_wrong_type_is_told_why() {
    let mut buffer = [0; 64];
    let (ours, peer) = pipe(1_000);
    peer.say(&[greeting(), ready("PUB")].concat());
    let mut link = Link::new(ours, &DEALER, &mut buffer, NOW);
    let error = link.handshake(|| NOW).expect_err("DEALER and PUB do not go together");
    let (ours, peer_type) = (SocketType::Dealer, SocketType::Pub);
    let expected = PeerError::IncompatibleSocketType { ours, peer: peer_type };
    assert_eq!(error, Error::Connection(expected.into()));
    assert!(peer.heard().ends_with(b"\x18Incompatible Socket-Type"));
    assert_eq!(link.next(NOW).err(), Some(error));
}

#[test]
fn a_silent_peer_costs_the_handshake_timeout() {
    let mut buffer = [0; 64];
    let (ours, _peer) = pipe(1_000);
    let mut link = Link::new(ours, &DEALER, &mut buffer, NOW);
    let mut ms = 0;
    let clock = || {
        ms += 100;
        Instant::from_millis(ms)
    };
    let error = link.handshake(clock).expect_err("nobody is there");
    assert_eq!(error, Error::Connection(zmtp_core::Error::TimedOut(zmtp_core::Timeout::Handshake)));
    assert_eq!(ms, 10_000);
}

#[test]
fn a_message_before_the_handshake_is_refused_and_costs_nothing() {
    let mut buffer = [0; 64];
    let (ours, peer) = pipe(1_000);
    let mut link = Link::new(ours, &DEALER, &mut buffer, NOW);
    assert_eq!(link.send(&[b"early"]), Err(Error::NotReady));
    peer.say(&[greeting(), ready("ROUTER")].concat());
    link.handshake(|| NOW).expect("a good peer");
    link.send(&[b"late"]).expect("ready");
}

#[test]
fn a_closed_stream_closes_the_link_both_ways() {
    let mut buffer = [0; 64];
    let (mut link, peer) = linked(&DEALER, &mut buffer, 1_000);
    peer.close();
    assert_eq!(link.send(&[b"x"]), Err(Error::Closed));
    assert!(!link.is_ready());
    assert_eq!(link.next(NOW).err(), Some(Error::Closed));

    let mut buffer = [0; 64];
    let (mut link, peer) = linked(&DEALER, &mut buffer, 1_000);
    peer.close();
    let error = (0..4).find_map(|_| link.next(NOW).err());
    assert_eq!(error, Some(Error::Closed));
}

#[test]
fn interrupted_io_is_retried_and_other_failures_end_the_link() {
    let mut buffer = [0; 64];
    let (ours, peer) = pipe(1_000);
    let failures = ours.failures.clone();
    failures.borrow_mut().extend([ErrorKind::Interrupted; 3]);
    peer.say(&[greeting(), ready("ROUTER")].concat());
    let mut link = Link::new(ours, &DEALER, &mut buffer, NOW);
    link.handshake(|| NOW).expect("a good peer");
    failures.borrow_mut().push_back(ErrorKind::ConnectionReset);
    let reset = Error::Io(PipeError(ErrorKind::ConnectionReset));
    assert_eq!(link.send(&[b"x"]), Err(reset));
    assert_eq!(link.send(&[b"x"]), Err(Error::Closed));
}
