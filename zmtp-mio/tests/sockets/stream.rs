//! STREAM: raw TCP both ways.
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::Command;
use std::thread;

use crate::harness::{LIMIT, QUIET, drive_until, drive_until_still, events, skipped};
use zmtp_core::wire::RoutingId;
use zmtp_mio::{CloseReason, Error, EventKind, HighWaterMark, Message, Stream};

fn bound() -> (Stream, String) {
    with(crate::harness::builder::<Stream>())
}

fn with(builder: zmtp_mio::Builder<zmtp_mio::kind::Stream>) -> (Stream, String) {
    let stream = builder.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = stream.endpoints().next().unwrap().to_string();
    (stream, endpoint.replace("tcp://", ""))
}

fn next(stream: &mut Stream) -> (Vec<u8>, Vec<u8>) {
    let message = stream.recv_timeout(LIMIT).unwrap().expect("a message");
    assert_eq!(message.part_count(), 2);
    (message.part(0).unwrap().into(), message.part(1).unwrap().into())
}

#[test]
fn an_http_page_is_served_to_curl() {
    if Command::new("curl").arg("--version").output().is_err() {
        return skipped("there is no curl");
    }
    let (mut stream, address) = with(crate::harness::builder::<Stream>().notify(false));
    let curl = thread::spawn(move || {
        let url = format!("http://{address}/page");
        Command::new("curl").args(["-sS", "--max-time", "5", &url]).output().unwrap()
    });
    let mut request = Vec::new();
    let id = loop {
        let (id, bytes) = next(&mut stream);
        request.extend(bytes);
        if request.ends_with(b"\r\n\r\n") {
            break id;
        }
    };
    assert!(request.starts_with(b"GET /page HTTP/1.1\r\n"), "{}", request.escape_ascii());
    // Without a length, the page ends with the connection.
    let page = "x".repeat(1_000_000);
    let head = "HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\n";
    stream.send(Message::from_parts([&id[..], head.as_bytes(), page.as_bytes()])).unwrap();
    stream.send(Message::from_parts([&id[..], b""])).unwrap();
    drive_until!(stream, stream.counters().disconnects == 1);
    let output = curl.join().unwrap();
    assert!(output.status.success(), "{}", output.stderr.escape_ascii());
    assert!(output.stdout == page.as_bytes());
}

#[test]
fn empty_messages_report_connections_and_disconnections() {
    let (mut stream, address) = bound();
    let mut one = TcpStream::connect(&address).unwrap();
    let (id, bytes) = next(&mut stream);
    assert_eq!((id.len(), id[0], bytes), (5, 0, vec![]));
    let other = TcpStream::connect(&address).unwrap();
    let (other_id, _) = next(&mut stream);
    assert_ne!(id, other_id);
    one.write_all(b"some bytes").unwrap();
    assert_eq!(next(&mut stream), (id.clone(), b"some bytes".to_vec()));
    drop(other);
    assert_eq!(next(&mut stream), (other_id.clone(), vec![]));
    let error = stream.send(Message::from_parts([&other_id[..], b"late"])).unwrap_err();
    assert!(matches!(error.error, Error::Unroutable));
    assert_eq!(error.message.part(1), Some(&b"late"[..]));
    // Bytes before the end are received before the notification.
    one.write_all(b"the last").unwrap();
    drop(one);
    assert_eq!(next(&mut stream), (id.clone(), b"the last".to_vec()));
    assert_eq!(next(&mut stream), (id, vec![]));
    assert_eq!(stream.try_recv().unwrap(), None);
}

#[test]
fn sending_no_bytes_closes_the_connection_without_a_notification() {
    let (mut stream, address) = bound();
    let mut peer = TcpStream::connect(&address).unwrap();
    let (id, _) = next(&mut stream);
    assert!(matches!(
        stream.send(Message::from("id alone")).unwrap_err().error,
        Error::EmptyMessage
    ));
    stream.send(Message::from_parts([&id[..], b"", b"a", b"", b"b", b""])).unwrap();
    stream.send_to(&id, b"", LIMIT).unwrap();
    assert!(matches!(stream.close_connection(&id), Err(Error::Unroutable)));
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"ab");
    assert_eq!(stream.recv_timeout(QUIET).unwrap(), None);
    assert!(events!(stream).contains(&EventKind::Closed(CloseReason::ByUs)));
}

#[test]
fn a_peer_that_does_not_read_blocks_sending_to_it_alone() {
    let mark = HighWaterMark::new(4, 1 << 20);
    let (mut stream, address) = with(crate::harness::builder::<Stream>().send_mark(mark));
    let mut slow = TcpStream::connect(&address).unwrap();
    let (id, _) = next(&mut stream);
    let body = vec![7; 256 << 10];
    let mut sent = 0;
    let error = loop {
        match stream.send_to(&id, &body, QUIET) {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
        assert!(sent < 1_000, "the peer does not read, but sending does not block");
    };
    assert!(matches!(error.error, Error::WouldBlock));
    let mut other = TcpStream::connect(&address).unwrap();
    let (other_id, _) = next(&mut stream);
    stream.send_to(&other_id, b"hello", LIMIT).unwrap();
    let mut hello = [0; 5];
    other.read_exact(&mut hello).unwrap();
    assert_eq!(&hello, b"hello");
    // All bytes arrive in order, and then the end.
    stream.close_connection(&id).unwrap();
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        slow.read_to_end(&mut bytes).unwrap();
        bytes
    });
    drive_until!(stream, stream.counters().disconnects == 1);
    let bytes = reader.join().unwrap();
    assert!(bytes.len() == sent * body.len() && bytes.iter().all(|byte| *byte == 7));
}

#[test]
fn reading_from_a_flooding_peer_pauses_at_the_mark() {
    let mark = HighWaterMark::new(4, 1 << 20);
    let (mut stream, address) =
        with(crate::harness::builder::<Stream>().receive_mark(mark).notify(false));
    let flood = thread::spawn(move || {
        let mut peer = TcpStream::connect(&address).unwrap();
        for at in 0..64_u8 {
            peer.write_all(&vec![at; 1 << 20]).unwrap();
        }
    });
    drive_until!(stream, stream.counters().messages_received >= 4);
    drive_until_still!(stream);
    assert!(stream.counters().messages_received <= 5, "{:?}", stream.counters());
    let mut bytes = 0;
    while bytes < 64 << 20 {
        let (_, some) = next(&mut stream);
        for byte in some {
            assert_eq!(usize::from(byte), bytes >> 20);
            bytes += 1;
        }
    }
    flood.join().unwrap();
}

#[test]
fn an_outgoing_connection_keeps_its_id_when_it_reconnects() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    let mut stream = crate::harness::builder::<Stream>().build().unwrap();
    let id = stream.connect_for_id(&endpoint).unwrap();
    // Before there is a connection.
    stream.send_to(id.bytes(), b"first", LIMIT).unwrap();
    assert_eq!(next(&mut stream), (id.bytes().to_vec(), vec![]));
    let (mut peer, _) = listener.accept().unwrap();
    let mut first = [0; 5];
    drive_until!(stream, stream.counters().messages_sent == 1);
    peer.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"first");
    drop(peer);
    assert_eq!(next(&mut stream), (id.bytes().to_vec(), vec![]), "it is gone");
    assert_eq!(next(&mut stream), (id.bytes().to_vec(), vec![]), "it is back");
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(b"again").unwrap();
    assert_eq!(next(&mut stream), (id.bytes().to_vec(), b"again".to_vec()));
    // It does not reconnect after a close by us.
    stream.close_connection(id.bytes()).unwrap();
    drive_until_still!(stream);
    listener.set_nonblocking(true).unwrap();
    assert!(listener.accept().is_err());
    assert_eq!(stream.try_recv().unwrap(), None);
}

#[test]
fn each_message_that_waits_has_the_properties_of_its_own_connection() {
    for notifies in [false, true] {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
        let builder = crate::harness::builder::<Stream>().notify(notifies);
        let mut stream = builder.connect(endpoint.as_str()).unwrap();
        let accept = |stream: &mut Stream, nth| {
            drive_until!(stream, stream.counters().connection_attempts >= nth);
            listener.accept().unwrap().0
        };
        let mut peer = accept(&mut stream, 1);
        peer.write_all(b"first").unwrap();
        drop(peer);
        drive_until!(stream, stream.counters().disconnects == 1);
        // Nothing is received before the second connection.
        let mut peer = accept(&mut stream, 2);
        peer.write_all(b"second").unwrap();
        let mut connections = vec![];
        let mut last = Vec::new();
        while last != b"second" {
            let message = stream.recv_timeout(LIMIT).unwrap().expect("a message");
            last = message.part(1).unwrap().into();
            connections.push(message.properties().map(|properties| properties.connection));
        }
        let second = *connections.last().unwrap();
        assert!(second.is_some());
        match (notifies, &connections[..]) {
            (false, [first, _]) => assert!(first.is_some() && *first != second),
            // Connected, the bytes, disconnected, connected, the bytes.
            (true, [opened, bytes, _, reopened, _]) => {
                assert!(opened.is_some() && opened == bytes && *bytes != second);
                assert_eq!(*reopened, second);
            }
            _ => panic!("{connections:?}"),
        }
    }
}

#[test]
fn a_given_routing_id_is_not_assigned_twice() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("tcp://{}", listener.local_addr().unwrap());
    let name = RoutingId::new(b"server").unwrap();
    let mut stream = crate::harness::builder::<Stream>().build().unwrap();
    stream.connect_as(&endpoint, name).unwrap();
    assert_eq!(next(&mut stream), (b"server".to_vec(), vec![]));
    assert!(matches!(stream.connect_as(&endpoint, name), Err(Error::RoutingIdInUse)));
}

#[test]
fn two_streams_talk_over_ipc() {
    let endpoint = crate::harness::ipc();
    let mut server = crate::harness::builder::<Stream>().bind(&endpoint).unwrap();
    let client = thread::spawn(move || {
        let mut client = crate::harness::builder::<Stream>().notify(false).build().unwrap();
        let id = client.connect_for_id(&endpoint).unwrap();
        client.send_to(id.bytes(), vec![5; 300_000], LIMIT).unwrap();
        next(&mut client).1
    });
    let (id, _) = next(&mut server);
    let mut bytes = 0;
    while bytes < 300_000 {
        bytes += next(&mut server).1.len();
    }
    server.send_to(&id, b"all of it", LIMIT).unwrap();
    drive_until!(server, server.counters().messages_sent == 1);
    assert_eq!(client.join().unwrap(), b"all of it");
}

#[test]
fn a_stream_refuses_inproc() {
    let mut stream = crate::harness::builder::<Stream>().build().unwrap();
    for refused in [stream.bind("inproc://x").err(), stream.connect("inproc://x").err()] {
        let text = refused.expect("an error").to_string();
        assert!(text.contains("inproc://x") && text.contains("STREAM"), "{text}");
    }
}
