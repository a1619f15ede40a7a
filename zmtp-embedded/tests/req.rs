//! `blocking::Req` against a script of bytes.

mod pipe;

use pipe::{End, PipeError, peer, ticking};
use wire::frame;
use zmtp_core::pattern::OutOfTurn;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::Req;

static REQ: Config = Config::new(SocketType::Req);
const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

/// A REQ after its handshake with the REP at the returned end.
fn asking<'b>(receive: &'b mut [u8], send: &'b mut [u8], most: usize) -> (Req<'b, End>, End) {
    let mut req = Req::new(&REQ, receive, send, 41);
    let rep = connect(&mut req, most);
    (req, rep)
}

/// A new REP at the other end of a new pipe.
fn connect(req: &mut Req<'_, End>, most: usize) -> End {
    let (ours, rep) = peer("REP", most);
    req.connect(ours, NOW);
    req.handshake(DEADLINE, || NOW).expect("a good peer");
    rep.heard();
    rep
}

/// A reply to the request with this id.
fn reply(id: u32, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = [frame(1, &id.to_ne_bytes()), frame(1, b"")].concat();
    for (at, part) in parts.iter().enumerate() {
        bytes.extend(frame(u8::from(at + 1 < parts.len()), part));
    }
    bytes
}

type Failure = Error<PipeError>;

fn ask(req: &mut Req<'_, End>) -> Result<Vec<u8>, Failure> {
    req.request(&[b"ask"], DEADLINE, ticking(50)).map(|reply| reply.first().to_vec())
}

#[test]
fn a_request_has_an_id_and_the_reply_is_borrowed() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut req, rep) = asking(&mut receive, &mut send, 1_000);
    for id in 42_u32..45 {
        rep.say(&reply(id, &[b"answer"]));
        assert_eq!(ask(&mut req), Ok(b"answer".to_vec()));
        let request = [frame(1, &id.to_ne_bytes()), frame(1, b""), frame(0, b"ask")].concat();
        assert_eq!(rep.heard(), request);
    }
}

#[test]
fn a_reply_may_arrive_in_any_pieces_and_fill_the_buffer() {
    for most in 1..=9 {
        let (mut receive, mut send) = ([0; 64], [0; 64]);
        let (mut req, rep) = asking(&mut receive, &mut send, most);
        for (id, len) in (42..).zip([0, 1, 5, 61, 62]) {
            let body: Vec<u8> = (0..len).collect();
            rep.say(&reply(id, &[&body]));
            let reply = req.request(&[b"ask"], DEADLINE, ticking(1)).expect("a reply");
            assert_eq!(reply.only(), Some(&body[..]), "{most} {len}");
        }
    }
}

#[test]
fn a_reply_of_many_parts_is_borrowed_whole() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut req, rep) = asking(&mut receive, &mut send, 3);
    let pong = frame(4, b"\x04PING\0\0between");
    let parts = [&b"one"[..], b"", b"three"];
    rep.say(&frame(1, &42_u32.to_ne_bytes()));
    for (flags, part) in [(1, &b""[..]), (1, b"one"), (1, b""), (0, b"three")] {
        rep.say(&pong);
        rep.say(&frame(flags, part));
    }
    let reply = req.request(&[b"ask", b"more"], DEADLINE, ticking(1)).expect("a reply");
    assert_eq!(reply.parts().collect::<Vec<_>>(), parts);
    assert_eq!((reply.first(), reply.only()), (&b"one"[..], None));
}

#[test]
fn a_late_reply_is_not_taken_for_the_next() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut req, rep) = asking(&mut receive, &mut send, 1_000);
    assert_eq!(ask(&mut req), Err(Error::NoReply));
    rep.say(&reply(42, &[b"late"]));
    rep.say(&reply(43, &[b"in time"]));
    assert_eq!(ask(&mut req), Ok(b"in time".to_vec()));
    // Interrupted by a deadline.
    for cut in 1..14 {
        let (mut receive, mut send) = ([0; 64], [0; 64]);
        let (mut req, rep) = asking(&mut receive, &mut send, 1_000);
        let late = reply(42, &[b"late"]);
        rep.say(&late[..cut]);
        assert_eq!(ask(&mut req), Err(Error::NoReply));
        rep.say(&late[cut..]);
        rep.say(&reply(43, &[b"in time"]));
        assert_eq!(ask(&mut req), Ok(b"in time".to_vec()), "{cut}");
    }
}

#[test]
fn a_reply_that_does_not_fit_is_dropped_and_the_next_is_received() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut req, rep) = asking(&mut receive, &mut send, 1_000);
    rep.say(&reply(42, &[&[1; 63]]));
    assert_eq!((ask(&mut req), req.needed()), (Err(Error::ReceiveBuffer), 65));
    rep.say(&reply(43, &[b"one", &[1; 60]]));
    assert_eq!((ask(&mut req), req.needed()), (Err(Error::ReceiveBuffer), 67));
    rep.say(&reply(44, &[b"one"]));
    assert_eq!(ask(&mut req), Ok(b"one".to_vec()));
}

#[test]
fn replies_without_envelope_or_with_a_wrong_id_are_skipped() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut req, rep) = asking(&mut receive, &mut send, 1_000);
    rep.say(&frame(0, b"bare"));
    rep.say(&[frame(1, b""), frame(0, b"no id")].concat());
    rep.say(&reply(7, &[b"wrong", b"id"]));
    rep.say(&frame(4, b"\x04PING\0\0"));
    rep.say(&reply(42, &[b"right"]));
    assert_eq!(ask(&mut req), Ok(b"right".to_vec()));
}

#[test]
fn a_lost_peer_is_an_error_until_the_next_connection() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut req, rep) = asking(&mut receive, &mut send, 1_000);
    rep.say(&reply(42, &[b"cut"])[..7]);
    rep.close();
    for _ in 0..2 {
        assert_eq!(ask(&mut req), Err(Error::Closed));
    }
    let rep = connect(&mut req, 1_000);
    rep.say(&reply(43, &[b"again"]));
    assert_eq!(ask(&mut req), Ok(b"again".to_vec()));
}

#[test]
fn a_reply_lost_with_its_link_is_reported_once() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let (mut req, rep) = asking(&mut receive, &mut send, 1_000);
    req.send(&[b"ask"], DEADLINE, || NOW).expect("ready");
    rep.close();
    assert_eq!(req.receive(DEADLINE, ticking(50)).err(), Some(Error::Closed));
    let _rep = connect(&mut req, 1_000);
    assert_eq!(req.receive(DEADLINE, ticking(50)).err(), Some(Error::PeerLost));
    let none = Error::OutOfTurn(OutOfTurn::NoRequestSent);
    assert_eq!(req.receive(DEADLINE, ticking(50)).err(), Some(none));
    req.send(&[b"ask"], DEADLINE, || NOW).expect("ready");
    let pending = Error::OutOfTurn(OutOfTurn::ReplyPending);
    assert_eq!(req.send(&[b"ask"], DEADLINE, || NOW), Err(pending));
}
