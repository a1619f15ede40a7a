//! A dialogue with libzmq, replayed with a socket of `zmtp-mio` in place of libzmq.

use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use zmtp_mio::{Dealer, Message, Pair, Pub, Pull, Push, Router, Sub, Xpub, Xsub};
use zmtp_tests::vectors::{Bytes, Step, Vector};

/// The time limit for an event that is due at once.
pub(crate) const LIMIT: Duration = Duration::from_secs(5);
/// The time during which no event may happen.
pub(crate) const IDLE: Duration = Duration::from_millis(60);
/// The longest time that sent bytes need on this machine.
const SETTLE: Duration = Duration::from_millis(20);

type Parts = Vec<Vec<u8>>;

/// A socket as a dialogue uses it.
pub(crate) trait Socket {
    fn bind(&mut self) -> String;
    fn connect(&mut self, endpoint: &str);
    fn turn(&mut self);
    fn send(&mut self, message: Message);
    fn receive(&mut self) -> Option<Message>;
}

macro_rules! socket {
    ($socket:ident, |$this:ident| $receive:expr, |$to:ident, $message:ident| $send:expr) => {
        impl Socket for $socket {
            fn bind(&mut self) -> String {
                Self::bind(self, "tcp://127.0.0.1:*").unwrap().to_string()
            }

            fn connect(&mut self, endpoint: &str) {
                Self::connect(self, endpoint).unwrap();
            }

            fn turn(&mut self) {
                self.step().unwrap();
            }

            fn send(&mut self, $message: Message) {
                let $to = self;
                $send
            }

            fn receive(&mut self) -> Option<Message> {
                let $this = self;
                $receive
            }
        }
    };
}

fn sent(result: Result<(), zmtp_mio::SendError>) {
    result.expect("it can be sent");
}

socket!(Dealer, |this| this.try_recv().unwrap(), |to, m| sent(to.send_timeout(m, LIMIT)));
socket!(Router, |this| this.try_recv().unwrap(), |to, m| sent(to.send_timeout(m, LIMIT)));
socket!(Pair, |this| this.try_recv().unwrap(), |to, m| sent(to.send_timeout(m, LIMIT)));
socket!(Pub, |_this| None, |to, m| sent(to.try_send(m)));
socket!(Pull, |this| this.try_recv().unwrap(), |_to, _m| unreachable!("a PULL does not send"));
socket!(Push, |_this| None, |to, m| sent(to.send_timeout(m, LIMIT)));
socket!(Sub, |this| this.try_recv().unwrap(), |_to, _m| unreachable!("a SUB does not send"));
socket!(Xpub, |this| this.try_recv().unwrap(), |to, m| sent(to.try_send(m)));
socket!(Xsub, |this| this.try_recv().unwrap(), |to, m| sent(to.try_send(m)));

/// A dialogue under way.
pub(crate) struct Play<S> {
    pub(crate) socket: S,
    /// Of a socket that binds.
    endpoint: Option<String>,
    listener: Option<TcpListener>,
    pub(crate) peers: Vec<TcpStream>,
    /// The current peer.
    pub(crate) at: usize,
    /// Bytes of the socket that the dialogue has not reached, per peer.
    pub(crate) unread: Vec<Vec<u8>>,
    /// The number of recorded bytes to skip, because ours differ from libzmq's.
    pub(crate) skip: usize,
}

impl<S: Socket> Play<S> {
    pub(crate) fn new(mut socket: S, binds: bool) -> Self {
        let (mut endpoint, mut listener) = (None, None);
        if binds {
            endpoint = Some(socket.bind());
        } else {
            let waiting = TcpListener::bind("127.0.0.1:0").unwrap();
            waiting.set_nonblocking(true).unwrap();
            socket.connect(&format!("tcp://{}", waiting.local_addr().unwrap()));
            listener = Some(waiting);
        }
        let (peers, unread) = (Vec::new(), Vec::new());
        let mut play = Self { socket, endpoint, listener, peers, at: 0, unread, skip: 0 };
        play.open();
        play
    }

    /// Opens another connection, whose peer is then the current one.
    pub(crate) fn open(&mut self) {
        let stream = match (&self.endpoint, &self.listener) {
            (Some(endpoint), _) => {
                TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap()
            }
            (None, Some(listener)) => {
                let end = Instant::now() + LIMIT;
                loop {
                    match listener.accept() {
                        Ok((stream, _)) => break stream,
                        Err(_) => self.socket.turn(),
                    }
                    assert!(Instant::now() < end, "nothing connects to it");
                }
            }
            _ => unreachable!("one of both"),
        };
        stream.set_nonblocking(true).unwrap();
        // Written bytes are sent at once, not with the acknowledgement of earlier ones.
        stream.set_nodelay(true).unwrap();
        self.peers.push(stream);
        self.unread.push(Vec::new());
        self.at = self.peers.len() - 1;
    }

    /// Reads what there is; `false` if the connection is over.
    pub(crate) fn read(&mut self) -> bool {
        self.socket.turn();
        let mut bytes = [0; 4_096];
        match self.peers[self.at].read(&mut bytes) {
            Ok(0) => false,
            Ok(n) => {
                self.unread[self.at].extend_from_slice(&bytes[..n]);
                true
            }
            Err(error) => matches!(error.kind(), ErrorKind::WouldBlock),
        }
    }

    /// The socket must send this now.
    pub(crate) fn expect(&mut self, bytes: &Bytes) {
        let n = bytes.recorded.len();
        let end = Instant::now() + LIMIT;
        while self.unread[self.at].len() < n {
            assert!(self.read(), "closed where libzmq sends {:x?}", bytes.recorded);
            assert!(Instant::now() < end, "silent where libzmq sends {:x?}", bytes.recorded);
        }
        let written: Vec<u8> = self.unread[self.at].drain(..n).collect();
        // The greeting's padding is any.
        assert!(bytes.matches(&written), "{written:x?} where libzmq sends {:x?}", bytes.recorded);
    }

    /// Waits until sent bytes have arrived.
    fn settle(&mut self) {
        let end = Instant::now() + SETTLE;
        while Instant::now() < end && self.read() {}
    }

    /// The socket sends and delivers nothing for a while.
    pub(crate) fn idle(&mut self) {
        let end = Instant::now() + IDLE;
        while Instant::now() < end {
            assert!(self.read(), "closed where libzmq is silent");
        }
        assert!(self.unread[self.at].is_empty(), "libzmq is silent");
    }

    /// The socket closes the connection.
    pub(crate) fn closes(&mut self) {
        let end = Instant::now() + LIMIT;
        while self.read() {
            assert!(Instant::now() < end, "it stays open");
        }
    }

    fn receive(&mut self) -> Parts {
        let end = Instant::now() + LIMIT;
        loop {
            self.socket.turn();
            if let Some(message) = self.socket.receive() {
                return message.parts().map(<[u8]>::to_vec).collect();
            }
            assert!(Instant::now() < end, "nothing is delivered");
        }
    }

    /// One step of the dialogue, as it stands.
    pub(crate) fn step(&mut self, step: &Step) {
        match step {
            Step::Heading(_) => {}
            Step::Libzmq(_) | Step::Peer(_) if self.skip > 0 => self.skip -= 1,
            Step::Peer(bytes) => {
                self.peers[self.at].write_all(bytes).unwrap();
                self.settle();
            }
            Step::Libzmq(bytes) => self.expect(bytes),
            Step::Observed(_) => self.idle(),
            Step::Receive(None) => {
                self.idle();
                assert!(self.socket.receive().is_none());
            }
            Step::Receive(Some(parts)) => {
                let came = self.receive();
                assert_eq!(came.len(), parts.len());
                assert!(came.iter().zip(parts).all(|(came, part)| part.matches(came)), "{came:?}");
            }
            Step::Send(parts) => {
                let parts = parts.iter().map(|part| &part.recorded);
                self.socket.send(Message::from_parts(parts));
            }
            Step::Close | Step::Aside(_) => panic!("not in these dialogues"),
        }
    }
}

/// Replays a dialogue; `heading` performs the actions of its headings and those after a silence.
pub(crate) fn play<S: Socket>(name: &str, socket: S, mut heading: impl FnMut(&mut Play<S>, &str)) {
    let vector = Vector::named(name);
    let mut play = Play::new(socket, vector.sut.text.contains("bind"));
    for (at, step) in vector.steps.iter().enumerate() {
        println!("{name} step {at}: {step:?}");
        if let Step::Heading(text) = step {
            // The captures write "octet".
            heading(&mut play, &text.replace("octet", "byte"));
        }
        play.step(step);
        if matches!(step, Step::Observed(_)) {
            heading(&mut play, "after the silence");
        }
    }
}
