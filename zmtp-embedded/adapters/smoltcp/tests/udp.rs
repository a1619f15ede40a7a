//! A RADIO and a DISH over one network stack, whose device returns what it sends.

use smoltcp::iface::{Config as InterfaceConfig, Interface, SocketSet};
use smoltcp::phy::{Loopback, Medium};
use smoltcp::socket::udp::{PacketBuffer, PacketMetadata, Socket};
use smoltcp::wire::{HardwareAddress, IpAddress, IpCidr};
use zmtp_embedded::Instant;
use zmtp_embedded::udp::{Dish, Error, Radio};
use zmtp_embedded::zmtp_core::wire::Group;
use zmtp_smoltcp::Stack;

fn socket() -> Socket<'static> {
    let buffer = || PacketBuffer::new(vec![PacketMetadata::EMPTY; 4], vec![0; 256]);
    Socket::new(buffer(), buffer())
}

#[test]
fn messages_of_joined_groups_pass_and_those_without_room_are_dropped() {
    let now = || Instant::from_millis(1);
    let mut device = Loopback::new(Medium::Ip);
    let start = smoltcp::time::Instant::from_millis(0);
    let mut interface =
        Interface::new(InterfaceConfig::new(HardwareAddress::Ip), &mut device, start);
    interface.update_ip_addrs(|addresses| {
        addresses.push(IpCidr::new(IpAddress::v4(127, 0, 0, 1), 8)).expect("room");
    });
    let mut sockets = SocketSet::new(vec![]);
    let (sends, receives) = (sockets.add(socket()), sockets.add(socket()));
    let stack = Stack::new(device, interface, sockets, now);
    let remote = (IpAddress::v4(127, 0, 0, 1), 5_555);
    let (mut sent, mut received) = ([0; 64], [0; 64]);
    let mut radio = Radio::new(stack.udp(sends, remote), &mut sent);
    let mut dish = Dish::<_, 32>::new(stack.udp(receives, remote), &mut received);
    let tv = Group::new(b"TV").expect("a group");
    dish.join(tv).expect("room");

    let unbound = radio.send(tv, b"early");
    assert_eq!(unbound, Err(Error::Io(zmtp_smoltcp::Error::Reset)));
    for (handle, port) in [(sends, 5_556), (receives, 5_555)] {
        stack.with(|_, sockets| sockets.get_mut::<Socket<'_>>(handle).bind(port)).unwrap().unwrap();
    }
    for body in [b"one", b"two"] {
        radio.send(Group::EMPTY, b"other").expect("a bound socket");
        radio.send(tv, body).expect("a bound socket");
        let message = dish.try_receive().expect("a bound socket").expect("a message");
        assert_eq!((message.group, message.body), (tv, &body[..]));
    }
    assert_eq!(dish.try_receive(), Ok(None));
    // The socket has room for four datagrams.
    for n in 0..6 {
        radio.send(tv, &[n]).expect("dropped, or sent");
    }
    let mut bodies = Vec::new();
    while let Some(message) = dish.try_receive().expect("a bound socket") {
        bodies.push(message.body.to_vec());
    }
    assert_eq!(bodies, [[0], [1], [2], [3]]);
    // One longer than the buffer of the DISH.
    stack
        .with(|_, sockets| {
            let socket = sockets.get_mut::<Socket<'_>>(sends);
            socket.send_slice(&[2; 100], remote).expect("room");
        })
        .expect("not in another call");
    stack.poll();
    assert_eq!(dish.try_receive(), Ok(None));
    assert_eq!(dish.malformed(), 1);
}
