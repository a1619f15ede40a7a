//! One link without its IO and its buffers: what to do next, and what has come.

use embedded_io::ErrorKind;
use zmtp_core::mechanism::Mechanism;
use zmtp_core::pattern::PeerId;
use zmtp_core::wire::FrameHeader;
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;
use zmtp_core::{Config, Connection, Event, Instant};

use crate::error::Error;
use crate::inbox::{Inbox, Mode};
use crate::kind::Rules;
use crate::outbox::{Outbox, State};
use crate::port::CHUNKS;
use crate::window::Window;

/// What whoever moves bytes must do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// Write bytes of the body that the call borrows.
    Body,
    /// Nothing: what was asked for is there.
    Done,
    /// Flush the IO.
    Flush,
    /// Read into the window's spare room.
    Read,
    /// Write what waits in the outbox.
    Write,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Want {
    /// The next piece of a message.
    #[cfg(feature = "chunks")]
    Chunk,
    /// A whole message.
    Message,
    /// Nothing that comes.
    Nothing,
    /// The end of the handshake.
    Ready,
}

/// The connection, and the message that is being received.
#[derive(Debug)]
pub(crate) struct Link<'b, M> {
    pub(crate) connection: Connection<M, &'b Config>,
    pub(crate) inbox: Inbox,
    /// Bytes that a buffer lacked room for, when one did.
    pub(crate) needed: usize,
    /// The index of the peer.
    pub(crate) index: u16,
    /// The stream ended, or may have lost bytes.
    pub(crate) closed: bool,
}

impl<'b, M: Mechanism> Link<'b, M> {
    /// A link that is not connected.
    #[inline(always)]
    pub(crate) fn new(config: &'b Config, index: u16, mechanism: M) -> Self {
        let connection = Connection::new(mechanism, config, Instant::NEVER);
        Self { connection, inbox: Inbox::new(), needed: 0, index, closed: true }
    }

    /// The start of a new stream.
    pub(crate) fn open(&mut self, mechanism: M, now: Instant) {
        self.connection.restart(mechanism, now);
        self.inbox = Inbox::new();
        self.closed = false;
    }

    /// The peer, whose index is that of the link.
    pub(crate) fn peer(&self) -> PeerId {
        PeerId::new(self.index.into(), 0)
    }

    /// Whether there is no connection, or it has failed.
    pub(crate) const fn is_over(&self) -> bool {
        self.closed || self.connection.has_failed()
    }

    /// Whether bytes may go out: a connection that failed says no more than why.
    pub(crate) fn says(&self) -> bool {
        !self.connection.has_failed() || self.connection.refuses()
    }

    pub(crate) fn is_ready(&self) -> bool {
        !self.closed && self.connection.is_ready()
    }

    /// The next step towards what is wanted.
    pub(crate) fn poll<K: Rules, E>(
        &mut self,
        window: &mut Window<'b>,
        mut out: Option<&mut Outbox<'b>>,
        rules: &mut K,
        want: Want,
        now: Instant,
    ) -> Result<Step, Error<E>> {
        loop {
            if let Some(out) = &mut out
                && let Some(step) = self.due(out, rules, now)?
            {
                return Ok(step);
            }
            if want == Want::Ready && self.connection.is_ready() {
                return Ok(Step::Done);
            }
            if out.is_none() && !self.connection.lives(now) {
                // It is said when the outbox is at hand.
                return Ok(Step::Write);
            }
            let received = loop {
                let received = self.connection.receive(now, window.pending());
                if !matches!(received.event, Event::Frame | Event::Piece) {
                    break received;
                }
                // Nothing becomes due by a message.
                if self.take(window, rules, want, received)? {
                    return Ok(Step::Done);
                }
            };
            let left = self.connection.unread();
            match received.event {
                Event::Ready => rules.up(self.peer()),
                Event::Subscribe | Event::Cancel => {
                    let topic = window.last(received.payload, left);
                    rules.subscription(self.peer(), topic, received.event == Event::Subscribe);
                }
                Event::Refused => {
                    self.inbox.mode = Mode::Refused;
                    window.truncate(0);
                    window.keep(left);
                    continue;
                }
                Event::NeedInput | Event::Sealed => {
                    if out.as_ref().is_some_and(|out| out.unflushed) {
                        return Ok(Step::Flush);
                    }
                    if window.make_room() {
                        return Ok(Step::Read);
                    }
                    self.needed = window.len().saturating_add(received.payload);
                    if window.kept_len() > 0 {
                        // Perhaps only a header lacks room, and all of its part.
                        self.needed = self.needed.saturating_add(FrameHeader::MAX_LEN);
                        self.inbox.skip(window);
                        rules.unfit(self.peer());
                    } else {
                        // A command or a box, which cannot be passed over in pieces.
                        self.closed = true;
                    }
                    return Err(Error::ReceiveBuffer);
                }
                Event::NeedTransmit => match &out {
                    // A send was given up in the middle of a frame: nothing can go out any more.
                    Some(out) if CHUNKS && out.state() == State::Lent => {
                        self.closed = true;
                        return Err(Error::Closed);
                    }
                    // It can go out only when the frame under way is through.
                    Some(out) if !out.between_frames() => return Err(Error::Unfinished),
                    Some(_) => continue,
                    None => return Ok(Step::Write),
                },
                // What was consumed may have made an answer due, which the peer waits for; or it
                // went wrong, which the next turn says.
                _ => {}
            }
            window.skip(left);
        }
    }

    /// What must go out before anything else.
    pub(crate) fn due<K: Rules, E>(
        &mut self,
        out: &mut Outbox<'b>,
        rules: &mut K,
        now: Instant,
    ) -> Result<Option<Step>, Error<E>> {
        if self.closed {
            return Err(Error::Closed);
        }
        let lives = self.connection.lives(now);
        if !self.says() {
            return Err(Error::Connection);
        }
        if out.between_frames() {
            let fits = match out.collect(&mut self.connection) {
                Ok(()) => rules.talk(&mut self.connection, out),
                full => full,
            };
            if let Err(needed) = fits {
                self.needed = needed;
                return Err(Error::SendBuffer);
            }
        }
        match () {
            () if !out.is_empty() => Ok(Some(Step::Write)),
            () if lives => Ok(None),
            () if out.unflushed => Ok(Some(Step::Flush)),
            () => Err(Error::Connection),
        }
    }

    /// The next step towards an empty outbox and a flushed IO.
    pub(crate) fn poll_flush<K: Rules, E>(
        &mut self,
        out: &mut Outbox<'b>,
        rules: &mut K,
        now: Instant,
    ) -> Result<Step, Error<E>> {
        match self.due(out, rules, now)? {
            Some(step) => Ok(step),
            None if out.unflushed => Ok(Step::Flush),
            None => Ok(Step::Done),
        }
    }

    /// The next step towards room for `needed` bytes, between two messages or, unless `first`,
    /// between two parts of one.
    pub(crate) fn room<E>(
        &mut self,
        out: &Outbox<'b>,
        needed: usize,
        first: bool,
    ) -> Result<Step, Error<E>> {
        match out.state() {
            State::Idle if first => {}
            #[cfg(feature = "chunks")]
            State::Parts { remaining: 0, more: More::Follows } if !first => {}
            // What fits the outbox is never under way.
            _ if !CHUNKS => {}
            // A call that was given up has left half a frame, which nobody can finish.
            State::Lent => {
                self.closed = true;
                return Err(Error::Closed);
            }
            _ => return Err(Error::Unfinished),
        }
        if self.closed {
            return Err(Error::Closed);
        }
        match () {
            () if needed <= out.room() => Ok(Step::Done),
            () if !out.is_empty() => Ok(Step::Write),
            () => {
                self.needed = needed;
                Err(Error::SendBuffer)
            }
        }
    }

    /// Judges what the IO says of bytes to be moved.
    pub(crate) fn moved<E: embedded_io::Error>(
        &mut self,
        result: Result<usize, E>,
    ) -> Result<usize, Error<E>> {
        match result {
            // `write_all` of `embedded-io` would panic here.
            Ok(0) => {
                self.closed = true;
                Err(Error::Closed)
            }
            Ok(n) => Ok(n),
            Err(error) => match error.kind() {
                ErrorKind::Interrupted | ErrorKind::TimedOut => Ok(0),
                _ => {
                    self.closed = true;
                    Err(Error::Io(error))
                }
            },
        }
    }
}
