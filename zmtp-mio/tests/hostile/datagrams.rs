//! Hostile datagrams, and floods of them.

use std::net::UdpSocket;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use super::fork::forked;
use crate::harness::processes::{alone_with, assert_idle, this_test};
use crate::harness::threads::driven;
use crate::harness::{LIMIT, RawPeer, builder, eventually};
use zmtp_mio::{Dgram, Dish, Error, HighWaterMark, Limits, Radio, Udp};

fn dish(groups: &[&str]) -> (Dish, UdpSocket) {
    let dish = builder::<Dish>().bind("udp://127.0.0.1:*").unwrap();
    for group in groups {
        dish.join(group).unwrap();
    }
    let sender = sender(&dish.last_endpoint().unwrap().to_string());
    (dish, sender)
}

fn sender(endpoint: &str) -> UdpSocket {
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.connect(endpoint.strip_prefix("udp://").unwrap()).unwrap();
    sender
}

/// Sends the same datagram again and again until the test ends.
fn flooded<R>(sender: &UdpSocket, datagram: &[u8], test: impl FnOnce() -> R) -> R {
    let ended = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                let _ = sender.send(datagram);
            }
        });
        let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(test));
        ended.store(true, Ordering::Relaxed);
        result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

#[test]
fn a_flood_of_datagrams_does_not_delay_other_peers() {
    for datagram in [&b"\x02TVflood"[..], b"\x05otherflood", b"\xff", b""] {
        let (dish, sender) = dish(&["TV"]);
        let place = dish.bind("tcp://127.0.0.1:*").unwrap().to_string();
        let other = dish.bind("udp://127.0.0.1:*").unwrap().to_string();
        flooded(&sender, datagram, || {
            let mut raw = RawPeer::connect(&place);
            let handshake = || {
                raw.handshake_as("RADIO");
                raw.send_frames(&[b"TV", b"over TCP"]);
            };
            // The handshake needs a socket that is driven.
            driven(&[&dish], handshake);
            let honest = self::sender(&other);
            honest.send(b"\x02TVover UDP").unwrap();
            let mut left = vec!["over TCP", "over UDP"];
            let end = Instant::now() + LIMIT;
            while !left.is_empty() {
                assert!(Instant::now() < end, "only the flood arrives, not {left:?}");
                let message = dish.recv_timeout(LIMIT).unwrap().expect("a message");
                let text = message.into_string().unwrap();
                left.retain(|awaited| *awaited != text);
            }
        });
    }
}

#[test]
fn random_datagrams_are_each_received_or_counted() {
    let mut random = fastrand::Rng::with_seed(7);
    let (dish, sender) = dish(&["", "a", "bb"]);
    let (mut sent, mut received) = (0, 0);
    for _ in 0..3_000 {
        let len = match random.u8(..) {
            0..200 => random.usize(..20),
            200..250 => random.usize(..2_000),
            _ => random.usize(8_100..8_300),
        };
        let mut datagram: Vec<u8> = (0..len).map(|_| random.u8(b'a'..b'd')).collect();
        if let Some(group) = datagram.first_mut() {
            *group = if random.bool() { random.u8(..4) } else { random.u8(..) };
        }
        sender.send(&datagram).unwrap();
        sent += 1;
        while dish.try_recv().unwrap().is_some() {
            received += 1;
        }
    }
    driven(&[&dish], || {
        eventually("each is accounted for", || {
            while dish.try_recv().unwrap().is_some() {
                received += 1;
            }
            received + dish.counters().dropped.total() == sent
        });
    });
    let dropped = dish.counters().dropped;
    assert!(received > 100 && dropped.malformed > 100 && dropped.not_subscribed > 100, "{dropped}");
    assert!(dropped.too_long > 10, "{dropped}");
    assert_eq!(dish.counters().disconnects, 0);
}

#[test]
fn queued_datagrams_take_no_more_memory_than_the_limit() {
    const LIMIT_OF_ALL: usize = 256 << 10;
    let mut dgram = builder::<Dgram>()
        .max_bytes(LIMIT_OF_ALL)
        .limits(Limits::default().max_message(60_000))
        .receive_mark(HighWaterMark::UNLIMITED)
        .udp(Udp::default().receive_buffer(4 << 20))
        .bind("udp://127.0.0.1:*")
        .unwrap();
    let sender = sender(&dgram.last_endpoint().unwrap().to_string());
    for _ in 0..200 {
        sender.send(&[7; 10_000]).unwrap();
        dgram.wait(core::time::Duration::ZERO).unwrap();
    }
    let queued = dgram.peers().next().unwrap().to_receive;
    assert!((10..=LIMIT_OF_ALL / 10_000 + 1).contains(&queued), "{queued}");
    // Receiving makes room for the others.
    for _ in 0..queued + 1 {
        assert_eq!(dgram.recv_timeout(LIMIT).unwrap().unwrap().part(1), Some(&[7; 10_000][..]));
    }
}

#[test]
fn a_child_that_drops_its_copies_does_not_affect_the_parent() {
    alone_with(this_test!(), 256, || {
        let place = "udp://127.0.0.1;239.0.0.92:*";
        let dish = builder::<Dish>().bind(place).unwrap();
        dish.join("TV").unwrap();
        let group = dish.last_endpoint().unwrap();
        let radio = builder::<Radio>().connect(&group).unwrap();
        let dgram = builder::<Dgram>().bind("udp://127.0.0.1:*").unwrap();
        let address = dgram.last_endpoint().unwrap().to_string().replace("udp://", "");
        let mut held = Some((dish, radio, dgram));
        for round in 0..3 {
            forked(|| {
                let (dish, radio, mut dgram) = held.take().unwrap();
                assert!(matches!(dish.try_recv(), Err(Error::Forked)));
                assert!(matches!(radio.send_to("TV", "x").unwrap_err().error, Error::Forked));
                assert!(matches!(dgram.try_recv(), Err(Error::Forked)));
                match round {
                    0 => drop((dish, radio, dgram)),
                    1 => assert!(dgram.close(None).is_empty()),
                    _ => {}
                }
            });
            let (dish, radio, dgram) = held.as_mut().unwrap();
            radio.send_to("TV", "a film").unwrap();
            assert_eq!(dish.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("a film"));
            dgram.send([&*address, "to itself"]).unwrap();
            assert_eq!(
                dgram.recv_timeout(LIMIT).unwrap().unwrap().part(1),
                Some(&b"to itself"[..])
            );
        }
        assert_idle();
    });
}
