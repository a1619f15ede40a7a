//! Lines with room for few bytes: a socket reads while it waits to write.

mod pipe;

use pipe::asynch::{Stutter, both};
use pipe::{End, narrow};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::{Error, asynch, blocking};

static DEALER: Config = Config::new(SocketType::Dealer);
static PUSH: Config = Config::new(SocketType::Push);
static PULL: Config = Config::new(SocketType::Pull);
const NOW: Instant = Instant::from_millis(0);

fn now() -> Instant {
    NOW
}

/// Repeats two calls in turn until both succeed. Each call moves bytes once.
fn in_turn<T, U, E: PartialEq + core::fmt::Debug>(
    mut one: impl FnMut() -> Result<T, Error<E>>,
    mut other: impl FnMut() -> Result<U, Error<E>>,
) {
    let (mut first, mut second) = (false, false);
    for _ in 0..10_000 {
        first = first || one().inspect_err(|error| assert_eq!(*error, Error::TimedOut)).is_ok();
        second = second || other().inspect_err(|error| assert_eq!(*error, Error::TimedOut)).is_ok();
        if first && second {
            return;
        }
    }
    panic!("the calls do not succeed: {first} {second}");
}

#[test]
fn two_boards_shake_hands_over_a_line_with_room_for_few_bytes() {
    // The smallest receive buffer of PUSH and PULL is smaller than a greeting.
    for capacity in [1, 2, 8, 15, 16, 31, 63] {
        let (mut receive, mut send) = ([0; 43], [0; 64]);
        let (mut receive_far, mut send_far) = ([0; 43], [0; 64]);
        let mut push = blocking::Push::new(&PUSH, &mut receive, &mut send);
        let mut pull = blocking::Pull::new(&PULL, &mut receive_far, &mut send_far);
        let (near, far) = narrow(capacity);
        push.connect(near, NOW);
        pull.connect(far, NOW);
        in_turn(|| push.handshake(NOW, now), || pull.handshake(NOW, now));
        in_turn(|| push.send(&[b"hello"], NOW, now), || Ok(()));
        let mut found = false;
        in_turn(
            || push.flush(NOW, now),
            || {
                found = pull.receive(NOW, now)?.only() == Some(b"hello");
                Ok(())
            },
        );
        assert!(found);
    }
}

/// Two DEALERs over a line, with buffers of their own.
fn dealers<'b>(
    [receive, send, receive_far, send_far]: [&'b mut [u8]; 4],
    capacity: usize,
) -> [blocking::Dealer<'b, End>; 2] {
    let mut one = blocking::Dealer::new(&DEALER, receive, send);
    let mut other = blocking::Dealer::new(&DEALER, receive_far, send_far);
    let (near, far) = narrow(capacity);
    one.connect(near, NOW);
    other.connect(far, NOW);
    in_turn(|| one.handshake(NOW, now), || other.handshake(NOW, now));
    [one, other]
}

#[test]
fn two_dealers_that_send_at_once_do_not_wait_for_each_other() {
    let mut buffers = [[0; 1_200]; 4];
    let [mut one, mut other] = dealers(buffers.each_mut().map(|bytes| &mut bytes[..]), 1_000);
    let body = [7; 1_100];
    one.send(&[&body], NOW, now).expect("it fits the send buffer");
    other.send(&[&body], NOW, now).expect("it fits the send buffer");
    let mut received = [false; 2];
    for _ in 0..10_000 {
        for (dealer, received) in [&mut one, &mut other].into_iter().zip(&mut received) {
            if *received {
                // A message may be received before all bytes are written.
                let _ = dealer.flush(NOW, now);
            } else if let Ok(message) = dealer.receive(NOW, now) {
                assert_eq!(message.first().len(), 1_100);
                *received = true;
            }
        }
    }
    assert_eq!(received, [true; 2]);
}

#[cfg(feature = "chunks")]
#[test]
fn two_dealers_that_send_from_their_memory_at_once_do_not_wait_for_each_other() {
    let (mut receive, mut send) = ([0; 1_200], [0; 64]);
    let (mut receive_far, mut send_far) = ([0; 1_200], [0; 64]);
    let mut one = asynch::Dealer::new(&DEALER, &mut receive, &mut send);
    let mut other = asynch::Dealer::new(&DEALER, &mut receive_far, &mut send_far);
    let (near, far) = narrow(1_000);
    one.connect(Stutter::new(near), NOW);
    other.connect(Stutter::new(far), NOW);
    let (body, reply) = ([7; 1_100], [8; 1_100]);
    let sent = both(one.send(&[&body], now), other.send(&[&reply], now));
    assert_eq!(sent, (Ok(()), Ok(())));
    let (first, second) = both(one.receive(now), other.receive(now));
    assert_eq!(first.map(|message| message.only() == Some(&reply)), Ok(true));
    assert_eq!(second.map(|message| message.only() == Some(&body)), Ok(true));
}

#[test]
fn async_sockets_and_halves_shake_hands_over_a_line_with_room_for_few_bytes() {
    for capacity in [1, 7, 16, 31, 63] {
        let (mut receive, mut send) = ([0; 43], [0; 64]);
        let (mut receive_far, mut send_far) = ([0; 43], [0; 64]);
        let mut push = asynch::Push::new(&PUSH, &mut receive, &mut send);
        let mut pull = asynch::Pull::new(&PULL, &mut receive_far, &mut send_far);
        let (near, far) = narrow(capacity);
        push.connect(Stutter::new(near), NOW);
        let (reader, writer) = (Stutter::new(far.clone()), Stutter::new(far));
        pull.connect(asynch::Duplex { reader, writer }, NOW);
        let mut split = pull.split().expect("connected");
        let (_, mut receiver) = split.halves();
        let (sent, message) = both(push.send(&[b"hello"], now), receiver.receive(now));
        assert_eq!(sent, Ok(()));
        assert_eq!(message.map(|message| message.only() == Some(b"hello")), Ok(true));
    }
}

#[test]
fn two_publishers_of_several_links_shake_hands_over_a_narrow_line() {
    static PUB: Config = Config::new(SocketType::Pub);
    static SUB: Config = Config::new(SocketType::Sub);
    let (mut receive, mut send) = ([0; 64], [0; 64]);
    let mut sub = blocking::Sub::<_, 64>::new(&SUB, &mut receive, &mut send);
    sub.subscribe(b"").expect("it fits");
    let mut bytes = [[[0; 64]; 2]; 2];
    let buffers = bytes.each_mut().map(|[receive, send]| (&mut receive[..], &mut send[..]));
    let mut publisher = blocking::many::Pub::<_, 2, 64>::new(&PUB, buffers);
    let (near, far) = narrow(8);
    sub.connect(near, NOW);
    publisher.connect(0, far, NOW);
    let mut published = 0;
    for _ in 0..1_000 {
        publisher.serve(NOW, now).expect("a good peer");
        if published == 0 {
            published = publisher.publish(&[b"hello"]);
        }
        match sub.receive(NOW, now) {
            Ok(message) => return assert_eq!(message.only(), Some(&b"hello"[..])),
            Err(error) => assert_eq!(error, Error::TimedOut),
        }
    }
    panic!("no message: {published}");
}
