//! `Req` against a script of octets.

mod pipe;

use pipe::{End, PipeError, frame, greeting, pipe, ready};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::{Error, Link, Req};

static REQ: Config = Config::new(SocketType::Req);
const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

/// A clock that goes on by so many milliseconds each time it is asked.
fn ticking(step: u64) -> impl FnMut() -> Instant {
    let mut ms = 0;
    move || {
        ms += step;
        Instant::from_millis(ms)
    }
}

/// A REQ after its handshake with the REP at the returned end.
fn asking(buffer: &mut [u8], most: usize) -> (Req<'_, End>, End) {
    let (ours, rep) = pipe(most);
    rep.say(&[greeting(), ready("REP")].concat());
    let link = Link::new(ours, &REQ, buffer, NOW);
    let req = Req::new(link, 41, || NOW).expect("a good peer");
    rep.heard();
    (req, rep)
}

/// A reply to the request with this id.
fn reply(id: u32, parts: &[&[u8]]) -> Vec<u8> {
    let mut octets = [frame(1, &id.to_ne_bytes()), frame(1, b"")].concat();
    for (at, part) in parts.iter().enumerate() {
        octets.extend(frame(u8::from(at + 1 < parts.len()), part));
    }
    octets
}

type Failure = Error<PipeError>;

fn ask(req: &mut Req<'_, End>) -> Result<Vec<u8>, Failure> {
    req.request(b"ask", DEADLINE, ticking(50)).map(<[u8]>::to_vec)
}

#[test]
fn a_request_carries_its_id_and_the_reply_is_lent() {
    let mut buffer = [0; 64];
    let (mut req, rep) = asking(&mut buffer, 1_000);
    for id in 42_u32..45 {
        rep.say(&reply(id, &[b"answer"]));
        assert_eq!(ask(&mut req), Ok(b"answer".to_vec()));
        let request = [frame(1, &id.to_ne_bytes()), frame(1, b""), frame(0, b"ask")].concat();
        assert_eq!(rep.heard(), request);
    }
}

#[test]
fn a_reply_may_come_in_any_pieces_and_fill_the_whole_buffer() {
    for most in 1..=9 {
        let mut buffer = [0; 64];
        let (mut req, rep) = asking(&mut buffer, most);
        for (id, len) in (42..).zip([0, 1, 5, 63, 64]) {
            let body: Vec<u8> = (0..len).collect();
            rep.say(&reply(id, &[&body]));
            assert_eq!(req.request(b"ask", DEADLINE, ticking(1)), Ok(&body[..]), "{most} {len}");
        }
    }
}

#[test]
fn a_late_reply_is_never_taken_for_the_next_ones() {
    let mut buffer = [0; 64];
    let (mut req, rep) = asking(&mut buffer, 1_000);
    assert_eq!(ask(&mut req), Err(Error::TimedOut));
    rep.say(&reply(42, &[b"late"]));
    rep.say(&reply(43, &[b"in time"]));
    assert_eq!(ask(&mut req), Ok(b"in time".to_vec()));
    // Cut off in the middle by a deadline.
    for cut in 1..14 {
        let mut buffer = [0; 64];
        let (mut req, rep) = asking(&mut buffer, 1_000);
        let late = reply(42, &[b"late"]);
        rep.say(&late[..cut]);
        assert_eq!(ask(&mut req), Err(Error::TimedOut));
        rep.say(&late[cut..]);
        rep.say(&reply(43, &[b"in time"]));
        assert_eq!(ask(&mut req), Ok(b"in time".to_vec()), "{cut}");
    }
}

#[test]
fn a_reply_that_cannot_be_handed_out_is_thrown_away_and_the_next_is_not() {
    let mut buffer = [0; 64];
    let (mut req, rep) = asking(&mut buffer, 1_000);
    rep.say(&reply(42, &[&[1; 65]]));
    assert_eq!(ask(&mut req), Err(Error::BufferTooSmall { needed: 65 }));
    rep.say(&reply(43, &[b"two", b"parts"]));
    assert_eq!(ask(&mut req), Err(Error::ManyParts));
    rep.say(&reply(44, &[b"one"]));
    assert_eq!(ask(&mut req), Ok(b"one".to_vec()));
}

#[test]
fn replies_without_envelope_or_with_a_wrong_id_are_passed_over() {
    let mut buffer = [0; 64];
    let (mut req, rep) = asking(&mut buffer, 1_000);
    rep.say(&frame(0, b"bare"));
    rep.say(&[frame(1, b""), frame(0, b"no id")].concat());
    rep.say(&reply(7, &[b"wrong", b"id"]));
    rep.say(&frame(4, b"\x04PING\0\0"));
    rep.say(&reply(42, &[b"right"]));
    assert_eq!(req.request(b"ask", DEADLINE, ticking(1)), Ok(&b"right"[..]));
}

#[test]
fn a_lost_peer_is_an_error_and_stays_one() {
    let mut buffer = [0; 64];
    let (mut req, rep) = asking(&mut buffer, 1_000);
    rep.say(&reply(42, &[b"cut"])[..7]);
    rep.close();
    for _ in 0..2 {
        assert_eq!(ask(&mut req), Err(Error::Closed));
    }
}
