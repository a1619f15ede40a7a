//! Sockets of any type, ours and libzmq's, for tests of all types.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use zmtp_core::wire::{RoutingId, SocketType};
use zmtp_interop::libzmq::{Context, Kind, Socket, option};
use zmtp_mio::{
    Counters, Dealer, Error, EventKind, Message, Pair, Pub, Pull, Push, Ready, Rep, Req, Router,
    Sub, Xpub, Xsub,
};

use super::LONG;
use super::secure::Secure;

/// The types in libzmq and in this crate.
pub(crate) const TYPES: [(Kind, SocketType); 11] = [
    (Kind::Pair, SocketType::Pair),
    (Kind::Pub, SocketType::Pub),
    (Kind::Sub, SocketType::Sub),
    (Kind::Req, SocketType::Req),
    (Kind::Rep, SocketType::Rep),
    (Kind::Dealer, SocketType::Dealer),
    (Kind::Router, SocketType::Router),
    (Kind::Pull, SocketType::Pull),
    (Kind::Push, SocketType::Push),
    (Kind::Xpub, SocketType::Xpub),
    (Kind::Xsub, SocketType::Xsub),
];

/// The compatible pairs, each once.
pub(crate) const LEGAL: [(Kind, Kind); 12] = [
    (Kind::Pair, Kind::Pair),
    (Kind::Pub, Kind::Sub),
    (Kind::Pub, Kind::Xsub),
    (Kind::Xpub, Kind::Sub),
    (Kind::Xpub, Kind::Xsub),
    (Kind::Req, Kind::Rep),
    (Kind::Req, Kind::Router),
    (Kind::Dealer, Kind::Rep),
    (Kind::Dealer, Kind::Dealer),
    (Kind::Dealer, Kind::Router),
    (Kind::Router, Kind::Router),
    (Kind::Push, Kind::Pull),
];

pub(crate) fn is_legal(one: Kind, other: Kind) -> bool {
    LEGAL.contains(&(one, other)) || LEGAL.contains(&(other, one))
}

pub(crate) fn name(kind: Kind) -> SocketType {
    TYPES.iter().find(|(theirs, _)| *theirs == kind).unwrap().1
}

pub(crate) fn id(text: &str) -> RoutingId {
    RoutingId::new(text.as_bytes()).unwrap()
}

/// A socket of ours of any type.
#[derive(Debug)]
pub(crate) enum Any {
    Pair(Pair),
    Pub(Pub),
    Sub(Sub),
    Req(Req),
    Rep(Rep),
    Dealer(Dealer),
    Router(Router),
    Pull(Pull),
    Push(Push),
    Xpub(Xpub),
    Xsub(Xsub),
}

/// Does the same with a socket of any type.
macro_rules! each {
    ($any:expr, $socket:ident => $do:expr) => {
        match $any {
            Any::Pair($socket) => $do,
            Any::Pub($socket) => $do,
            Any::Sub($socket) => $do,
            Any::Req($socket) => $do,
            Any::Rep($socket) => $do,
            Any::Dealer($socket) => $do,
            Any::Router($socket) => $do,
            Any::Pull($socket) => $do,
            Any::Push($socket) => $do,
            Any::Xpub($socket) => $do,
            Any::Xsub($socket) => $do,
        }
    };
}

impl Any {
    /// With routing id "ours"; SUB and XSUB subscribe to everything, ROUTER is mandatory.
    pub(crate) fn new(kind: Kind) -> Self {
        Self::secure(kind, Secure::Null)
    }

    /// As `new`, with a mechanism.
    pub(crate) fn secure(kind: Kind, with: Secure) -> Self {
        let ours = id("ours");
        match kind {
            Kind::Pair => Self::Pair(with.builder::<Pair>().build().unwrap()),
            Kind::Pub => Self::Pub(with.builder::<Pub>().build().unwrap()),
            Kind::Sub => Self::Sub(with.builder::<Sub>().topic("").build().unwrap()),
            Kind::Req => Self::Req(with.builder::<Req>().routing_id(ours).build().unwrap()),
            Kind::Rep => Self::Rep(with.builder::<Rep>().build().unwrap()),
            Kind::Dealer => {
                Self::Dealer(with.builder::<Dealer>().routing_id(ours).build().unwrap())
            }
            Kind::Router => Self::Router(
                with.builder::<Router>().routing_id(ours).mandatory(true).build().unwrap(),
            ),
            Kind::Pull => Self::Pull(with.builder::<Pull>().build().unwrap()),
            Kind::Push => Self::Push(with.builder::<Push>().build().unwrap()),
            Kind::Xpub => Self::Xpub(with.builder::<Xpub>().build().unwrap()),
            Kind::Xsub => {
                let mut xsub = with.builder::<Xsub>().build().unwrap();
                xsub.subscribe("");
                Self::Xsub(xsub)
            }
            _ => panic!("another test has it"),
        }
    }

    pub(crate) fn bind(&mut self, endpoint: &str) -> String {
        each!(self, socket => socket.bind(endpoint)).unwrap().to_string()
    }

    pub(crate) fn connect(&mut self, endpoint: &str) {
        each!(self, socket => socket.connect(endpoint)).unwrap();
    }

    /// Drives it for a moment.
    pub(crate) fn turn(&mut self) {
        each!(self, socket => socket.wait(Duration::from_millis(5))).unwrap();
    }

    pub(crate) fn next_event(&mut self) -> Option<EventKind> {
        each!(self, socket => socket.next_event()).map(|event| event.kind)
    }

    pub(crate) fn counters(&self) -> Counters {
        each!(self, socket => socket.counters())
    }

    /// Sends, if the type can send and has a peer within a moment.
    pub(crate) fn send(&mut self, parts: &[Vec<u8>]) -> bool {
        let message = Message::from_parts(parts);
        let time = Duration::from_millis(20);
        match self {
            Self::Pair(socket) => socket.send_timeout(message, time).is_ok(),
            Self::Pub(socket) => {
                socket.wait_for_subscribers(1, time).unwrap();
                socket.send(message).is_ok()
            }
            Self::Req(socket) => socket.send_timeout(message, time).is_ok(),
            Self::Rep(socket) => socket.send(message).is_ok(),
            Self::Dealer(socket) => socket.send_timeout(message, time).is_ok(),
            Self::Router(socket) => socket.send_timeout(message, time).is_ok(),
            Self::Push(socket) => socket.send_timeout(message, time).is_ok(),
            Self::Xpub(socket) => {
                socket.wait_for_subscribers(1, time).unwrap();
                socket.send(message).is_ok()
            }
            Self::Xsub(socket) => socket.send(message).is_ok(),
            Self::Sub(_) | Self::Pull(_) => panic!("it only receives"),
        }
    }

    /// Receives, if the type can receive and a message arrives within a moment.
    pub(crate) fn recv(&mut self) -> Option<Vec<Vec<u8>>> {
        let time = Duration::from_millis(20);
        let message = match self {
            Self::Pair(socket) => socket.recv_timeout(time),
            Self::Sub(socket) => socket.recv_timeout(time),
            Self::Req(socket) => socket.recv_timeout(time),
            Self::Rep(socket) => socket.recv_timeout(time),
            Self::Dealer(socket) => socket.recv_timeout(time),
            Self::Router(socket) => socket.recv_timeout(time),
            Self::Pull(socket) => socket.recv_timeout(time),
            Self::Xpub(socket) => socket.recv_timeout(time),
            Self::Xsub(socket) => socket.recv_timeout(time),
            Self::Pub(_) | Self::Push(_) => panic!("it only sends"),
        };
        message.unwrap().map(|message| super::parts(&message))
    }
}

/// A libzmq socket with the same settings and routing id "theirs".
pub(crate) fn theirs(context: &Context, kind: Kind) -> Socket {
    let socket = context.socket(kind).unwrap();
    socket.set_timeout(Some(Duration::from_millis(20))).unwrap();
    match kind {
        Kind::Sub => socket.set_bytes(option::SUBSCRIBE, b"").unwrap(),
        Kind::Router => socket.set_i32(option::ROUTER_MANDATORY, 1).unwrap(),
        _ => {}
    }
    if matches!(kind, Kind::Req | Kind::Dealer | Kind::Router) {
        socket.set_bytes(option::ROUTING_ID, b"theirs").unwrap();
    }
    socket
}

/// Whether a type sends to, and receives from, another.
pub(crate) fn may_send(from: Kind, to: Kind) -> bool {
    !matches!(from, Kind::Sub | Kind::Pull) && !matches!(to, Kind::Pub | Kind::Push)
}

/// The parts that a sender of type `from` sends so that `to`, with routing id `name`, gets `body`.
pub(crate) fn wrap(from: Kind, to: Kind, name: &[u8], body: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    if from == Kind::Router {
        parts.push(name.to_vec());
    }
    let lockstep = matches!(to, Kind::Req | Kind::Rep);
    if lockstep && matches!(from, Kind::Router | Kind::Dealer) {
        parts.push(vec![]);
    }
    parts.extend_from_slice(body);
    parts
}

/// The parts that a receiver of type `to` gets.
pub(crate) fn received(from: Kind, to: Kind, name: &[u8], body: &[Vec<u8>]) -> Vec<Vec<u8>> {
    // The same from the other side.
    wrap(to, from, name, body)
}

/// Drives our socket by `turn` until a thread with libzmq's has ended; returns its result.
pub(crate) fn until_joined<T>(
    what: &str,
    thread: JoinHandle<T>,
    mut turn: impl FnMut() -> Result<Ready, Error>,
) -> T {
    until(what, || {
        turn().unwrap();
        thread.is_finished().then_some(())
    });
    thread.join().unwrap()
}

/// Repeats until it succeeds.
pub(crate) fn until<T>(what: &str, mut attempt: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + LONG;
    loop {
        if let Some(done) = attempt() {
            return done;
        }
        assert!(Instant::now() < end, "not in time: {what}");
    }
}
