//! `blocking::Rep` against a script of bytes.

mod pipe;

use pipe::{End, peer, ticking};
use wire::frame;
use zmtp_core::pattern::OutOfTurn;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::Rep;

static REP: Config = Config::new(SocketType::Rep);
const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

fn connect(rep: &mut Rep<'_, End>, most: usize) -> End {
    let (ours, req) = peer("REQ", most);
    rep.connect(ours, NOW);
    rep.handshake(DEADLINE, || NOW).expect("a good peer");
    req.heard();
    req
}

/// A request that two ROUTERs forwarded.
fn request(parts: &[&[u8]]) -> (Vec<u8>, Vec<u8>) {
    let envelope = [frame(1, b"far"), frame(1, b"near"), frame(1, b"")].concat();
    let mut bytes = envelope.clone();
    for (at, part) in parts.iter().enumerate() {
        bytes.extend(frame(u8::from(at + 1 < parts.len()), part));
    }
    (envelope, bytes)
}

#[test]
fn a_reply_carries_the_envelope_of_its_request() {
    for most in [1, 2, 7, 1_000] {
        let (mut receive, mut send) = ([0; 64], [0; 64]);
        let mut rep = Rep::new(&REP, &mut receive, &mut send);
        let req = connect(&mut rep, most);
        for _ in 0..3 {
            let (envelope, bytes) = request(&[b"one", b"two"]);
            req.say(&bytes);
            let request = rep.receive(DEADLINE, ticking(1)).expect("a request");
            assert_eq!(request.parts().collect::<Vec<_>>(), [b"one", b"two"]);
            rep.reply(&[b"yes", b"no"], DEADLINE, || NOW).expect("ready");
            assert_eq!(req.heard(), [envelope, frame(1, b"yes"), frame(0, b"no")].concat());
        }
    }
}

#[test]
fn an_envelope_larger_than_the_send_buffer_is_returned() {
    let (mut receive, mut send) = ([0; 400], [0; 64]);
    let mut rep = Rep::new(&REP, &mut receive, &mut send);
    let req = connect(&mut rep, 1_000);
    let envelope = [frame(1, &[7; 255]), frame(1, b"")].concat();
    req.say(&[&envelope[..], &frame(0, b"ask")].concat());
    assert_eq!(rep.receive(DEADLINE, || NOW).expect("a request").only(), Some(&b"ask"[..]));
    let reply = rep.reply(&[&[9; 100]], DEADLINE, || NOW);
    if cfg!(feature = "chunks") {
        reply.expect("ready");
        assert_eq!(req.heard(), [envelope, frame(0, &[9; 100])].concat());
    } else {
        assert_eq!((reply, rep.needed()), (Err(Error::SendBuffer), envelope.len() + 102));
        // A reply that cannot be sent over this link is not owed over the next.
        connect(&mut rep, 1_000);
        rep.reply(&[b"not delivered"], DEADLINE, || NOW).expect("the peer is gone");
        assert_eq!(rep.receive(DEADLINE, ticking(50)).err(), Some(Error::TimedOut));
    }
}

#[test]
fn calls_out_of_turn_change_nothing() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut rep = Rep::new(&REP, &mut receive, &mut send);
    let req = connect(&mut rep, 1_000);
    let early = rep.reply(&[b"early"], DEADLINE, || NOW);
    assert_eq!(early, Err(Error::OutOfTurn(OutOfTurn::NoRequestTaken)));
    let (_, bytes) = request(&[b"ask"]);
    req.say(&bytes.repeat(2));
    for _ in 0..2 {
        rep.receive(DEADLINE, || NOW).expect("a request");
        let due = rep.receive(DEADLINE, || NOW).err();
        assert_eq!(due, Some(Error::OutOfTurn(OutOfTurn::ReplyDue)));
        rep.reply(&[b"answer"], DEADLINE, || NOW).expect("ready");
    }
    assert_eq!(req.heard().len(), 2 * (bytes.len() + 3));
    assert_eq!(rep.receive(DEADLINE, ticking(50)).err(), Some(Error::TimedOut));
}

#[test]
fn a_request_without_envelope_or_too_large_is_skipped() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut rep = Rep::new(&REP, &mut receive, &mut send);
    let req = connect(&mut rep, 1_000);
    req.say(&frame(0, b"bare"));
    req.say(&frame(1, b"no delimiter"));
    req.say(&frame(0, b"either"));
    req.say(&request(&[&[1; 60], b"x"]).1);
    req.say(&request(&[b"small"]).1);
    let large = rep.receive(DEADLINE, || NOW).err();
    assert_eq!((large, rep.needed()), (Some(Error::ReceiveBuffer), 5 + 6 + 2 + 62));
    let request = rep.receive(DEADLINE, || NOW).expect("a request");
    assert_eq!(request.only(), Some(&b"small"[..]));
}

#[test]
fn the_reply_to_a_lost_peer_is_dropped_and_the_next_peer_is_served() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut rep = Rep::new(&REP, &mut receive, &mut send);
    let first = connect(&mut rep, 1_000);
    first.say(&request(&[b"ask"]).1);
    rep.receive(DEADLINE, || NOW).expect("a request");
    let second = connect(&mut rep, 1_000);
    rep.reply(&[b"answer"], DEADLINE, || NOW).expect("dropped");
    assert_eq!((first.heard(), second.heard()), (vec![], vec![]));
    let (envelope, bytes) = request(&[b"again"]);
    second.say(&bytes);
    rep.receive(DEADLINE, || NOW).expect("a request");
    rep.reply(&[b"answer"], DEADLINE, || NOW).expect("ready");
    assert_eq!(second.heard(), [envelope, frame(0, b"answer")].concat());
}

#[test]
fn requests_are_received_over_the_next_link_without_a_reply_to_the_lost_one() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut rep = Rep::new(&REP, &mut receive, &mut send);
    let early = rep.reply(&[b"early"], DEADLINE, || NOW);
    assert_eq!(early, Err(Error::OutOfTurn(OutOfTurn::NoRequestTaken)));
    let first = connect(&mut rep, 1_000);
    first.say(&request(&[b"ask"]).1);
    rep.receive(DEADLINE, || NOW).expect("a request");
    first.close();
    assert_eq!(rep.reply(&[b"answer"], DEADLINE, || NOW), Err(Error::Closed));
    let second = connect(&mut rep, 1_000);
    let (envelope, bytes) = request(&[b"again"]);
    second.say(&bytes);
    let request = rep.receive(DEADLINE, || NOW).expect("a request");
    assert_eq!(request.only(), Some(&b"again"[..]));
    rep.reply(&[b"answer"], DEADLINE, || NOW).expect("ready");
    assert_eq!(second.heard(), [envelope, frame(0, b"answer")].concat());
}
