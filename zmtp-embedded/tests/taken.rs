//! Calls that fail: whether the message was taken, so that the caller can decide whether to repeat it.

mod pipe;

use core::pin::pin;
use core::task::{Context, Poll, Waker};

use pipe::asynch::{Stutter, finish};
use pipe::{End, PipeError, greeting, peer, pipe, ready, ticking};
use wire::frame;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::Error;
use zmtp_embedded::asynch;
use zmtp_embedded::blocking::{Dealer, Push, Req};

static DEALER: Config = Config::new(SocketType::Dealer);
static PUSH: Config = Config::new(SocketType::Push);
static REQ: Config = Config::new(SocketType::Req);
const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

/// Sends `one` until a call accepts it, over a line that is full and accepts 3 bytes after each call.
fn until_taken(
    line: &End,
    peer: &End,
    mut send: impl FnMut() -> Result<(), Error<PipeError>>,
) -> Vec<u8> {
    let mut heard = Vec::new();
    for _ in 0..20 {
        match send() {
            Ok(()) => return heard,
            Err(error) => assert_eq!(error, Error::TimedOut),
        }
        line.capacity.set(3);
        heard.extend(peer.heard());
    }
    panic!("no call accepts the message");
}

#[test]
fn a_send_that_times_out_has_not_taken_its_message() {
    for buffer in [64, 70, 128] {
        let (mut receive, mut send) = ([0; 64], vec![0; buffer]);
        let mut dealer = Dealer::new(&DEALER, &mut receive, &mut send);
        let (ours, peer) = peer("ROUTER", 1_000);
        dealer.connect(ours.clone(), NOW);
        dealer.handshake(DEADLINE, || NOW).expect("a good peer");
        peer.heard();
        // The line is full while a PONG is due.
        ours.capacity.set(0);
        peer.say(&frame(4, b"\x04PING\0\0sixteen bytes..."));
        assert_eq!(dealer.receive(NOW, || NOW).err(), Some(Error::TimedOut));
        let body = [b'x'; 50];
        let mut heard = until_taken(&ours, &peer, || dealer.send(&[&body], NOW, || NOW));
        ours.capacity.set(usize::MAX);
        dealer.flush(DEADLINE, || NOW).expect("the line is free");
        heard.extend(peer.heard());
        let pong = frame(4, b"\x04PONGsixteen bytes...");
        let message = frame(0, &body);
        let orders = [[&pong[..], &message].concat(), [&message[..], &pong].concat()];
        assert!(orders.contains(&heard), "{buffer}: {heard:?}");
    }
}

#[test]
fn a_message_that_fits_the_send_buffer_is_taken_at_once() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut push = Push::new(&PUSH, &mut receive, &mut send);
    let (ours, peer) = peer("PULL", 1_000);
    push.connect(ours.clone(), NOW);
    push.handshake(DEADLINE, || NOW).expect("a good peer");
    peer.heard();
    ours.capacity.set(0);
    let mut taken = 0;
    while push.send(&[b"abcdefgh"], NOW, || NOW).is_ok() {
        taken += 1;
    }
    // 10 bytes each.
    assert_eq!(taken, 6);
    ours.capacity.set(usize::MAX);
    push.flush(DEADLINE, || NOW).expect("the line is free");
    assert_eq!(peer.heard(), frame(0, b"abcdefgh").repeat(taken));
}

/// A REQ after its handshake.
fn asking<'b>(receive: &'b mut [u8], send: &'b mut [u8]) -> (Req<'b, End>, End, End) {
    let mut req = Req::new(&REQ, receive, send, 41);
    let (ours, rep) = peer("REP", 1_000);
    req.connect(ours.clone(), NOW);
    req.handshake(DEADLINE, || NOW).expect("a good peer");
    rep.heard();
    (req, ours, rep)
}

#[test]
fn a_request_fails_with_peer_lost_only_if_the_peer_may_have_it() {
    // The link ends before the last byte of the request is written.
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut req, ours, _rep) = asking(&mut receive, &mut send);
    ours.capacity.set(5);
    let result = req.request(&[b"ask"], DEADLINE, {
        let mut now = ticking(50);
        let ours = ours.clone();
        move || {
            let time = now();
            if time > Instant::from_millis(300) {
                ours.close();
            }
            time
        }
    });
    assert_eq!(result.err(), Some(Error::Closed));
    // After it.
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut req, ours, _rep) = asking(&mut receive, &mut send);
    let result = req.request(&[b"ask"], DEADLINE, {
        let mut now = ticking(50);
        move || {
            let time = now();
            if time > Instant::from_millis(300) {
                ours.close();
            }
            time
        }
    });
    assert_eq!(result.err(), Some(Error::PeerLost));
}

/// The bytes of the first request of [`asking`].
fn first_request() -> Vec<u8> {
    [frame(1, &42_u32.to_ne_bytes()), frame(1, b""), frame(0, b"ask")].concat()
}

/// What happens to a request at a time: it is written in two pieces, `commands` arrive between them, and after 3 bytes
/// of the answers the link ends.
fn lose(time: u64, ours: &End, rep: &End, commands: &[u8]) {
    match time {
        0 => ours.capacity.set(5),
        100 => rep.say(commands),
        300 => ours.capacity.set(first_request().len()),
        600 => ours.capacity.set(first_request().len() + 3),
        900 => ours.close(),
        _ => {}
    }
}

#[test]
fn a_request_that_was_written_is_lost_with_its_peer_although_a_pong_waits() {
    for pings in [0, 1, 3] {
        let (mut receive, mut send) = ([0; 64], [0; 64]);
        let (mut req, ours, rep) = asking(&mut receive, &mut send);
        let commands = frame(4, b"\x04PING\0\0context").repeat(pings);
        lose(0, &ours, &rep, &commands);
        let mut now = ticking(50);
        let clock = || {
            let time = now();
            lose(time.as_millis(), &ours, &rep, &commands);
            time
        };
        assert_eq!(req.request(&[b"ask"], DEADLINE, clock).err(), Some(Error::PeerLost), "{pings}");
        assert!(rep.heard().starts_with(&first_request()));
    }
}

#[test]
fn async_a_request_that_was_written_is_lost_with_its_peer_although_a_pong_waits() {
    for pings in [0, 1, 3] {
        let (mut receive, mut send) = ([0; 64], [0; 64]);
        let mut req = asynch::Req::new(&REQ, &mut receive, &mut send, 41);
        let (ours, rep) = peer("REP", 1_000);
        req.connect(Stutter::new(ours.clone()), NOW);
        finish(req.handshake(|| NOW)).expect("a good peer");
        rep.heard();
        let commands = frame(4, b"\x04PING\0\0context").repeat(pings);
        let mut request = pin!(req.request(&[b"ask"], || NOW));
        let result = (0..2_000).find_map(|time| {
            lose(time, &ours, &rep, &commands);
            match request.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(result) => Some(result.err()),
                Poll::Pending => None,
            }
        });
        assert_eq!(result, Some(Some(Error::PeerLost)), "{pings}");
        assert!(rep.heard().starts_with(&first_request()));
    }
}

#[test]
fn a_request_without_a_reply_is_not_mistaken_for_one_that_was_not_sent() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut req = Req::new(&REQ, &mut receive, &mut send, 41);
    let (ours, rep) = pipe(1_000);
    req.connect(ours, NOW);
    // No handshake, so that the request cannot be sent.
    assert_eq!(req.request(&[b"ask"], DEADLINE, ticking(50)).err(), Some(Error::TimedOut));
    rep.say(&[greeting(), ready("REP")].concat());
    assert_eq!(req.request(&[b"ask"], DEADLINE, ticking(50)).err(), Some(Error::NoReply));
}
