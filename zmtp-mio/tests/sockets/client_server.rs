//! CLIENT and SERVER (RFC 41).

use std::time::Duration;

use crate::harness::threads::driven;
use crate::harness::{LIMIT, RawPeer, builder, eventually, transports};
use zmtp_mio::{Client, Error, HighWaterMark, Message, Server};

fn bound(place: &str) -> (Server, String) {
    let server = builder::<Server>().build().unwrap();
    let endpoint = server.bind(place).unwrap().to_string();
    (server, endpoint)
}

fn recv(server: &Server) -> Message {
    server.recv_timeout(LIMIT).unwrap().expect("a message")
}

fn unroutable(server: &Server, message: Message) -> bool {
    let failed = server.try_send(message.clone()).unwrap_err();
    assert_eq!((&*failed.message, failed.message.routing_id()), (&message, message.routing_id()));
    matches!(failed.error, Error::Unroutable)
}

#[test]
fn a_reply_goes_to_the_client_with_its_routing_id() {
    for place in transports().into_iter().chain(["inproc://routing-ids".into()]) {
        let (server, endpoint) = bound(&place);
        let one = builder::<Client>().connect(&*endpoint).unwrap();
        let other = builder::<Client>().connect(&*endpoint).unwrap();
        driven(&[&server, &one, &other], || {
            for (client, name) in [(&one, "one"), (&other, "other")] {
                client.send(name).unwrap();
                let request = recv(&server);
                assert_eq!(request.text(), Ok(name));
                assert!(request.routing_id().is_some());
                for n in 0..2 {
                    server.send(request.reply(format!("{name} {n}"))).unwrap();
                }
            }
            for (client, name) in [(&one, "one"), (&other, "other")] {
                for n in 0..2 {
                    let reply = client.recv_timeout(LIMIT).unwrap().unwrap();
                    assert_eq!(reply.text().unwrap(), format!("{name} {n}"));
                    assert_eq!(reply.routing_id(), None);
                }
            }
        });
    }
}

#[test]
fn each_client_has_its_own_routing_id_which_stays_the_same() {
    let (server, endpoint) = bound("tcp://127.0.0.1:*");
    let clients = [(); 3].map(|()| builder::<Client>().connect(&*endpoint).unwrap());
    driven(&[&server, &clients[0], &clients[1], &clients[2]], || {
        let ids = [0, 1].map(|_| {
            clients.each_ref().map(|client| {
                client.send("which?").unwrap();
                recv(&server).routing_id().expect("an id")
            })
        });
        assert_eq!(ids[0], ids[1]);
        assert!(ids[0][0] != ids[0][1] && ids[0][1] != ids[0][2] && ids[0][2] != ids[0][0]);
    });
}

#[test]
fn a_message_to_an_unknown_routing_id_or_without_one_is_refused() {
    let (server, endpoint) = bound("tcp://127.0.0.1:*");
    let client = builder::<Client>().connect(&*endpoint).unwrap();
    driven(&[&server, &client], || {
        client.send("hello").unwrap();
        let id = recv(&server).routing_id().unwrap();
        assert!(unroutable(&server, Message::from("without")));
        assert!(unroutable(&server, Message::from("unknown").with_routing_id(id.wrapping_add(9))));
        server.send_to(id, "known", LIMIT).unwrap();
        assert_eq!(client.recv_string(LIMIT).unwrap().as_deref(), Some("known"));
    });
}

#[test]
fn a_message_to_a_client_that_has_left_is_refused() {
    let (server, endpoint) = bound("tcp://127.0.0.1:*");
    let mut client = RawPeer::connect(&endpoint);
    driven(&[&server], || {
        client.handshake_as("CLIENT");
        client.send_frames(&[b"hello"]);
        let request = recv(&server);
        drop(client);
        eventually("the end", || server.counters().disconnects == 1);
        assert!(unroutable(&server, request.reply("too late")));
    });
}

#[test]
fn the_last_message_of_a_client_that_has_left_has_its_routing_id() {
    let (server, endpoint) = bound("tcp://127.0.0.1:*");
    let mut client = RawPeer::connect(&endpoint);
    driven(&[&server], || {
        client.handshake_as("CLIENT");
        client.send_frames(&[b"first"]);
        let id = recv(&server).routing_id();
        for body in [b"then", b"last"] {
            client.send_frames(&[body]);
        }
        client.send_frames(&[&vec![7; 100_000]]);
        drop(client);
        eventually("the end", || server.counters().disconnects == 1);
        for len in [4, 4, 100_000] {
            let message = recv(&server);
            assert_eq!((message.byte_len(), message.routing_id()), (len, id));
        }
    });
}

#[test]
fn a_server_receives_from_its_clients_in_turn() {
    let (server, endpoint) = bound("tcp://127.0.0.1:*");
    let mut clients = [(); 2].map(|()| RawPeer::connect(&endpoint));
    driven(&[&server], || {
        for client in &mut clients {
            client.handshake_as("CLIENT");
            for _ in 0..3 {
                client.send_frames(&[b"hello"]);
            }
        }
        eventually("all messages", || server.counters().messages_received == 6);
        let ids = [(); 6].map(|()| recv(&server).routing_id());
        assert!(ids.windows(2).all(|pair| pair[0] != pair[1]), "{ids:?}");
    });
}

#[test]
fn a_client_sends_to_its_servers_in_turn() {
    let servers = [(); 2].map(|()| bound("tcp://127.0.0.1:*"));
    let client = builder::<Client>().build().unwrap();
    for (_, endpoint) in &servers {
        client.connect(&**endpoint).unwrap();
    }
    let [(one, _), (other, _)] = &servers;
    driven(&[one, other, &client], || {
        assert!(client.wait_for_peers(2, LIMIT).unwrap());
        for _ in 0..6 {
            client.send("work").unwrap();
        }
        for server in [one, other] {
            for _ in 0..3 {
                recv(server);
            }
        }
    });
}

#[test]
fn a_client_without_a_server_waits() {
    let client = builder::<Client>().bind("tcp://127.0.0.1:*").unwrap();
    let failed = client.send_timeout("?", Duration::from_millis(10)).unwrap_err();
    assert!(matches!(failed.error, Error::WouldBlock));
    let client = builder::<Client>().immediate(true).connect("tcp://127.0.0.1:1").unwrap();
    assert!(matches!(client.try_send("?").unwrap_err().error, Error::WouldBlock));
}

#[test]
fn a_server_waits_while_the_queue_of_the_client_is_full() {
    let mark = HighWaterMark::new(2, None);
    let server = builder::<Server>().send_mark(mark).bind("tcp://127.0.0.1:*").unwrap();
    let mut client = RawPeer::connect(&server.last_endpoint().unwrap().to_string());
    driven(&[&server], || {
        client.handshake_as("CLIENT");
        client.send_frames(&[b"hello"]);
        let request = recv(&server);
        let body = vec![7; 1 << 20];
        let mut sent = 0;
        let failed = loop {
            match server.try_send(request.reply(&body)) {
                Ok(()) => sent += 1,
                Err(failed) => break failed,
            }
            assert!(sent < 1_000, "its queue is never full");
        };
        assert!(matches!(failed.error, Error::WouldBlock), "{failed}");
        let reader = std::thread::spawn(move || {
            (0..=sent).map(|_| client.read_frame().1.len()).sum::<usize>()
        });
        // The message has its routing id.
        server.send_timeout(*failed.message, LIMIT).unwrap();
        assert!(server.flush(LIMIT).unwrap());
        assert_eq!(reader.join().unwrap(), (sent + 1) * body.len());
    });
}

#[test]
fn messages_that_are_not_sent_are_returned_with_their_routing_ids() {
    let (server, endpoint) = bound("tcp://127.0.0.1:*");
    let client = builder::<Client>().connect(&*endpoint).unwrap();
    let id = driven(&[&server, &client], || {
        client.send("hello").unwrap();
        recv(&server).routing_id().unwrap()
    });
    // Without linger, and to a peer that does not read, much is left.
    let mut sent = 0;
    while server.try_send(Message::from(vec![sent as u8; 1 << 20]).with_routing_id(id)).is_ok() {
        sent += 1;
        if sent == 200 {
            break;
        }
    }
    let unsent = server.close(Duration::ZERO);
    assert!(!unsent.messages.is_empty());
    for message in &unsent.messages {
        assert_eq!((message.byte_len(), message.routing_id()), (1 << 20, Some(id)));
    }
    assert_eq!(unsent.messages.last().unwrap().bytes().unwrap()[0], (sent - 1) as u8);
}
