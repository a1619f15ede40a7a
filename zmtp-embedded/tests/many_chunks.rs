//! PULL and REP over several links with messages larger than their buffers, blocking and async.
#![cfg(feature = "chunks")]

mod pipe;

use pipe::asynch::{Stutter, finish, once};
use pipe::{End, peer, ticking};
use wire::frame;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::{Error, asynch, blocking};

static PULL: Config = Config::new(SocketType::Pull);
static REP: Config = Config::new(SocketType::Rep);

const NOW: Instant = Instant::from_millis(0);
const DEADLINE: Instant = Instant::from_millis(1_000);

fn now() -> Instant {
    NOW
}

/// The parts of a link that were received in pieces.
#[derive(Default)]
struct Collected {
    parts: Vec<Vec<u8>>,
    part: Vec<u8>,
    messages: usize,
}

impl Collected {
    fn add(&mut self, bytes: &[u8], ends_part: bool, ends_message: bool) {
        self.part.extend_from_slice(bytes);
        if ends_part {
            self.parts.push(core::mem::take(&mut self.part));
        }
        self.messages += usize::from(ends_message);
    }
}

/// The parts of a message of a link; each is larger than its buffer.
fn parts(link: usize) -> [Vec<u8>; 2] {
    [vec![link as u8; 150], vec![0x10 + link as u8; 300]]
}

/// Sends a message of `parts`, so that each link has bytes while the messages of others are incomplete.
fn sends(peers: &[End]) {
    for (link, peer) in peers.iter().enumerate() {
        let [first, second] = parts(link);
        peer.say(&[frame(1, &first), frame(0, &second)].concat());
    }
}

#[test]
fn pieces_of_several_links_are_received_with_their_links() {
    let mut bytes = [[[0; 64]; 2]; 3];
    let buffers = bytes.each_mut().map(|[receive, send]| (&mut receive[..], &mut send[..]));
    let mut pull = blocking::many::Pull::<_, 3>::new(&PULL, buffers);
    let mut peers = Vec::new();
    for link in 0..3 {
        let (ours, peer) = peer("PUSH", 40);
        pull.connect(link, ours, NOW);
        peers.push(peer);
    }
    sends(&peers);
    let mut got = [(); 3].map(|()| Collected::default());
    let mut turns = Vec::new();
    while got.iter().any(|link| link.messages == 0) {
        let (link, chunk) =
            pull.receive_chunk(DEADLINE, now).expect("good peers").expect("in time");
        got[link].add(chunk.bytes, chunk.ends_part, chunk.ends_message);
        turns.push(link);
    }
    for (link, got) in got.iter().enumerate() {
        assert_eq!((got.parts.as_slice(), got.messages), (&parts(link)[..], 1));
    }
    // The links take turns.
    assert!(turns.starts_with(&[1, 2, 0, 1]) || turns.starts_with(&[0, 1, 2, 0]), "{turns:?}");
    assert_eq!(pull.receive_chunk(DEADLINE, ticking(1)), Ok(None));
}

#[test]
fn async_pieces_of_several_links_are_received_with_their_links() {
    let mut bytes = [[[0; 64]; 2]; 3];
    let buffers = bytes.each_mut().map(|[receive, send]| (&mut receive[..], &mut send[..]));
    let mut pull = asynch::many::Pull::<_, 3>::new(&PULL, buffers);
    let mut peers = Vec::new();
    for link in 0..3 {
        let (ours, peer) = peer("PUSH", 7);
        pull.connect(link, Stutter::new(ours), NOW);
        peers.push(peer);
    }
    sends(&peers);
    let mut got = [(); 3].map(|()| Collected::default());
    while got.iter().any(|link| link.messages == 0) {
        // A dropped future loses nothing.
        if let Some(result) = once(pull.receive_chunk(now)) {
            let (link, chunk) = result.expect("good peers");
            got[link].add(chunk.bytes, chunk.ends_part, chunk.ends_message);
        }
    }
    for (link, got) in got.iter().enumerate() {
        assert_eq!((got.parts.as_slice(), got.messages), (&parts(link)[..], 1));
    }
    peers[1].say(&frame(0, b"whole"));
    let (link, message) = finish(pull.receive(now)).expect("good peers");
    assert_eq!((link, message.only()), (1, Some(&b"whole"[..])));
}

#[test]
fn a_message_in_pieces_is_skipped_by_a_receive_and_one_begun_whole_is_not_received_in_pieces() {
    let mut bytes = [[[0; 64]; 2]; 2];
    let buffers = bytes.each_mut().map(|[receive, send]| (&mut receive[..], &mut send[..]));
    let mut pull = blocking::many::Pull::<_, 2>::new(&PULL, buffers);
    let mut peers = Vec::new();
    for link in 0..2 {
        let (ours, peer) = peer("PUSH", 1_000);
        pull.connect(link, ours, NOW);
        peers.push(peer);
    }
    // Both links are within messages that are received in pieces.
    for peer in &peers {
        peer.say(&frame(1, b"begun"));
    }
    for _ in 0..2 {
        let (_, chunk) = pull.receive_chunk(DEADLINE, now).expect("good peers").expect("in time");
        assert_eq!(chunk.bytes, b"begun");
    }
    for peer in &peers {
        peer.say(&[frame(0, b"rest"), frame(0, b"next")].concat());
    }
    for _ in 0..2 {
        let (_, message) = pull.receive(DEADLINE, now).expect("good peers").expect("in time");
        assert_eq!(message.only(), Some(&b"next"[..]));
    }
    // Link 0 is within a message that is received whole.
    peers[0].say(&frame(1, b"begun"));
    assert_eq!(pull.receive(DEADLINE, ticking(1)), Ok(None));
    let unfinished = pull.receive_chunk(DEADLINE, now).expect_err("begun by receive");
    assert_eq!((unfinished.link, unfinished.error), (0, Error::Unfinished));
    peers[0].say(&frame(0, b"end"));
    let (link, message) = pull.receive(DEADLINE, now).expect("good peers").expect("in time");
    assert_eq!((link, message.parts().count()), (0, 2));
}

/// A request, and the reply to it in a part of 300 bytes.
fn exchange() -> (Vec<u8>, Vec<u8>) {
    ([frame(1, b""), frame(0, b"ask")].concat(), [frame(1, b""), frame(0, &[7; 300])].concat())
}

#[test]
fn a_rep_with_several_links_sends_a_reply_that_is_larger_than_its_send_buffer() {
    let mut bytes = [[[0; 64]; 2]; 2];
    let buffers = bytes.each_mut().map(|[receive, send]| (&mut receive[..], &mut send[..]));
    let mut rep = blocking::many::Rep::<_, 2>::new(&REP, buffers);
    let (ours, client) = peer("REQ", 1_000);
    rep.connect(1, ours, NOW);
    let (request, reply) = exchange();
    client.say(&request);
    let (link, received) = rep.receive(DEADLINE, now).expect("a good peer").expect("in time");
    assert_eq!((link, received.only()), (1, Some(&b"ask"[..])));
    rep.reply(&[&[7; 300]], DEADLINE, now).expect("a good peer");
    assert!(client.heard().ends_with(&reply));
}

#[test]
fn async_a_rep_with_several_links_sends_a_reply_that_is_larger_than_its_send_buffer() {
    let mut bytes = [[[0; 64]; 2]; 2];
    let buffers = bytes.each_mut().map(|[receive, send]| (&mut receive[..], &mut send[..]));
    let mut rep = asynch::many::Rep::<_, 2>::new(&REP, buffers);
    let (ours, client) = peer("REQ", 1_000);
    rep.connect(1, Stutter::new(ours), NOW);
    let (request, reply) = exchange();
    client.say(&request);
    let (link, received) = finish(rep.receive(now)).expect("a good peer");
    assert_eq!((link, received.only()), (1, Some(&b"ask"[..])));
    finish(rep.reply(&[&[7; 300]], now)).expect("a good peer");
    assert!(client.heard().ends_with(&reply));
}
