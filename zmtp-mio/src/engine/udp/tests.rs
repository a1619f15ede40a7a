//! An endpoint while the system has no room for datagrams, which a test cannot bring about, and the share of a turn.

use core::time::Duration;
use std::net::UdpSocket;
use std::thread;

use super::receive::BUDGET;
use crate::context::Context;
use crate::engine::SharedEngine;
use crate::engine::peer::State;
use crate::error::Error;
use crate::exchange::{flush, send};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::options::{HighWaterMark, Options};
use crate::pattern::{KindOptions, PublishOptions};
use crate::socket_kind::SocketKind;
use crate::transport::DatagramSocket;

/// Longer than any of it takes.
const LONG: Duration = Duration::from_secs(20);

fn options() -> Options {
    let context = Context::builder().driver(false).build();
    let send_mark = HighWaterMark::default().messages(3);
    Options { context, send_mark, ..Options::default() }
}

/// A RADIO that sends to a socket.
fn radio(no_drop: bool) -> (SharedEngine, UdpSocket) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LONG)).unwrap();
    let publish = PublishOptions { no_drop, ..PublishOptions::default() };
    let own = KindOptions { publish, ..KindOptions::default() };
    let engine = SharedEngine::new(SocketKind::Radio, own, options()).unwrap();
    let endpoint = format!("udp://{}", socket.local_addr().unwrap());
    engine.enter().unwrap().connect(endpoint.parse().unwrap());
    (engine, socket)
}

/// A DGRAM, and its address.
fn dgram() -> (SharedEngine, String) {
    let engine = SharedEngine::new(SocketKind::Dgram, KindOptions::default(), options()).unwrap();
    let endpoint = engine.bind(&"udp://127.0.0.1:*".parse().unwrap()).unwrap();
    (engine, endpoint.to_string().replace("udp://", ""))
}

/// The system has no room from now on.
fn block(engine: &SharedEngine) {
    let mut engine = engine.enter().unwrap();
    let State::Udp(link) = &mut engine.peers[0].state else { panic!("it is an endpoint of UDP") };
    link.blocked = true;
}

/// Waits for an event that the system has room, which it has.
fn unblock(engine: &SharedEngine) {
    engine.enter().unwrap().watch_udp(0);
}

fn read(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 100];
    let len = socket.recv(&mut buffer).unwrap();
    buffer[..len].to_vec()
}

#[test]
fn messages_wait_in_order_until_the_system_has_room() {
    let (engine, socket) = radio(false);
    block(&engine);
    for text in ["1", "2", "3"] {
        send(&engine, &mut Message::from(text), None).unwrap();
    }
    assert_eq!(engine.enter().unwrap().unsent(), 3);
    assert!(!flush(&engine, Some(Duration::ZERO)).unwrap());
    unblock(&engine);
    assert!(flush(&engine, Some(LONG)).unwrap());
    for text in [b"\x001", b"\x002", b"\x003"] {
        assert_eq!(read(&socket), text);
    }
    assert_eq!(engine.enter().unwrap().counters().messages_sent, 3);
    // It is not woken by datagrams that were sent.
    let mut engine = engine.enter().unwrap();
    let State::Udp(link) = &mut engine.peers[0].state else { panic!("it is an endpoint of UDP") };
    assert!(!link.blocked && !link.is_watched_wrongly());
}

#[test]
fn a_message_to_an_endpoint_whose_queue_is_full_is_dropped_and_counted() {
    let (engine, socket) = radio(false);
    block(&engine);
    for text in ["1", "2", "3", "4", "5"] {
        send(&engine, &mut Message::from(text), None).unwrap();
    }
    assert_eq!(engine.enter().unwrap().counters().dropped.high_water_mark, 2);
    unblock(&engine);
    assert!(flush(&engine, Some(LONG)).unwrap());
    send(&engine, &mut Message::from("6"), None).unwrap();
    for text in [b"\x001", b"\x002", b"\x003", b"\x006"] {
        assert_eq!(read(&socket), text);
    }
}

#[test]
fn with_no_drop_and_for_a_dgram_a_send_waits_while_the_queue_is_full() {
    let (radio, _socket) = radio(true);
    let (dgram, address) = dgram();
    let messages = [Message::from("x"), Message::from_parts([&*address, "x"])];
    for (engine, message) in [&radio, &dgram].into_iter().zip(messages) {
        block(engine);
        for _ in 0..3 {
            send(engine, &mut message.clone(), None).unwrap();
        }
        let failed = send(engine, &mut message.clone(), Some(Duration::ZERO));
        assert!(matches!(failed, Err(Error::WouldBlock)), "{failed:?}");
        unblock(engine);
        send(engine, &mut message.clone(), Some(LONG)).unwrap();
        assert!(flush(engine, Some(LONG)).unwrap());
        let counters = engine.enter().unwrap().counters();
        assert_eq!((counters.messages_sent, counters.dropped.total()), (4, 0));
    }
}

#[test]
fn a_close_sends_what_is_queued_within_linger_and_returns_the_rest() {
    let (engine, socket) = radio(false);
    block(&engine);
    send(&engine, &mut Message::from("1"), None).unwrap();
    unblock(&engine);
    assert!(engine.close(Some(LONG.into())).is_empty());
    assert_eq!(read(&socket), b"\x001");
    let (engine, _socket) = radio(false);
    block(&engine);
    send(&engine, &mut Message::from("1"), None).unwrap();
    // A RADIO does not return its messages.
    let unsent = engine.close(Some(Duration::ZERO.into()));
    assert_eq!((unsent.messages.len(), unsent.others), (0, 1));
    let (engine, address) = dgram();
    block(&engine);
    let mut message = Message::from_parts([&*address, "body"]);
    send(&engine, &mut message, None).unwrap();
    let unsent = engine.close(Some(Duration::ZERO.into()));
    assert_eq!(unsent.messages, [Message::from_parts([&*address, "body"])]);
    assert_eq!(unsent.counters.dropped.cancelled, 1);
}

#[test]
fn what_is_queued_at_a_disconnect_is_counted() {
    let (engine, socket) = radio(false);
    block(&engine);
    send(&engine, &mut Message::from("1"), None).unwrap();
    let endpoint = format!("udp://{}", socket.local_addr().unwrap()).parse().unwrap();
    assert!(engine.enter().unwrap().disconnect(&endpoint));
    let counters = engine.enter().unwrap().counters();
    assert_eq!((counters.messages_sent, counters.dropped.cancelled), (0, 1));
}

#[test]
fn a_send_that_waits_fails_if_the_endpoint_is_unbound() {
    let (engine, address) = dgram();
    let message = Message::from_parts([&*address, "x"]);
    block(&engine);
    for _ in 0..3 {
        send(&engine, &mut message.clone(), None).unwrap();
    }
    thread::scope(|scope| {
        let waits = scope.spawn(|| send(&engine, &mut message.clone(), Some(LONG)));
        // Only a turn of the send receives this datagram.
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        sender.send_to(b"x", &address).unwrap();
        while engine.enter().unwrap().counters().messages_received == 0 {
            thread::yield_now();
        }
        assert!(engine.enter().unwrap().unbind(&format!("udp://{address}").parse().unwrap()));
        let failed = waits.join().unwrap();
        assert!(matches!(failed, Err(Error::NotBound)), "{failed:?}");
    });
}

#[test]
fn an_address_that_is_no_group_is_not_tried_through_an_interface() {
    let engine = SharedEngine::new(SocketKind::Radio, KindOptions::default(), options()).unwrap();
    let mut engine = engine.enter().unwrap();
    engine.connect("udp://lo;group.invalid:5555".parse().unwrap());
    engine.connect_udp(0, &["127.0.0.1:5555".parse().unwrap()]);
    assert_eq!(engine.peers[0].closing, Some(CloseReason::NoAddress));
    assert_eq!(engine.counters().connection_attempts, 0);
}

#[test]
fn of_two_threads_that_bind_a_dgram_one_does() {
    let engine = SharedEngine::new(SocketKind::Dgram, KindOptions::default(), options()).unwrap();
    let endpoint = "udp://127.0.0.1:*".parse().unwrap();
    // Both have opened their socket, which is done without the engine.
    let opened = [(); 2].map(|()| DatagramSocket::bind(&endpoint, &options()).unwrap());
    let bound = opened.map(|(endpoint, socket)| engine.enter().unwrap().bind_udp(endpoint, socket));
    assert!(matches!(bound, [Ok(_), Err(Error::Endpoint(_))]), "{bound:?}");
    assert_eq!(engine.enter().unwrap().endpoints().count(), 1);
}

#[test]
fn an_endpoint_has_a_share_of_a_turn() {
    const SENT: u64 = 200;
    for group in ["joined", "other"] {
        let options = Options { send_mark: HighWaterMark::default(), ..options() };
        let engine = SharedEngine::new(SocketKind::Dish, KindOptions::default(), options).unwrap();
        let endpoint = engine.bind(&"udp://127.0.0.1:*".parse().unwrap()).unwrap().to_string();
        crate::exchange::join(&engine, b"joined").unwrap();
        let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
        for _ in 0..SENT {
            let datagram = format!("{}{group}", char::from(group.len() as u8));
            sender.send_to(datagram.as_bytes(), &endpoint["udp://".len()..]).unwrap();
        }
        let step = || {
            let mut engine = engine.enter().unwrap();
            engine.step().unwrap();
            let counters = engine.counters();
            counters.messages_received + counters.dropped.not_subscribed
        };
        assert_eq!(step(), BUDGET as u64);
        assert_eq!(step(), SENT);
    }
}
