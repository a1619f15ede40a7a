//! The blocking sockets against scripts of bytes: common behaviour, and DEALER, PUB, SUB, PUSH and PULL.

mod pipe;

use embedded_io::ErrorKind;
use pipe::{End, PipeError, greeting, peer, pipe, ready, ticking};
use wire::frame;
use zmtp_core::wire::{RoutingId, SocketType};
use zmtp_core::{Config, Instant, Limits, PeerError, Timeout};
use zmtp_embedded::blocking::{Dealer, Pub, Pull, Push, Sub};
use zmtp_embedded::{Error, size};

static DEALER: Config = Config::new(SocketType::Dealer);
static PUB: Config = Config::new(SocketType::Pub);
static SUB: Config = Config::new(SocketType::Sub);
static PUSH: Config = Config::new(SocketType::Push);
static PULL: Config = Config::new(SocketType::Pull);

const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

/// READY of a libzmq with a routing id of 255 bytes.
fn ready_with_routing_id(socket_type: &str) -> Vec<u8> {
    wire::ready_with_identity(socket_type, &[7; 255])
}

#[test]
fn the_bytes_on_the_wire_are_those_of_the_rfc() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dealer = Dealer::new(&DEALER, &mut receive, &mut send);
    let (ours, peer) = peer("ROUTER", 1_000);
    assert!(dealer.connect(ours, NOW).is_none());
    let info = dealer.handshake(DEADLINE, || NOW).expect("a good peer");
    assert_eq!(info.socket_type, Some(SocketType::Router));
    assert_eq!(peer.heard(), [greeting(), ready("DEALER")].concat());
    dealer.send(&[b"", b"hello"], DEADLINE, || NOW).expect("ready");
    assert_eq!(peer.heard(), b"\x01\x00\x00\x05hello");
    dealer.send(&[], DEADLINE, || NOW).expect("no parts are an empty one");
    assert_eq!(peer.heard(), [0, 0]);
}

#[test]
fn a_message_that_fits_the_send_buffer_is_sent_in_one_write() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dealer = Dealer::new(&DEALER, &mut receive, &mut send);
    let (ours, _peer) = peer("ROUTER", 10_000);
    let writes = ours.writes.clone();
    dealer.connect(ours, NOW);
    dealer.handshake(DEADLINE, || NOW).expect("a good peer");
    writes.borrow_mut().clear();
    dealer.send(&[b"", b"hello", b"world"], DEADLINE, || NOW).expect("ready");
    assert_eq!(writes.take(), [16]);
    let large = dealer.send(&[b"", &[0; 1_000]], DEADLINE, || NOW);
    if cfg!(feature = "chunks") {
        large.expect("ready");
        assert_eq!(writes.take(), [64, 947]);
    } else {
        assert_eq!((large, dealer.needed()), (Err(Error::SendBuffer), 2 + 9 + 1_000));
        dealer.send(&[b"next"], DEADLINE, || NOW).expect("nothing was sent");
        assert_eq!(writes.take(), [6]);
    }
}

#[test]
fn the_smallest_buffers_fit_a_libzmq_ready_with_the_longest_routing_id() {
    for most in [1, 64, 1_000] {
        let mut receive = vec![0; size::smallest_receive(SocketType::Dealer)];
        let id = RoutingId::new(&[9; 255]).expect("the longest");
        let config = DEALER.clone().with_routing_id(id);
        let mut send = vec![0; size::smallest_send(&config)];
        let mut dealer = Dealer::new(&config, &mut receive, &mut send);
        let (ours, peer) = pipe(most);
        peer.say(&[greeting(), ready_with_routing_id("ROUTER"), frame(0, b"first")].concat());
        dealer.connect(ours, NOW);
        let message = dealer.receive(DEADLINE, || NOW).expect("a good peer");
        assert_eq!(message.only(), Some(&b"first"[..]));
        assert!(peer.heard().ends_with(&[9; 255]));
    }
    // With one byte less, `needed` is the size that fits.
    let needed = ready_with_routing_id("ROUTER").len();
    let mut receive = vec![0; needed - 1];
    let mut send = [0; 64];
    let mut dealer = Dealer::new(&DEALER, &mut receive, &mut send);
    let (ours, peer) = pipe(1_000);
    peer.say(&[greeting(), ready_with_routing_id("ROUTER")].concat());
    dealer.connect(ours, NOW);
    assert_eq!(dealer.handshake(DEADLINE, || NOW), Err(Error::ReceiveBuffer));
    assert_eq!(dealer.needed(), needed);
    assert_eq!(dealer.handshake(DEADLINE, || NOW), Err(Error::Closed));
}

#[test]
fn needed_is_the_size_of_a_send_buffer_that_fits_the_greeting() {
    let (mut receive, mut send) = ([0; 64], [0; 20]);
    let mut dealer = Dealer::new(&DEALER, &mut receive, &mut send);
    let (ours, _peer) = peer("ROUTER", 1_000);
    dealer.connect(ours, NOW);
    assert_eq!(dealer.handshake(DEADLINE, || NOW), Err(Error::SendBuffer));
    let needed = dealer.needed();
    assert!(needed > 20 && needed <= size::smallest_send(&DEALER));
}

#[test]
fn a_peer_of_an_incompatible_type_gets_an_error_and_fails_the_connection() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dealer = Dealer::new(&DEALER, &mut receive, &mut send);
    let (ours, wrong) = peer("PUB", 1_000);
    dealer.connect(ours, NOW);
    let error = dealer.handshake(DEADLINE, || NOW).expect_err("they do not go together");
    let (ours, peer_type) = (SocketType::Dealer, SocketType::Pub);
    let expected = PeerError::IncompatibleSocketType { ours, peer: peer_type };
    assert_eq!((error, dealer.failure()), (Error::Connection, Some(expected.into())));
    assert!(wrong.heard().ends_with(b"\x18Incompatible Socket-Type"));
    assert_eq!(dealer.receive(DEADLINE, || NOW).err(), Some(error));

    let (ours, peer) = pipe(1_000);
    peer.say(&[greeting(), frame(4, b"\x05ERROR\x06go off")].concat());
    dealer.connect(ours, NOW);
    assert_eq!(dealer.refusal(), None);
    let error = dealer.handshake(DEADLINE, || NOW).expect_err("refused");
    let refused = PeerError::Refused.into();
    assert_eq!((error, dealer.failure()), (Error::Connection, Some(refused)));
    assert_eq!(dealer.refusal(), Some(&b"go off"[..]));
}

#[test]
fn a_silent_peer_ends_in_the_handshake_timeout_or_the_deadline() {
    static HASTY: Config =
        Config::new(SocketType::Dealer).with_limits(Limits::DEFAULT.handshake_timeout(500));
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dealer = Dealer::new(&HASTY, &mut receive, &mut send);
    let (ours, _peer) = pipe(1_000);
    dealer.connect(ours, NOW);
    assert_eq!(dealer.next_deadline(), Some(Instant::from_millis(500)));
    let late = dealer.handshake(Instant::from_millis(100), ticking(10));
    assert_eq!(late, Err(Error::TimedOut));
    let late = dealer.receive(DEADLINE, ticking(10)).err();
    let timeout = zmtp_core::Error::TimedOut(Timeout::Handshake);
    assert_eq!((late, dealer.failure()), (Some(Error::Connection), Some(timeout)));
}

#[test]
fn a_message_interrupted_by_a_deadline_is_received_whole_later() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut pull = Pull::new(&PULL, &mut receive, &mut send);
    let (ours, peer) = peer("PUSH", 1_000);
    pull.connect(ours, NOW);
    let bytes = [frame(1, b"one"), frame(0, b"two")].concat();
    for cut in 1..bytes.len() {
        peer.say(&bytes[..cut]);
        assert_eq!(pull.receive(DEADLINE, ticking(1)).err(), Some(Error::TimedOut));
        peer.say(&bytes[cut..]);
        let message = pull.receive(DEADLINE, || NOW).expect("a good peer");
        assert_eq!(message.parts().collect::<Vec<_>>(), [b"one", b"two"], "{cut}");
    }
}

#[test]
fn interrupted_io_is_retried_and_other_errors_close_the_link() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut push = Push::new(&PUSH, &mut receive, &mut send);
    let (ours, _peer) = peer("PULL", 1_000);
    let failures = ours.failures.clone();
    failures.borrow_mut().extend([ErrorKind::Interrupted; 3]);
    push.connect(ours, NOW);
    push.handshake(DEADLINE, || NOW).expect("a good peer");
    failures.borrow_mut().push_back(ErrorKind::ConnectionReset);
    let reset = Error::Io(PipeError(ErrorKind::ConnectionReset));
    assert_eq!(push.send(&[b"x"], DEADLINE, || NOW), Err(reset));
    assert_eq!(push.send(&[b"x"], DEADLINE, || NOW), Err(Error::Closed));
    assert!(push.is_closed() && push.disconnect().is_some());
}

#[test]
fn an_io_that_accepts_no_bytes_closes_the_link() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut push = Push::new(&PUSH, &mut receive, &mut send);
    let (ours, peer) = peer("PULL", 1_000);
    push.connect(ours, NOW);
    push.handshake(DEADLINE, || NOW).expect("a good peer");
    peer.close();
    assert_eq!(push.send(&[b"x"], DEADLINE, || NOW), Err(Error::Closed));
    assert_eq!(push.serve(DEADLINE, || NOW), Err(Error::Closed));
}

#[test]
fn push_answers_pings_and_ignores_everything_else() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut push = Push::new(&PUSH, &mut receive, &mut send);
    let (ours, peer) = peer("PULL", 1_000);
    push.connect(ours, NOW);
    push.handshake(DEADLINE, || NOW).expect("a good peer");
    peer.heard();
    peer.say(&[frame(0, &[1; 200]), frame(4, b"\x04PING\0\0me"), frame(1, b"x")].concat());
    push.serve(DEADLINE, ticking(1)).expect("a good peer");
    assert_eq!(peer.heard(), frame(4, b"\x04PONGme"));
}

#[test]
fn a_subscriber_subscribes_again_after_each_handshake_and_filters() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut sub = Sub::<_, 24>::new(&SUB, &mut receive, &mut send);
    sub.subscribe(b"a").expect("room");
    sub.subscribe(b"a").expect("counted");
    sub.subscribe(b"long topic").expect("room");
    assert_eq!(sub.subscribe(b"too much"), Err(Error::NoRoom));
    let said = [frame(4, b"\x09SUBSCRIBEa"), frame(4, b"\x09SUBSCRIBElong topic")].concat();
    for _ in 0..2 {
        let (ours, peer) = peer("PUB", 7);
        sub.connect(ours, NOW);
        peer.say(&[frame(0, b"b unwanted"), frame(1, b"x"), frame(0, &[1; 250])].concat());
        peer.say(&[frame(1, b"abc"), frame(0, b"body")].concat());
        let message = sub.receive(DEADLINE, || NOW).expect("a good peer");
        assert_eq!(message.parts().collect::<Vec<_>>(), [&b"abc"[..], b"body"]);
        let hello = b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB".to_vec();
        assert_eq!(peer.heard(), [greeting(), hello, said.clone()].concat());
        peer.say(&[frame(0, b"x"), frame(1, b"long topic"), frame(0, b"12")].concat());
        let message = sub.receive(DEADLINE, || NOW).expect("a good peer");
        assert_eq!(message.parts().collect::<Vec<_>>(), [&b"long topic"[..], b"12"]);
    }
    let (ours, peer) = peer("PUB", 7);
    sub.connect(ours, NOW);
    sub.handshake(DEADLINE, || NOW).expect("a good peer");
    sub.flush(DEADLINE, || NOW).expect("a good peer");
    peer.heard();
    for (topic, said) in [(&b"a"[..], vec![]), (b"a", frame(4, b"\x06CANCELa")), (b"a", vec![])] {
        sub.cancel(topic, DEADLINE, || NOW).expect("a good peer");
        sub.flush(DEADLINE, || NOW).expect("a good peer");
        assert_eq!(peer.heard(), said);
    }
    sub.subscribe(b"z").expect("room again");
    sub.flush(DEADLINE, || NOW).expect("a good peer");
    assert_eq!(peer.heard(), frame(4, b"\x09SUBSCRIBEz"));
}

#[test]
fn a_subscriber_of_a_3_0_peer_subscribes_by_messages() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut sub = Sub::<_, 24>::new(&SUB, &mut receive, &mut send);
    sub.subscribe(b"a").expect("room");
    let (ours, peer) = pipe(1_000);
    let mut old = greeting();
    old[11] = 0;
    peer.say(&[old, ready("PUB")].concat());
    sub.connect(ours, NOW);
    sub.handshake(DEADLINE, || NOW).expect("a good peer");
    sub.flush(DEADLINE, || NOW).expect("a good peer");
    assert!(peer.heard().ends_with(&frame(0, b"\x01a")));
}

#[test]
fn a_publisher_accepts_subscriptions_by_command_or_message() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut publisher = Pub::<_, 20>::new(&PUB, &mut receive, &mut send);
    let (ours, peer) = peer("SUB", 5);
    publisher.connect(ours, NOW);
    let publish = |publisher: &mut Pub<'_, End, 20>, topic: &[u8]| {
        publisher.publish(&[topic, b"body"], DEADLINE, || NOW).expect("a good peer")
    };
    assert!(!publish(&mut publisher, b"early"));
    peer.say(&[frame(4, b"\x09SUBSCRIBEcmd"), frame(0, b"\x01old"), frame(0, b"noise")].concat());
    peer.say(&[frame(1, b"\x01many"), frame(0, b"parts")].concat());
    peer.say(&[frame(4, b"\x09SUBSCRIBEtoo long"), frame(0, &[1; 100])].concat());
    // A message that does not fit is counted as a refused subscription.
    let large = publisher.serve(DEADLINE, ticking(1));
    assert_eq!((large, publisher.needed()), (Err(Error::ReceiveBuffer), 102));
    publisher.serve(DEADLINE, ticking(1)).expect("a good peer");
    peer.heard();
    assert_eq!(publisher.refused_subscriptions(), 2);
    for (topic, wanted) in
        [(&b"cmd"[..], true), (b"old one", true), (b"ol", false), (b"many", false)]
    {
        assert_eq!(publish(&mut publisher, topic), wanted);
        let expected = [frame(1, topic), frame(0, b"body")].concat();
        assert_eq!(peer.heard(), if wanted { expected } else { vec![] });
    }
    peer.say(&[frame(4, b"\x06CANCELcmd"), frame(0, b"\x00old")].concat());
    publisher.serve(DEADLINE, ticking(1)).expect("a good peer");
    assert!(!publish(&mut publisher, b"cmd") && !publish(&mut publisher, b"old"));
    // Subscriptions end with the connection.
    peer.say(&frame(0, b"\x01"));
    publisher.serve(DEADLINE, ticking(1)).expect("a good peer");
    assert!(publish(&mut publisher, b"any"));
    let (ours, _peer) = self::peer("SUB", 5);
    publisher.connect(ours, NOW);
    publisher.handshake(DEADLINE, || NOW).expect("a good peer");
    assert!(!publish(&mut publisher, b"any"));
}
