//! Forwarding between two sockets (`zmq_proxy`, `zmq_proxy_steerable`).

mod control;
mod forward;
mod sockets;

use core::fmt;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};

pub use control::{ProxyHandle, ProxySide, ProxyState, ProxyStatistics, ProxyTraffic};
pub use sockets::{ControlSocket, ProxySocket};

use crate::engine::SharedEngine;
use crate::error::Error;
use crate::message::Message;
use crate::socket::kind::CanProxy;
use crate::socket::{Ready, Socket, step};
use control::Shared;

/// Events taken from the system at once; there are four sockets and a waker.
const EVENTS: usize = 8;
/// The token of the waker. Those of the sockets are in the order of [`Proxy::sockets`].
const WAKE: Token = Token(4);

/// Forwards messages between two sockets, in both directions, until it is terminated (`zmq_proxy`,
/// `zmq_proxy_steerable`).
///
/// Messages are moved, not copied; large ones are shared with the [capture](Self::capture) socket. While one
/// side has no room, the proxy receives nothing from the other side: the queues of its peers fill, and the
/// peers wait or drop messages, depending on their socket types. When the proxy ends, it may hold one message
/// for each socket; a further [run](Self::run) sends these first.
///
/// The proxy owns its sockets or borrows them. A ROUTER and a DEALER distribute requests to workers:
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Dealer, Proxy, Rep, Req, Router};
///
/// let frontend = Router::builder().bind("tcp://127.0.0.1:*")?;
/// let backend = Dealer::builder().bind("tcp://127.0.0.1:*")?;
/// let clients = frontend.last_endpoint().unwrap().clone();
/// let workers = backend.last_endpoint().unwrap().clone();
///
/// let mut proxy = Proxy::new(frontend, backend)?;
/// let handle = proxy.handle();
/// let proxy = std::thread::spawn(move || proxy.run());
/// # let worker = std::thread::spawn(move || {
/// let mut rep = Rep::builder().connect(workers)?;
/// let request = rep.recv_timeout(Duration::from_secs(5))?.unwrap();
/// rep.send(request)?;
/// # Ok::<(), zmtp_mio::Error>(())
/// # });
/// let mut req = Req::builder().connect(clients)?;
/// let reply = req.request("ping", Duration::from_secs(5))?;
/// assert_eq!(reply.unwrap().text(), Ok("ping"));
/// # worker.join().unwrap()?;
///
/// handle.terminate()?;
/// let statistics = proxy.join().unwrap()?;
/// // A ROUTER puts the sender's routing id in front, and REQ an empty part.
/// assert_eq!(statistics.frontend.received.parts, 3);
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
///
/// An XSUB and an XPUB forward published messages to subscribers, and subscriptions to publishers:
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Proxy, Pub, Sub, Xpub, Xsub};
///
/// let frontend = Xsub::builder().bind("tcp://127.0.0.1:*")?;
/// let backend = Xpub::builder().bind("tcp://127.0.0.1:*")?;
/// let publishers = frontend.last_endpoint().unwrap().clone();
/// let subscribers = backend.last_endpoint().unwrap().clone();
///
/// let mut proxy = Proxy::new(frontend, backend)?;
/// let handle = proxy.handle();
/// let proxy = std::thread::spawn(move || proxy.run());
/// # let subscriber = std::thread::spawn(move || {
/// let mut sub = Sub::builder().topic("weather.").connect(subscribers)?;
/// let message = sub.recv_timeout(Duration::from_secs(5))?.unwrap();
/// assert_eq!(message.text(), Ok("weather.oslo 4 °C"));
/// # Ok::<(), zmtp_mio::Error>(())
/// # });
/// let mut publisher = Pub::builder().connect(publishers)?;
/// assert!(publisher.wait_for_subscribers(1, Duration::from_secs(5))?);
/// publisher.send("weather.oslo 4 °C")?;
/// # subscriber.join().unwrap()?;
///
/// handle.terminate()?;
/// proxy.join().unwrap()?;
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
///
/// Other pairs of sockets are PULL and PUSH to collect and distribute work, SUB and PUB with fixed
/// subscriptions, DEALER and DEALER, and PAIR with a socket that has one peer.
pub struct Proxy<'s> {
    frontend: Box<dyn ProxySocket + 's>,
    backend: Box<dyn ProxySocket + 's>,
    capture: Option<Box<dyn ProxySocket + 's>>,
    control: Option<Box<dyn ControlSocket + 's>>,
    /// Received and not forwarded yet: for the backend, the frontend and the capture socket.
    held: [Option<Message>; 3],
    statistics: ProxyStatistics,
    shared: Arc<Shared>,
    poll: Poll,
    events: Events,
}

/// Shows the state and the statistics.
impl fmt::Debug for Proxy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("state", &self.shared.state())
            .field("statistics", &self.statistics)
            .finish_non_exhaustive()
    }
}

/// Forwards messages between two sockets until a [`Handle`](crate::Handle) of one of them stops it
/// (`zmq_proxy`). A [`Proxy`] can also capture messages, count them, and be paused.
///
/// # Errors
///
/// As [`Proxy::run`]. The function returns only with an error.
pub fn proxy<F: CanProxy, B: CanProxy>(
    frontend: &mut Socket<F>,
    backend: &mut Socket<B>,
) -> Result<(), Error> {
    Proxy::new(frontend, backend)?.run().map(drop)
}

/// The direction of a message.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Direction {
    ToBackend = 0,
    ToFrontend = 1,
}

/// The index of the message that the capture socket has not taken yet.
const CAPTURE: usize = 2;

impl<'s> Proxy<'s> {
    /// Creates a proxy between two sockets, which are owned or borrowed (`&mut`).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system has no descriptor left.
    pub fn new(
        frontend: impl ProxySocket + 's,
        backend: impl ProxySocket + 's,
    ) -> Result<Self, Error> {
        let poll = Poll::new().map_err(Error::io("create a poll"))?;
        let waker = Waker::new(poll.registry(), WAKE).map_err(Error::io("create a waker"))?;
        Ok(Self {
            frontend: Box::new(frontend),
            backend: Box::new(backend),
            capture: None,
            control: None,
            held: [None, None, None],
            statistics: ProxyStatistics::default(),
            shared: Arc::new(Shared::new(waker)),
            poll,
            events: Events::with_capacity(EVENTS),
        })
    }

    /// Sends a copy of every message, from both sides, to a socket, which is a PUB, PUSH, PAIR or DEALER. Large
    /// messages are shared, not copied. While the capture socket has no room, or cannot send, the proxy
    /// forwards nothing, as in libzmq. A PUB always has room.
    #[must_use]
    pub fn capture(mut self, socket: impl ProxySocket + 's) -> Self {
        self.capture = Some(Box::new(socket));
        self
    }

    /// Sets a PAIR or REP that receives the commands `PAUSE`, `RESUME`, `TERMINATE` and `STATISTICS`
    /// (`zmq_proxy_steerable`).
    ///
    /// The answer to `STATISTICS` is [`ProxyStatistics::to_message`]. The answer to any other message,
    /// including an unknown command, is one empty part. `PAUSE` and `RESUME` have the effects that the manual of
    /// libzmq describes; libzmq 4.3.5 exchanges them.
    #[must_use]
    pub fn control(mut self, socket: impl ControlSocket + 's) -> Self {
        self.control = Some(Box::new(socket));
        self
    }

    /// Returns a handle that pauses, resumes and terminates the proxy from any thread, and reads its
    /// statistics.
    pub fn handle(&self) -> ProxyHandle {
        ProxyHandle::new(&self.shared)
    }

    /// Forwards messages until the proxy is terminated. Returns the statistics since the proxy was created.
    /// A paused proxy still drives its sockets: they connect, and receive up to their high-water marks.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] or [`Error::Woken`] if a [`Handle`](crate::Handle) of one of the sockets was used,
    /// and [`Error::Io`]. No message is lost: the proxy can be run again.
    pub fn run(&mut self) -> Result<ProxyStatistics, Error> {
        // During the run this poll, not the driver, handles the events of the sockets.
        self.sockets().into_iter().flatten().for_each(SharedEngine::hold);
        let result = self.register().and_then(|()| self.forward_all());
        self.sockets().into_iter().flatten().for_each(SharedEngine::release);
        self.shared.publish(&self.statistics);
        result.map(|()| self.statistics)
    }

    fn sockets(&self) -> [Option<&SharedEngine>; 4] {
        [
            Some(self.frontend.engine_ref().0),
            Some(self.backend.engine_ref().0),
            self.capture_engine(),
            self.control.as_ref().map(|socket| socket.engine_ref().0),
        ]
    }

    fn capture_engine(&self) -> Option<&SharedEngine> {
        self.capture.as_ref().map(|socket| socket.engine_ref().0)
    }

    /// The sockets that messages in a direction come from and go to.
    fn ends(&self, direction: Direction) -> (&SharedEngine, &SharedEngine) {
        let (frontend, backend) = (self.frontend.engine_ref().0, self.backend.engine_ref().0);
        match direction {
            Direction::ToBackend => (frontend, backend),
            Direction::ToFrontend => (backend, frontend),
        }
    }

    fn forward_all(&mut self) -> Result<(), Error> {
        loop {
            let rest = self.step()?;
            self.execute_commands()?;
            self.capture_held()?;
            let moved = match self.shared.state() {
                ProxyState::Terminated => return Ok(()),
                ProxyState::Paused => false,
                ProxyState::Active => {
                    let there = self.forward(Direction::ToBackend)?;
                    let back = self.forward(Direction::ToFrontend)?;
                    there | back
                }
            };
            if moved {
                self.shared.publish(&self.statistics);
                continue;
            }
            match self.poll.poll(&mut self.events, rest) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => result.map_err(Error::io("poll"))?,
            }
        }
    }

    /// Registers the sockets. Their descriptors report new events; registering reports what is ready
    /// already.
    fn register(&self) -> Result<(), Error> {
        let registry = self.poll.registry();
        for (index, engine) in self.sockets().into_iter().enumerate() {
            let Some(engine) = engine else { continue };
            let token = Token(index);
            let fd = engine.descriptor()?;
            let result = match registry.reregister(&mut SourceFd(&fd), token, Interest::READABLE) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    registry.register(&mut SourceFd(&fd), token, Interest::READABLE)
                }
                result => result,
            };
            result.map_err(Error::io("watch a socket"))?;
        }
        Ok(())
    }

    /// Drives every socket. Returns when they must be driven again.
    fn step(&self) -> Result<Option<Duration>, Error> {
        let mut earliest: Option<Duration> = None;
        for engine in self.sockets().into_iter().flatten() {
            let Ready { next, .. } = step(engine)?;
            earliest = match (earliest, next) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
        }
        Ok(earliest)
    }
}
