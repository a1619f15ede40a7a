//! Steering a proxy: by a handle, or by messages.

use core::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mio::Waker;

use crate::error::{Error, SendError};
use crate::message::Message;
use crate::socket::{Pair, Pollable, Rep};

/// What a proxy is to do.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Course {
    /// Pass messages.
    #[default]
    Active,
    /// Pass none until it is told to.
    Paused,
    /// End.
    Terminated,
}

/// What went through one direction of a side.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Traffic {
    /// Parts, a ROUTER's routing ids and empty ones included; libzmq calls these messages.
    pub parts: u64,
    /// Bytes of them.
    pub bytes: u64,
}

impl Traffic {
    pub(super) fn of(message: &Message) -> Self {
        Self { parts: message.part_count() as u64, bytes: message.byte_len() as u64 }
    }

    pub(super) const fn add(&mut self, more: Self) {
        self.parts += more.parts;
        self.bytes += more.bytes;
    }
}

/// What went through one side of a proxy.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Side {
    /// From its peers.
    pub received: Traffic,
    /// To its peers, or into the socket's queues for them.
    pub sent: Traffic,
}

/// What a proxy did since it was made.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct Statistics {
    /// The socket that was named first.
    pub frontend: Side,
    /// The other.
    pub backend: Side,
    /// Messages that were dropped because the other side's ROUTER or STREAM knows nobody of that
    /// name, or they have no part to name one. libzmq's proxy ends on the first.
    pub undeliverable: u64,
}

impl Statistics {
    /// The answer to `STATISTICS`, as libzmq gives it: eight parts, each a number of eight bytes
    /// in the machine's byte order. Of the frontend parts received, their bytes, parts sent,
    /// their bytes; then the same of the backend.
    pub fn to_message(&self) -> Message {
        [self.frontend, self.backend]
            .iter()
            .flat_map(|side| [side.received, side.sent])
            .flat_map(|traffic| [traffic.parts, traffic.bytes])
            .map(u64::to_ne_bytes)
            .collect()
    }
}

/// Steers a proxy from any thread. Get it by [`Proxy::steering`](crate::Proxy::steering).
#[derive(Clone, Debug)]
pub struct Steering(Arc<Shared>);

impl Steering {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }

    /// Passes no message from now on, until [`Self::resume`]. What is under way may still go.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system does not let it wake the proxy; also of the next two.
    pub fn pause(&self) -> Result<(), Error> {
        self.set(Course::Paused)
    }

    /// Goes on after [`Self::pause`].
    ///
    /// # Errors
    ///
    /// As [`Self::pause`].
    pub fn resume(&self) -> Result<(), Error> {
        self.set(Course::Active)
    }

    /// Ends [`Proxy::run`](crate::Proxy::run), now or as soon as it begins.
    ///
    /// # Errors
    ///
    /// As [`Self::pause`].
    pub fn terminate(&self) -> Result<(), Error> {
        self.set(Course::Terminated)
    }

    /// What the proxy was last told to do.
    pub fn course(&self) -> Course {
        self.0.course()
    }

    /// What the proxy has done so far, but for what it does at this moment.
    pub fn statistics(&self) -> Statistics {
        *self.0.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, course: Course) -> Result<(), Error> {
        self.0.steer(course);
        self.0.waker.wake().map_err(Error::io("wake the proxy"))
    }
}

/// What a proxy and those who steer it have in common.
#[derive(Debug)]
pub(super) struct Shared {
    course: AtomicU8,
    statistics: Mutex<Statistics>,
    waker: Waker,
}

impl Shared {
    pub(super) fn new(waker: Waker) -> Self {
        Self { course: AtomicU8::new(0), statistics: Mutex::default(), waker }
    }

    pub(super) fn course(&self) -> Course {
        match self.course.load(Ordering::Acquire) {
            0 => Course::Active,
            1 => Course::Paused,
            _ => Course::Terminated,
        }
    }

    pub(super) fn steer(&self, course: Course) {
        self.course.store(course as u8, Ordering::Release);
    }

    pub(super) fn publish(&self, statistics: &Statistics) {
        *self.statistics.lock().unwrap_or_else(PoisonError::into_inner) = *statistics;
    }
}

/// A socket that may steer a proxy: PAIR or REP, owned or lent. Sealed.
pub trait Control: Pollable + Send {
    #[doc(hidden)]
    fn take(&mut self) -> Result<Option<Message>, Error>;

    #[doc(hidden)]
    fn answer(&mut self, message: Message) -> Result<(), SendError>;
}

impl<S: Control + ?Sized> Control for &mut S {
    fn take(&mut self) -> Result<Option<Message>, Error> {
        (**self).take()
    }

    fn answer(&mut self, message: Message) -> Result<(), SendError> {
        (**self).answer(message)
    }
}

impl Control for Pair {
    fn take(&mut self) -> Result<Option<Message>, Error> {
        if self.can().0 { self.try_recv() } else { Ok(None) }
    }

    fn answer(&mut self, message: Message) -> Result<(), SendError> {
        self.try_send(message)
    }
}

impl Control for Rep {
    fn take(&mut self) -> Result<Option<Message>, Error> {
        if self.can().0 { self.try_recv() } else { Ok(None) }
    }

    fn answer(&mut self, message: Message) -> Result<(), SendError> {
        self.send(message)
    }
}
