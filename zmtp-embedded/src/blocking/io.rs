//! Moving bytes with `embedded-io`.

use embedded_io::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;

use crate::error::Error;
use crate::kind::Kind;
use crate::outbox::State;
use crate::send::Cursor;
use crate::socket_io::SocketIo;
use crate::step::{CHUNKS, TooLarge};
use crate::step::{Step, Want};

/// The deadline of a call, and the clock.
pub(crate) struct Until<F> {
    pub(crate) limit: Limit,
    pub(crate) now: F,
}

/// The deadline of a call.
pub(crate) struct Limit {
    deadline: Instant,
    /// The call has read or written once.
    tried: bool,
}

impl<F: FnMut() -> Instant> Until<F> {
    pub(crate) const fn new(deadline: Instant, now: F) -> Self {
        Self { limit: Limit::new(deadline), now }
    }

    /// Whether the deadline has passed.
    pub(crate) fn has_passed(&self, now: Instant) -> bool {
        now >= self.limit.deadline
    }
}

impl Limit {
    pub(crate) const fn new(deadline: Instant) -> Self {
        Self { deadline, tried: false }
    }

    /// Whether the call must not move more bytes. It may move bytes once at any time.
    fn is_over(&mut self, now: Instant) -> bool {
        core::mem::replace(&mut self.tried, true) && now >= self.deadline
    }
}

impl<IO: Read + Write, M: Mechanism> SocketIo<'_, IO, M> {
    /// Waits for the result of the call.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn wait<K: Kind, F: FnMut() -> Instant>(
        &mut self,
        kind: &mut K,
        want: Want,
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        self.out.blocked = false;
        loop {
            let now = (until.now)();
            if self.turn(kind, want, now, &mut until.limit)? {
                return Ok(());
            }
        }
    }

    /// Moves bytes once for a call that waits, unless its deadline has passed. Returns whether the call is complete.
    #[inline(always)]
    pub(crate) fn turn<K: Kind>(
        &mut self,
        kind: &mut K,
        want: Want,
        now: Instant,
        limit: &mut Limit,
    ) -> Result<bool, Error<IO::Error>> {
        let time = self.link.time(now);
        let mut step = self.poll(kind, want, time)?;
        if step == Step::Done {
            if want != Want::Ready || !self.out.blocked {
                return Ok(true);
            }
            // READY is not written yet.
            step = if self.window.make_room() { Step::Read } else { Step::Write };
        }
        // A call that could not write also reads once.
        if !(step == Step::Read && self.out.blocked) && limit.is_over(now) {
            return Err(Error::TimedOut);
        }
        self.step(step, &[]).map(|_| false)
    }

    /// Writes the outbox and flushes the IO.
    pub(crate) fn flush<K: Kind, F: FnMut() -> Instant>(
        &mut self,
        kind: &mut K,
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        loop {
            let now = (until.now)();
            let time = self.link.time(now);
            match self.poll_flush(kind, time)? {
                Step::Done => return Ok(()),
                step => self.timed(step, &[], now, &mut until.limit)?,
            };
        }
    }

    /// Sends a message. It is taken if the call succeeds: what could not be written before the deadline is in the
    /// outbox.
    pub(crate) fn send<K: Kind, F: FnMut() -> Instant>(
        &mut self,
        kind: &mut K,
        parts: &[&[u8]],
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        self.put(kind, parts, until)?;
        self.drain(until)
    }

    /// Puts a message into the outbox, or writes it if it does not fit.
    pub(crate) fn put<K: Kind, F: FnMut() -> Instant>(
        &mut self,
        kind: &mut K,
        parts: &[&[u8]],
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        let large = if CHUNKS { TooLarge::Lend } else { TooLarge::Refuse };
        let mut cursor = Cursor::default();
        loop {
            let ready = self.is_ready();
            let step =
                if ready { self.poll_send(kind, parts, &mut cursor, large)? } else { Step::Write };
            if step == Step::Done {
                return Ok(());
            }
            if !CHUNKS || !ready {
                // This also writes the outbox, so that there is room.
                self.wait(kind, Want::Ready, until)?;
                continue;
            }
            let now = (until.now)();
            let lent = cursor.body(parts);
            match self.timed(step, lent, now, &mut until.limit) {
                Ok(n) if step == Step::Body => cursor.wrote(n),
                Ok(_) => {}
                Err(error) => {
                    // A frame is sent in part, and cannot be completed.
                    self.link.closed |= self.out.state() == State::Lent;
                    return Err(error);
                }
            }
        }
    }

    /// Writes the outbox until it has room for a cancellation of this length. Without a link it does nothing, because
    /// there is no peer to send it to.
    pub(crate) fn make_room<F: FnMut() -> Instant>(
        &mut self,
        needed: usize,
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        loop {
            match self.link.room(&self.out, needed, true) {
                Ok(Step::Done) | Err(Error::Closed) => return Ok(()),
                Ok(step) => {
                    let now = (until.now)();
                    self.timed(step, &[], now, &mut until.limit)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Begins a part that is sent in pieces.
    #[cfg(feature = "chunks")]
    pub(crate) fn begin<K: Kind, F: FnMut() -> Instant>(
        &mut self,
        kind: &mut K,
        more: More,
        len: usize,
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        loop {
            let now = (until.now)();
            let time = self.link.time(now);
            let step = self.poll_begin(kind, more, len, time)?;
            if step == Step::Done {
                break;
            }
            self.timed(step, &[], now, &mut until.limit)?;
        }
        if self.out.between_messages() { self.drain(until) } else { Ok(()) }
    }

    /// Sends pieces of the current part.
    #[cfg(feature = "chunks")]
    pub(crate) fn push_all<K: Kind, F: FnMut() -> Instant>(
        &mut self,
        kind: &mut K,
        bytes: &[u8],
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        let mut rest = bytes;
        loop {
            let n = self.push(kind, rest)?;
            rest = rest.get(n..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let now = (until.now)();
            let moved = self.timed(Step::Write, &[], now, &mut until.limit);
            moved.inspect_err(|_| self.link.closed = true)?;
        }
        if self.out.between_messages() { self.drain(until) } else { Ok(()) }
    }

    /// Writes the outbox until the deadline.
    fn drain<F: FnMut() -> Instant>(
        &mut self,
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        while !self.out.is_empty() {
            let now = (until.now)();
            match self.timed(Step::Write, &[], now, &mut until.limit) {
                Ok(_) => {}
                // The message is taken: later calls write the rest.
                Err(Error::TimedOut) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes once, unless the deadline has passed; for [`Step::Body`], lent bytes. If no byte could be written, it
    /// reads. Returns the number of bytes that were written.
    pub(crate) fn timed(
        &mut self,
        step: Step,
        lent: &[u8],
        now: Instant,
        limit: &mut Limit,
    ) -> Result<usize, Error<IO::Error>> {
        if limit.is_over(now) {
            return Err(Error::TimedOut);
        }
        let n = self.step(step, lent)?;
        if core::mem::take(&mut self.out.blocked) && self.window.make_room() {
            self.step(Step::Read, &[])?;
        }
        Ok(n)
    }

    /// Moves bytes once; for [`Step::Body`], those of `lent`. Returns their number.
    pub(crate) fn step(&mut self, step: Step, lent: &[u8]) -> Result<usize, Error<IO::Error>> {
        let Some(stream) = &mut self.stream else { return Err(Error::Closed) };
        let result = match step {
            Step::Read => stream.read(self.window.spare()),
            Step::Write => stream.write(self.out.pending()),
            Step::Body if CHUNKS => stream.write(lent),
            _ => stream.flush().map(|()| 1),
        };
        let n = self.link.moved(result)?;
        self.out.blocked = n == 0 && step != Step::Read;
        match step {
            Step::Read => {
                self.window.received(n);
                if n == 0 {
                    self.link.quiet();
                }
            }
            Step::Write => self.out.written(n),
            Step::Body if CHUNKS => self.out.unflushed = true,
            _ => self.out.unflushed &= n == 0,
        }
        Ok(n)
    }
}
