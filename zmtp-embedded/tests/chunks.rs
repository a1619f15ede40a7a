//! The blocking sockets with messages larger than their buffers.
#![cfg(feature = "chunks")]

mod pipe;

use pipe::{peer, pipe, ticking};
use wire::frame;
use zmtp_core::wire::{More, SocketType};
use zmtp_core::{Config, Instant};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::{Dealer, Pull, Rep, Req, Sub};

static DEALER: Config = Config::new(SocketType::Dealer);
static PULL: Config = Config::new(SocketType::Pull);
static REP: Config = Config::new(SocketType::Rep);
static REQ: Config = Config::new(SocketType::Req);
static SUB: Config = Config::new(SocketType::Sub);

const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

#[test]
fn messages_of_any_size_pass_small_buffers_and_short_reads() {
    for most in [1, 7, 1_000] {
        let (mut a, mut b, mut c, mut d) = ([0; 64], [0; 64], [0; 64], [0; 64]);
        let (ours, theirs) = pipe(most);
        let mut one = Dealer::new(&DEALER, &mut a, &mut b);
        let mut other = Dealer::new(&DEALER, &mut c, &mut d);
        one.connect(ours, NOW);
        other.connect(theirs, NOW);
        while !(one.is_ready() && other.is_ready()) {
            let _ = one.handshake(Instant::from_millis(9), ticking(1));
            let _ = other.handshake(Instant::from_millis(9), ticking(1));
        }
        for len in [0, 1, 40, 255, 256, 5_000, 65_536] {
            let body: Vec<u8> = (0..len).map(|i: u32| i as u8).collect();
            one.begin(More::Follows, body.len(), DEADLINE, || NOW).expect("ready");
            for piece in body.chunks(100) {
                one.push(piece, DEADLINE, || NOW).expect("announced");
            }
            assert_eq!(one.push(b"x", DEADLINE, || NOW), Err(Error::Unfinished));
            one.begin(More::Last, 3, DEADLINE, || NOW).expect("ready");
            assert_eq!(one.send(&[b"x"], DEADLINE, || NOW), Err(Error::Unfinished));
            one.push(b"end", DEADLINE, || NOW).expect("announced");
            let (mut got, mut parts) = (Vec::new(), 0);
            loop {
                let chunk = other.receive_chunk(DEADLINE, || NOW).expect("a good peer");
                got.extend_from_slice(chunk.bytes);
                parts += usize::from(chunk.ends_part);
                if chunk.ends_message {
                    break;
                }
            }
            assert!(got == [&body[..], b"end"].concat() && parts == 2, "{most} {len}");
        }
    }
}

#[test]
fn a_receive_continues_as_begun_and_skips_the_rest_of_a_message_in_pieces() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut pull = Pull::new(&PULL, &mut receive, &mut send);
    let (ours, peer) = peer("PUSH", 1_000);
    pull.connect(ours, NOW);
    peer.say(&frame(1, b"begun"));
    assert_eq!(pull.receive(DEADLINE, ticking(1)).err(), Some(Error::TimedOut));
    assert_eq!(pull.receive_chunk(DEADLINE, || NOW).err(), Some(Error::Unfinished));
    peer.say(&frame(0, b"end"));
    assert_eq!(pull.receive(DEADLINE, || NOW).expect("whole").parts().count(), 2);
    peer.say(&frame(1, b"begun"));
    assert_eq!(pull.receive_chunk(DEADLINE, || NOW).expect("a piece").bytes, b"begun");
    peer.say(&[frame(0, b"rest"), frame(0, b"next")].concat());
    assert_eq!(pull.receive(DEADLINE, || NOW).expect("whole").only(), Some(&b"next"[..]));
}

#[test]
fn a_subscriber_receives_the_first_part_whole() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut sub = Sub::<_, 24>::new(&SUB, &mut receive, &mut send);
    sub.subscribe(b"long topic").expect("room");
    let (ours, peer) = peer("PUB", 7);
    sub.connect(ours, NOW);
    peer.say(&[frame(0, b"x"), frame(1, b"long topic"), frame(0, b"12")].concat());
    let chunk = sub.receive_chunk(DEADLINE, || NOW).expect("a good peer");
    assert_eq!(
        (chunk.bytes, chunk.ends_part, chunk.ends_message),
        (&b"long topic"[..], true, false)
    );
    let chunk = sub.receive_chunk(DEADLINE, || NOW).expect("a good peer");
    assert_eq!((chunk.bytes, chunk.ends_message), (&b"12"[..], true));
}

#[test]
fn a_large_request_is_received_in_chunks_and_keeps_its_envelope() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut rep = Rep::new(&REP, &mut receive, &mut send);
    let (ours, req) = peer("REQ", 50);
    rep.connect(ours, NOW);
    rep.handshake(DEADLINE, || NOW).expect("a good peer");
    req.heard();
    let body = [5; 255];
    // From a REQ behind two ROUTERs.
    let envelope = [frame(1, b"far"), frame(1, b"near"), frame(1, b"")].concat();
    req.say(&[envelope.clone(), frame(0, &body)].concat());
    let mut got = 0;
    loop {
        let chunk = rep.receive_chunk(DEADLINE, || NOW).expect("a good peer");
        got += chunk.bytes.len();
        if chunk.ends_message {
            break;
        }
    }
    assert_eq!(got, body.len());
    rep.reply(&[b"answer"], DEADLINE, || NOW).expect("ready");
    assert_eq!(req.heard(), [envelope, frame(0, b"answer")].concat());
}

#[test]
fn a_large_reply_is_received_in_chunks_and_a_large_request_is_not_copied() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut req = Req::new(&REQ, &mut receive, &mut send, 41);
    let (ours, rep) = peer("REP", 50);
    req.connect(ours, NOW);
    req.handshake(DEADLINE, || NOW).expect("a good peer");
    rep.heard();
    let body: Vec<u8> = (0..60_000_u32).map(|i| i as u8).collect();
    req.send(&[&body], DEADLINE, || NOW).expect("ready");
    let heard = rep.heard();
    assert_eq!(heard.len(), 6 + 2 + 9 + body.len());
    assert!(heard.ends_with(&body));

    rep.say(&[frame(1, &42_u32.to_ne_bytes()), frame(1, b"")].concat());
    rep.say(&[&[3][..], &60_000_u64.to_be_bytes(), &body].concat());
    rep.say(&frame(0, b"end"));
    let (mut got, mut parts) = (Vec::new(), 0);
    loop {
        let chunk = req.receive_chunk(DEADLINE, || NOW).expect("a good peer");
        assert!(chunk.bytes.len() <= 64);
        got.extend_from_slice(chunk.bytes);
        parts += usize::from(chunk.ends_part);
        if chunk.ends_message {
            break;
        }
    }
    assert_eq!(parts, 2);
    assert!(got == [&body[..], b"end"].concat());
}
