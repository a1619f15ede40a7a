//! DGRAM: datagrams of UDP, with the address of the other end as the first part.

use std::net::UdpSocket;
use std::time::Duration;

use crate::harness::{LIMIT, builder, context, drive_until, events};
use zmtp_mio::{
    AcceptFilter, AnySocket, CloseReason, DatagramError, Dgram, Error, EventKind, HighWaterMark,
    Interest, Item, Limits, Message, Options, Poller, SocketKind, Udp,
};

/// A bound DGRAM, and its address.
fn dgram(place: &str) -> (Dgram, String) {
    let dgram = builder::<Dgram>().bind(place).unwrap();
    let address = address(&dgram);
    (dgram, address)
}

fn address(dgram: &Dgram) -> String {
    dgram.last_endpoint().unwrap().to_string().replace("udp://", "")
}

fn local(host: &str) -> (Dgram, String) {
    dgram(&format!("udp://{host}:*"))
}

/// The parts of the next message.
fn recv(dgram: &mut Dgram) -> [String; 2] {
    let message = dgram.recv_timeout(LIMIT).unwrap().expect("a message");
    assert_eq!(message.part_count(), 2);
    [0, 1].map(|at| String::from_utf8(message.part(at).unwrap().to_vec()).unwrap())
}

#[test]
fn a_message_is_the_address_of_the_other_end_and_one_datagram() {
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        let ((mut here, from), (mut there, to)) = (local(host), local(host));
        here.send([&*to, "ping"]).unwrap();
        assert_eq!(recv(&mut there), [&*from, "ping"]);
        there.send([&*from, "pong"]).unwrap();
        assert_eq!(recv(&mut here), [&*to, "pong"]);
    }
}

#[test]
fn a_datagram_has_no_framing() {
    let (mut dgram, address) = local("127.0.0.1");
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    other.set_read_timeout(Some(LIMIT)).unwrap();
    let from = other.local_addr().unwrap().to_string();
    for body in ["", "a", "\u{2}TVbody"] {
        other.send_to(body.as_bytes(), &address).unwrap();
        assert_eq!(recv(&mut dgram), [&*from, body]);
        dgram.send([&*from, body]).unwrap();
        let mut buffer = [0; 100];
        let (len, sender) = other.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], sender.to_string()), (body.as_bytes(), address.clone()));
    }
}

#[test]
fn a_zero_byte_may_end_the_address_to_send_to() {
    let ((mut here, from), (mut there, to)) = (local("127.0.0.1"), local("127.0.0.1"));
    here.send([&*format!("{to}\0"), "ping"]).unwrap();
    assert_eq!(recv(&mut there), [&*from, "ping"]);
}

#[test]
fn a_socket_for_both_families_shows_and_takes_addresses_of_ipv4() {
    let both = Udp::default().ipv6(true);
    let mut dgram = builder::<Dgram>().udp(both).bind("udp://*:*").unwrap();
    let port = address(&dgram).rsplit_once(':').unwrap().1.to_owned();
    for host in ["127.0.0.1", "[::1]"] {
        let (mut other, from) = local(host);
        other.send([&*format!("{host}:{port}"), "ping"]).unwrap();
        assert_eq!(recv(&mut dgram), [&*from, "ping"]);
        dgram.send([&*from, "pong"]).unwrap();
        assert_eq!(recv(&mut other), [format!("{host}:{port}"), "pong".into()]);
    }
}

#[test]
fn the_longest_datagram_of_65507_bytes_arrives_and_a_longer_one_is_refused() {
    let ((mut here, _), (mut there, to)) = (local("127.0.0.1"), local("127.0.0.1"));
    let body = crate::harness::pattern(65_508);
    let failed = here.send([to.as_bytes(), &body]).unwrap_err();
    assert!(matches!(failed.error, Error::Datagram(DatagramError::TooLong(65_508))), "{failed}");
    assert_eq!(failed.message.part(1), Some(&*body));
    here.send([to.as_bytes(), &body[1..]]).unwrap();
    let message = there.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(message.part(1), Some(&body[1..]));
}

#[test]
fn a_message_that_is_not_an_address_and_a_body_is_refused() {
    let (mut dgram, _) = local("127.0.0.1");
    for parts in [&["127.0.0.1:5555"][..], &["127.0.0.1:5555", "body", "more"]] {
        let failed = dgram.send(Message::from_parts(parts)).unwrap_err();
        let count = parts.len();
        assert!(matches!(failed.error, Error::NotAddressAndBody(n) if n == count), "{failed}");
    }
    let bad = ["", "127.0.0.1", "127.0.0.1:0", "localhost:5555", "[::1]:5555", "nonsense"];
    for address in bad {
        let failed = dgram.send([address, "body"]).unwrap_err();
        assert!(
            matches!(&failed.error, Error::Address { text, .. } if text == address),
            "{failed}"
        );
        assert_eq!(failed.message.part(1), Some(&b"body"[..]));
    }
    assert_eq!(dgram.counters().messages_sent, 0);
}

#[test]
fn a_socket_that_is_not_bound_does_not_send() {
    let mut dgram = builder::<Dgram>().build().unwrap();
    let failed = dgram.send(["127.0.0.1:5555", "body"]).unwrap_err();
    assert!(matches!(failed.error, Error::NotBound), "{failed}");
    assert!(dgram.try_recv().unwrap().is_none());
}

#[test]
fn a_socket_has_one_endpoint_at_a_time() {
    let (mut dgram, first) = local("127.0.0.1");
    let error = dgram.bind("udp://127.0.0.1:*").unwrap_err();
    assert!(matches!(error, Error::Endpoint(_)) && error.to_string().contains("one"), "{error}");
    let (mut other, from) = local("127.0.0.1");
    other.send([&*first, "before"]).unwrap();
    drive_until!(dgram, dgram.counters().messages_received == 1);
    let endpoint = dgram.last_endpoint().unwrap().clone();
    assert!(dgram.endpoints().eq([endpoint.clone()]));
    dgram.unbind(&endpoint).unwrap();
    assert_eq!((dgram.endpoints().len(), dgram.peers().len()), (0, 0));
    dgram.bind("udp://127.0.0.1:*").unwrap();
    let second = address(&dgram);
    other.send([&*second, "after"]).unwrap();
    // A message that arrived before the endpoint was unbound is received.
    assert_eq!(recv(&mut dgram), [&*from, "before"]);
    assert_eq!(recv(&mut dgram), [&*from, "after"]);
    dgram.send([&*from, "from the second"]).unwrap();
    assert_eq!(recv(&mut other), [&*second, "from the second"]);
    assert!(matches!(dgram.unbind(&endpoint), Err(Error::UnknownEndpoint(_))));
}

#[test]
fn only_udp_is_a_transport_of_a_dgram_and_it_only_binds() {
    let mut dgram = builder::<Dgram>().build().unwrap();
    for endpoint in ["tcp://127.0.0.1:5555", "ipc://@dgram", "inproc://dgram"] {
        for error in [dgram.bind(endpoint).unwrap_err(), dgram.connect(endpoint).unwrap_err()] {
            assert!(matches!(error, Error::Endpoint(_)), "{error}");
            assert!(error.to_string().contains("only transport of a DGRAM"), "{error}");
        }
    }
    let error = dgram.connect("udp://127.0.0.1:5555").unwrap_err();
    assert!(error.to_string().contains("expected a bind"), "{error}");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(matches!(dgram.bind_listener(listener), Err(Error::Endpoint(_))));
}

#[test]
fn only_radio_dish_and_dgram_have_the_transport_udp() {
    let udp = [SocketKind::Radio, SocketKind::Dish, SocketKind::Dgram];
    for kind in SocketKind::ALL.into_iter().filter(|kind| !udp.contains(kind)) {
        let mut socket = AnySocket::builder(kind).context(&context()).build().unwrap();
        for error in [
            socket.bind("udp://127.0.0.1:*").unwrap_err(),
            socket.connect("udp://127.0.0.1:5555").unwrap_err(),
        ] {
            assert!(matches!(error, Error::Endpoint(_)), "{kind}: {error}");
            let expected = "only RADIO, DISH and DGRAM use `udp://`";
            assert!(error.to_string().contains(expected), "{kind}: {error}");
        }
    }
}

#[test]
fn an_address_in_use_is_an_error() {
    let (_first, address) = local("127.0.0.1");
    let error = builder::<Dgram>().bind(format!("udp://{address}")).unwrap_err();
    assert!(matches!(error, Error::AddressInUse(_)), "{error}");
    let error = builder::<Dgram>().bind("udp://192.0.2.77:5555").unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
}

#[test]
fn an_endpoint_is_a_peer_from_bind_to_unbind() {
    let (mut dgram, address) = local("127.0.0.1");
    let peers: Vec<_> = dgram.peers().collect();
    assert_eq!(peers.len(), 1);
    assert_eq!(peers[0].endpoint.to_string(), format!("udp://{address}"));
    assert_eq!((peers[0].accepted, peers[0].remote), (false, None));
    assert_eq!(peers[0].local.unwrap().to_string(), address);
    assert_eq!((peers[0].version, peers[0].socket_type), (None, None));
    assert_eq!(dgram.next_event().unwrap().kind, EventKind::Listening);
    let endpoint = dgram.last_endpoint().unwrap().clone();
    dgram.unbind(endpoint).unwrap();
    let event = dgram.next_event().unwrap();
    assert_eq!(event.kind, EventKind::Closed(CloseReason::ByUs));
    assert_eq!(event.connection, Some(peers[0].connection));
}

#[test]
fn the_properties_of_a_message_have_the_address_of_its_sender() {
    let (mut dgram, address) = local("127.0.0.1");
    let senders = [(); 2].map(|()| local("127.0.0.1"));
    let mut connections = Vec::new();
    for (mut sender, from) in senders {
        for _ in 0..2 {
            sender.send([&*address, "body"]).unwrap();
            let message = dgram.recv_timeout(LIMIT).unwrap().unwrap();
            let properties = message.properties().unwrap();
            assert_eq!(properties.peer_address.unwrap().to_string(), from);
            connections.push(properties.connection);
        }
    }
    let connection = dgram.peers().next().unwrap().connection;
    assert!(connections.iter().all(|other| *other == connection));
}

#[test]
fn datagrams_above_the_limit_of_a_message_are_dropped_and_counted() {
    let limits = Limits::default().max_message(10);
    let mut dgram = builder::<Dgram>().limits(limits).bind("udp://127.0.0.1:*").unwrap();
    let to = address(&dgram);
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    for body in ["12345678901", "123456789012", "1234567890"] {
        other.send_to(body.as_bytes(), &to).unwrap();
    }
    assert_eq!(recv(&mut dgram)[1], "1234567890");
    assert_eq!(dgram.counters().dropped.too_long, 2);
    // Only the first one is an event.
    let kinds: Vec<_> = events!(dgram).into_iter().skip(1).collect();
    assert_eq!(kinds, [EventKind::DroppedDatagram(DatagramError::TooLong(11))]);
}

#[test]
fn datagrams_from_other_addresses_than_those_of_the_filter_are_dropped_and_counted() {
    let filter = AcceptFilter::default().address("127.0.0.2".parse().unwrap());
    let mut dgram = builder::<Dgram>().accept_filter(filter).bind("udp://127.0.0.1:*").unwrap();
    let to = address(&dgram);
    let (denied, accepted) =
        (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.2:0").unwrap());
    denied.send_to(b"denied", &to).unwrap();
    accepted.send_to(b"accepted", &to).unwrap();
    assert_eq!(recv(&mut dgram)[1], "accepted");
    assert_eq!(dgram.counters().dropped.filtered, 1);
}

#[test]
fn a_datagram_that_the_system_refuses_is_counted_and_the_next_one_is_sent() {
    let (mut dgram, address) = local("127.0.0.1");
    // An address of another network cannot be reached from an address of this machine alone.
    for _ in 0..2 {
        dgram.send(["192.0.2.77:5555", "body"]).unwrap();
    }
    dgram.flush(LIMIT).unwrap();
    assert_eq!(dgram.counters().dropped.refused_datagrams, 2);
    dgram.send([&*address, "body"]).unwrap();
    assert_eq!(recv(&mut dgram), [&*address, "body"]);
    let kinds: Vec<_> = events!(dgram).into_iter().skip(1).collect();
    assert!(matches!(kinds[..], [EventKind::DatagramFailed(_)]), "{kinds:?}");
}

#[test]
fn a_flood_fills_the_queue_and_what_the_system_drops_is_counted() {
    let mark = HighWaterMark::default().messages(10);
    let mut dgram = builder::<Dgram>()
        .receive_mark(mark)
        .udp(Udp::default().receive_buffer(50_000))
        .bind("udp://127.0.0.1:*")
        .unwrap();
    let to = address(&dgram);
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..1_000 {
        other.send_to(&[0; 100], &to).unwrap();
    }
    drive_until!(dgram, dgram.peers().next().unwrap().to_receive == 10);
    let mut received = 0;
    while dgram.try_recv().unwrap().is_some() {
        received += 1;
    }
    // The system reports what it dropped with the next datagram.
    other.send_to(b"last", &to).unwrap();
    assert_eq!(recv(&mut dgram)[1], "last");
    let overflow = dgram.counters().dropped.overflow;
    assert!(overflow > 0);
    assert_eq!(received + overflow, 1_000);
}

#[test]
fn a_handle_ends_a_receive_that_waits() {
    let (mut dgram, _) = local("127.0.0.1");
    let handle = dgram.handle().unwrap();
    std::thread::scope(|scope| {
        let receiver = scope.spawn(|| dgram.recv());
        handle.stop().unwrap();
        assert!(matches!(receiver.join().unwrap(), Err(Error::Stopped)));
    });
}

#[test]
fn a_shutdown_of_the_context_ends_the_socket_and_frees_its_port() {
    let context = zmtp_mio::Context::builder().build();
    let mut dgram = Dgram::builder().context(&context).bind("udp://127.0.0.1:*").unwrap();
    let to = address(&dgram);
    dgram.send([&*to, "to itself"]).unwrap();
    assert!(context.shutdown(LIMIT).unwrap().is_empty());
    assert!(matches!(dgram.try_recv(), Err(Error::Stopped)));
    dgram_at_freed(&to);
}

/// Binds an address that is free again.
fn dgram_at_freed(address: &str) {
    let (dgram, bound) = dgram(&format!("udp://{address}"));
    assert_eq!(bound, address);
    assert!(dgram.close(Duration::ZERO).is_empty());
    // Also after a close.
    drop(UdpSocket::bind(address).unwrap());
}

#[test]
fn a_dgram_becomes_a_socket_of_any_kind_and_back() {
    let (dgram, address) = local("127.0.0.1");
    let mut any = AnySocket::from(dgram);
    assert_eq!((any.kind(), any.kind().to_string()), (SocketKind::Dgram, "DGRAM".into()));
    any.send([&*address, "to itself"]).unwrap();
    let mut dgram = Dgram::try_from(any).unwrap();
    assert_eq!(recv(&mut dgram), [&*address, "to itself"]);
    let any = AnySocket::builder(SocketKind::Dgram).context(&context()).build().unwrap();
    assert!(Dgram::try_from(any).is_ok());
}

#[test]
fn readiness_is_reported_to_a_poller() {
    let (mut dgram, to) = local("127.0.0.1");
    let mut poller = Poller::new().unwrap();
    let other = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..3 {
        let items = &mut [Item::socket(&mut dgram, Interest::READABLE)];
        assert_eq!(poller.wait(items, Some(Duration::ZERO)).unwrap(), 0);
        other.send_to(b"body", &to).unwrap();
        assert_eq!(poller.wait(items, Some(LIMIT)).unwrap(), 1);
        assert!(dgram.try_recv().unwrap().is_some());
    }
}

#[test]
fn options_of_zmtp_are_refused_and_those_of_udp_by_other_types() {
    let mut options = Options::default();
    options.require_socket_type = true;
    let failed = builder::<Dgram>().options(options).build().unwrap_err();
    assert!(matches!(failed, Error::Option { option: "require_socket_type" }), "{failed}");
    let mut options = Options::default();
    options.udp = Udp::default().multicast_hops(2);
    for kind in SocketKind::ALL {
        let built = AnySocket::builder(kind).options(options.clone()).build();
        let has = matches!(kind, SocketKind::Radio | SocketKind::Dish | SocketKind::Dgram);
        match built {
            Ok(_) => assert!(has, "{kind}"),
            Err(error) => {
                assert!(!has && matches!(error, Error::Option { option: "udp" }), "{kind}");
            }
        }
        let fitting = options.clone().for_kind(kind);
        assert!(AnySocket::builder(kind).options(fitting).build().is_ok(), "{kind}");
    }
}
