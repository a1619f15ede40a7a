//! Waiting for several sockets and descriptors at once.

use core::fmt;
use core::time::Duration;
use std::io;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::time::Instant;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};

use crate::error::Error;
use crate::socket::{Pollable, Ready};

/// Waits for the first of several sockets or descriptors to be ready (`zmq_poll`).
///
/// All of it is level-triggered: what is ready and was not used is ready again at the next wait.
/// While it waits it drives the sockets, so that handshakes, reconnects and queued messages of
/// all of them go on.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Interest, Item, Poller, Rep, Req};
///
/// let mut rep = Rep::builder().bind("tcp://127.0.0.1:*")?;
/// let mut req = Req::builder().connect(&rep.endpoints().next().unwrap().to_string())?;
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
    /// What is registered, by token.
    registered: Vec<RawFd>,
    /// Tokens count on from wait to wait: a notice with one of an earlier wait, for an open file
    /// whose descriptor is gone, is nobody's.
    base: usize,
}

/// A socket or descriptor to wait for, and what it was found ready for.
pub struct Item<'a> {
    source: Source<'a>,
    interest: Interest,
    readable: bool,
    writable: bool,
}

enum Source<'a> {
    Fd(RawFd, core::marker::PhantomData<&'a ()>),
    Socket(&'a mut dyn Pollable),
}

impl<'a> Item<'a> {
    /// A socket of this crate. A REQ or REP is readable if a receive would not wait and writable
    /// if a send would not.
    pub fn socket(socket: &'a mut impl Pollable, interest: Interest) -> Self {
        Self::new(Source::Socket(socket), interest)
    }

    /// A descriptor: a pipe, a terminal, a socket of somebody else's. Regular files cannot be
    /// waited for. One item per descriptor: of several, the last counts.
    pub fn fd(descriptor: &'a impl AsFd, interest: Interest) -> Self {
        let fd = descriptor.as_fd().as_raw_fd();
        Self::new(Source::Fd(fd, core::marker::PhantomData), interest)
    }

    const fn new(source: Source<'a>, interest: Interest) -> Self {
        Self { source, interest, readable: false, writable: false }
    }

    /// Whether the last wait found it readable, or a descriptor at its end or broken.
    pub const fn is_readable(&self) -> bool {
        self.readable
    }

    /// Whether the last wait found it writable.
    pub const fn is_writable(&self) -> bool {
        self.writable
    }

    const fn is_ready(&self) -> bool {
        self.readable || self.writable
    }

    fn descriptor(&self) -> RawFd {
        match &self.source {
            Source::Fd(fd, _) => *fd,
            Source::Socket(socket) => socket.descriptor(),
        }
    }

    fn hold(&self) {
        if let Source::Socket(socket) = &self.source {
            socket.hold();
        }
    }

    fn release(&self) {
        if let Source::Socket(socket) = &self.source {
            socket.release();
        }
    }

    /// Looks at a socket without waiting; says when to look again.
    fn step(&mut self) -> Result<Option<Duration>, Error> {
        (self.readable, self.writable) = (false, false);
        let Source::Socket(socket) = &mut self.source else { return Ok(None) };
        let Ready { readable, writable, next } = socket.step_once()?;
        self.readable = readable && self.interest.is_readable();
        self.writable = writable && self.interest.is_writable();
        Ok(next)
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
    /// A poller.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system has no descriptor left.
    pub fn new() -> Result<Self, Error> {
        let poll = Poll::new().map_err(Error::io("create a poll"))?;
        Ok(Self { poll, events: Events::with_capacity(64), registered: Vec::new(), base: 0 })
    }

    /// Waits until an item is ready for what it is of interest for, or `timeout` is over; `None`
    /// waits for ever. Returns how many are ready, and marks them.
    ///
    /// # Errors
    ///
    /// [`Error::Woken`] and [`Error::Stopped`] of any of the sockets, [`Error::Io`] for a
    /// descriptor that cannot be waited for.
    pub fn wait(
        &mut self,
        items: &mut [Item<'_>],
        timeout: Option<Duration>,
    ) -> Result<usize, Error> {
        // Events of the sockets are ours for that long, not the driver's.
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
        let deadline = timeout.and_then(|timeout| Instant::now().checked_add(timeout));
        self.arm(items)?;
        loop {
            let mut rest =
                deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
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
                let Some(item) =
                    event.token().0.checked_sub(self.base).and_then(|at| items.get_mut(at))
                else {
                    continue;
                };
                if matches!(item.source, Source::Fd(..)) {
                    let over = event.is_read_closed() || event.is_error();
                    item.readable |= item.interest.is_readable() && (event.is_readable() || over);
                    item.writable |= item.interest.is_writable()
                        && (event.is_writable() || event.is_write_closed() || event.is_error());
                }
            }
            let ready = items.iter().filter(|item| item.is_ready()).count();
            if ready > 0 || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Ok(ready);
            }
        }
    }

    /// Registers the items anew. The system's notices are edge-like, and registering says what is
    /// ready now: that makes the wait level-triggered.
    fn arm(&mut self, items: &[Item<'_>]) -> Result<(), Error> {
        self.base = self.base.wrapping_add(self.registered.len());
        let registry = self.poll.registry();
        let wanted: Vec<_> = items.iter().map(Item::descriptor).collect();
        for old in self.registered.drain(..) {
            if !wanted.contains(&old) {
                // It may be closed, and is gone by itself then.
                let _ = registry.deregister(&mut SourceFd(&old));
            }
        }
        for (index, item) in items.iter().enumerate() {
            let (fd, token) = (wanted[index], Token(self.base + index));
            let interest = match item.source {
                Source::Socket(_) => Interest::READABLE,
                Source::Fd(..) => item.interest,
            };
            let result = match registry.reregister(&mut SourceFd(&fd), token, interest) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    registry.register(&mut SourceFd(&fd), token, interest)
                }
                result => result,
            };
            result.map_err(Error::io(format!("wait for descriptor {fd}")))?;
            self.registered.push(fd);
        }
        Ok(())
    }
}
