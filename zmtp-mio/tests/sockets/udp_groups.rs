//! RADIO and DISH over UDP: multicast groups, their interfaces, and broadcast.

use std::time::Duration;

use crate::harness::threads::driven;
use crate::harness::{LIMIT, builder};
use crate::radio_dish_udp::{dish_at, pair, radio, recv};
use zmtp_mio::{Dish, Error, Radio};

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
