//! How octets move by `embedded-io`.

use embedded_io::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::wire::More;

use crate::error::{Error, Fault};
use crate::kind::Rules;
use crate::link::{Step, Want};
use crate::port::{Cursor, Port, TooLarge};

/// The caller's patience: a deadline, and a clock.
pub(crate) struct Until<F> {
    pub(crate) deadline: Instant,
    pub(crate) now: F,
}

impl<IO: Read + Write> Port<'_, IO> {
    /// Waits for what is wanted.
    pub(crate) fn wait<F: FnMut() -> Instant>(
        &mut self,
        kind: &mut impl Rules,
        want: Want,
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        loop {
            let now = (until.now)();
            let step = self.poll(kind, want, now)?;
            if step == Step::Done {
                return Ok(());
            }
            self.step(step, now >= until.deadline)?;
        }
    }

    /// Waits for an empty outbox and a flushed IO.
    pub(crate) fn flush<F: FnMut() -> Instant>(
        &mut self,
        kind: &mut impl Rules,
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        loop {
            let now = (until.now)();
            let step = self.poll_flush(kind, now)?;
            if step == Step::Done {
                return Ok(());
            }
            self.step(step, now >= until.deadline)?;
        }
    }

    /// Writes a message.
    pub(crate) fn send<F: FnMut() -> Instant>(
        &mut self,
        kind: &mut impl Rules,
        parts: &[&[u8]],
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        let mut cursor = Cursor::default();
        loop {
            let now = (until.now)();
            let late = now >= until.deadline;
            match self.poll_send(kind, parts, &mut cursor, TooLarge::Lend, now)? {
                Step::Done => break,
                Step::Body => {
                    let result = match &mut self.io {
                        Some(io) if !late => io.write(cursor.body(parts)),
                        Some(_) => return Err(Fault::TimedOut.into()),
                        None => return Err(Fault::Closed.into()),
                    };
                    cursor.wrote(self.link.moved(result)?);
                    self.out.unflushed = true;
                }
                step => self.step(step, late)?,
            }
        }
        // It is in the outbox.
        self.drain(until)
    }

    /// Begins a part that is sent in pieces.
    pub(crate) fn begin<F: FnMut() -> Instant>(
        &mut self,
        kind: &mut impl Rules,
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
            self.step(step, now >= until.deadline)?;
        }
        if self.out.between_messages() { self.drain(until) } else { Ok(()) }
    }

    /// Sends pieces of the part that was begun.
    pub(crate) fn push_all<F: FnMut() -> Instant>(
        &mut self,
        kind: &mut impl Rules,
        octets: &[u8],
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        let mut rest = octets;
        loop {
            let n = self.push(kind, rest)?;
            rest = rest.get(n..).unwrap_or_default();
            if rest.is_empty() {
                break;
            }
            let late = (until.now)() >= until.deadline;
            self.step(Step::Write, late).inspect_err(|_| self.link.closed = true)?;
        }
        if self.out.between_messages() { self.drain(until) } else { Ok(()) }
    }

    /// Writes what is in the outbox.
    fn drain<F: FnMut() -> Instant>(
        &mut self,
        until: &mut Until<F>,
    ) -> Result<(), Error<IO::Error>> {
        while !self.out.is_empty() {
            let now = (until.now)();
            self.step(Step::Write, now >= until.deadline)?;
        }
        Ok(())
    }

    /// Moves octets, once.
    #[inline(never)]
    pub(crate) fn step(&mut self, step: Step, late: bool) -> Result<(), Error<IO::Error>> {
        let Some(io) = &mut self.io else { return Err(Fault::Closed.into()) };
        if late {
            return Err(Fault::TimedOut.into());
        }
        match step {
            Step::Read => {
                let result = io.read(self.window.spare());
                let n = self.link.moved(result)?;
                self.window.received(n);
            }
            Step::Write => {
                let result = io.write(self.out.waiting());
                let n = self.link.moved(result)?;
                self.out.written(n);
            }
            _ => {
                let result = io.flush().map(|()| 1);
                if self.link.moved(result)? > 0 {
                    self.out.unflushed = false;
                }
            }
        }
        Ok(())
    }
}
