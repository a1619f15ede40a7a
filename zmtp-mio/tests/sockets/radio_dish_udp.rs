//! RADIO and DISH over UDP: each message is one datagram.

use std::net::UdpSocket;
use std::time::Duration;

use crate::harness::threads::driven;
use crate::harness::{LIMIT, RawPeer, builder, closes, events, eventually};
use zmtp_mio::{
    AcceptFilter, CloseReason, DatagramError, Dish, Error, EventKind, GroupError, HighWaterMark,
    Limits, Radio, Security, Udp,
};

/// A DISH in groups, and its address.
fn dish_at(place: &str, groups: &[&str]) -> (Dish, String) {
    let dish = builder::<Dish>().bind(place).unwrap();
    for group in groups {
        dish.join(group).unwrap();
    }
    let endpoint = dish.last_endpoint().unwrap().to_string();
    (dish, endpoint)
}

fn dish(groups: &[&str]) -> (Dish, String) {
    dish_at("udp://127.0.0.1:*", groups)
}

fn radio(endpoint: &str) -> Radio {
    builder::<Radio>().connect(endpoint).unwrap()
}

/// A socket of the system that sends to a DISH.
fn sender(endpoint: &str) -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.connect(endpoint.strip_prefix("udp://").unwrap()).unwrap();
    socket
}

/// A socket of the system, and the endpoint of a RADIO that sends to it.
fn receiver() -> (UdpSocket, String) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let endpoint = format!("udp://{}", socket.local_addr().unwrap());
    (socket, endpoint)
}

fn read(socket: &UdpSocket) -> Vec<u8> {
    let mut buffer = [0; 10_000];
    let len = socket.recv(&mut buffer).unwrap();
    buffer[..len].to_vec()
}

/// The next message: its group and its text.
fn recv(dish: &Dish) -> (String, String) {
    let message = dish.recv_timeout(LIMIT).unwrap().expect("a message");
    let group = String::from_utf8(message.group().to_vec()).unwrap();
    (group, message.into_string().unwrap())
}

fn pair(group: &str, text: &str) -> (String, String) {
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
fn a_group_of_128_bytes_or_a_datagram_of_8193_bytes_is_not_sent() {
    let (dish, endpoint) = dish(&[]);
    let radio = radio(&endpoint);
    let long = "g".repeat(128);
    let failed = radio.send_to(&long, "body").unwrap_err();
    let error = DatagramError::Group(GroupError::TooLong(128));
    assert!(matches!(failed.error, Error::Datagram(found) if found == error), "{failed}");
    let body = vec![b'x'; 8_190];
    let failed = radio.send_to("TV", &body).unwrap_err();
    let error = DatagramError::TooLong(8_193);
    assert!(matches!(failed.error, Error::Datagram(found) if found == error), "{failed}");
    // The message is unchanged.
    assert_eq!((failed.message.group(), failed.message.bytes()), (&b"TV"[..], Some(&*body)));
    dish.join(&long[1..]).unwrap();
    radio.send_to(&long[1..], &body[..8_064]).unwrap();
    driven(&[&radio], || {
        let message = dish.recv_timeout(LIMIT).unwrap().unwrap();
        assert_eq!(message.group(), &long.as_bytes()[1..]);
        assert_eq!(message.bytes(), Some(&body[..8_064]));
    });
    assert_eq!(radio.counters().messages_sent, 1);
}

#[test]
fn without_a_udp_endpoint_messages_may_be_longer() {
    let radio = builder::<Radio>().build().unwrap();
    radio.send_to("g".repeat(255), vec![0; 10_000]).unwrap();
    let (_dish, endpoint) = dish(&[]);
    radio.connect(&*endpoint).unwrap();
    assert!(radio.send_to("", vec![0; 10_000]).is_err());
    radio.disconnect(&*endpoint).unwrap();
    radio.send_to("", vec![0; 10_000]).unwrap();
}

#[test]
fn malformed_datagrams_are_dropped_and_counted_and_the_first_one_is_an_event() {
    let (dish, endpoint) = dish(&["TV", ""]);
    let sender = sender(&endpoint);
    let malformed: [&[u8]; 6] = [b"\x09short", b"", b"\xff", b"\x01", b"\x02a\0body", &[0x80; 100]];
    for datagram in malformed {
        sender.send(datagram).unwrap();
        sender.send(b"\x02TVgood").unwrap();
        assert_eq!(recv(&dish), pair("TV", "good"));
    }
    let too_long = vec![0; 8_193];
    sender.send(&too_long).unwrap();
    sender.send(&vec![0; 60_000]).unwrap();
    sender.send(&too_long[1..]).unwrap();
    let longest = dish.recv_timeout(LIMIT).unwrap().unwrap();
    assert_eq!(longest.bytes(), Some(&too_long[2..]));
    let dropped = dish.counters().dropped;
    assert_eq!((dropped.malformed, dropped.too_long, dropped.total()), (6, 2, 8));
    let event = std::iter::from_fn(|| dish.next_event())
        .find(|event| matches!(event.kind, EventKind::DroppedDatagram(_)))
        .unwrap();
    let error = DatagramError::ShorterThanGroup { group: 9, rest: 5 };
    assert_eq!(event.kind, EventKind::DroppedDatagram(error));
    assert_eq!(event.remote, sender.local_addr().ok());
    assert!(!events!(dish).iter().any(|kind| matches!(kind, EventKind::DroppedDatagram(_))));
}

#[test]
fn a_group_of_255_bytes_is_received() {
    let group = "g".repeat(255);
    let (dish, endpoint) = dish(&[&group]);
    sender(&endpoint).send(&[b"\xff", group.as_bytes(), b"body"].concat()).unwrap();
    assert_eq!(recv(&dish), pair(&group, "body"));
}

#[test]
fn a_multicast_message_reaches_every_dish_that_is_bound_to_the_group() {
    let (one, endpoint) = dish_at("udp://127.0.0.1;239.0.0.77:*", &["TV"]);
    assert!(endpoint.starts_with("udp://127.0.0.1;239.0.0.77:"), "{endpoint}");
    let (other, _) = dish_at(&endpoint, &["TV"]);
    let radio = radio(&endpoint);
    radio.send_to("TV", "to all").unwrap();
    driven(&[&radio], || {
        for dish in [&one, &other] {
            assert_eq!(recv(dish), pair("TV", "to all"));
        }
    });
    // The other one stays in the group.
    one.unbind(&*endpoint).unwrap();
    radio.send_to("TV", "to one").unwrap();
    driven(&[&radio], || assert_eq!(recv(&other), pair("TV", "to one")));
    assert!(one.try_recv().unwrap().is_none());
}

#[cfg(target_os = "linux")]
#[test]
fn the_interface_of_a_group_is_an_address_or_a_name() {
    for (bound, connected) in [
        ("udp://lo;239.0.0.78:*", "udp://127.0.0.1;239.0.0.78"),
        ("udp://127.0.0.1;239.0.0.78:*", "udp://lo;239.0.0.78"),
        ("udp://lo:*", "udp://127.0.0.1"),
    ] {
        let (dish, endpoint) = dish_at(bound, &["TV"]);
        let port = endpoint.rsplit_once(':').unwrap().1;
        let radio = radio(&format!("{connected}:{port}"));
        radio.send_to("TV", "a film").unwrap();
        driven(&[&radio], || assert_eq!(recv(&dish), pair("TV", "a film"), "{bound}"));
    }
}

/// The name and the address of an interface that has multicast over IPv6: the one for loopback often has not.
#[cfg(target_os = "linux")]
fn interface() -> Option<(String, std::net::Ipv6Addr)> {
    use nix::net::if_::InterfaceFlags;

    let usable = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_MULTICAST;
    nix::ifaddrs::getifaddrs().unwrap().filter(|one| one.flags.contains(usable)).find_map(|one| {
        let address = one.address.as_ref()?.as_sockaddr_in6()?.ip();
        Some((one.interface_name, address))
    })
}

#[cfg(target_os = "linux")]
#[test]
fn the_interface_of_a_group_of_ipv6_is_a_name_an_address_or_a_zone() {
    let Some((name, address)) = interface() else {
        return crate::harness::skipped("no interface has multicast over IPv6");
    };
    for (bound, connected) in [
        (format!("udp://{name};[ff02::78]:*"), format!("udp://[ff02::78%{name}]")),
        (format!("udp://[ff02::78%{name}]:*"), format!("udp://[{address}];[ff02::78]")),
        (format!("udp://[{address}];[ff02::78]:*"), format!("udp://{name};[ff02::78]")),
    ] {
        let (dish, endpoint) = dish_at(&bound, &["TV"]);
        let port = endpoint.rsplit_once(':').unwrap().1;
        let radio = radio(&format!("{connected}:{port}"));
        radio.send_to("TV", "a film").unwrap();
        driven(&[&radio], || assert_eq!(recv(&dish), pair("TV", "a film"), "{bound}"));
    }
}

#[test]
fn a_dish_of_a_group_receives_nothing_that_is_sent_to_another_address() {
    let (dish, endpoint) = dish_at("udp://127.0.0.1;239.0.0.79:*", &["TV"]);
    let port = endpoint.rsplit_once(':').unwrap().1;
    // Another socket of this machine is in the other group.
    let (_other, _) = dish_at(&format!("udp://127.0.0.1;239.0.0.80:{port}"), &["TV"]);
    for host in ["127.0.0.1;239.0.0.80", "127.0.0.1"] {
        let radio = radio(&format!("udp://{host}:{port}"));
        radio.send_to("TV", "elsewhere").unwrap();
        assert!(radio.flush(LIMIT).unwrap());
    }
    let radio = radio(&endpoint);
    radio.send_to("TV", "here").unwrap();
    driven(&[&radio], || assert_eq!(recv(&dish), pair("TV", "here")));
}

#[test]
fn a_broadcast_reaches_a_dish_that_is_bound_to_all_addresses() {
    let (dish, endpoint) = dish_at("udp://*:*", &["TV"]);
    let port = endpoint.rsplit_once(':').unwrap().1;
    // The broadcast address of the network of loopback.
    let radio = radio(&format!("udp://127.255.255.255:{port}"));
    radio.send_to("TV", "to all").unwrap();
    driven(&[&radio], || assert_eq!(recv(&dish), pair("TV", "to all")));
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
fn a_name_of_a_missing_interface_is_an_error_of_bind_and_of_connect() {
    let dish = builder::<Dish>().build().unwrap();
    for text in ["udp://no-such-one;239.0.0.1:*", "udp://no-such-one;[ff02::1]:*"] {
        assert!(matches!(dish.bind(text), Err(Error::Io { .. })), "{text}");
    }
    assert_eq!((dish.endpoints().len(), dish.peers().len()), (0, 0));
    let connected = builder::<Radio>().connect("udp://no-such-one;239.0.0.1:5555");
    assert!(matches!(connected, Err(Error::Io { .. })));
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
fn the_high_water_mark_limits_the_queue_and_the_system_drops_and_counts_the_rest() {
    let dish = builder::<Dish>()
        .receive_mark(HighWaterMark::default().messages(10))
        .udp(Udp::default().receive_buffer(50_000))
        .bind("udp://127.0.0.1:*")
        .unwrap();
    dish.join("TV").unwrap();
    let sender = sender(&dish.last_endpoint().unwrap().to_string());
    for _ in 0..1_000 {
        sender.send(b"\x02TVflood").unwrap();
    }
    driven(&[&dish], || {
        eventually("a full queue", || dish.peers().next().unwrap().to_receive == 10);
    });
    let mut received = 0;
    while dish.try_recv().unwrap().is_some() {
        received += 1;
    }
    sender.send(b"\x02TVlast").unwrap();
    assert_eq!(recv(&dish), pair("TV", "last"));
    let overflow = dish.counters().dropped.overflow;
    assert!(overflow > 0);
    assert_eq!(received + overflow, 1_000);
}

#[test]
fn limits_and_filters_of_a_dish_apply_to_datagrams() {
    let dish = builder::<Dish>()
        .limits(Limits::default().max_message(10))
        .accept_filter(AcceptFilter::default().address("127.0.0.2".parse().unwrap()))
        .bind("udp://127.0.0.1:*")
        .unwrap();
    dish.join("TV").unwrap();
    let endpoint = dish.last_endpoint().unwrap().to_string();
    sender(&endpoint).send(b"\x02TVdenied").unwrap();
    let accepted = UdpSocket::bind("127.0.0.2:0").unwrap();
    accepted.connect(&endpoint["udp://".len()..]).unwrap();
    accepted.send(b"\x02TV9 bytes..").unwrap();
    accepted.send(b"\x02TV8 bytes.").unwrap();
    assert_eq!(recv(&dish), pair("TV", "8 bytes."));
    let dropped = dish.counters().dropped;
    assert_eq!((dropped.filtered, dropped.too_long), (1, 1));
}

#[test]
fn the_limit_of_a_frame_applies_to_the_group_and_to_the_body_of_a_datagram() {
    let limits = Limits::default().max_frame(10).max_message(12);
    let dish = builder::<Dish>().limits(limits).bind("udp://127.0.0.1:*").unwrap();
    dish.join("TV").unwrap();
    dish.join("radio").unwrap();
    let sender = sender(&dish.last_endpoint().unwrap().to_string());
    // The limit of a message counts the group too.
    for datagram in [&b"\x02TV11 bytes..."[..], b"\x05radio8 bytes.", b"\x02TV10 bytes.."] {
        sender.send(datagram).unwrap();
    }
    assert_eq!(recv(&dish), pair("TV", "10 bytes.."));
    assert_eq!(dish.counters().dropped.too_long, 2);
}

#[test]
fn a_connect_through_an_interface_that_does_not_exist_fails_as_a_bind_does() {
    for place in [
        "udp://no-such-one;239.0.0.95:5555",
        "udp://no-such-one;[ff02::95]:5555",
        "udp://no-such-one;group.example:5555",
        "udp://203.0.113.7;239.0.0.95:5555",
        "udp://203.0.113.7;group.example:5555",
        "udp://[2001:db8::7];[ff02::95]:5555",
        "udp://[ff02::95%no-such-one]:5555",
    ] {
        let radio = builder::<Radio>().build().unwrap();
        let failed = radio.connect(place).unwrap_err();
        assert!(matches!(failed, Error::Io { .. }), "{failed:?}");
        assert!(failed.to_string().contains(place), "{failed}");
        assert!(!radio.wait_for_members(1, Duration::ZERO).unwrap(), "{place}");
    }
}

#[test]
fn a_link_local_group_without_an_interface_is_refused_with_the_reason() {
    for place in ["udp://[ff02::94]:*", "udp://*;[ff02::94]:*"] {
        let error = builder::<Dish>().bind(place).unwrap_err();
        assert!(error.to_string().contains("a link-local group needs an interface"), "{error}");
    }
    builder::<Dish>().bind("udp://lo;[ff02::94]:*").unwrap();
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
