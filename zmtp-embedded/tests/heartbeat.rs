//! Sending PINGs, and their timeout.
#![cfg(feature = "heartbeat")]

mod pipe;

use pipe::{peer, ticking};
use wire::frame;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Heartbeat, Instant, Timeout};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::Pull;

static PULL: Config =
    Config::new(SocketType::Pull).with_heartbeat(Heartbeat::every(100).timeout(300));

#[test]
fn a_peer_that_does_not_answer_a_ping_times_out() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut pull = Pull::new(&PULL, &mut receive, &mut send);
    let (ours, peer) = peer("PUSH", 1_000);
    pull.connect(ours, Instant::from_millis(0));
    let mut now = ticking(1);
    pull.handshake(Instant::from_millis(50), &mut now).expect("a good peer");
    assert!(pull.next_deadline().is_some_and(|next| next <= Instant::from_millis(150)));
    peer.heard();
    for until in [180, 280] {
        let quiet = pull.receive(Instant::from_millis(until), &mut now).err();
        assert_eq!(quiet, Some(Error::TimedOut));
        assert_eq!(peer.heard(), frame(4, b"\x04PING\0\0"));
        peer.say(&frame(4, b"\x04PONG"));
    }
    let gone = pull.receive(Instant::from_millis(5_000), &mut now).err();
    let timeout = zmtp_core::Error::TimedOut(Timeout::Heartbeat);
    assert_eq!((gone, pull.failure()), (Some(Error::Connection), Some(timeout)));
    assert!(now() < Instant::from_millis(1_000));
}

#[test]
fn a_peer_that_stops_inside_a_header_times_out() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut pull = Pull::new(&PULL, &mut receive, &mut send);
    let (ours, peer) = peer("PUSH", 1_000);
    peer.say(&[2, 0, 0]);
    pull.connect(ours, Instant::from_millis(0));
    let gone = pull.receive(Instant::from_millis(5_000), ticking(1)).err();
    let timeout = zmtp_core::Error::TimedOut(Timeout::Heartbeat);
    assert_eq!((gone, pull.failure()), (Some(Error::Connection), Some(timeout)));
}
