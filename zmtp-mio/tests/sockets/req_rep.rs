//! REQ and REP with each other and with raw peers, over both transports.
#![cfg(unix)]

use std::thread;
use std::time::Duration;

use crate::harness::listeners::free_endpoint;
use crate::harness::simulated::simulated;
use crate::harness::{
    Echo, LIMIT, RawPeer, assert_echo, drive_until, pattern, rep, req, transports,
};
use zmtp_core::pattern::OutOfTurn;
use zmtp_mio::testing::Simulation;
use zmtp_mio::{Error, Message, Rep, Req};

#[test]
fn bodies_of_all_sizes_come_back_whole() {
    let sizes = [0, 1, 77, 78, 79, 255, 256, 65_535, 65_536, 65_537, 1 << 20, 20_000_000];
    for endpoint in transports() {
        let echo = Echo::on(&endpoint);
        let mut req = req(&echo.endpoint);
        for size in sizes {
            assert_echo(&mut req, &pattern(size));
        }
    }
}

#[test]
fn parts_come_back_in_order() {
    let thousand: Vec<_> = (0..1_000).map(|at| pattern(at % 90)).collect();
    let some: Vec<_> = [0, 1, 0, 0, 70_000, 300, 0].map(pattern).into();
    for endpoint in transports() {
        let echo = Echo::on(&endpoint);
        let mut req = req(&echo.endpoint);
        for parts in [&thousand, &some, &vec![vec![]; 3]] {
            let reply = req.request(Message::from_parts(parts), LIMIT).unwrap().unwrap();
            assert!(reply.parts().eq(parts.iter().map(Vec::as_slice)), "of {}", parts.len());
        }
    }
}

#[test]
fn text_arrives_as_text() {
    let echo = Echo::new();
    let reply = req(&echo.endpoint).request("naïve ≠ ASCII", LIMIT).unwrap().unwrap();
    assert_eq!(reply.text(), Ok("naïve ≠ ASCII"));
}

#[test]
fn req_sends_and_receives_strictly_in_turn() {
    let (mut rep, endpoint) = rep();
    let mut req = req(&endpoint);
    let unsent = |result: Result<Option<Message>, Error>| {
        matches!(result, Err(Error::OutOfTurn(OutOfTurn::NoRequestSent)))
    };
    assert!(unsent(req.try_recv()) && unsent(req.recv_timeout(LIMIT)));
    assert!(unsent(req.recv().map(Some)));
    req.send("one").unwrap();
    for result in [req.send("two"), req.try_send("two"), req.send_timeout("two", LIMIT)] {
        let error = result.unwrap_err();
        assert!(matches!(error.error, Error::OutOfTurn(OutOfTurn::ReplyPending)));
        assert_eq!(error.message.text(), Ok("two"));
    }
    drive_until!(rep, req.step().is_ok() && rep.step().unwrap().readable);
    let request = rep.try_recv().unwrap().unwrap();
    rep.send(request).unwrap();
    assert_eq!(req.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("one"));
    assert!(unsent(req.try_recv()), "a reply is received once");
}

#[test]
fn rep_receives_and_sends_strictly_in_turn() {
    let (mut rep, endpoint) = rep();
    let error = rep.send(Message::from_parts(["too", "soon"])).unwrap_err();
    assert!(matches!(error.error, Error::OutOfTurn(OutOfTurn::NoRequestTaken)));
    assert_eq!(*error.message, Message::from_parts(["too", "soon"]));
    let mut peer = RawPeer::connect(&endpoint);
    peer.send(&wire::burst("REQ", &[b"1", b"2"]));
    assert_eq!(rep.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("1"));
    let due = |result| matches!(result, Err(Error::OutOfTurn(OutOfTurn::ReplyDue)));
    assert!(due(rep.try_recv()) && due(rep.recv_timeout(LIMIT)) && due(rep.recv().map(Some)));
    assert!(due(rep.recv_into(&mut Message::new(), LIMIT).map(|_| None)));
    rep.send("one").unwrap();
    let error = rep.send("again").unwrap_err();
    assert!(matches!(error.error, Error::OutOfTurn(OutOfTurn::NoRequestTaken)));
    assert_eq!(rep.recv_timeout(LIMIT).unwrap().unwrap().text(), Ok("2"));
    peer.read_exact(64);
    assert_eq!(peer.read_message(), [&b""[..], b"one"]);
}

#[test]
fn a_message_without_parts_is_refused_and_keeps_the_turn() {
    let (mut rep, endpoint) = rep();
    let mut req = req(&endpoint);
    let refused = req.send(Message::new()).unwrap_err();
    assert!(matches!(refused.error, Error::EmptyMessage));
    assert!(matches!(req.request(Message::new(), LIMIT), Err(Error::EmptyMessage)));
    let serving = thread::spawn(move || {
        let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
        assert!(matches!(rep.send(Message::new()).unwrap_err().error, Error::EmptyMessage));
        rep.send(request).unwrap();
    });
    assert_echo(&mut req, b"");
    serving.join().unwrap();
}

#[test]
fn a_send_without_a_peer_returns_the_message() {
    let simulation = Simulation::new();
    let mut req = simulated::<Req>(&simulation).build().unwrap();
    let error = req.try_send("now").unwrap_err();
    assert!(matches!(error.error, Error::WouldBlock));
    assert_eq!(error.message.text(), Ok("now"));
    let error = req.send_timeout("soon", LIMIT).unwrap_err();
    assert!(matches!(error.error, Error::WouldBlock));
    assert_eq!(simulation.clock().elapsed(), LIMIT);
    assert_eq!(error.message.text(), Ok("soon"));
    assert!(matches!(req.try_recv(), Err(Error::OutOfTurn(_))), "nothing was sent");
}

#[test]
fn a_socket_serves_all_its_endpoints() {
    let mut rep = crate::harness::builder::<Rep>().build().unwrap();
    let mut clients = Vec::new();
    for endpoint in [transports(), transports()].concat() {
        clients.push(req(&rep.bind(&endpoint).unwrap().to_string()));
        let mut client = crate::harness::builder::<Req>().build().unwrap();
        rep.connect(client.bind(endpoint.replace(".sock", ".b")).unwrap().to_string()).unwrap();
        clients.push(client);
    }
    assert_eq!(rep.endpoints().count(), 4);
    let echo = Echo::with(rep);
    for client in &mut clients {
        assert_echo(client, b"served");
    }
    assert_eq!(echo.stop().counters().handshakes, 8);
}

#[test]
fn either_side_may_bind_and_either_may_be_first() {
    for (endpoint, req_binds) in [free_endpoint(), crate::harness::ipc()]
        .into_iter()
        .flat_map(|endpoint| [(endpoint.clone(), false), (endpoint, true)])
    {
        for req_first in [false, true] {
            let make_req = || match req_binds {
                true => crate::harness::builder::<Req>().bind(&endpoint).unwrap(),
                false => req(&endpoint),
            };
            let make_rep = || match req_binds {
                true => crate::harness::builder::<Rep>().connect(&endpoint).unwrap(),
                false => crate::harness::builder::<Rep>().bind(&endpoint).unwrap(),
            };
            let early = req_first.then(make_req);
            let mut rep = make_rep();
            let mut req = early.unwrap_or_else(make_req);
            let serving = thread::spawn(move || {
                let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
                rep.send(request).unwrap();
                let request = rep.recv_timeout(LIMIT).unwrap().unwrap();
                rep.send(request).unwrap();
            });
            assert_echo(&mut req, b"found");
            assert_echo(&mut req, b"and again");
            serving.join().unwrap();
        }
    }
}

#[test]
fn requests_go_to_three_servers_in_exact_thirds() {
    let servers = [Echo::new(), Echo::new(), Echo::on(&crate::harness::ipc())];
    let mut req = crate::harness::builder::<Req>().build().unwrap();
    for server in &servers {
        req.connect(&server.endpoint).unwrap();
    }
    drive_until!(req, req.counters().handshakes == 3);
    for _ in 0..300 {
        assert_echo(&mut req, b"whose turn?");
    }
    let shares = servers.map(|server| server.stop().counters().messages_received);
    assert_eq!(shares, [100; 3]);
}

#[test]
fn three_pipelining_clients_are_served_in_turn() {
    let (mut rep, endpoint) = rep();
    let mut peers = Vec::new();
    for name in [b"a", b"b", b"c"] {
        let mut peer = RawPeer::connect(&endpoint);
        peer.send(&wire::burst("REQ", &[&name[..]; 100]));
        peers.push((peer, name));
    }
    drive_until!(rep, rep.counters().messages_received == 300);
    for _ in 0..100 {
        let mut three = String::new();
        for _ in 0..3 {
            let request = rep.try_recv().unwrap().unwrap();
            three.push_str(request.text().unwrap());
            rep.send(request).unwrap();
        }
        for name in ["a", "b", "c"] {
            assert!(three.contains(name), "{name} is not served among {three}");
        }
    }
    for (peer, name) in &mut peers {
        peer.read_exact(64);
        for _ in 0..100 {
            assert_eq!(peer.read_message(), [&b""[..], &name[..]]);
        }
    }
}

#[test]
fn a_peer_that_pipelines_5000_requests_does_not_starve_another() {
    let (mut rep, endpoint) = rep();
    let mut flood = RawPeer::connect(&endpoint);
    flood.send(&wire::burst("REQ", &[&b"flood"[..]; 5_000]));
    // As many as the high-water mark allows.
    drive_until!(rep, rep.counters().messages_received == 1_000);
    let mut honest = RawPeer::connect(&endpoint);
    honest.send(&wire::burst("REQ", &[&b"patient"[..]; 20]));
    drive_until!(rep, rep.counters().messages_received == 1_020);
    let (mut served, mut patient) = (0, 0);
    while patient < 20 {
        let request = rep.recv_timeout(LIMIT).unwrap().expect("a request");
        served += 1;
        patient += u32::from(request.text() == Ok("patient"));
        rep.send(request).unwrap();
    }
    assert!(served <= 50, "20 requests of the honest peer are among {served}");
}

#[test]
fn all_5000_pipelined_requests_are_answered_in_order() {
    let echo = Echo::new();
    let mut peer = RawPeer::connect(&echo.endpoint);
    let bodies: Vec<_> = (0..5_000).map(|at| format!("{at}").into_bytes()).collect();
    peer.send(&wire::burst("DEALER", &bodies.iter().map(Vec::as_slice).collect::<Vec<_>>()));
    peer.read_exact(64);
    for body in &bodies {
        assert_eq!(peer.read_message(), [&b""[..], body]);
    }
}

#[test]
fn an_envelope_of_several_frames_comes_back_exactly() {
    let echo = Echo::new();
    let long = pattern(300);
    let cases: [&[&[u8]]; 4] = [
        &[b"a", b"", b"body"],
        &[b"\0one", &long, b"three", b"", b"", b"body", b"", b"end"],
        &[b"", b"", b""],
        &[&[7; 255], &[8; 256], b"", &long, b""],
    ];
    for byte_by_byte in [false, true] {
        let mut peer = RawPeer::ready(&echo.endpoint, "DEALER");
        for parts in cases {
            let bytes = wire::message(parts);
            match byte_by_byte {
                true => bytes.chunks(1).for_each(|byte| peer.send(byte)),
                false => peer.send(&bytes),
            }
            assert_eq!(peer.read_message(), parts);
        }
    }
}

#[test]
fn receiving_into_a_message_replaces_what_it_held() {
    let (mut rep, endpoint) = rep();
    let mut req = req(&endpoint);
    let mut message = Message::from_parts(["old", "parts"]);
    assert!(!rep.recv_into(&mut message, Duration::ZERO).unwrap());
    assert_eq!(message, Message::new(), "nothing arrived");
    for body in [pattern(100_000), pattern(3), pattern(70_000)] {
        req.send(&body[..]).unwrap();
        drive_until!(rep, req.step().is_ok() && rep.step().unwrap().readable);
        assert!(rep.recv_into(&mut message, LIMIT).unwrap());
        assert_eq!(message, Message::from(body));
        rep.send(&message).unwrap();
        let mut reply = Message::from("old");
        assert!(req.recv_into(&mut reply, LIMIT).unwrap());
        assert_eq!(reply, message);
    }
}

/// It appears in logs and in failed assertions.
#[test]
fn the_debug_output_of_a_socket_is_short() {
    let (rep, endpoint) = rep();
    for shown in [format!("{rep:?}"), format!("{:?}", req(&endpoint))] {
        assert!(shown.len() < 10_000, "{} characters: {}…", shown.len(), &shown[..200]);
    }
}
