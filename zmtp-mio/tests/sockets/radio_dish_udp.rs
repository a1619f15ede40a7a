//! RADIO and DISH over UDP: each message is one datagram.

use std::net::UdpSocket;
use std::time::Duration;

use crate::harness::threads::driven;
use crate::harness::{LIMIT, RawPeer, builder, closes, events, eventually};
use zmtp_mio::{CloseReason, Dish, Error, EventKind, Radio, Security};

/// A DISH in groups, and its address.
pub(crate) fn dish_at(place: &str, groups: &[&str]) -> (Dish, String) {
    let dish = builder::<Dish>().bind(place).unwrap();
    for group in groups {
        dish.join(group).unwrap();
    }
    let endpoint = dish.last_endpoint().unwrap().to_string();
    (dish, endpoint)
}

pub(crate) fn dish(groups: &[&str]) -> (Dish, String) {
    dish_at("udp://127.0.0.1:*", groups)
}

pub(crate) fn radio(endpoint: &str) -> Radio {
    builder::<Radio>().connect(endpoint).unwrap()
}

/// A socket of the system that sends to a DISH.
pub(crate) fn sender(endpoint: &str) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(endpoint.strip_prefix("udp://").unwrap()).unwrap();
    socket
}

/// A socket of the system, and the endpoint of a RADIO that sends to it.
pub(crate) fn receiver() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let endpoint = format!("udp://{}", socket.local_addr().unwrap());
    (socket, endpoint)
}

pub(crate) fn read(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 10_000];
    let len = socket.recv(&mut buffer).unwrap();
    buffer[..len].to_vec()
}

/// The next message: its group and its text.
pub(crate) fn recv(dish: &Dish) -> (String, String) {
    let message = dish.recv_timeout(LIMIT).unwrap().expect("a message");
    let group = String::from_utf8(message.group().to_vec()).unwrap();
    (group, message.into_string().unwrap())
}

pub(crate) fn pair(group: &str, text: &str) -> (String, String) {
    (group.into(), text.into())
}

#[test]
fn a_message_is_one_datagram_of_the_length_of_the_group_the_group_and_the_body() {
    let (socket, endpoint) = receiver();
    let radio = radio(&endpoint);
    for (group, body, datagram) in [
        ("TV", "Friends", &b"\x02TVFriends"[..]),
        ("", "nogroup", b"\x00nogroup"),
        ("G", "", b"\x01G"),
    ] {
        radio.send_to(group, body).unwrap();
        assert!(radio.flush(LIMIT).unwrap());
        assert_eq!(read(&socket), datagram);
    }
    let counters = radio.counters();
    assert_eq!((counters.messages_sent, counters.bytes_sent), (3, 17));
}

#[test]
fn every_message_is_sent_and_the_dish_receives_those_of_its_groups() {
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        let (dish, endpoint) = dish_at(&format!("udp://{host}:*"), &["TV", "radio"]);
        let radio = radio(&endpoint);
        // No JOIN is needed.
        assert!(radio.wait_for_members(1, Duration::ZERO).unwrap());
        for group in ["T", "TVs", "tv", ""] {
            radio.send_to(group, "not joined").unwrap();
        }
        radio.send_to("radio", "one").unwrap();
        radio.send_to("TV", "two").unwrap();
        driven(&[&radio], || {
            assert_eq!([recv(&dish), recv(&dish)], [pair("radio", "one"), pair("TV", "two")]);
        });
        assert_eq!(radio.counters().messages_sent, 6);
        assert_eq!(dish.counters().dropped.not_subscribed, 4);
    }
}

#[test]
fn a_dish_joins_and_leaves_without_sending() {
    let (dish, endpoint) = dish(&[]);
    let sender = sender(&endpoint);
    dish.join("TV").unwrap();
    sender.send(b"\x02TV1").unwrap();
    assert_eq!(recv(&dish), pair("TV", "1"));
    dish.join("radio").unwrap();
    dish.leave("TV").unwrap();
    sender.send(b"\x02TV2").unwrap();
    sender.send(b"\x05radio3").unwrap();
    assert_eq!(recv(&dish), pair("radio", "3"));
    assert_eq!(dish.counters().dropped.not_subscribed, 1);
    let status = dish.peers().next().unwrap();
    assert_eq!(status.to_send, 0);
}

#[test]
fn queued_messages_of_a_group_that_was_left_are_not_received() {
    let (dish, endpoint) = dish(&["TV", "radio"]);
    let sender = sender(&endpoint);
    for datagram in [&b"\x02TV1"[..], b"\x05radio2", b"\x02TV3"] {
        sender.send(datagram).unwrap();
    }
    driven(&[&dish], || {
        eventually("all messages", || dish.counters().messages_received == 3);
        dish.leave("TV").unwrap();
        assert_eq!(recv(&dish), pair("radio", "2"));
        assert!(dish.try_recv().unwrap().is_none());
        assert_eq!(dish.counters().dropped.not_subscribed, 2);
    });
}

#[test]
fn a_radio_does_not_bind_and_a_dish_does_not_connect() {
    let (radio, dish) = (builder::<Radio>().build().unwrap(), builder::<Dish>().build().unwrap());
    let error = radio.bind("udp://127.0.0.1:*").unwrap_err();
    assert!(matches!(error, Error::Endpoint(_)), "{error}");
    assert!(error.to_string().contains("expected a connect"), "{error}");
    let error = dish.connect("udp://127.0.0.1:5555").unwrap_err();
    assert!(matches!(error, Error::Endpoint(_)), "{error}");
    assert!(error.to_string().contains("expected a bind"), "{error}");
    for text in ["udp://*:5555", "udp://127.0.0.1:*", "udp://eth0;127.0.0.1:5555"] {
        assert!(matches!(radio.connect(text), Err(Error::Endpoint(_))), "{text}");
    }
    for text in ["udp://127.0.0.1", "udp://127.0.0.1;239.0.0.1", "udp://239.0.0.1;239.0.0.2:1"] {
        assert!(matches!(dish.bind(text), Err(Error::Endpoint(_))), "{text}");
    }
}

#[test]
fn a_socket_with_security_refuses_udp() {
    let security = Security::plain_client("user", "password");
    let radio = builder::<Radio>().security(security.clone()).build().unwrap();
    let error = radio.connect("udp://127.0.0.1:5555").unwrap_err();
    assert!(matches!(error, Error::Security { .. }), "{error}");
    let dish = builder::<Dish>().security(security).build().unwrap();
    assert!(matches!(dish.bind("udp://127.0.0.1:*"), Err(Error::Security { .. })));
    let dish = builder::<Dish>().zap_domain("global").build().unwrap();
    assert!(matches!(dish.bind("udp://127.0.0.1:*"), Err(Error::Security { .. })));
}

#[test]
fn a_message_goes_to_udp_endpoints_and_to_members_over_other_transports() {
    let (udp, endpoint) = dish(&["TV"]);
    let tcp = builder::<Dish>().build().unwrap();
    tcp.join("TV").unwrap();
    let radio = radio(&endpoint);
    let place = radio.bind("tcp://127.0.0.1:*").unwrap();
    tcp.connect(place).unwrap();
    driven(&[&radio, &tcp], || {
        assert!(radio.wait_for_members(2, LIMIT).unwrap());
        radio.send_to("TV", "for both").unwrap();
        for dish in [&udp, &tcp] {
            assert_eq!(recv(dish), pair("TV", "for both"));
        }
        radio.send_to("radio", "for neither").unwrap();
        radio.send_to("TV", "last").unwrap();
        for dish in [&udp, &tcp] {
            assert_eq!(recv(dish), pair("TV", "last"));
        }
    });
    assert_eq!((udp.counters().dropped.not_subscribed, tcp.counters().dropped.total()), (1, 0));
}

#[test]
fn a_dish_receives_from_udp_and_from_other_transports_in_turn() {
    let (dish, endpoint) = dish(&["TV"]);
    let place = dish.bind("tcp://127.0.0.1:*").unwrap().to_string();
    assert_eq!(dish.endpoints().len(), 2);
    let mut raw = RawPeer::connect(&place);
    let sender = sender(&endpoint);
    driven(&[&dish], || {
        raw.handshake_as("RADIO");
        // It gets the groups, and the endpoint of UDP gets nothing.
        assert_eq!(raw.read_frame(), (4, b"\x04JOINTV".to_vec()));
        for _ in 0..150 {
            sender.send(b"\x02TVflood").unwrap();
        }
        raw.send_frames(&[b"TV", b"over TCP"]);
        eventually("all messages", || dish.counters().messages_received == 151);
    });
    let firsts = [recv(&dish).1, recv(&dish).1];
    assert!(firsts.contains(&"over TCP".into()), "{firsts:?}");
}

#[test]
fn a_radio_that_is_sent_datagrams_ignores_them() {
    let (socket, endpoint) = receiver();
    let radio = radio(&endpoint);
    radio.send_to("TV", "a film").unwrap();
    assert!(radio.flush(LIMIT).unwrap());
    let mut buffer = [0; 100];
    let (_, from) = socket.recv_from(&mut buffer).unwrap();
    socket.send_to(b"\x02TVback", from).unwrap();
    radio.send_to("TV", "another").unwrap();
    assert!(radio.flush(LIMIT).unwrap());
    assert_eq!(read(&socket), b"\x02TVanother");
    assert_eq!(radio.counters().dropped.total(), 0);
}

#[test]
fn a_host_name_is_looked_up_and_messages_wait_for_it() {
    let (dish, endpoint) = dish(&["TV"]);
    let port: u16 = endpoint.rsplit_once(':').unwrap().1.parse().unwrap();
    let radio = builder::<Radio>()
        .resolver(std::sync::Arc::new(move |name, port| match name {
            "dish.test" => Ok(vec![([127, 0, 0, 1], port).into()]),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        }))
        .build()
        .unwrap();
    radio.connect(format!("udp://dish.test:{port}")).unwrap();
    radio.send_to("TV", "found").unwrap();
    driven(&[&radio], || assert_eq!(recv(&dish), pair("TV", "found")));
    radio.connect("udp://missing.test:5555").unwrap();
    assert!(closes(&events!(radio)).contains(&CloseReason::NoAddress));
    // It is looked up again later. Its message waits for that, and is dropped if the look-up fails again.
    radio.send_to("TV", "to one").unwrap();
    driven(&[&radio], || assert_eq!(recv(&dish), pair("TV", "to one")));
    let unsent = radio.close(Duration::ZERO);
    assert_eq!(unsent.counters.dropped.unsent(), 1);
}

#[test]
fn two_dishes_do_not_share_an_address_that_is_no_group() {
    let (_dish, endpoint) = dish(&[]);
    let error = builder::<Dish>().bind(&*endpoint).unwrap_err();
    assert!(matches!(error, Error::AddressInUse(_)), "{error}");
}

#[test]
fn an_endpoint_is_a_peer_until_it_is_unbound_or_disconnected() {
    let (dish, endpoint) = dish(&["TV"]);
    let radio = radio(&endpoint);
    let status = radio.peers().next().unwrap();
    assert_eq!(format!("udp://{}", status.remote.unwrap()), endpoint);
    assert_eq!((status.accepted, status.socket_type, status.version), (false, None, None));
    radio.disconnect(&*endpoint).unwrap();
    assert_eq!(radio.peers().len(), 0);
    assert!(!radio.wait_for_members(1, Duration::ZERO).unwrap());
    let [connected, closed] = [(); 2].map(|()| radio.next_event().unwrap());
    assert_eq!(
        (connected.kind, closed.kind),
        (EventKind::Connected, EventKind::Closed(CloseReason::ByUs))
    );
    assert_eq!(connected.remote, status.remote);
    radio.send_to("TV", "to no one").unwrap();
    assert_eq!((radio.counters().messages_sent, radio.counters().dropped.total()), (0, 0));
    let status = dish.peers().next().unwrap();
    assert_eq!((status.accepted, status.remote), (false, None));
    sender(&endpoint).send(b"\x02TVqueued").unwrap();
    driven(&[&dish], || eventually("it", || dish.counters().messages_received == 1));
    dish.unbind(&*endpoint).unwrap();
    assert!(matches!(dish.unbind(&*endpoint), Err(Error::UnknownEndpoint(_))));
    assert_eq!(dish.peers().len(), 0);
    assert_eq!(recv(&dish), pair("TV", "queued"));
}

#[test]
fn a_dish_can_be_bound_to_several_endpoints() {
    let (dish, one) = dish(&["TV"]);
    let other = dish.bind("udp://127.0.0.1:*").unwrap().to_string();
    for endpoint in [&one, &other] {
        sender(endpoint).send(format!("\x02TV{endpoint}").as_bytes()).unwrap();
        let message = dish.recv_timeout(LIMIT).unwrap().unwrap();
        assert_eq!(message.text(), Ok(&**endpoint));
    }
}

#[test]
fn the_properties_of_a_message_have_the_address_of_its_sender() {
    let (dish, endpoint) = dish(&["TV"]);
    for sender in [sender(&endpoint), sender(&endpoint)] {
        sender.send(b"\x02TVbody").unwrap();
        let message = dish.recv_timeout(LIMIT).unwrap().unwrap();
        let properties = message.properties().unwrap();
        assert_eq!(properties.peer_address, sender.local_addr().ok());
        assert_eq!(properties.connection, dish.peers().next().unwrap().connection);
    }
}

#[test]
fn several_threads_use_a_radio_and_a_dish() {
    const SENDERS: usize = 4;
    const EACH: usize = 50;
    let (dish, endpoint) = dish(&["TV"]);
    let radio = radio(&endpoint);
    let received = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for sender in 0..SENDERS {
            let radio = &radio;
            scope.spawn(move || {
                for n in 0..EACH {
                    radio.send_to("TV", format!("{sender} {n:02}")).unwrap();
                }
                assert!(radio.flush(LIMIT).unwrap());
            });
        }
        for _ in 0..2 {
            scope.spawn(|| {
                for _ in 0..SENDERS * EACH / 2 {
                    let message = dish.recv_timeout(LIMIT).unwrap().expect("a message");
                    received.lock().unwrap().push(message.into_string().unwrap());
                }
            });
        }
    });
    let mut received = received.into_inner().unwrap();
    received.sort_unstable();
    let sent = (0..SENDERS).flat_map(|sender| (0..EACH).map(move |n| format!("{sender} {n:02}")));
    assert!(received.into_iter().eq(sent));
}
