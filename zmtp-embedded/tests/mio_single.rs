//! CLIENT, CHANNEL, RADIO and DISH against zmtp-mio over real TCP sockets.

use core::time::Duration;
use std::net::{TcpListener, TcpStream};
use std::thread;

use embedded_io_adapters::std::FromStd;
use zmtp_core::wire::{Group, SocketType};
use zmtp_core::{Config, Instant};
use zmtp_embedded::blocking::{Channel, Client, Dish, Radio};

static CONFIG: Config = Config::new(SocketType::Client);

const LIMIT: Duration = Duration::from_secs(10);
const LENGTHS: [usize; 5] = [0, 1, 255, 256, 1_000];

/// These sockets block without limit; the test runner has a timeout.
fn now() -> Instant {
    Instant::from_millis(0)
}

fn body(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i + len) as u8).collect()
}

/// A stream to a socket that binds.
fn to(endpoint: &zmtp_mio::Endpoint) -> FromStd<TcpStream> {
    let endpoint = endpoint.to_string();
    let address = endpoint.strip_prefix("tcp://").expect("TCP");
    FromStd::new(TcpStream::connect(address).expect("a listener"))
}

#[test]
fn a_client_exchanges_messages_with_a_server_of_zmtp_mio() {
    let server = zmtp_mio::Server::new().expect("a socket");
    let endpoint = server.bind("tcp://127.0.0.1:*").expect("bound");
    let answers = thread::spawn(move || {
        for _ in LENGTHS {
            let request = server.recv_timeout(LIMIT).expect("no error").expect("a request");
            let id = request.routing_id().expect("the id of the client");
            server.send_to(id, request, LIMIT).expect("connected");
        }
        assert!(server.flush(LIMIT).expect("no error"));
        let _ = server.recv_timeout(LIMIT);
    });
    let (mut receive, mut send) = ([0; 1_100], [0; 1_100]);
    let mut client = Client::new(&CONFIG, &mut receive, &mut send);
    client.connect(to(&endpoint), now());
    for len in LENGTHS {
        client.send(&body(len), Instant::NEVER, now).expect("a good peer");
        let reply = client.receive(Instant::NEVER, now).expect("a reply");
        assert_eq!(reply.only(), Some(&body(len)[..]));
    }
    client.send(b"end", Instant::NEVER, now).expect("a good peer");
    client.flush(Instant::NEVER, now).expect("a good peer");
    answers.join().expect("a good server");
}

#[test]
fn a_channel_exchanges_messages_with_a_channel_of_zmtp_mio() {
    let other = zmtp_mio::Channel::new().expect("a socket");
    let endpoint = other.bind("tcp://127.0.0.1:*").expect("bound");
    let echo = thread::spawn(move || {
        for _ in LENGTHS {
            let message = other.recv_timeout(LIMIT).expect("no error").expect("a message");
            other.send_timeout(message, LIMIT).expect("connected");
        }
        let _ = other.recv_timeout(LIMIT);
    });
    let (mut receive, mut send) = ([0; 1_100], [0; 1_100]);
    let mut channel = Channel::new(&CONFIG, &mut receive, &mut send);
    channel.connect(to(&endpoint), now());
    for len in LENGTHS {
        channel.send(&body(len), Instant::NEVER, now).expect("a good peer");
        let message = channel.receive(Instant::NEVER, now).expect("a message");
        assert_eq!(message.only(), Some(&body(len)[..]));
    }
    channel.send(b"end", Instant::NEVER, now).expect("a good peer");
    channel.flush(Instant::NEVER, now).expect("a good peer");
    echo.join().expect("a good channel");
}

#[test]
fn a_radio_sends_to_a_dish_of_zmtp_mio() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("bound");
    let receives = thread::spawn(move || {
        let dish = zmtp_mio::Dish::new().expect("a socket");
        dish.join("TV").expect("a group");
        dish.connect(format!("tcp://{address}")).expect("an endpoint");
        for len in LENGTHS {
            let message = dish.recv_timeout(LIMIT).expect("no error").expect("a message");
            assert_eq!((message.group(), message.bytes()), (&b"TV"[..], Some(&body(len)[..])));
        }
    });
    let (mut receive, mut send) = ([0; 64], [0; 1_100]);
    let mut radio = Radio::<_, 64>::new(&CONFIG, &mut receive, &mut send);
    let stream = listener.accept().expect("a DISH").0;
    stream.set_read_timeout(Some(Duration::from_millis(1))).expect("a timeout");
    radio.connect(Timed(FromStd::new(stream)), now());
    let (tv, other) = (Group::new(b"TV").expect("a group"), Group::new(b"T").expect("a group"));
    for len in LENGTHS {
        while !radio.send(tv, &body(len), Instant::NEVER, now).expect("a good peer") {
            radio.serve(now(), now).expect("a good peer");
        }
        assert_eq!(radio.send(other, b"", Instant::NEVER, now), Ok(false));
    }
    radio.flush(Instant::NEVER, now).expect("a good peer");
    receives.join().expect("a good DISH");
}

#[test]
fn a_dish_receives_from_a_radio_of_zmtp_mio() {
    let radio = zmtp_mio::Radio::new().expect("a socket");
    let endpoint = radio.bind("tcp://127.0.0.1:*").expect("bound");
    let sends = thread::spawn(move || {
        assert!(radio.wait_for_members(1, LIMIT).expect("no error"));
        for len in LENGTHS {
            radio.send_to("T", "other").expect("a group");
            radio.send_to("TV", body(len)).expect("a group");
        }
        assert!(radio.flush(LIMIT).expect("no error"));
        radio
    });
    let (mut receive, mut send) = ([0; 1_100], [0; 64]);
    let mut dish = Dish::<_, 64>::new(&CONFIG, &mut receive, &mut send);
    dish.join(Group::new(b"TV").expect("a group")).expect("room");
    dish.connect(to(&endpoint), now());
    for len in LENGTHS {
        let message = dish.receive(Instant::NEVER, now).expect("a message");
        assert_eq!(message.parts().collect::<Vec<_>>(), [b"TV", &body(len)[..]]);
    }
    drop(sends.join().expect("a good RADIO"));
}

/// A stream whose reads end after a timeout, with the error that these sockets expect.
struct Timed(FromStd<TcpStream>);

impl embedded_io::ErrorType for Timed {
    type Error = embedded_io::ErrorKind;
}

impl embedded_io::Read for Timed {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Self::Error> {
        self.0.read(buf).map_err(|error| match error.kind() {
            std::io::ErrorKind::WouldBlock => embedded_io::ErrorKind::TimedOut,
            _ => embedded_io::ErrorKind::Other,
        })
    }
}

impl embedded_io::Write for Timed {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Self::Error> {
        self.0.write(buf).map_err(|_| embedded_io::ErrorKind::Other)
    }

    fn flush(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}
