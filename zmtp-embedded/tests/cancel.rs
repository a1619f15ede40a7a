//! `asynch`: every future dropped at every await, and the async API against the blocking one.

mod pipe;

use core::pin::pin;
use core::task::{Context, Poll, Waker};

use pipe::asynch::{Stutter, finish, once};
use pipe::{End, PipeError, greeting, pipe, ready};
use wire::frame;
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::Error;
use zmtp_embedded::asynch::{Dealer, Duplex, Pub, Rep, Req, Sub};

static DEALER: Config = Config::new(SocketType::Dealer);
static REQ: Config = Config::new(SocketType::Req);
static REP: Config = Config::new(SocketType::Rep);
static PUB: Config = Config::new(SocketType::Pub);
static SUB: Config = Config::new(SocketType::Sub);

fn now() -> Instant {
    Instant::from_millis(0)
}

/// Calls repeatedly, and drops each future at its first pending await.
macro_rules! dropping {
    ($call:expr) => {
        'done: {
            for _ in 0..1_000_000 {
                if let Some(output) = once($call) {
                    break 'done output;
                }
            }
            panic!("never done")
        }
    };
}

/// A DEALER after its handshake with the peer at the returned end of the pipe.
fn dealing<'b>(
    receive: &'b mut [u8],
    send: &'b mut [u8],
    most: usize,
) -> (Dealer<'b, Stutter>, End) {
    let (ours, peer) = pipe(most);
    let mut dealer = Dealer::new(&DEALER, receive, send);
    dealer.connect(Stutter::new(ours), now());
    peer.say(&[greeting(), ready("DEALER")].concat());
    dropping!(dealer.handshake(now)).expect("a good peer");
    assert_eq!(peer.heard(), [greeting(), ready("DEALER")].concat());
    (dealer, peer)
}

#[test]
fn a_receive_dropped_at_any_await_loses_no_message() {
    for most in [1, 2, 3, 7, 1_000] {
        let (mut receive, mut send) = ([0; 64], [0; 64]);
        let (mut dealer, peer) = dealing(&mut receive, &mut send, most);
        for n in 0..20_u8 {
            let ping = frame(4, &[b"\x04PING\0\0", &[n; 3][..]].concat());
            peer.say(&[&ping[..], &frame(1, &[n]), &ping, &frame(0, &[n; 20])].concat());
            let message = dropping!(dealer.receive(now)).expect("a good peer");
            assert_eq!(message.parts().collect::<Vec<_>>(), [&[n][..], &[n; 20]]);
            dropping!(dealer.flush(now)).expect("a good peer");
            let pong = frame(4, &[b"\x04PONG", &[n; 3][..]].concat());
            assert_eq!(peer.heard(), pong.repeat(2), "{most}");
        }
    }
}

#[cfg(feature = "chunks")]
#[test]
fn a_receive_of_chunks_dropped_at_any_await_loses_no_byte() {
    for most in [1, 3, 1_000] {
        let (mut receive, mut send) = ([0; 64], [0; 64]);
        let (mut dealer, peer) = dealing(&mut receive, &mut send, most);
        let body: Vec<u8> = (0..255).collect();
        peer.say(&[frame(1, &body), frame(0, b"")].concat());
        let (mut got, mut parts) = (Vec::new(), 0);
        loop {
            let chunk = dropping!(dealer.receive_chunk(now)).expect("a good peer");
            got.extend_from_slice(chunk.bytes);
            parts += usize::from(chunk.ends_part);
            if chunk.ends_message {
                break;
            }
        }
        assert_eq!((got, parts), (body, 2), "{most}");
    }
}

#[test]
fn queue_and_flush_dropped_at_any_await_send_each_message_once() {
    for most in [1, 3, 1_000] {
        let (mut receive, mut send) = ([0; 64], [0; 64]);
        let (mut dealer, peer) = dealing(&mut receive, &mut send, most);
        let mut expected = Vec::new();
        for n in 0..20_u8 {
            dropping!(dealer.queue(&[&[n; 10], b"end"], now)).expect("ready");
            expected.extend([frame(1, &[n; 10]), frame(0, b"end")].concat());
        }
        dropping!(dealer.flush(now)).expect("ready");
        assert_eq!(peer.heard(), expected, "{most}");
        let large = dropping!(dealer.queue(&[&[0; 63]], now));
        assert_eq!((large, dealer.needed()), (Err(Error::SendBuffer), 65));
    }
}

#[test]
fn a_dropped_send_that_fits_is_sent_whole_or_not_at_all() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut dealer, peer) = dealing(&mut receive, &mut send, 3);
    // The first poll puts the message into the send buffer and is pending at the write.
    assert_eq!(once(dealer.send(&[b"one"], now)), None);
    dropping!(dealer.flush(now)).expect("ready");
    assert_eq!(peer.heard(), frame(0, b"one"));
}

#[cfg(feature = "chunks")]
#[test]
fn the_send_after_a_dropped_large_send_closes_the_link() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut dealer, peer) = dealing(&mut receive, &mut send, 3);
    assert_eq!(once(dealer.send(&[&[7; 200]], now)), None);
    peer.say(&frame(0, b"still heard"));
    let message = dropping!(dealer.receive(now)).expect("a good peer");
    assert_eq!(message.only(), Some(&b"still heard"[..]));
    assert_eq!(finish(dealer.send(&[b"next"], now)), Err(Error::Closed));
    assert!(dealer.is_closed());
    let (ours, peer) = pipe::peer("DEALER", 3);
    dealer.connect(Stutter::new(ours), now());
    finish(dealer.send(&[b"next"], now)).expect("a new link");
    assert!(peer.heard().ends_with(&frame(0, b"next")));
}

#[cfg(feature = "chunks")]
#[test]
fn begin_and_push_dropped_at_any_await_send_each_byte_once() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut dealer, peer) = dealing(&mut receive, &mut send, 5);
    let body: Vec<u8> = (0..200).collect();
    dropping!(dealer.begin(More::Follows, body.len(), now)).expect("ready");
    assert_eq!(finish(dealer.queue(&[b"x"], now)), Err(Error::Unfinished));
    let mut rest = &body[..];
    while !rest.is_empty() {
        let n = dropping!(dealer.push(rest)).expect("ready");
        rest = &rest[n..];
    }
    assert_eq!(finish(dealer.push(b"x")), Err(Error::Unfinished));
    dropping!(dealer.begin(More::Last, 0, now)).expect("ready");
    dropping!(dealer.queue(&[b"next"], now)).expect("ready");
    dropping!(dealer.flush(now)).expect("ready");
    assert_eq!(peer.heard(), [frame(1, &body), frame(0, b""), frame(0, b"next")].concat());
}

#[test]
fn a_request_dropped_at_any_await_is_not_answered_by_an_older_reply() {
    let (mut a, mut b, mut c, mut d) = ([0; 64], [0; 64], [0; 64], [0; 64]);
    let (ours, theirs) = pipe(4);
    let mut req = Req::new(&REQ, &mut a, &mut b, 7);
    let mut rep = Rep::new(&REP, &mut c, &mut d);
    req.connect(Stutter::new(ours), now());
    rep.connect(Stutter::new(theirs), now());
    for polls in 0..60_u8 {
        // A request whose future is dropped after this many polls.
        {
            let parts: [&[u8]; 1] = [&[polls, 0]];
            let mut request = pin!(req.request(&parts, now));
            for _ in 0..polls {
                if request.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                    break;
                }
                answer(&mut rep);
            }
        }
        let parts: [&[u8]; 1] = [&[polls, 1]];
        let mut request = pin!(req.request(&parts, now));
        let reply = loop {
            match request.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(reply) => break reply.expect("a good peer"),
                Poll::Pending => answer(&mut rep),
            }
        };
        assert_eq!(reply.only(), Some(&[polls, 1][..]));
    }
}

/// Echoes a request if one was received.
fn answer(rep: &mut Rep<'_, Stutter>) {
    let request = match once(rep.receive(now)) {
        Some(Ok(request)) => request.first().to_vec(),
        _ => return,
    };
    finish(rep.send(&[&request], now)).expect("a good peer");
}

#[test]
fn a_split_socket_sends_while_a_receive_is_pending_and_answers_pings() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (ours, peer) = pipe(5);
    let mut dealer = Dealer::new(&DEALER, &mut receive, &mut send);
    let io = Duplex { reader: Stutter::new(ours.clone()), writer: Stutter::new(ours) };
    dealer.connect(io, now());
    peer.say(&[greeting(), ready("DEALER")].concat());
    finish(dealer.handshake(now)).expect("a good peer");
    peer.heard();

    let mut split = dealer.split().expect("connected");
    let (mut sender, mut receiver) = split.halves();
    let context = &mut Context::from_waker(Waker::noop());
    for n in 0..20_u8 {
        let mut receiving = pin!(receiver.receive(now));
        assert!(receiving.as_mut().poll(context).is_pending());
        assert!(receiving.as_mut().poll(context).is_pending());
        // Larger than the send buffer if allowed, and a PING arrives in the middle of it.
        let body = [n; if cfg!(feature = "chunks") { 100 } else { 60 }];
        let parts: [&[u8]; 1] = [&body];
        let mut sending = pin!(sender.send(&parts, now));
        assert!(sending.as_mut().poll(context).is_pending());
        peer.say(&frame(4, b"\x04PING\0\0ctx"));
        for _ in 0..30 {
            assert!(receiving.as_mut().poll(context).is_pending());
        }
        let mut sent = false;
        for _ in 0..1_000 {
            sent = sent || sending.as_mut().poll(context).is_ready();
            assert!(receiving.as_mut().poll(context).is_pending());
        }
        assert!(sent);
        assert_eq!(peer.heard(), [frame(0, &body), frame(4, b"\x04PONGctx")].concat());
        peer.say(&frame(0, &[n]));
        let message = loop {
            if let Poll::Ready(message) = receiving.as_mut().poll(context) {
                break message.expect("a good peer");
            }
        };
        assert_eq!(message.only(), Some(&[n][..]));
    }
}

#[test]
fn publisher_and_subscriber_work_with_reads_of_any_size() {
    for most in [1, 5, 1_000] {
        let (mut a, mut b, mut c, mut d) = ([0; 64], [0; 64], [0; 64], [0; 64]);
        let (ours, theirs) = pipe(most);
        let mut publisher = Pub::<_, 64>::new(&PUB, &mut a, &mut b);
        let mut subscriber = Sub::<_, 64>::new(&SUB, &mut c, &mut d);
        publisher.connect(Stutter::new(ours), now());
        subscriber.connect(Stutter::new(theirs), now());
        subscriber.subscribe(b"a").expect("room");
        subscriber.subscribe(b"bc").expect("room");
        while !finish(publisher.publish(&[b"bc"], now)).expect("a good peer") {
            assert!(once(publisher.serve(now)).is_none());
            assert!(once(subscriber.receive(now)).is_none());
        }
        for topic in [&b"b"[..], b"ab", b"c", b"bcd"] {
            let wanted = finish(publisher.publish(&[topic, b"body"], now)).expect("a good peer");
            assert_eq!(wanted, [&b"ab"[..], b"bcd"].contains(&topic));
        }
        finish(publisher.flush(now)).expect("a good peer");
        for topic in [&b"bc"[..], b"ab", b"bcd"] {
            let message = dropping!(subscriber.receive(now)).expect("a good peer");
            assert_eq!(message.first(), topic, "{most}");
        }
        dropping!(subscriber.cancel(b"bc")).expect("a good peer");
        dropping!(subscriber.flush(now)).expect("a good peer");
        for _ in 0..200 {
            assert!(once(publisher.serve(now)).is_none());
        }
        assert_eq!(finish(publisher.publish(&[b"bc"], now)), Ok(false));
        assert_eq!(finish(publisher.publish(&[b"a"], now)), Ok(true));
    }
}

#[test]
fn a_failing_io_closes_the_link_and_an_interrupted_one_does_not() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut dealer, peer) = dealing(&mut receive, &mut send, 100);
    peer.close();
    assert_eq!(finish(dealer.receive(now)).err(), Some(Error::<PipeError>::Closed));
    assert_eq!(finish(dealer.send(&[b"x"], now)), Err(Error::Closed));
}

#[test]
fn greetings_in_stages_complete_in_pending_futures() {
    let (mut a, mut b, mut c, mut d) = ([0; 64], [0; 64], [0; 64], [0; 64]);
    let (ours, theirs) = pipe(1_000);
    let mut one = Dealer::new(&DEALER, &mut a, &mut b);
    let mut other = Dealer::new(&DEALER, &mut c, &mut d);
    one.connect(Stutter::new(ours), now());
    other.connect(Stutter::new(theirs), now());
    let context = &mut Context::from_waker(Waker::noop());
    let (mut left, mut right) = (pin!(one.handshake(now)), pin!(other.handshake(now)));
    let (mut ready, mut steady) = (false, false);
    for _ in 0..1_000 {
        ready = ready || left.as_mut().poll(context).is_ready();
        steady = steady || right.as_mut().poll(context).is_ready();
    }
    assert!(ready && steady);
}
