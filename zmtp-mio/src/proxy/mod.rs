//! Standing between two sockets (`zmq_proxy`, `zmq_proxy_steerable`).

mod control;
mod ends;

use core::fmt;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};

pub use control::{Control, Course, Side, Statistics, Steering, Traffic};
pub use ends::Proxied;

use crate::error::{Error, SendError};
use crate::message::Message;
use crate::socket::{Pollable, Ready};
use control::Shared;

/// Messages that go one way before the other has its turn.
const BURST: usize = 256;
/// Notices taken from the system at once; there are four sockets and a waker.
const EVENTS: usize = 8;
/// The waker's; sockets have theirs in the order of [`Proxy::arm`].
const WAKE: Token = Token(4);

/// Passes messages between two sockets, both ways, until it is told to end.
///
/// Bodies are moved, not copied; a [capture](Self::capture) socket shares them. What one side
/// cannot take is not read from the other: there the high-water marks fill, and senders wait or
/// drop, as their socket types have it. When it ends it may have one message for each side in hand,
/// which a further [run](Self::run) begins with.
///
/// It needs sockets for itself, owned or lent. A queue in front of workers is a ROUTER and a
/// DEALER:
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Dealer, Proxy, Rep, Req, Router};
///
/// let frontend = Router::builder().bind("tcp://127.0.0.1:*")?;
/// let backend = Dealer::builder().bind("tcp://127.0.0.1:*")?;
/// let clients = frontend.endpoints().next().unwrap().to_string();
/// let workers = backend.endpoints().next().unwrap().to_string();
///
/// let mut proxy = Proxy::new(frontend, backend)?;
/// let steering = proxy.steering();
/// let proxy = std::thread::spawn(move || proxy.run());
/// # let worker = std::thread::spawn(move || {
/// let mut rep = Rep::builder().connect(&workers)?;
/// let request = rep.recv_timeout(Duration::from_secs(5))?.unwrap();
/// rep.send(request)?;
/// # Ok::<(), zmtp_mio::Error>(())
/// # });
/// let mut req = Req::builder().connect(&clients)?;
/// let reply = req.request("ping", Duration::from_secs(5))?;
/// assert_eq!(reply.unwrap().text(), Ok("ping"));
/// # worker.join().unwrap()?;
///
/// steering.terminate()?;
/// let statistics = proxy.join().unwrap()?;
/// // A ROUTER puts the sender's routing id in front, and REQ an empty part.
/// assert_eq!(statistics.frontend.received.parts, 3);
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
///
/// A forwarder of what is published is an XSUB and an XPUB, which pass subscriptions upstream:
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Proxy, Pub, Sub, Xpub, Xsub};
///
/// let frontend = Xsub::builder().bind("tcp://127.0.0.1:*")?;
/// let backend = Xpub::builder().bind("tcp://127.0.0.1:*")?;
/// let publishers = frontend.endpoints().next().unwrap().to_string();
/// let subscribers = backend.endpoints().next().unwrap().to_string();
///
/// let mut proxy = Proxy::new(frontend, backend)?;
/// let steering = proxy.steering();
/// let proxy = std::thread::spawn(move || proxy.run());
/// # let subscriber = std::thread::spawn(move || {
/// let mut sub = Sub::builder().topic("weather.").connect(&subscribers)?;
/// let message = sub.recv_timeout(Duration::from_secs(5))?.unwrap();
/// assert_eq!(message.text(), Ok("weather.oslo 4 °C"));
/// # Ok::<(), zmtp_mio::Error>(())
/// # });
/// let mut publisher = Pub::builder().connect(&publishers)?;
/// assert!(publisher.wait_for_subscribers(1, Duration::from_secs(5))?);
/// publisher.send("weather.oslo 4 °C")?;
/// # subscriber.join().unwrap()?;
///
/// steering.terminate()?;
/// proxy.join().unwrap()?;
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
///
/// Any pair serves whose types send and receive what the other does: PULL and PUSH to gather and
/// share out work, SUB and PUB where the subscriptions are the proxy's own, DEALER and DEALER, PAIR
/// with whatever speaks to one peer.
pub struct Proxy<'s> {
    frontend: Box<dyn Proxied + 's>,
    backend: Box<dyn Proxied + 's>,
    capture: Option<Box<dyn Proxied + 's>>,
    control: Option<Box<dyn Control + 's>>,
    /// Received and not passed on yet: towards the backend, the frontend and the capture socket.
    held: [Option<Message>; 3],
    statistics: Statistics,
    shared: Arc<Shared>,
    poll: Poll,
    events: Events,
}

/// Without what it holds.
impl fmt::Debug for Proxy<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("course", &self.shared.course())
            .field("statistics", &self.statistics)
            .finish_non_exhaustive()
    }
}

/// Passes messages between two sockets until a [`Handle`](crate::Handle) of one of them stops it
/// (`zmq_proxy`). [`Proxy`] does more: it captures, pauses and counts.
///
/// # Errors
///
/// As [`Proxy::run`]; there is no other end.
pub fn proxy(frontend: &mut impl Proxied, backend: &mut impl Proxied) -> Result<(), Error> {
    Proxy::new(frontend, backend)?.run().map(drop)
}

/// Where a message goes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Way {
    ToBackend = 0,
    ToFrontend = 1,
}

/// The place of what the capture socket did not take yet.
const CAPTURE: usize = 2;

impl<'s> Proxy<'s> {
    /// A proxy between two sockets, which are owned or lent (`&mut`).
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system has no descriptor left.
    pub fn new(frontend: impl Proxied + 's, backend: impl Proxied + 's) -> Result<Self, Error> {
        let poll = Poll::new().map_err(Error::io("create a poll"))?;
        let waker = Waker::new(poll.registry(), WAKE).map_err(Error::io("create a waker"))?;
        Ok(Self {
            frontend: Box::new(frontend),
            backend: Box::new(backend),
            capture: None,
            control: None,
            held: [None, None, None],
            statistics: Statistics::default(),
            shared: Arc::new(Shared::new(waker)),
            poll,
            events: Events::with_capacity(EVENTS),
        })
    }

    /// Gives a copy of every message, from both sides, to a socket: a PUB, PUSH, PAIR or DEALER.
    /// Large bodies are shared, not copied. One that cannot take a message holds the proxy up, as
    /// with libzmq; a PUB always can.
    #[must_use]
    pub fn capture(mut self, socket: impl Proxied + 's) -> Self {
        self.capture = Some(Box::new(socket));
        self
    }

    /// Obeys a PAIR or REP that receives `PAUSE`, `RESUME`, `TERMINATE` and `STATISTICS`
    /// (`zmq_proxy_steerable`). Each is answered: `STATISTICS` with eight parts as
    /// [`Statistics::to_message`] has them, all others, and what is no command, with an empty
    /// message. libzmq 4.3.5 confuses the first two; here they do what its manual says.
    #[must_use]
    pub fn control(mut self, socket: impl Control + 's) -> Self {
        self.control = Some(Box::new(socket));
        self
    }

    /// A handle to pause, resume and end the proxy from any thread, and to read its statistics.
    pub fn steering(&self) -> Steering {
        Steering::new(&self.shared)
    }

    /// Passes messages until it is told to terminate, and returns what it did since it was made.
    /// While it is paused it drives its sockets all the same: they connect, and receive up to
    /// their high-water marks.
    ///
    /// # Errors
    ///
    /// [`Error::Stopped`] and [`Error::Woken`] of any of the sockets, [`Error::Io`]. The proxy may
    /// be run again; a message that it had in hand then goes first.
    pub fn run(&mut self) -> Result<Statistics, Error> {
        // Events of the sockets are ours for that long, not the driver's.
        self.each_socket(|socket| socket.hold());
        let result = self.arm().and_then(|()| self.pass());
        self.each_socket(|socket| socket.release());
        self.shared.publish(&self.statistics);
        result.map(|()| self.statistics)
    }

    fn each_socket(&self, call: impl Fn(&dyn Pollable)) {
        call(&*self.frontend);
        call(&*self.backend);
        if let Some(capture) = &self.capture {
            call(&**capture);
        }
        if let Some(control) = &self.control {
            call(&**control);
        }
    }

    fn pass(&mut self) -> Result<(), Error> {
        loop {
            let rest = self.look()?;
            self.obey()?;
            self.capture_held()?;
            let moved = match self.shared.course() {
                Course::Terminated => return Ok(()),
                Course::Paused => false,
                Course::Active => {
                    let there = self.forward(Way::ToBackend)?;
                    let back = self.forward(Way::ToFrontend)?;
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

    /// Watches the sockets. Their descriptors speak of what is new, and registering says what is
    /// there already.
    fn arm(&self) -> Result<(), Error> {
        let sockets = [
            Some(self.frontend.descriptor()),
            Some(self.backend.descriptor()),
            self.capture.as_ref().map(|socket| socket.descriptor()),
            self.control.as_ref().map(|socket| socket.descriptor()),
        ];
        let registry = self.poll.registry();
        for (index, fd) in sockets.into_iter().enumerate() {
            let Some(fd) = fd else { continue };
            let (mut source, token) = (SourceFd(&fd), Token(index));
            let result = match registry.reregister(&mut source, token, Interest::READABLE) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    registry.register(&mut source, token, Interest::READABLE)
                }
                result => result,
            };
            result.map_err(Error::io("watch a socket"))?;
        }
        Ok(())
    }

    /// Drives every socket a little; says when that is due again at the latest.
    fn look(&mut self) -> Result<Option<Duration>, Error> {
        let mut steps =
            [Some(self.frontend.step_once()?), Some(self.backend.step_once()?), None, None];
        if let Some(capture) = &mut self.capture {
            steps[2] = Some(capture.step_once()?);
        }
        if let Some(control) = &mut self.control {
            steps[3] = Some(control.step_once()?);
        }
        Ok(steps.iter().flatten().filter_map(|Ready { next, .. }| *next).min())
    }

    /// Does what the control socket says.
    fn obey(&mut self) -> Result<(), Error> {
        let Some(control) = &mut self.control else { return Ok(()) };
        while let Some(command) = control.take()? {
            let answer = match command.bytes().unwrap_or_default() {
                b"STATISTICS" => self.statistics.to_message(),
                word => {
                    match word {
                        b"PAUSE" => self.shared.steer(Course::Paused),
                        b"RESUME" => self.shared.steer(Course::Active),
                        b"TERMINATE" => self.shared.steer(Course::Terminated),
                        _ => {}
                    }
                    Message::from("")
                }
            };
            // Whoever asked may be gone.
            let _ = control.answer(answer);
        }
        Ok(())
    }

    /// Whether there is room for one more copy.
    fn may_capture(&self) -> bool {
        self.capture.as_ref().is_none_or(|capture| self.held[CAPTURE].is_none() && capture.can().1)
    }

    /// Offers the capture socket once more what it did not take.
    fn capture_held(&mut self) -> Result<(), Error> {
        if let Some(capture) = &mut self.capture
            && capture.can().1
            && let Some(waiting) = self.held[CAPTURE].take()
        {
            self.held[CAPTURE] = give(capture.as_mut(), waiting)?;
        }
        Ok(())
    }

    /// Moves messages one way while both sides can. `true` if any went.
    fn forward(&mut self, way: Way) -> Result<bool, Error> {
        let (from, to) = match way {
            Way::ToBackend => (&mut self.frontend, &mut self.backend),
            Way::ToFrontend => (&mut self.backend, &mut self.frontend),
        };
        if !to.can().1 || (self.held[way as usize].is_none() && !from.can().0) {
            return Ok(false);
        }
        to.gather();
        let result = self.burst(way);
        let to = match way {
            Way::ToBackend => &mut self.backend,
            Way::ToFrontend => &mut self.frontend,
        };
        to.write();
        result
    }

    fn burst(&mut self, way: Way) -> Result<bool, Error> {
        let mut moved = false;
        for _ in 0..BURST {
            let message = match self.held[way as usize].take() {
                Some(message) => message,
                None => match self.take(way)? {
                    Some(message) => message,
                    None => break,
                },
            };
            let (to, sent) = match way {
                Way::ToBackend => (&mut self.backend, &mut self.statistics.backend.sent),
                Way::ToFrontend => (&mut self.frontend, &mut self.statistics.frontend.sent),
            };
            let went = Traffic::of(&message);
            match to.put(message) {
                Ok(()) => sent.add(went),
                // Nobody is called as it says, or it does not say: no later time would be better.
                Err(SendError { error: Error::Unroutable | Error::EmptyMessage, .. }) => {
                    self.statistics.undeliverable += 1;
                }
                Err(SendError { error, message }) => {
                    self.held[way as usize] = Some(*message);
                    return match error {
                        Error::WouldBlock => Ok(moved),
                        error => Err(error),
                    };
                }
            }
            moved = true;
            if !to.can().1 {
                break;
            }
        }
        Ok(moved)
    }

    /// The next message of a side, of which the capture socket has its copy. None while that one
    /// cannot take it.
    fn take(&mut self, way: Way) -> Result<Option<Message>, Error> {
        if !self.may_capture() {
            return Ok(None);
        }
        let (from, received) = match way {
            Way::ToBackend => (&mut self.frontend, &mut self.statistics.frontend.received),
            Way::ToFrontend => (&mut self.backend, &mut self.statistics.backend.received),
        };
        // Asking in vain would be a system call.
        if !from.can().0 {
            return Ok(None);
        }
        let Some(mut message) = from.take()? else { return Ok(None) };
        received.add(Traffic::of(&message));
        if let Some(capture) = &mut self.capture {
            message.share();
            match give(capture.as_mut(), message.clone()) {
                Ok(waiting) => self.held[CAPTURE] = waiting,
                Err(error) => {
                    self.held[way as usize] = Some(message);
                    return Err(error);
                }
            }
        }
        Ok(Some(message))
    }
}

/// Sends to the capture socket; gives the message back if it cannot take it now. What it can
/// never take it does not get.
fn give(capture: &mut dyn Proxied, message: Message) -> Result<Option<Message>, Error> {
    match capture.put(message) {
        Ok(()) | Err(SendError { error: Error::Unroutable | Error::EmptyMessage, .. }) => Ok(None),
        Err(SendError { error: Error::WouldBlock, message }) => Ok(Some(*message)),
        Err(SendError { error, .. }) => Err(error),
    }
}
