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
    deadline: Instant,
    pub(crate) now: F,
    /// The call has read or written once.
    tried: bool,
}

impl<F: FnMut() -> Instant> Until<F> {
    pub(crate) const fn new(deadline: Instant, now: F) -> Self {
        Self { deadline, now, tried: false }
    }

    /// Whether the deadline has passed.
    pub(crate) fn has_passed(&self, now: Instant) -> bool {
        now >= self.deadline
    }

    /// Whether the call must not move more bytes. It may move bytes once at any time.
    pub(crate) fn is_over(&mut self, now: Instant) -> bool {
        core::mem::replace(&mut self.tried, true) && self.has_passed(now)
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
        loop {
            let now = (until.now)();
            match self.poll(kind, want, now)? {
                Step::Done => return Ok(()),
                // A call whose deadline has passed reads once.
                step => self.step(step, &[], until.is_over(now))?,
            };
        }
    }

    /// Writes the outbox and flushes the IO.
    pub(crate) fn flush<K: Kind, F: FnMut() -> Instant>(
        &mut self,
        kind: &mut K,
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        loop {
            let now = (until.now)();
            match self.poll_flush(kind, now)? {
                Step::Done => return Ok(()),
                step => self.step(step, &[], until.is_over(now))?,
            };
        }
    }

    /// Writes a message.
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
        // This writes pending bytes, so that the call only waits for room for its own message.
        self.wait(kind, Want::Ready, until)?;
        let mut cursor = Cursor::default();
        if !CHUNKS {
            return self.poll_send(kind, parts, &mut cursor, TooLarge::Refuse).map(|_| ());
        }
        loop {
            let step = self.poll_send(kind, parts, &mut cursor, TooLarge::Lend)?;
            if step == Step::Done {
                return Ok(());
            }
            let now = (until.now)();
            let late = until.is_over(now);
            let lent = if CHUNKS { cursor.body(parts) } else { &[] };
            match self.step(step, lent, late) {
                Ok(n) if CHUNKS && step == Step::Body => cursor.wrote(n),
                Ok(_) => {}
                Err(error) => {
                    // A frame is sent in part, and cannot be completed.
                    self.link.closed |= CHUNKS && self.out.state() == State::Lent;
                    return Err(error);
                }
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
            let step = self.poll_begin(kind, more, len, now)?;
            if step == Step::Done {
                break;
            }
            self.step(step, &[], until.is_over(now))?;
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
            let late = until.is_over(now);
            self.step(Step::Write, &[], late).inspect_err(|_| self.link.closed = true)?;
        }
        if self.out.between_messages() { self.drain(until) } else { Ok(()) }
    }

    /// Writes the outbox.
    fn drain<F: FnMut() -> Instant>(
        &mut self,
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        while !self.out.is_empty() {
            let now = (until.now)();
            self.step(Step::Write, &[], until.is_over(now))?;
        }
        Ok(())
    }

    /// Moves bytes once; for [`Step::Body`], those of `lent`. Returns their number.
    pub(crate) fn step(
        &mut self,
        step: Step,
        lent: &[u8],
        late: bool,
    ) -> Result<usize, Error<IO::Error>> {
        let Some(stream) = &mut self.stream else { return Err(Error::Closed) };
        if late {
            return Err(Error::TimedOut);
        }
        let result = match step {
            Step::Read => stream.read(self.window.spare()),
            Step::Write => stream.write(self.out.pending()),
            Step::Body if CHUNKS => stream.write(lent),
            _ => stream.flush().map(|()| 1),
        };
        let n = self.link.moved(result)?;
        match step {
            Step::Read => self.window.received(n),
            Step::Write => self.out.written(n),
            Step::Body if CHUNKS => self.out.unflushed = true,
            _ => self.out.unflushed &= n == 0,
        }
        Ok(n)
    }
}
