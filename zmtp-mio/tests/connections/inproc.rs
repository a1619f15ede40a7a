//! `inproc://`: sockets of one process, their names and connections.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use crate::harness::processes::{alone, blocked, descriptors, this_test};
use crate::harness::{LIMIT, builder, closes, drive_until, events};
use zmtp_core::wire::SocketType;
use zmtp_core::{Error as Protocol, PeerError};
use zmtp_mio::{CloseReason, Dealer, Error, Pair, Pull, Push, Rep, Req, Sub};

/// A name that no other test uses.
pub(crate) fn name() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    format!("inproc://test-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

#[test]
fn requests_are_answered_across_threads_in_either_order_of_bind_and_connect() {
    for bind_first in [true, false] {
        let name = name();
        let server = {
            let name = name.clone();
            move || {
                let mut rep = builder::<Rep>().bind(&name).unwrap();
                for _ in 0..1_000 {
                    let request = rep.recv_timeout(LIMIT).unwrap().expect("a request");
                    rep.send(request).unwrap();
                }
            }
        };
        let client = {
            let name = name.clone();
            move || {
                let mut req = builder::<Req>().connect(&name).unwrap();
                for n in 0..1_000 {
                    let reply = req.request(n.to_string(), LIMIT).unwrap().expect("a reply");
                    assert_eq!(reply.text().unwrap(), n.to_string());
                }
            }
        };
        let (first, second) = if bind_first {
            let server = blocked(server);
            (server, thread::spawn(client))
        } else {
            let client = blocked(client);
            (client, thread::spawn(server))
        };
        first.join().unwrap();
        second.join().unwrap();
    }
}

#[test]
fn messages_sent_before_a_close_arrive_and_the_close_is_an_event() {
    let name = name();
    let mut one = builder::<Pair>().bind(&name).unwrap();
    let mut other = builder::<Pair>().connect(&name).unwrap();
    for n in 0..100 {
        other.send(n.to_string()).unwrap();
    }
    drop(other);
    for n in 0..100 {
        let message = one.recv_timeout(LIMIT).unwrap().unwrap();
        assert_eq!(message.text().unwrap(), n.to_string());
    }
    drive_until!(one, one.counters().disconnects == 1);
    assert_eq!(closes(&events!(one)), [CloseReason::ByPeer]);
    // The name can be bound again.
    let mut next = builder::<Pair>().connect(&name).unwrap();
    next.send("next").unwrap();
    assert_eq!(one.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("next"));
}

#[test]
fn messages_sent_before_the_bind_are_there_when_it_returns() {
    let name = name();
    let mut push = builder::<Push>().driver(false).connect(&name).unwrap();
    push.try_send("early").unwrap();
    let mut pull = builder::<Pull>().driver(false).bind(&name).unwrap();
    assert_eq!(pull.try_recv().unwrap().unwrap().text(), Ok("early"));
}

#[test]
fn a_connected_peer_waits_for_the_name_to_be_bound_again() {
    let name = name();
    let mut first = builder::<Pull>().bind(&name).unwrap();
    let mut push = builder::<Push>().connect(&name).unwrap();
    push.send("first").unwrap();
    assert_eq!(first.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("first"));
    drop(first);
    drive_until!(push, push.counters().disconnects == 1);
    push.send("second").unwrap();
    let mut second = builder::<Pull>().bind(&name).unwrap();
    drive_until!(push, push.counters().handshakes == 2);
    assert_eq!(second.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("second"));
}

#[test]
fn names_belong_to_one_socket_and_one_context() {
    let name = name();
    let mut one = builder::<Rep>().bind(&name).unwrap();
    assert_eq!(one.endpoints().next().unwrap().to_string(), name);
    let taken = builder::<Rep>().bind(&name).unwrap_err();
    assert!(matches!(taken, Error::AddressInUse(_)), "{taken}");
    let other = zmtp_mio::Context::builder().build();
    drop(Rep::builder().context(&other).bind(&name).unwrap());
    one.unbind(&name).unwrap();
    assert!(matches!(one.unbind(&name), Err(Error::UnknownEndpoint(_))));
    drop(builder::<Rep>().bind(&name).unwrap());
    for bad in ["inproc://", &format!("inproc://{}", "n".repeat(256))] {
        assert!(matches!(one.bind(bad), Err(Error::Endpoint(_))), "{bad}");
    }
}

#[test]
fn both_sides_refuse_incompatible_types() {
    let name = name();
    let mut rep = builder::<Rep>().bind(&name).unwrap();
    let mut sub = builder::<Sub>().connect(&name).unwrap();
    let refused = |ours, peer| {
        let error = PeerError::IncompatibleSocketType { ours, peer };
        CloseReason::Protocol(Protocol::Peer(error))
    };
    drive_until!(rep, rep.counters().refused == 1);
    assert_eq!(closes(&events!(rep)), [refused(SocketType::Rep, SocketType::Sub)]);
    assert!(closes(&events!(sub)).contains(&refused(SocketType::Sub, SocketType::Rep)));
    assert!(sub.counters().connection_attempts < 5);
}

#[test]
fn a_disconnected_endpoint_gets_nothing_when_it_is_bound_later() {
    let name = name();
    let mut push = builder::<Push>().connect(&name).unwrap();
    push.send("never").unwrap();
    push.disconnect(&name).unwrap();
    assert_eq!(push.counters().dropped.cancelled, 1);
    let mut pull = builder::<Pull>().bind(&name).unwrap();
    push.step().unwrap();
    assert_eq!(pull.recv_timeout(Duration::from_millis(20)).unwrap(), None);
    assert_eq!(pull.counters().accepted, 0);
}

#[test]
fn connections_cost_no_descriptor() {
    // Alone: it counts the descriptors of the process.
    alone(this_test!(), || {
        let name = name();
        let mut pull = builder::<Pull>().bind(&name).unwrap();
        let mut push = builder::<Push>().connect(&name).unwrap();
        push.send("").unwrap();
        pull.recv_timeout(LIMIT).unwrap().unwrap();
        let before = descriptors();
        for _ in 0..100 {
            push.connect(&name).unwrap();
        }
        drive_until!(push, {
            pull.step().unwrap();
            push.counters().handshakes == 101 && pull.counters().handshakes == 101
        });
        // Those of the sockets themselves are opened when they are needed.
        assert!(descriptors() < before + 10);
    });
}

#[test]
fn an_unaccepted_connection_ends_with_the_socket_it_was_for() {
    let name = name();
    let mut pull = builder::<Pull>().bind(&name).unwrap();
    let idle = builder::<Push>().connect(&name).unwrap();
    drive_until!(pull, pull.counters().handshakes == 1);
    let mut push = builder::<Push>().connect(&name).unwrap();
    drop(pull);
    drive_until!(push, push.counters().disconnects == 1);
    let mut pull = builder::<Pull>().bind(&name).unwrap();
    push.send("kept").unwrap();
    drive_until!(push, push.counters().handshakes == 2);
    assert_eq!(pull.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("kept"));
    drop(idle);
}

#[test]
fn a_stepped_socket_misses_no_post() {
    let name = name();
    let mut pull = builder::<Pull>().bind(&name).unwrap();
    let sender = {
        let name = name.clone();
        thread::spawn(move || {
            let mut push = builder::<Push>().connect(&name).unwrap();
            for n in 0..20_000_u32 {
                push.send_timeout(&n.to_be_bytes(), LIMIT).unwrap();
            }
        })
    };
    let mut poller = zmtp_mio::Poller::new().unwrap();
    let mut next = 0_u32;
    while next < 20_000 {
        let mut items = [zmtp_mio::Item::socket(&mut pull, zmtp_mio::Interest::READABLE)];
        assert_eq!(poller.wait(&mut items, Some(LIMIT)).unwrap(), 1, "asleep at {next}");
        while let Some(message) = pull.try_recv().unwrap() {
            assert_eq!(message.bytes().unwrap(), next.to_be_bytes());
            next += 1;
        }
    }
    sender.join().unwrap();
}

#[test]
fn sockets_connected_to_themselves_and_each_other_leave_no_descriptor() {
    alone(this_test!(), || {
        // One socket stays, and with it its driver.
        let _socket = builder::<Pair>().bind(name()).unwrap();
        let before = descriptors();
        for _ in 0..100 {
            let (x, y) = (name(), name());
            let mut one = builder::<Pair>().bind(&x).unwrap();
            let mut other = builder::<Pair>().bind(&y).unwrap();
            one.connect(&y).unwrap();
            other.connect(&x).unwrap();
            let mut own = builder::<Dealer>().bind(name()).unwrap();
            let own_name = own.endpoints().next().unwrap().to_string();
            own.connect(&own_name).unwrap();
        }
        crate::harness::eventually("free descriptors", || descriptors() <= before);
    });
}
