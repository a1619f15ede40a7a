//! REP, PUB and PULL over several links, blocking and async.

mod pipe;

use pipe::asynch::{Stutter, finish, once};
use pipe::{End, peer, ticking};
use wire::frame;
use zmtp_core::pattern::OutOfTurn;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::{Error, asynch, blocking};

static REP: Config = Config::new(SocketType::Rep);
static PUB: Config = Config::new(SocketType::Pub);
static PULL: Config = Config::new(SocketType::Pull);

const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

fn now() -> Instant {
    NOW
}

macro_rules! buffers {
    ($name:ident) => {
        let mut bytes = [[[0; 64]; 2]; 3];
        let $name = bytes.each_mut().map(|[receive, send]| (&mut receive[..], &mut send[..]));
    };
}

/// Peers of this type for the links of a socket; `connect` begins a connection on a link.
fn peers(links: usize, socket_type: &str, mut connect: impl FnMut(usize, End)) -> Vec<End> {
    let connected = (0..links).map(|link| {
        let (ours, peer) = peer(socket_type, 5);
        connect(link, ours);
        peer
    });
    connected.collect()
}

/// A request with one part.
fn ask() -> Vec<u8> {
    [frame(1, b""), frame(0, b"ask")].concat()
}

/// A REP and two peers, each of which has sent a request.
fn asked<'b>(
    buffers: [(&'b mut [u8], &'b mut [u8]); 3],
) -> (blocking::many::Rep<'b, End, 3>, Vec<End>) {
    let mut rep = blocking::many::Rep::new(&REP, buffers);
    let peers = peers(2, "REQ", |link, ours| {
        rep.connect(link, ours, NOW);
    });
    peers.iter().for_each(|peer| peer.say(&ask()));
    (rep, peers)
}

#[test]
fn requests_are_received_in_turn_and_replies_go_to_their_senders() {
    buffers!(buffers);
    let mut rep = blocking::many::Rep::<_, 3>::new(&REP, buffers);
    let peers = peers(3, "REQ", |link, ours| {
        assert_eq!(rep.free_link(), Some(link));
        rep.connect(link, ours, NOW);
    });
    peers.iter().for_each(|peer| peer.say(&ask().repeat(4)));
    let mut turns = Vec::new();
    for _ in 0..12 {
        let (link, request) = rep.receive(DEADLINE, now).expect("good peers").expect("in time");
        assert_eq!(request.only(), Some(&b"ask"[..]));
        let due = rep.receive(DEADLINE, now).expect_err("a reply is due");
        assert!(matches!(due.error, Error::OutOfTurn(_)));
        rep.reply(&[&[u8::try_from(link).expect("small")]], DEADLINE, now).expect("good peers");
        turns.push(link);
    }
    for (link, peer) in peers.iter().enumerate() {
        assert_eq!(turns.iter().filter(|turn| **turn == link).count(), 4);
        assert!(turns.windows(2).all(|two| two[0] != two[1]), "{turns:?}");
        let reply = [frame(1, b""), frame(0, &[u8::try_from(link).expect("small")])].concat();
        assert!(peer.heard().ends_with(&reply.repeat(4)));
    }
    assert_eq!(rep.receive(DEADLINE, ticking(1)), Ok(None));
}

#[test]
fn the_end_of_a_link_is_reported_once_and_the_others_continue() {
    buffers!(buffers);
    let mut pull = blocking::many::Pull::<_, 3>::new(&PULL, buffers);
    let (ours, good) = peer("PUSH", 5);
    pull.connect(0, ours, NOW);
    let (ours, dead) = peer("PUSH", 5);
    pull.connect(2, ours, NOW);
    assert_eq!(pull.receive(DEADLINE, ticking(1)), Ok(None));
    dead.close();
    let ended = pull.receive(DEADLINE, ticking(1)).expect_err("closed");
    assert_eq!((ended.link, ended.error), (2, Error::Closed));
    good.say(&[frame(0, &[1; 100]), frame(0, b"next")].concat());
    let unfit = pull.receive(DEADLINE, ticking(1)).expect_err("too large");
    assert_eq!((unfit.link, unfit.error), (0, Error::ReceiveBuffer));
    assert_eq!((pull.needed(0), pull.needed(3)), (Some(102), None));
    let (link, message) = pull.receive(DEADLINE, now).expect("a good peer").expect("in time");
    assert_eq!((link, message.only()), (0, Some(&b"next"[..])));
    assert!(pull.is_ready(0) && !pull.is_ready(2) && pull.disconnect(2).is_some());
}

#[test]
fn messages_go_to_subscribers_and_are_dropped_for_a_slow_peer() {
    buffers!(buffers);
    let mut publisher = blocking::many::Pub::<_, 3, 64>::new(&PUB, buffers);
    let peers = peers(3, "SUB", |link, ours| {
        publisher.connect(link, ours, NOW);
    });
    for (peer, topic) in peers.iter().zip([&b"a"[..], b"ab", b"c"]) {
        peer.say(&frame(4, &[b"\x09SUBSCRIBE", topic].concat()));
    }
    publisher.serve(DEADLINE, ticking(1)).expect("good peers");
    peers.iter().for_each(|peer| drop(peer.heard()));
    assert_eq!(publisher.publish(&[b"abc"]), 2);
    assert_eq!(publisher.publish(&[b"x"]), 0);
    assert_eq!(publisher.publish(&[b"c", &[7; 50]]), 1);
    assert_eq!(publisher.publish(&[b"c", &[8; 50]]), 0, "its send buffer is full");
    publisher.serve(DEADLINE, ticking(1)).expect("good peers");
    assert_eq!(peers[0].heard(), frame(0, b"abc"));
    assert_eq!(peers[1].heard(), frame(0, b"abc"));
    assert_eq!(peers[2].heard(), [frame(1, b"c"), frame(0, &[7; 50])].concat());
    // A lost peer loses its subscriptions.
    publisher.disconnect(0);
    assert_eq!(publisher.publish(&[b"abc"]), 1);
}

#[test]
fn async_links_are_awaited_together_and_a_dropped_wait_loses_nothing() {
    buffers!(buffers);
    let mut rep = asynch::many::Rep::<_, 3>::new(&REP, buffers);
    let peers = peers(3, "REQ", |link, ours| {
        rep.connect(link, Stutter::new(ours), NOW);
    });
    for round in 0..20_u8 {
        for (n, peer) in peers.iter().enumerate() {
            let body = [round, u8::try_from(n).expect("small")];
            peer.say(&[frame(1, b"id"), frame(1, b""), frame(0, &body)].concat());
        }
        let mut served = [false; 3];
        for _ in 0..3 {
            let (link, body) = loop {
                if let Some(result) = once(rep.receive(now)) {
                    let (link, request) = result.expect("good peers");
                    break (link, request.first().to_vec());
                }
            };
            assert_eq!(usize::from(body[1]), link);
            served[link] = true;
            finish(rep.reply(&[&body], now)).expect("good peers");
            let reply = [frame(1, b"id"), frame(1, b""), frame(0, &body)].concat();
            assert!(peers[link].heard().ends_with(&reply));
        }
        assert_eq!(served, [true; 3]);
    }
    peers[1].close();
    let ended = loop {
        if let Some(result) = once(rep.receive(now)) {
            break result.expect_err("closed");
        }
    };
    assert_eq!((ended.link, ended.error), (1, Error::Closed));
    assert!((0..100).all(|_| once(rep.receive(now)).is_none()));
}

#[test]
fn a_reply_before_any_request_is_out_of_turn() {
    buffers!(buffers);
    let mut rep = blocking::many::Rep::<End, 3>::new(&REP, buffers);
    let early = rep.reply(&[b"early"], DEADLINE, now).expect_err("no request");
    assert_eq!(early.error, Error::OutOfTurn(OutOfTurn::NoRequestTaken));
    buffers!(buffers);
    let mut rep = asynch::many::Rep::<Stutter, 3>::new(&REP, buffers);
    let early = finish(rep.reply(&[b"early"], now)).expect_err("no request");
    assert_eq!(early.error, Error::OutOfTurn(OutOfTurn::NoRequestTaken));
}

#[test]
fn the_reply_to_a_link_that_was_disconnected_is_dropped() {
    buffers!(buffers);
    let (mut rep, peers) = asked(buffers);
    let link = rep.receive(DEADLINE, now).expect("good peers").expect("a request").0;
    rep.disconnect(link);
    assert_eq!(rep.reply(&[b"dropped"], DEADLINE, now), Ok(()));
    let next = rep.receive(DEADLINE, now).expect("good peers").expect("a request").0;
    assert_ne!(next, link);
    rep.reply(&[b"answer"], DEADLINE, now).expect("a good peer");
    assert!(peers[next].heard().ends_with(&frame(0, b"answer")));
}

#[test]
fn requests_are_received_after_a_reply_failed_with_its_link() {
    buffers!(buffers);
    let (mut rep, peers) = asked(buffers);
    let link = rep.receive(DEADLINE, now).expect("good peers").expect("a request").0;
    peers[link].close();
    let lost = rep.reply(&[b"lost"], DEADLINE, now).expect_err("closed");
    assert_eq!((lost.link, lost.error), (link, Error::Closed));
    assert!(rep.is_closed(link));
    let next = rep.receive(DEADLINE, now).expect("a good peer").expect("a request").0;
    assert_ne!(next, link);
    rep.reply(&[b"answer"], DEADLINE, now).expect("a good peer");
    assert!(peers[next].heard().ends_with(&frame(0, b"answer")));
}
