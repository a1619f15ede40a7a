//! Edge cases: messages without parts, buffers that are slightly too small, deadlines that have passed,
//! sends that were cancelled.

mod pipe;

use pipe::{peer, ticking};
use wire::frame;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::{Dealer, Pull, Push, Req, Sub};

static DEALER: Config = Config::new(SocketType::Dealer);
static PULL: Config = Config::new(SocketType::Pull);
static PUSH: Config = Config::new(SocketType::Push);
static REQ: Config = Config::new(SocketType::Req);
static SUB: Config = Config::new(SocketType::Sub);
const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

#[test]
fn a_request_without_parts_is_an_empty_message() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut req = Req::new(&REQ, &mut receive, &mut send, 0);
    let (ours, rep) = peer("REP", 1_000);
    req.connect(ours, NOW);
    req.handshake(DEADLINE, || NOW).expect("a good peer");
    rep.heard();
    for (id, parts, body) in [(1_u32, &[][..], &b""[..]), (2, &[&b"x"[..]], b"x")] {
        req.send(parts, DEADLINE, || NOW).expect("its turn");
        let envelope = [frame(1, &id.to_ne_bytes()), frame(1, b"")].concat();
        assert_eq!(rep.heard(), [&envelope[..], &frame(0, body)].concat());
        rep.say(&[&envelope[..], &frame(0, body)].concat());
        assert_eq!(req.receive(DEADLINE, || NOW).map(|reply| reply.first().len()), Ok(body.len()));
    }
}

#[test]
fn only_the_message_without_room_for_its_next_header_is_dropped() {
    for first in 40..=62 {
        for second in [1_u8, 200] {
            let (mut receive, mut send) = ([0; 64], [0; 64]);
            let mut pull = Pull::new(&PULL, &mut receive, &mut send);
            let (ours, push) = peer("PUSH", 1_000);
            pull.connect(ours, NOW);
            push.say(&frame(1, &vec![b'a'; first]));
            // With a long header, which is valid for any size.
            push.say(&[&[2, 0, 0, 0, 0, 0, 0, 0, second][..], &vec![b'b'; second.into()]].concat());
            push.say(&frame(0, b"next"));
            let fits = 2 + first + 9 + usize::from(second) <= 64;
            match pull.receive(DEADLINE, ticking(1)).map(|message| message.parts().count()) {
                Ok(parts) => assert!(fits && parts == 2, "{first} {second}"),
                Err(Error::ReceiveBuffer) => assert!(!fits && pull.needed() > 64),
                Err(error) => panic!("{first} {second}: {error:?}"),
            }
            let next = pull.receive(DEADLINE, ticking(1)).map(|message| message.first().to_vec());
            assert_eq!(next.as_deref(), Ok(&b"next"[..]), "{first} {second}");
        }
    }
}

#[cfg(feature = "chunks")]
#[test]
fn a_large_send_past_its_deadline_closes_the_link() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dealer = Dealer::new(&DEALER, &mut receive, &mut send);
    let (ours, _router) = peer("ROUTER", 1);
    dealer.connect(ours, NOW);
    dealer.handshake(DEADLINE, || NOW).expect("a good peer");
    let late = dealer.send(&[&[7; 200], &[7; 3_000]], DEADLINE, ticking(10));
    assert_eq!(late, Err(Error::TimedOut));
    assert!(dealer.is_closed());
    assert_eq!(dealer.receive(DEADLINE, || NOW).err(), Some(Error::Closed));
}

#[test]
fn a_failed_connection_stays_failed() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut dealer = Dealer::new(&DEALER, &mut receive, &mut send);
    let (ours, _wrong) = peer("PUB", 1_000);
    dealer.connect(ours, NOW);
    assert!(!dealer.is_closed());
    assert_eq!(dealer.handshake(DEADLINE, || NOW), Err(Error::Connection));
    assert!(dealer.is_closed());
    let (ours, _good) = peer("ROUTER", 1_000);
    dealer.connect(ours, NOW);
    assert!(!dealer.is_closed());
    dealer.handshake(DEADLINE, || NOW).expect("a good peer");
}

#[test]
fn a_call_past_its_deadline_still_reads_once() {
    let (mut receive, mut send) = ([0; 128], [0; 64]);
    let mut pull = Pull::new(&PULL, &mut receive, &mut send);
    let (ours, push) = peer("PUSH", 1_000);
    pull.connect(ours, NOW);
    pull.handshake(DEADLINE, || NOW).expect("a good peer");
    assert_eq!(pull.receive(NOW, || NOW).err(), Some(Error::TimedOut));
    push.say(&frame(0, b"there"));
    assert_eq!(
        pull.receive(NOW, || NOW).map(|message| message.first().to_vec()),
        Ok(b"there".to_vec())
    );
}

#[test]
fn a_send_or_flush_past_its_deadline_still_writes_once() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut push = Push::new(&PUSH, &mut receive, &mut send);
    let (ours, pull) = peer("PULL", 4);
    push.connect(ours, NOW);
    push.handshake(DEADLINE, || NOW).expect("a good peer");
    pull.heard();
    // The message is taken.
    assert_eq!(push.send(&[b"hello"], NOW, || NOW), Ok(()));
    assert_eq!(pull.heard(), b"\0\x05he");
    assert_eq!(push.flush(NOW, || NOW), Err(Error::TimedOut));
    assert_eq!(pull.heard(), b"llo");
    assert_eq!(push.flush(NOW, || NOW), Ok(()));
    assert_eq!(push.send(&[b"x"], NOW, || NOW), Ok(()));
    assert_eq!(pull.heard(), frame(0, b"x"));
}

#[test]
fn only_the_first_read_may_begin_after_the_deadline() {
    let (mut receive, mut send) = ([0; 128], [0; 64]);
    let mut pull = Pull::new(&PULL, &mut receive, &mut send);
    let (ours, push) = peer("PUSH", 1_000);
    pull.connect(ours, NOW);
    pull.handshake(DEADLINE, || NOW).expect("a good peer");
    push.say(&[0]);
    // The clock advances by a second at each call.
    let mut looks = 0;
    let result = pull.receive(DEADLINE, || {
        looks += 1;
        Instant::from_millis(looks * 1_000)
    });
    assert_eq!((result.err(), looks), (Some(Error::TimedOut), 2));
}

#[test]
fn a_topic_that_does_not_fit_the_send_buffer_is_refused_at_once() {
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut sub = Sub::<_, 200>::new(&SUB, &mut receive, &mut send);
    assert_eq!((sub.subscribe(&[b'x'; 46]), sub.needed()), (Err(Error::SendBuffer), 65));
    assert_eq!(sub.subscribe(&[b'x'; 45]), Ok(()));
    let (ours, publisher) = peer("PUB", 1_000);
    sub.connect(ours, NOW);
    assert_eq!(sub.receive(NOW, ticking(50)).err(), Some(Error::TimedOut));
    assert_eq!(sub.receive(DEADLINE, ticking(50)).err(), Some(Error::TimedOut));
    assert!(publisher.heard().ends_with(&[b'x'; 45]));
}
