//! An in-memory byte stream with two ends, and the bytes of a peer.

#![allow(dead_code, reason = "not every test uses all of it")]

pub(crate) mod asynch;

use core::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;

use embedded_io::{Error, ErrorKind, ErrorType, Read, Write};
use zmtp_core::Instant;

/// The error of a pipe's end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct PipeError(pub(crate) ErrorKind);

impl core::fmt::Display for PipeError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl core::error::Error for PipeError {}

impl Error for PipeError {
    fn kind(&self) -> ErrorKind {
        self.0
    }
}

/// Bytes on their way in one direction.
#[derive(Debug, Default)]
struct Lane {
    bytes: VecDeque<u8>,
    closed: bool,
}

/// One end. An empty pipe answers `TimedOut`, a closed one end-of-file.
#[derive(Clone, Debug)]
pub(crate) struct End {
    from: Rc<RefCell<Lane>>,
    to: Rc<RefCell<Lane>>,
    /// The most bytes of a read or write.
    most: usize,
    /// The most bytes on their way to the other end. A write to a full pipe returns `TimedOut`.
    pub(crate) capacity: Rc<Cell<usize>>,
    /// The sizes of the writes so far.
    pub(crate) writes: Rc<RefCell<Vec<usize>>>,
    /// Errors of the next reads and writes.
    pub(crate) failures: Rc<RefCell<VecDeque<ErrorKind>>>,
}

/// Two ends whose reads and writes move at most `most` bytes each.
pub(crate) fn pipe(most: usize) -> (End, End) {
    let (there, back) = (Rc::<RefCell<Lane>>::default(), Rc::<RefCell<Lane>>::default());
    let end = |from: &Rc<_>, to: &Rc<_>| End {
        from: Rc::clone(from),
        to: Rc::clone(to),
        most,
        capacity: Rc::new(Cell::new(usize::MAX)),
        writes: Rc::default(),
        failures: Rc::default(),
    };
    (end(&back, &there), end(&there, &back))
}

/// Two ends with room for `capacity` bytes each way.
pub(crate) fn narrow(capacity: usize) -> (End, End) {
    let (ours, peer) = pipe(1_000);
    ours.capacity.set(capacity);
    peer.capacity.set(capacity);
    (ours, peer)
}

impl End {
    /// Sends these bytes at once.
    pub(crate) fn say(&self, bytes: &[u8]) {
        self.to.borrow_mut().bytes.extend(bytes);
    }

    /// All bytes received.
    pub(crate) fn heard(&self) -> Vec<u8> {
        self.from.borrow_mut().bytes.drain(..).collect()
    }

    /// Whether a read returns at once.
    pub(crate) fn is_readable(&self) -> bool {
        let lane = self.from.borrow();
        !lane.bytes.is_empty() || lane.closed
    }

    /// Closes both directions.
    pub(crate) fn close(&self) {
        self.to.borrow_mut().closed = true;
        self.from.borrow_mut().closed = true;
    }

    fn fail(&self) -> Result<(), PipeError> {
        self.failures.borrow_mut().pop_front().map_or(Ok(()), |kind| Err(PipeError(kind)))
    }
}

impl ErrorType for End {
    type Error = PipeError;
}

impl Read for End {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, PipeError> {
        self.fail()?;
        let mut lane = self.from.borrow_mut();
        if lane.bytes.is_empty() && !lane.closed {
            return Err(PipeError(ErrorKind::TimedOut));
        }
        let n = buf.len().min(self.most).min(lane.bytes.len());
        for (slot, byte) in buf.iter_mut().zip(lane.bytes.drain(..n)) {
            *slot = byte;
        }
        Ok(n)
    }
}

impl Write for End {
    fn write(&mut self, buf: &[u8]) -> Result<usize, PipeError> {
        self.fail()?;
        let mut lane = self.to.borrow_mut();
        let room = self.capacity.get().saturating_sub(lane.bytes.len());
        if room == 0 && !lane.closed {
            return Err(PipeError(ErrorKind::TimedOut));
        }
        let n = if lane.closed { 0 } else { buf.len().min(self.most).min(room) };
        lane.bytes.extend(&buf[..n]);
        self.writes.borrow_mut().push(n);
        Ok(n)
    }

    fn flush(&mut self) -> Result<(), PipeError> {
        Ok(())
    }
}

/// A greeting with mechanism NULL.
pub(crate) fn greeting() -> Vec<u8> {
    wire::greeting("NULL")
}

/// READY with an empty routing id, as libzmq's REQ, DEALER and ROUTER send it.
pub(crate) fn ready(socket_type: &str) -> Vec<u8> {
    wire::ready_with_identity(socket_type, b"")
}

/// A connected pipe whose far end has sent its side of the handshake.
pub(crate) fn peer(socket_type: &str, most: usize) -> (End, End) {
    let (ours, peer) = pipe(most);
    peer.say(&[greeting(), ready(socket_type)].concat());
    (ours, peer)
}

/// A clock that advances by this many milliseconds at each call.
pub(crate) fn ticking(step: u64) -> impl FnMut() -> Instant {
    let mut ms = 0;
    move || {
        ms += step;
        Instant::from_millis(ms)
    }
}
