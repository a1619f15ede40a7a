//! RADIO and DISH over UDP: over sockets of the system, and over a queue.

use core::convert::Infallible;
use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::time::{Duration, Instant};

use zmtp_core::pattern::JoinError;
use zmtp_core::wire::{DatagramError, Group, GroupError};
use zmtp_embedded::udp::{Dish, Error, Radio, Udp};

/// Datagrams in memory.
#[derive(Debug, Default)]
struct Queue(VecDeque<Vec<u8>>);

impl Udp for Queue {
    type Error = Infallible;

    fn send(&mut self, datagram: &[u8]) -> Result<(), Infallible> {
        self.0.push_back(datagram.to_vec());
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Infallible> {
        let Some(datagram) = self.0.pop_front() else { return Ok(None) };
        let n = datagram.len().min(buffer.len());
        buffer[..n].copy_from_slice(&datagram[..n]);
        Ok(Some(n))
    }
}

/// A socket of the system.
struct System(UdpSocket);

impl Udp for System {
    type Error = io::Error;

    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.0.send(datagram).map(drop)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.0.recv(buffer) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            result => result.map(Some),
        }
    }
}

fn group(name: &str) -> Group<'_> {
    Group::new(name.as_bytes()).expect("a group")
}

#[test]
fn a_message_is_one_datagram_with_its_group() {
    let mut buffer = [0; 16];
    let mut radio = Radio::new(Queue::default(), &mut buffer);
    for (name, body) in [("TV", "Friends"), ("", "nogroup"), ("G", "")] {
        radio.send(group(name), body.as_bytes()).expect("room");
    }
    let sent: Vec<_> = radio.socket().0.drain(..).collect();
    assert_eq!(sent, [b"\x02TVFriends".to_vec(), b"\x00nogroup".to_vec(), b"\x01G".to_vec()]);
}

#[test]
fn a_message_that_does_not_fit_is_refused() {
    let mut buffer = [0; 10];
    let mut radio = Radio::new(Queue::default(), &mut buffer);
    assert_eq!(radio.send(group("TV"), b"1234567"), Ok(()));
    let small = Error::Datagram(DatagramError::BufferTooSmall(1));
    assert_eq!(radio.send(group("TV"), b"12345678"), Err(small));
    let long = GroupError::TooLong(128).into();
    assert_eq!(radio.send(group(&"g".repeat(128)), b""), Err(Error::Datagram(long)));
    assert_eq!(radio.socket().0.len(), 1, "nothing else is sent");
}

#[test]
fn a_dish_receives_the_messages_of_its_groups_and_counts_malformed_datagrams() {
    let mut buffer = [0; 16];
    let mut dish = Dish::<_, 24>::new(Queue::default(), &mut buffer);
    dish.join(group("TV")).expect("room");
    assert_eq!(dish.join(group("TV")), Err(JoinError::Joined));
    let datagrams: [&[u8]; 8] = [
        b"\x02XYno",
        b"\x02TVok",
        b"",
        b"\x09short",
        b"\x02T\0x",
        b"\x02TV.fills.the.buf",
        b"\x03TVs",
        b"\x02TV",
    ];
    dish.socket().0.extend(datagrams.map(<[u8]>::to_vec));
    for body in [&b"ok"[..], b""] {
        let message = dish.try_receive().expect("no error").expect("a message");
        assert_eq!((message.group.bytes(), message.body), (&b"TV"[..], body));
    }
    assert_eq!(dish.try_receive(), Ok(None));
    assert_eq!(dish.malformed(), 4);
    assert!(dish.leave(group("TV")) && !dish.leave(group("TV")));
    dish.socket().0.push_back(b"\x02TVok".to_vec());
    assert_eq!(dish.try_receive(), Ok(None));
}

/// A network that never stops to deliver datagrams of another group.
struct Flood;

impl Udp for Flood {
    type Error = Infallible;

    fn send(&mut self, _datagram: &[u8]) -> Result<(), Infallible> {
        Ok(())
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Infallible> {
        let datagram = b"\x02XYno";
        buffer[..datagram.len()].copy_from_slice(datagram);
        Ok(Some(datagram.len()))
    }
}

#[test]
fn a_flood_of_other_datagrams_does_not_hold_a_call() {
    let mut buffer = [0; 16];
    let mut dish = Dish::<_, 24>::new(Flood, &mut buffer);
    assert_eq!(dish.try_receive(), Ok(None));
    let mut buffer = [0; 16];
    let mut dish = Dish::<_, 24>::new(Queue::default(), &mut buffer);
    dish.join(group("TV")).expect("room");
    dish.socket().0.extend([&b"\x02XYno"[..]; 32].map(<[u8]>::to_vec));
    dish.socket().0.push_back(b"\x02TVok".to_vec());
    assert_eq!(dish.try_receive(), Ok(None));
    let message = dish.try_receive().expect("no error").expect("a message");
    assert_eq!(message.body, b"ok");
}

#[test]
fn messages_pass_from_a_radio_to_a_dish_over_loopback() {
    let (one, other) = (UdpSocket::bind("127.0.0.1:0"), UdpSocket::bind("127.0.0.1:0"));
    let (one, other) = (one.expect("a port"), other.expect("a port"));
    one.connect(other.local_addr().expect("bound")).expect("an address");
    other.set_nonblocking(true).expect("a socket");
    let (mut sent, mut received) = ([0; 64], [0; 64]);
    let mut radio = Radio::new(System(one), &mut sent);
    let mut dish = Dish::<_, 24>::new(System(other), &mut received);
    dish.join(group("TV")).expect("room");
    let end = Instant::now() + Duration::from_secs(5);
    loop {
        // A datagram may be lost.
        radio.send(group("T"), b"other").expect("a socket");
        radio.send(group("TV"), b"ok").expect("a socket");
        if let Some(message) = dish.try_receive().expect("a socket") {
            assert_eq!((message.group.bytes(), message.body), (&b"TV"[..], &b"ok"[..]));
            break;
        }
        assert!(Instant::now() < end, "no message arrives");
    }
}

#[test]
fn messages_pass_to_a_dish_and_from_a_radio_of_zmtp_mio() {
    const LIMIT: Duration = Duration::from_secs(10);
    let socket = || UdpSocket::bind("127.0.0.1:0").expect("a port");
    let theirs = zmtp_mio::Dish::builder().bind("udp://127.0.0.1:*").expect("bound");
    theirs.join("TV").expect("a group");
    let endpoint = theirs.last_endpoint().expect("bound").to_string();
    let sender = socket();
    sender.connect(endpoint.trim_start_matches("udp://")).expect("an address");
    let mut buffer = [0; 64];
    let mut radio = Radio::new(System(sender), &mut buffer);
    radio.send(group("T"), b"other").expect("a socket");
    radio.send(group("TV"), b"a film").expect("a socket");
    let message = theirs.recv_timeout(LIMIT).expect("no error").expect("a message");
    assert_eq!((message.group(), message.text()), (&b"TV"[..], Ok("a film")));

    let receiver = socket();
    receiver.set_read_timeout(Some(LIMIT)).expect("a socket");
    let endpoint = format!("udp://{}", receiver.local_addr().expect("bound"));
    let theirs = zmtp_mio::Radio::builder().connect(endpoint).expect("connected");
    let mut buffer = [0; 64];
    let mut dish = Dish::<_, 24>::new(System(receiver), &mut buffer);
    dish.join(group("TV")).expect("room");
    theirs.send_to("T", "other").expect("sent");
    theirs.send_to("TV", "a film").expect("sent");
    assert!(theirs.flush(LIMIT).expect("no error"));
    let message = dish.try_receive().expect("in time").expect("a message");
    assert_eq!((message.group.bytes(), message.body), (&b"TV"[..], &b"a film"[..]));
}
