//! Firmware that was busy for longer than the timeout of its peer: received bytes count before the clock does.

mod pipe;

use core::cell::Cell;

use pipe::asynch::{Stutter, finish, once};
use pipe::{End, peer};
use wire::frame;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant, Timeout};
use zmtp_embedded::{Error, asynch, blocking};

static PULL: Config = Config::new(SocketType::Pull);
const NOW: Instant = Instant::from_millis(0);
/// The peer closes a silent connection after 2 seconds, and so does this end.
const PING: &[u8] = b"\x04PING\0\x14";

fn later(ms: u64) -> Instant {
    Instant::from_millis(ms)
}

/// A pipe whose far end has sent its side of the handshake and a PING.
fn pinging(socket_type: &str) -> (End, End) {
    let (ours, far) = peer(socket_type, 1_000);
    far.say(&frame(4, PING));
    (ours, far)
}

/// Polls a call once and drops its future, up to 100 times, until one is done. `select` does the same with a timer that
/// has expired.
fn dropped_until_done<T>(mut call: impl AsyncFnMut() -> T) -> Option<T> {
    (0..100).find_map(|_| once(call()))
}

#[test]
fn a_message_that_arrived_in_time_is_received_after_the_timeout() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut pull = blocking::Pull::new(&PULL, &mut receive, &mut send);
    let (ours, peer) = pinging("PUSH");
    pull.connect(ours, NOW);
    assert_eq!(pull.receive(later(100), pipe::ticking(10)).err(), Some(Error::TimedOut));
    peer.say(&frame(0, b"in time"));
    let message = pull.receive(later(3_600), || later(2_600)).map(|message| message.first().len());
    assert_eq!(message, Ok(7));
    // Without such bytes the link fails.
    peer.say(&frame(4, PING));
    assert_eq!(pull.receive(later(2_700), || later(2_700)).err(), Some(Error::TimedOut));
    assert_eq!(pull.receive(later(9_999), || later(5_000)).err(), Some(Error::Connection));
    assert_eq!(pull.failure(), Some(zmtp_core::Error::TimedOut(Timeout::Ttl)));
}

#[test]
fn async_a_message_that_arrived_in_time_is_received_after_the_timeout() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut pull = asynch::Pull::new(&PULL, &mut receive, &mut send);
    let (ours, peer) = pinging("PUSH");
    pull.connect(Stutter::new(ours), NOW);
    assert_eq!(dropped_until_done(async || pull.receive(|| later(10)).await.err()), None);
    peer.say(&frame(0, b"in time"));
    let message = finish(pull.receive(|| later(2_600))).map(|message| message.first().len());
    assert_eq!(message, Ok(7));
    peer.say(&frame(4, PING));
    assert_eq!(dropped_until_done(async || pull.receive(|| later(2_700)).await.err()), None);
    let failed = dropped_until_done(async || pull.receive(|| later(5_000)).await.err());
    assert_eq!(failed, Some(Some(Error::Connection)));
}

#[test]
fn a_link_among_several_that_was_served_late_is_not_lost() {
    let mut bytes = [[[0; 64]; 2]; 2];
    let buffers = bytes.each_mut().map(|[receive, send]| (&mut receive[..], &mut send[..]));
    let mut pull = blocking::many::Pull::<_, 2>::new(&PULL, buffers);
    let (ours, peer) = pinging("PUSH");
    pull.connect(1, ours, NOW);
    assert_eq!(pull.receive(later(100), pipe::ticking(10)), Ok(None));
    peer.say(&frame(0, b"in time"));
    let message = pull.receive(later(3_600), || later(2_600));
    assert_eq!(message.map(|found| found.map(|(link, _)| link)), Ok(Some(1)));
    peer.say(&frame(4, PING));
    // One call reads the PING, the other one handles it.
    for _ in 0..2 {
        assert_eq!(pull.receive(later(2_700), || later(2_700)), Ok(None));
    }
    let failed = pull.receive(later(9_999), || later(5_000)).expect_err("silent");
    assert_eq!((failed.link, failed.error), (1, Error::Connection));
}

#[test]
fn async_a_link_among_several_that_was_served_late_is_not_lost() {
    let mut bytes = [[[0; 64]; 2]; 2];
    let buffers = bytes.each_mut().map(|[receive, send]| (&mut receive[..], &mut send[..]));
    let mut pull = asynch::many::Pull::<_, 2>::new(&PULL, buffers);
    let (ours, peer) = pinging("PUSH");
    pull.connect(1, Stutter::new(ours), NOW);
    assert_eq!(dropped_until_done(async || pull.receive(|| later(10)).await.err()), None);
    peer.say(&frame(0, b"in time"));
    let message = finish(pull.receive(|| later(2_600))).map(|(link, _)| link);
    assert_eq!(message, Ok(1));
    peer.say(&frame(4, PING));
    assert_eq!(dropped_until_done(async || pull.receive(|| later(2_700)).await.err()), None);
    let failed = dropped_until_done(async || pull.receive(|| later(5_000)).await.err());
    assert_eq!(failed.flatten().map(|failed| failed.error), Some(Error::Connection));
}

#[test]
fn both_halves_of_a_socket_read_before_a_timeout_ends_the_connection() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut pull = asynch::Pull::new(&PULL, &mut receive, &mut send);
    let (ours, peer) = pinging("PUSH");
    let (reader, writer) = (Stutter::new(ours.clone()), Stutter::new(ours));
    pull.connect(asynch::Duplex { reader, writer }, NOW);
    let mut split = pull.split().expect("connected");
    let (_, mut receiver) = split.halves();
    assert_eq!(dropped_until_done(async || receiver.receive(|| later(10)).await.err()), None);
    peer.say(&frame(0, b"in time"));
    let message = finish(receiver.receive(|| later(2_600))).map(|message| message.first().len());
    assert_eq!(message, Ok(7));
    peer.say(&frame(4, PING));
    assert_eq!(dropped_until_done(async || receiver.receive(|| later(2_700)).await.err()), None);
    let failed = dropped_until_done(async || receiver.receive(|| later(5_000)).await.err());
    assert_eq!(failed, Some(Some(Error::Connection)));
}

#[test]
fn a_call_that_only_writes_does_not_time_out_a_peer_that_it_does_not_read() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dealer = blocking::Dealer::new(&PULL, &mut receive, &mut send);
    let (ours, peer) = pinging("DEALER");
    dealer.connect(ours, NOW);
    assert_eq!(dealer.receive(later(100), pipe::ticking(10)).err(), Some(Error::TimedOut));
    peer.say(&frame(0, b"in time"));
    let time = Cell::new(2_600);
    let now = || later(time.get());
    dealer.send(&[b"x"], later(9_999), now).expect("no timeout");
    dealer.flush(later(9_999), now).expect("no timeout");
    assert_eq!(dealer.receive(later(9_999), now).map(|message| message.first().len()), Ok(7));
}
