//! Options and groups, as the system reports them.

use core::net::{Ipv4Addr, Ipv6Addr};
use std::io;

use nix::net::if_::InterfaceFlags;
use socket2::SockRef;

use super::DatagramSocket;
use crate::endpoint::{Endpoint, Interface};
use crate::options::{Options, Udp};

#[test]
fn the_options_reach_the_system() {
    let options = Udp::default().multicast_hops(4).multicast_loop(false).tos(0x28);
    let socket = DatagramSocket::to("239.0.0.1:5555".parse().unwrap(), None, &options).unwrap();
    let socket = SockRef::from(&socket.socket);
    assert_eq!(socket.multicast_ttl_v4().unwrap(), 4);
    assert!(!socket.multicast_loop_v4().unwrap() && socket.broadcast().unwrap());
    assert_eq!(socket.tos_v4().unwrap(), 0x28);
    let socket = DatagramSocket::to("[ff02::1]:5555".parse().unwrap(), None, &options).unwrap();
    let socket = SockRef::from(&socket.socket);
    assert_eq!(socket.multicast_hops_v6().unwrap(), 4);
    assert!(!socket.multicast_loop_v6().unwrap());
    assert_eq!(socket.tclass_v6().unwrap(), 0x28);
}

#[test]
fn the_interface_of_a_group_reaches_the_system() {
    let to = |group: &str, interface| {
        let group = group.parse().unwrap();
        DatagramSocket::to(group, Some(&interface), &Udp::default())
    };
    for interface in [Interface::Address(Ipv4Addr::LOCALHOST.into()), Interface::Name("lo".into())]
    {
        let socket = to("239.0.0.1:5555", interface).unwrap();
        let socket = SockRef::from(&socket.socket);
        assert_eq!(socket.multicast_if_v4().unwrap(), Ipv4Addr::LOCALHOST);
    }
    for interface in [Interface::Address(Ipv6Addr::LOCALHOST.into()), Interface::Name("lo".into())]
    {
        let socket = to("[ff02::1]:5555", interface).unwrap();
        assert_eq!(SockRef::from(&socket.socket).multicast_if_v6().unwrap(), 1);
    }
    let missing = to("239.0.0.1:5555", Interface::Name("no-such-one".into())).unwrap_err();
    assert_eq!(missing.kind(), io::ErrorKind::AddrNotAvailable);
    assert!(to("[ff02::1]:5555", Interface::Address("2001:db8::7".parse().unwrap())).is_err());
}

#[test]
fn a_bound_socket_is_restricted_to_its_own_groups() {
    for place in ["udp://127.0.0.1;239.0.0.93:*", "udp://lo;[ff02::93]:*"] {
        let endpoint = place.parse().unwrap();
        let (_, socket) = DatagramSocket::bind(&endpoint, &Options::default()).unwrap();
        let socket = SockRef::from(&socket.socket);
        let is_ipv6 = place.contains('[');
        let all = if is_ipv6 { socket.multicast_all_v6() } else { socket.multicast_all_v4() };
        assert!(!all.unwrap(), "{place}");
    }
}

#[test]
fn a_bound_socket_receives_only_the_groups_that_it_joined_itself() {
    // Another socket of this machine joins the group on another interface. The system receives it there for all
    // sockets that are bound to the address.
    let endpoint = "udp://127.0.0.1;239.0.0.93:*".parse().unwrap();
    let (bound, mut socket) = DatagramSocket::bind(&endpoint, &Options::default()).unwrap();
    let usable = InterfaceFlags::IFF_RUNNING | InterfaceFlags::IFF_MULTICAST;
    let mut interfaces = nix::ifaddrs::getifaddrs().unwrap().filter_map(|one| {
        if !one.flags.contains(usable) {
            return None;
        }
        let four = one.address?.as_sockaddr_in()?.ip();
        (!four.is_loopback() && !four.is_unspecified()).then_some(four)
    });
    let Some(elsewhere) = interfaces.next() else {
        let why = "no interface but that for loopback has multicast";
        eprintln!("skipped: {why}");
        assert!(std::env::var_os("ZMTP_NO_SKIP").is_none(), "{why}");
        return;
    };
    let Endpoint::Udp { port, .. } = bound else { panic!("it is of UDP") };
    let group = Ipv4Addr::new(239, 0, 0, 93);
    let other = format!("udp://{elsewhere};{group}:{port}").parse().unwrap();
    let (_, mut other) = DatagramSocket::bind(&other, &Options::default()).unwrap();
    let target = (group, port).into();
    let send = |interface: Ipv4Addr, text: &[u8]| {
        let via = Interface::Address(interface.into());
        let sender = DatagramSocket::to(target, Some(&via), &Udp::default()).unwrap();
        sender.send(text, target).unwrap();
    };
    let mut buffer = [0; 10];
    let mut receive = |socket: &mut DatagramSocket| {
        let end = std::time::Instant::now() + core::time::Duration::from_secs(20);
        loop {
            match socket.receive(&mut buffer) {
                Ok(received) => return buffer[..received.len].to_vec(),
                Err(error) => assert_eq!(error.kind(), io::ErrorKind::WouldBlock),
            }
            assert!(std::time::Instant::now() < end, "no datagram within the limit");
            std::thread::yield_now();
        }
    };
    send(elsewhere, b"elsewhere");
    assert_eq!(receive(&mut other), b"elsewhere");
    send(Ipv4Addr::LOCALHOST, b"here");
    assert_eq!(receive(&mut socket), b"here");
}

#[test]
fn the_length_of_a_datagram_is_known_if_the_buffer_is_shorter() {
    let endpoint = "udp://127.0.0.1:*".parse().unwrap();
    let (_, mut socket) = DatagramSocket::bind(&endpoint, &Options::default()).unwrap();
    let to = socket.local().unwrap();
    let sender = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
    sender.send_to(&[7; 100], to).unwrap();
    let mut buffer = [0; 10];
    let received = socket.receive(&mut buffer).unwrap();
    assert_eq!((received.len, received.overflowed, buffer), (100, 0, [7; 10]));
    assert_eq!(received.from, sender.local_addr().unwrap());
    let nothing = socket.receive(&mut buffer).unwrap_err();
    assert_eq!(nothing.kind(), io::ErrorKind::WouldBlock);
}
