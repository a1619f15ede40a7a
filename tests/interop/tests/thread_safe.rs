//! The thread-safe types against libzmq, in both directions, over TCP and IPC, with either end bound.

mod common;

use core::time::Duration;
use std::thread;

use common::any::until;
use common::thread_safe::each_way;
use common::{Check, LONG, Place, body, libzmq};
use zmtp_interop::libzmq::{Context, Frame, Kind};
use zmtp_mio::{
    AnySocket, Channel, Client, Error, EventKind, Message, Peer, Server, SocketKind, kind,
};

const SHORT: Duration = Duration::from_millis(20);
const MANY: u32 = 50_000;

fn frame(bytes: &[u8]) -> Frame {
    Frame::with_bytes(bytes).unwrap()
}

/// Bodies around the boundaries of framing and buffering.
fn bodies() -> impl Iterator<Item = Vec<u8>> {
    [0, 1, 255, 256, 65_536, 1_000_000].into_iter().map(body)
}

#[test]
fn our_client_asks_libzmqs_server_and_gets_the_replies() {
    each_way::<kind::Client>(Kind::Server, |our, their| {
        for body in bodies() {
            our.send_timeout(&body, LONG).unwrap();
            assert!(our.flush(LONG).unwrap());
            let request = their.recv_frame().unwrap();
            assert_eq!(request.bytes(), body);
            assert_ne!(request.routing_id(), 0);
            // libzmq sends the received message back with its routing id.
            their.send_frame(request, false).unwrap();
            let reply = our.recv_timeout(LONG).unwrap().unwrap();
            assert_eq!((reply.bytes(), reply.routing_id()), (Some(&*body), None));
        }
    });
}

#[test]
fn our_server_replies_to_libzmqs_clients_by_their_routing_ids() {
    each_way::<kind::Server>(Kind::Client, |our, their| {
        for body in bodies() {
            their.send(&[&body]).unwrap();
            let request = our.recv_timeout(LONG).unwrap().unwrap();
            assert_eq!(request.bytes(), Some(&*body));
            let unknown = request.routing_id().unwrap().wrapping_add(5);
            let failed = our.send_to(unknown, "?", SHORT).unwrap_err();
            assert!(matches!(failed.error, Error::Unroutable));
            our.send_timeout(request.reply(&body), LONG).unwrap();
            assert!(our.flush(LONG).unwrap());
            assert_eq!(their.recv().unwrap(), [body]);
        }
    });
}

#[test]
fn messages_go_from_our_scatter_to_libzmqs_gather_in_order() {
    each_way::<kind::Scatter>(Kind::Gather, |our, their| {
        for body in bodies() {
            our.send_timeout(&body, LONG).unwrap();
            assert!(our.flush(LONG).unwrap());
            assert_eq!(their.recv().unwrap(), [body]);
        }
    });
}

#[test]
fn messages_go_from_libzmqs_scatter_to_our_gather_in_order() {
    each_way::<kind::Gather>(Kind::Scatter, |our, their| {
        for body in bodies() {
            their.send(&[&body]).unwrap();
            assert_eq!(our.recv_timeout(LONG).unwrap().unwrap().bytes(), Some(&*body));
        }
    });
}

#[test]
fn our_peer_and_libzmqs_exchange_messages_by_routing_ids() {
    for place in Place::both() {
        // Ours connects.
        let their = libzmq(&Context::new().unwrap(), Kind::Peer);
        their.bind(&place.endpoint).unwrap();
        let our = common::builder::<Peer>().build().unwrap();
        let id = our.connect_peer(their.last_endpoint()).unwrap();
        for body in bodies() {
            our.send_to(id, &body, LONG).unwrap();
            assert!(our.flush(LONG).unwrap());
            let message = their.recv_frame().unwrap();
            assert_eq!(message.bytes(), body);
            their.send_frame(message, false).unwrap();
            let back = our.recv_timeout(LONG).unwrap().unwrap();
            assert_eq!((back.bytes(), back.routing_id()), (Some(&*body), Some(id)));
        }
    }
    for place in Place::both() {
        // libzmq's connects.
        let our = common::builder::<Peer>().bind(&*place.endpoint).unwrap();
        let their = libzmq(&Context::new().unwrap(), Kind::Peer);
        let id = their.connect_peer(&our.last_endpoint().unwrap().to_string()).unwrap();
        for body in bodies() {
            let mut message = frame(&body);
            message.set_routing_id(id).unwrap();
            their.send_frame(message, false).unwrap();
            let message = our.recv_timeout(LONG).unwrap().unwrap();
            assert_eq!(message.bytes(), Some(&*body));
            our.send_timeout(message.reply(&body), LONG).unwrap();
            assert!(our.flush(LONG).unwrap());
            let back = their.recv_frame().unwrap();
            assert_eq!((back.bytes(), back.routing_id()), (&*body, id));
        }
    }
}

#[test]
fn an_echo_of_50_000_messages_of_a_channel_is_whole_and_in_order() {
    each_way::<kind::Channel>(Kind::Channel, |our, their| {
        thread::scope(|scope| {
            // Our socket sends in one thread and receives in another.
            let echo = scope.spawn(|| {
                let mut check = Check::new();
                for _ in 0..MANY {
                    check.add(our.recv_timeout(LONG).unwrap().expect("an answer").parts());
                }
                check
            });
            scope.spawn(|| {
                for number in 0..MANY {
                    our.send_timeout(numbered(number), LONG).unwrap();
                }
                assert!(our.flush(LONG).unwrap());
            });
            for _ in 0..MANY {
                let frame = their.recv_frame().unwrap();
                their.send_frame(frame, false).unwrap();
            }
            let mut sent = Check::new();
            (0..MANY).for_each(|number| sent.add([numbered(number)]));
            assert_eq!(echo.join().unwrap(), sent);
        });
    });
}

/// Message `number` of a long series of short and long messages.
fn numbered(number: u32) -> Vec<u8> {
    let mut body = number.to_be_bytes().to_vec();
    body.resize(4 + (number as usize * 7) % 500, number as u8);
    body
}

#[test]
fn our_channel_waits_while_it_has_no_peer() {
    let our = common::builder::<Channel>().bind("tcp://127.0.0.1:*").unwrap();
    let failed = our.send_timeout("no peer", SHORT).unwrap_err();
    assert!(matches!(failed.error, Error::WouldBlock));
    let their = libzmq(&Context::new().unwrap(), Kind::Channel);
    their.connect(&our.last_endpoint().unwrap().to_string()).unwrap();
    our.send_timeout("a peer", LONG).unwrap();
    assert!(our.flush(LONG).unwrap());
    assert_eq!(their.recv().unwrap(), [b"a peer"]);
}

#[test]
fn several_threads_use_our_client_and_server_with_libzmqs() {
    const THREADS: usize = 4;
    const EACH: usize = 500;
    // Ours is the CLIENT.
    let their = libzmq(&Context::new().unwrap(), Kind::Server);
    their.bind("tcp://127.0.0.1:*").unwrap();
    let our = common::builder::<Client>().connect(their.last_endpoint()).unwrap();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for n in 0..EACH {
                    our.send_timeout(n.to_string(), LONG).unwrap();
                    assert!(our.recv_timeout(LONG).unwrap().is_some());
                }
            });
        }
        for _ in 0..THREADS * EACH {
            let request = their.recv_frame().unwrap();
            their.send_frame(request, false).unwrap();
        }
    });
    // Ours is the SERVER.
    let our = common::builder::<Server>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = our.last_endpoint().unwrap().to_string();
    thread::scope(|scope| {
        let servers = [(); THREADS].map(|()| {
            scope.spawn(|| {
                while let Ok(request) = our.recv() {
                    our.send(request.reply(request.bytes().unwrap())).unwrap();
                }
            })
        });
        let clients = [(); THREADS].map(|()| {
            scope.spawn(|| {
                let their = libzmq(&Context::new().unwrap(), Kind::Client);
                their.connect(&endpoint).unwrap();
                for n in 0..EACH {
                    let text = n.to_string();
                    their.send(&[text.as_bytes()]).unwrap();
                    assert_eq!(their.recv().unwrap(), [text.into_bytes()]);
                }
            })
        });
        clients.into_iter().for_each(|client| client.join().unwrap());
        our.close(LONG);
        servers.into_iter().for_each(|server| server.join().unwrap());
    });
}

/// Our types, and libzmq's types that each of them accepts.
const OURS: [(SocketKind, Kind); 8] = [
    (SocketKind::Channel, Kind::Channel),
    (SocketKind::Client, Kind::Server),
    (SocketKind::Dish, Kind::Radio),
    (SocketKind::Gather, Kind::Scatter),
    (SocketKind::Peer, Kind::Peer),
    (SocketKind::Radio, Kind::Dish),
    (SocketKind::Scatter, Kind::Gather),
    (SocketKind::Server, Kind::Client),
];

#[test]
fn each_thread_safe_type_accepts_only_its_counterpart() {
    use Kind::{Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Sub, Xpub, Xsub};
    let others = [Dealer, Pair, Pub, Pull, Push, Rep, Req, Router, Sub, Xpub, Xsub];
    let theirs = || others.into_iter().chain(OURS.map(|(_, kind)| kind));
    let context = Context::new().unwrap();
    let our_context = zmtp_mio::Context::builder().driver(true).build();
    let mut pairs = 0;
    for (ours, counterpart) in OURS {
        for other in theirs() {
            let mut our = AnySocket::builder(ours).context(&our_context).build().unwrap();
            let endpoint = our.bind("tcp://127.0.0.1:*").unwrap().to_string();
            let their = libzmq(&context, other);
            their.connect(&endpoint).unwrap();
            let ready = until("the handshake", || {
                our.wait(SHORT).unwrap();
                std::iter::from_fn(|| our.next_event()).find_map(|event| match event.kind {
                    EventKind::Ready(_) => Some(true),
                    EventKind::Closed(_) => Some(false),
                    _ => None,
                })
            });
            assert_eq!(ready, other == counterpart, "{ours} and {other:?}");
            pairs += 1;
        }
    }
    assert_eq!(pairs, 8 * 19);
}

#[test]
fn a_message_for_libzmqs_peer_with_an_unknown_routing_id_is_refused_by_both() {
    let (our, their) = (
        common::builder::<Peer>().bind("tcp://127.0.0.1:*").unwrap(),
        libzmq(&Context::new().unwrap(), Kind::Peer),
    );
    let id = their.connect_peer(&our.last_endpoint().unwrap().to_string()).unwrap();
    let mut message = frame(b"?");
    message.set_routing_id(id.wrapping_add(7)).unwrap();
    let refused = their.send_frame(message, false).unwrap_err();
    assert_eq!(refused.kind(), std::io::ErrorKind::HostUnreachable);
    let failed = our.try_send(Message::from("?").with_routing_id(1)).unwrap_err();
    assert!(matches!(failed.error, Error::Unroutable));
}
