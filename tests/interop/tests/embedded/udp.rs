//! RADIO and DISH over UDP.

use core::time::Duration;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::thread;

use zmtp_core::wire::Group;
use zmtp_embedded::udp::{Dish, Radio, Udp};
use zmtp_interop::libzmq::{Context, Frame, Kind};

use crate::body;
use crate::common::{free_udp_port, libzmq};
use crate::stream::{DEADLINE, now};

/// A socket of the system.
struct Socket(UdpSocket);

impl Socket {
    fn new() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
        Self(socket)
    }

    fn address(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }
}

impl Udp for Socket {
    type Error = io::Error;

    fn send(&mut self, datagram: &[u8]) -> io::Result<()> {
        self.0.send(datagram).map(drop)
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<Option<usize>> {
        match self.0.recv(buffer) {
            Ok(len) => Ok(Some(len)),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

fn group(name: &str) -> Group<'_> {
    Group::new(name.as_bytes()).unwrap()
}

const LENGTHS: [usize; 5] = [0, 1, 300, 1_473, 8_000];

#[test]
fn radio_sends_datagrams_to_libzmqs_dish() {
    let to = ("127.0.0.1", free_udp_port("127.0.0.1"));
    let dish = libzmq(&Context::new().unwrap(), Kind::Dish);
    dish.join("TV").unwrap();
    dish.bind(&format!("udp://{}:{}", to.0, to.1)).unwrap();
    let socket = Socket::new();
    socket.0.connect(to).unwrap();
    let mut buffer = [0; 8_192];
    let mut radio = Radio::new(socket, &mut buffer);
    // It is bound in another thread, later. Until then, the system may report that nothing listens.
    while !dish.readable(Duration::from_millis(10)).unwrap() {
        let _ = radio.send(group("TV"), b"begin");
        assert!(now() < DEADLINE);
    }
    for len in LENGTHS {
        radio.send(group("T"), b"of no group").unwrap();
        radio.send(group("TV"), &body(len)).unwrap();
        let message = loop {
            let message = dish.recv_frame().unwrap();
            if message.bytes() != b"begin" {
                break message;
            }
        };
        assert_eq!((message.bytes(), &*message.group()), (&*body(len), "TV"));
    }
}

#[test]
fn dish_receives_datagrams_of_libzmqs_radio() {
    let socket = Socket::new();
    let radio = libzmq(&Context::new().unwrap(), Kind::Radio);
    radio.connect(&format!("udp://{}", socket.address())).unwrap();
    let mut buffer = [0; 8_193];
    let mut dish = Dish::<_, 64>::new(socket, &mut buffer);
    dish.join(group("TV")).unwrap();
    for len in LENGTHS {
        for (name, body) in [("T", body(7)), ("TV", body(len))] {
            let mut frame = Frame::with_bytes(&body).unwrap();
            frame.set_group(name).unwrap();
            radio.send_frame(frame, false).unwrap();
        }
        loop {
            if let Some(message) = dish.try_receive().unwrap() {
                assert_eq!((message.group, message.body), (group("TV"), &*body(len)));
                break;
            }
            assert!(now() < DEADLINE);
            thread::yield_now();
        }
    }
    assert_eq!(dish.malformed(), 0);
}
