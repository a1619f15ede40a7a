//! Waiting for several sockets and descriptors at once.

use core::fmt;
use core::time::Duration;
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};

use mio::event::Event;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::clock::Clock;
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::socket::kind::Kind;
use crate::socket::{Ready, Socket, step};

/// The poller waits by the clock of the system.
const CLOCK: Clock = Clock::System;

/// Waits until one of several sockets or descriptors is ready (`zmq_poll`).
///
/// Readiness is level-triggered: an item that is still ready is reported again by the next wait. The wait
/// drives the sockets of all items: it performs handshakes, reconnects, and writes and receives messages.
///
/// The poller stays registered with a socket between waits. A descriptor is registered again in each wait,
/// with one system call, so that it is level-triggered.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Interest, Item, Poller, Rep, Req};
///
/// let mut rep = Rep::builder().bind("tcp://127.0.0.1:*")?;
/// let mut req = Req::builder().connect(rep.last_endpoint().unwrap())?;
/// req.send("ping")?;
///
/// let mut poller = Poller::new()?;
/// let mut items =
///     [Item::socket(&mut rep, Interest::READABLE), Item::socket(&mut req, Interest::READABLE)];
/// assert_eq!(poller.wait(&mut items, Some(Duration::from_secs(5)))?, 1);
/// assert!(items[0].is_readable() && !items[1].is_readable());
/// assert_eq!(rep.try_recv()?.unwrap().text(), Ok("ping"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Debug)]
pub struct Poller {
    poll: Poll,
    events: Events,
    /// The registrations of the last wait, by item.
    registered: Vec<Registration>,
    /// The token of the next registration. Tokens are not used again: an event with the token of an
    /// earlier registration, of an open file whose descriptor is closed, belongs to no item.
    next_token: usize,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Registration {
    descriptor: RawFd,
    token: Token,
    /// The process-wide number of the socket; `None` for a descriptor.
    socket: Option<usize>,
}

/// A socket or descriptor to wait for, and whether it was ready in the last wait.
pub struct Item<'a> {
    source: Source<'a>,
    interest: Interest,
    readable: bool,
    writable: bool,
}

enum Source<'a> {
    Fd(RawFd, core::marker::PhantomData<&'a ()>),
    Socket(&'a SharedEngine),
}

impl<'a> Item<'a> {
    /// Creates an item for a socket. It is readable if a receive returns without waiting, and writable if a
    /// send returns without waiting.
    pub fn socket<K: Kind>(socket: &'a mut Socket<K>, interest: Interest) -> Self {
        Self::new(Source::Socket(socket.engine()), interest)
    }

    /// Creates an item for a descriptor: a pipe, a terminal, or a socket of another library. For a regular
    /// file, the wait returns an error. Use one item for each descriptor: if several items have the same
    /// descriptor, only the last is reported.
    pub fn fd(descriptor: &'a impl AsFd, interest: Interest) -> Self {
        let fd = descriptor.as_fd().as_raw_fd();
        Self::new(Source::Fd(fd, core::marker::PhantomData), interest)
    }

    const fn new(source: Source<'a>, interest: Interest) -> Self {
        Self { source, interest, readable: false, writable: false }
    }

    /// Returns whether the item was readable in the last wait. A descriptor is also readable at the end of its
    /// data and after an error.
    pub const fn is_readable(&self) -> bool {
        self.readable
    }

    /// Returns whether the item was writable in the last wait.
    pub const fn is_writable(&self) -> bool {
        self.writable
    }

    const fn is_ready(&self) -> bool {
        self.readable || self.writable
    }

    fn descriptor(&self) -> Result<RawFd, Error> {
        match &self.source {
            Source::Fd(fd, _) => Ok(*fd),
            Source::Socket(engine) => engine.descriptor(),
        }
    }

    /// The identity of the socket: a closed socket's descriptor may be that of another one.
    fn socket_number(&self) -> Option<usize> {
        match &self.source {
            Source::Fd(..) => None,
            Source::Socket(engine) => Some(engine.number()),
        }
    }

    fn hold(&self) {
        if let Source::Socket(engine) = &self.source {
            engine.hold();
        }
    }

    fn release(&self) {
        if let Source::Socket(engine) = &self.source {
            engine.release();
        }
    }

    /// Drives a socket without waiting. Returns when it must be driven again.
    fn step(&mut self) -> Result<Option<Duration>, Error> {
        (self.readable, self.writable) = (false, false);
        let Source::Socket(engine) = &self.source else { return Ok(None) };
        let Ready { readable, writable, next } = step(engine)?;
        self.readable = readable && self.interest.is_readable();
        self.writable = writable && self.interest.is_writable();
        Ok(next)
    }

    /// Notes an event of a descriptor.
    fn note(&mut self, event: &Event) {
        if matches!(self.source, Source::Fd(..)) {
            let over = event.is_read_closed() || event.is_error();
            self.readable |= self.interest.is_readable() && (event.is_readable() || over);
            self.writable |= self.interest.is_writable()
                && (event.is_writable() || event.is_write_closed() || event.is_error());
        }
    }
}

impl fmt::Debug for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Item")
            .field("descriptor", &self.descriptor())
            .field("interest", &self.interest)
            .field("readable", &self.readable)
            .field("writable", &self.writable)
            .finish()
    }
}

impl Poller {
    /// Creates a poller.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system has no descriptor left.
    pub fn new() -> Result<Self, Error> {
        let poll = Poll::new().map_err(Error::io("create a poll"))?;
        let events = Events::with_capacity(64);
        Ok(Self { poll, events, registered: Vec::new(), next_token: 0 })
    }

    /// Waits until an item is ready according to its interest, up to `timeout`; `None` is no limit. Returns the
    /// number of ready items, 0 after the timeout, and sets their
    /// [`is_readable`](Item::is_readable) and [`is_writable`](Item::is_writable).
    ///
    /// # Errors
    ///
    /// [`Error::Woken`] or [`Error::Stopped`] if a [`Handle`](crate::Handle) of one of the sockets was used;
    /// [`Error::Io`] for a descriptor that the system cannot poll, such as a regular file.
    pub fn wait(
        &mut self,
        items: &mut [Item<'_>],
        timeout: Option<Duration>,
    ) -> Result<usize, Error> {
        // During the wait this poll, not the driver, handles the events of the sockets.
        items.iter().for_each(Item::hold);
        let result = self.wait_held(items, timeout);
        items.iter().for_each(Item::release);
        result
    }

    fn wait_held(
        &mut self,
        items: &mut [Item<'_>],
        timeout: Option<Duration>,
    ) -> Result<usize, Error> {
        let deadline = timeout.and_then(|timeout| CLOCK.now().checked_add(timeout));
        self.register(items)?;
        loop {
            let mut rest = deadline.map(|deadline| deadline.saturating_duration_since(CLOCK.now()));
            for item in items.iter_mut() {
                if let Some(next) = item.step()? {
                    rest = Some(rest.map_or(next, |rest| rest.min(next)));
                }
            }
            if items.iter().any(Item::is_ready) {
                rest = Some(Duration::ZERO);
            }
            match self.poll.poll(&mut self.events, rest) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => result.map_err(Error::io("poll"))?,
            }
            for event in &self.events {
                let is_it = |held: &Registration| held.token == event.token();
                let index = self.registered.iter().position(is_it);
                if let Some(item) = index.and_then(|index| items.get_mut(index)) {
                    item.note(event);
                }
            }
            let ready = items.iter().filter(|item| item.is_ready()).count();
            if ready > 0 || deadline.is_some_and(|deadline| CLOCK.now() >= deadline) {
                return Ok(ready);
            }
        }
    }

    /// Registers the items. A socket that is registered already stays so: a step handles all its
    /// events before each wait. A descriptor is registered again, which reports what is ready now:
    /// that makes the wait level-triggered.
    fn register(&mut self, items: &[Item<'_>]) -> Result<(), Error> {
        let wanted = items.iter().map(Item::descriptor).collect::<Result<Vec<_>, _>>()?;
        let before = core::mem::take(&mut self.registered);
        let result = self.register_each(items, &wanted, &before);
        if result.is_err() {
            self.registered.clear();
            for descriptor in &wanted {
                let _ = self.poll.registry().deregister(&mut SourceFd(descriptor));
            }
        }
        result
    }

    fn register_each(
        &mut self,
        items: &[Item<'_>],
        wanted: &[RawFd],
        before: &[Registration],
    ) -> Result<(), Error> {
        let registry = self.poll.registry();
        for old in before {
            if !wanted.contains(&old.descriptor) {
                // The system has removed a descriptor that is closed.
                let _ = registry.deregister(&mut SourceFd(&old.descriptor));
            }
        }
        for (item, &descriptor) in items.iter().zip(wanted) {
            let socket = item.socket_number();
            let is_it = |old: &&Registration| old.descriptor == descriptor && old.socket == socket;
            if socket.is_some()
                && let Some(&kept) = before.iter().find(is_it)
            {
                self.registered.push(kept);
                continue;
            }
            let token = Token(self.next_token);
            self.next_token = self.next_token.wrapping_add(1);
            let interest = if socket.is_some() { Interest::READABLE } else { item.interest };
            let result = match registry.reregister(&mut SourceFd(&descriptor), token, interest) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    registry.register(&mut SourceFd(&descriptor), token, interest)
                }
                result => result,
            };
            result.map_err(Error::io(format!("wait for descriptor {descriptor}")))?;
            self.registered.push(Registration { descriptor, token, socket });
        }
        Ok(())
    }
}
