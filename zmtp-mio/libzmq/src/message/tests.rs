//! Bodies of parts: where they are, and when they are freed.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use zmtp_mio::SocketKind;

use super::*;
use crate::context::Context;
use crate::socket::{Given, Socket};
use crate::testing;

/// Bytes that count how often they are freed.
struct Counted {
    bytes: Vec<u8>,
    freed: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.freed.fetch_add(1, Ordering::SeqCst);
    }
}

fn counted(len: usize) -> (Part, Arc<AtomicUsize>) {
    let freed = Arc::new(AtomicUsize::new(0));
    (Part::owned_by(Counted { bytes: vec![7; len], freed: Arc::clone(&freed) }, false), freed)
}

fn incoming(message: Message) -> Incoming {
    Incoming::new(message, &mut MetadataCache::default())
}

#[test]
fn bytes_of_an_owner_are_freed_once_after_the_last_copy_on_any_thread() {
    let (mut part, freed) = counted(3);
    let copies: Vec<_> = (0..4).map(|_| part.share()).collect();
    assert!(part.is_shared() && copies.iter().all(Part::is_shared));
    drop(part);
    let threads: Vec<_> = copies.into_iter().map(|copy| thread::spawn(|| drop(copy))).collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(freed.load(Ordering::SeqCst), 1);
}

/// Bytes whose function that frees them receives a message.
struct Receives(Arc<Socket>, mpsc::Sender<Vec<u8>>);

impl AsRef<[u8]> for Receives {
    fn as_ref(&self) -> &[u8] {
        &[0; 100]
    }
}

impl Drop for Receives {
    fn drop(&mut self) {
        self.1.send(self.0.receive(0).unwrap().bytes().to_vec()).unwrap();
    }
}

#[test]
fn a_function_that_frees_the_former_content_can_use_the_socket() {
    let context = Arc::new(Context::new());
    let push = testing::socket(&context, SocketKind::Push);
    let pull = testing::socket(&context, SocketKind::Pull);
    push.connect(&testing::bind(&pull, "inproc://freed")).unwrap();
    for text in ["first", "second"] {
        push.send(Given::Bytes(text.as_bytes()), 0).unwrap();
    }
    let (told, freed) = mpsc::channel();
    let mut part = Part::owned_by(Receives(Arc::clone(&pull), told), false);
    // In a thread, because a lock would end neither.
    let receiving = thread::spawn(move || {
        pull.receive_to(&mut part, 0).unwrap();
        part.bytes().to_vec()
    });
    assert_eq!(freed.recv_timeout(testing::LIMIT).unwrap(), b"second");
    assert_eq!(receiving.join().unwrap(), b"first");
}

#[test]
fn a_long_body_of_an_owner_is_sent_and_received_without_a_copy() {
    let (part, freed) = counted(10_000);
    let place = part.bytes().as_ptr();
    let message = part.into_message();
    assert_eq!(message.bytes().unwrap().as_ptr(), place);
    let mut parts = incoming(message);
    let part = parts.take().unwrap();
    assert_eq!((part.bytes().as_ptr(), parts.is_empty(), part.more), (place, true, false));
    drop(parts);
    // The message that was received is sent again.
    let message = part.into_message();
    assert_eq!(message.bytes().unwrap().as_ptr(), place);
    assert_eq!(freed.load(Ordering::SeqCst), 0);
    drop(message);
    assert_eq!(freed.load(Ordering::SeqCst), 1);
}

#[test]
fn a_short_body_of_an_owner_is_freed_when_it_is_sent() {
    let (part, freed) = counted(COPIED);
    assert_eq!(part.into_message().bytes().unwrap(), [7; COPIED]);
    assert_eq!(freed.load(Ordering::SeqCst), 1);
}

#[test]
fn a_long_body_that_no_other_part_shares_is_sent_without_a_copy() {
    let part = Part::from(vec![1; 1_000].into_boxed_slice());
    let place = part.bytes().as_ptr();
    assert_eq!(part.into_message().bytes().unwrap().as_ptr(), place);
}

#[test]
fn copies_share_long_bodies_and_own_short_ones() {
    for (len, shares) in [(0, false), (INLINE, false), (INLINE + 1, true), (100_000, true)] {
        let mut part = Part::from(&*vec![9; len]);
        assert!(!part.is_shared());
        let mut copy = part.share();
        assert_eq!((copy.bytes(), copy.is_shared()), (part.bytes(), shares), "{len} bytes");
        assert_eq!(copy.as_mut_ptr() == part.as_mut_ptr(), shares);
        drop(part);
        assert_eq!(copy.bytes(), vec![9; len]);
    }
}

#[test]
fn the_parts_of_a_message_are_taken_in_order() {
    let bodies = [vec![], vec![1; INLINE], vec![2; INLINE + 1], vec![3; 5_000], vec![4; 6_000]];
    let message = Message::from_parts(&bodies);
    let place = message.part(3).unwrap().as_ptr();
    let mut parts = incoming(message);
    for (n, body) in bodies.iter().enumerate() {
        assert_eq!(parts.peek(), Some(&**body));
        let part = parts.take().unwrap();
        assert_eq!((part.bytes(), part.more), (&**body, n + 1 < bodies.len()));
        if n == 3 {
            assert_eq!(part.bytes().as_ptr(), place, "a long body is not copied");
        }
    }
    assert!(parts.is_empty() && parts.take().is_none() && parts.peek().is_none());
}

#[test]
fn parts_are_joined_to_a_message() {
    let mut message = Message::new();
    for body in [&b"a"[..], &[5; 1_000], b""] {
        Part::from(body).append_to(&mut message);
    }
    assert_eq!(message, Message::from_parts([&b"a"[..], &[5; 1_000], b""]));
    let mut shared = incoming(message);
    shared.skip();
    let mut part = shared.take().unwrap();
    let copy = part.share();
    assert_eq!(copy.into_message().bytes().unwrap().as_ptr(), part.bytes().as_ptr());
}

#[test]
fn routing_id_and_group_are_those_of_the_message() {
    let mut part = Part::from(&b"body"[..]);
    part.routing_id = 7;
    part.group = Some(CString::from(c"news").into());
    let message = part.share().into_message();
    assert_eq!((message.routing_id(), message.group()), (Some(7), &b"news"[..]));
    let part = incoming(message).take().unwrap();
    assert_eq!((part.routing_id, part.bytes()), (7, &b"body"[..]));
    assert_eq!(part.group.as_ref().unwrap().as_bytes(), b"news");
    // A message that is received and sent again has another peer.
    let part = incoming(Message::from(vec![1; 1_000]).with_routing_id(7)).take().unwrap();
    let other = Part { routing_id: 0, ..part };
    assert_eq!(other.into_message().routing_id(), None);
}

#[test]
fn a_message_that_is_sent_on_many_times_has_no_more_owners() {
    // As often as would overflow the stack of this thread if each owner asked the one before it.
    const HOPS: usize = 50_000;
    for copies in [false, true] {
        for parts in [1, 2] {
            let (part, freed) = counted(10_000);
            let place = part.bytes().as_ptr();
            let mut message = part.into_message();
            for _ in 0..HOPS {
                let mut received = incoming(message);
                let mut part = received.take().unwrap();
                let kept = copies.then(|| part.share());
                message = part.into_message();
                drop(kept);
                if parts > 1 {
                    message.push(b"");
                }
            }
            assert!(parts > 1 || message.part(0).unwrap().as_ptr() == place);
            drop(message);
            assert_eq!(freed.load(Ordering::SeqCst), 1);
        }
    }
}

#[test]
fn a_part_of_a_message_that_others_hold_is_sent_without_a_copy_and_without_the_others() {
    let message = Message::from_parts([&b"id"[..], &[1; 5_000], &[2; 6_000]]);
    let place = message.part(1).unwrap().as_ptr();
    let mut parts = incoming(message);
    parts.skip();
    let [middle, last] = [(); 2].map(|()| parts.take().unwrap());
    let sent = middle.into_message();
    assert_eq!(sent.bytes(), Some(&[1; 5_000][..]));
    assert_eq!(sent.bytes().unwrap().as_ptr(), place);
    assert_eq!(last.into_message(), Message::from(vec![2; 6_000]));
}
