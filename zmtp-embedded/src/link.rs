//! One link without its IO and its buffers. It chooses the next step, and handles received bytes.

use embedded_io::ErrorKind;
use zmtp_core::mechanism::{Mechanism, Status};
use zmtp_core::pattern::PeerId;
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;
use zmtp_core::wire::{FrameHeader, SocketType};
use zmtp_core::{Answer, Config, Connection, Event, Instant, Subscription};

use crate::error::Error;
use crate::event::{EVENTS, event};
use crate::inbox::{Inbox, Mode};
use crate::kind::Kind;
use crate::outbox::{Outbox, State};
use crate::step::{CHUNKS, Step, Want};
use crate::window::Window;

/// The connection, and the message that is being received.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Link<'b, M> {
    /// There is no stream, or it ended or may have lost bytes.
    pub(crate) closed: bool,
    pub(crate) deadline_check: DeadlineCheck,
    /// The index of the peer.
    pub(crate) index: u16,
    /// The failure of the connection was logged.
    #[cfg(any(feature = "defmt", feature = "log"))]
    reported: bool,
    pub(crate) inbox: Inbox,
    /// The required size of a buffer in bytes, after one was too small.
    pub(crate) needed: usize,
    pub(crate) connection: Connection<M, &'b Config>,
}

/// Received bytes count before the clock does: firmware that was busy for longer than a timeout reads once before
/// the timeout ends the connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum DeadlineCheck {
    /// No deadline has passed, or it was handled.
    Idle,
    /// A deadline has passed. The next read decides.
    Late,
    /// A deadline has passed, and then a read found no byte.
    Over,
}

impl<'b, M: Mechanism> Link<'b, M> {
    /// A link without a connection.
    #[inline(always)]
    pub(crate) fn new(config: &'b Config, index: u16, mechanism: M) -> Self {
        let connection = Connection::new(mechanism, config, Instant::NEVER);
        Self {
            connection,
            inbox: Inbox::new(),
            needed: 0,
            index,
            #[cfg(any(feature = "defmt", feature = "log"))]
            reported: false,
            deadline_check: DeadlineCheck::Idle,
            closed: true,
        }
    }

    /// Begins a connection over a new stream.
    pub(crate) fn open(&mut self, mechanism: M, now: Instant) {
        self.connection.restart(mechanism, now);
        self.inbox = Inbox::new();
        self.deadline_check = DeadlineCheck::Idle;
        #[cfg(any(feature = "defmt", feature = "log"))]
        {
            self.reported = false;
        }
        self.closed = false;
    }

    /// The time that the connection is compared with: `now`, or just before its deadline if no read has been tried
    /// since.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(crate) fn time(&mut self, now: Instant) -> Instant {
        let deadline = self.connection.poll_timeout().unwrap_or(Instant::NEVER);
        if now < deadline || self.deadline_check == DeadlineCheck::Over {
            self.deadline_check = DeadlineCheck::Idle;
            return now;
        }
        self.deadline_check = DeadlineCheck::Late;
        Instant::from_millis(deadline.as_millis().saturating_sub(1))
    }

    /// A read found no byte. Returns whether that decides about a deadline that has passed.
    pub(crate) fn quiet(&mut self) -> bool {
        let late = self.deadline_check == DeadlineCheck::Late;
        if late {
            self.deadline_check = DeadlineCheck::Over;
        }
        late
    }

    /// The peer, whose index is that of the link.
    pub(crate) fn peer(&self) -> PeerId {
        PeerId::new(self.index.into(), 0)
    }

    /// The same link without a connection, for another mechanism.
    pub(crate) fn with_mechanism<N: Mechanism>(
        &self,
        config: &'b Config,
        mechanism: N,
    ) -> Link<'b, N> {
        Link::new(config, self.index, mechanism)
    }

    /// Whether there is no connection, or it has failed.
    pub(crate) const fn is_closed(&self) -> bool {
        self.closed || self.connection.has_failed()
    }

    /// Whether there may be bytes to write: a connection that failed sends no more than an ERROR.
    pub(crate) fn may_write(&self) -> bool {
        !self.connection.has_failed() || self.connection.sends_error()
    }

    pub(crate) fn is_ready(&self) -> bool {
        !self.closed && self.connection.is_ready()
    }

    /// The next step of a call that waits.
    pub(crate) fn poll<K: Kind, E>(
        &mut self,
        window: &mut Window<'b>,
        mut out: Option<&mut Outbox<'b>>,
        kind: &mut K,
        want: Want,
        now: Instant,
    ) -> Result<Step, Error<E>> {
        loop {
            if let Some(out) = &mut out
                && let Some(step) = self.due(out, kind, now)?
            {
                return Ok(step);
            }
            if want == Want::Ready && self.connection.is_ready() {
                return Ok(Step::Done);
            }
            if out.is_none() && !self.connection.check_timeouts(now) {
                // Only a call with the outbox reports the failure.
                return Ok(Step::Write);
            }
            let received = loop {
                let received = self.connection.receive(now, window.pending());
                if !matches!(received.event, Event::Frame | Event::Piece) {
                    break received;
                }
                // After a message frame no control bytes are due.
                if self.deliver(window, kind, want, received)? {
                    return Ok(Step::Done);
                }
            };
            let unread = self.connection.unread();
            match received.event {
                Event::Ready => {
                    if EVENTS && let Some(peer) = self.connection.peer() {
                        event!(info, "link {}: connected with {:?}", self.index, peer);
                    }
                    // These socket types accept any peer, and use no routing ids.
                    let _ = kind.connected(self.peer(), &[]);
                }
                Event::Subscribe | Event::Cancel => {
                    let topic = window.last(received.payload, unread);
                    let what = match received.event {
                        Event::Subscribe => Subscription::Subscribe,
                        _ => Subscription::Cancel,
                    };
                    match what {
                        Subscription::Subscribe => {
                            event!(debug, "link {}: subscribed to {:?}", self.index, topic);
                        }
                        Subscription::Cancel => {
                            event!(
                                debug,
                                "link {}: subscription to {:?} cancelled",
                                self.index,
                                topic
                            );
                        }
                    }
                    // The socket type counts the subscriptions that do not fit.
                    let _ = kind.subscription(self.peer(), what, topic);
                }
                Event::Refused => {
                    self.inbox.mode = Mode::Refused;
                    window.truncate(0);
                    window.keep(unread);
                    continue;
                }
                Event::NeedInput | Event::Sealed => {
                    if out.as_ref().is_some_and(|out| out.unflushed && !out.blocked) {
                        return Ok(Step::Flush);
                    }
                    if window.make_room() {
                        return Ok(Step::Read);
                    }
                    let command = window.pending().len().saturating_add(received.payload);
                    let needed = window.len().saturating_add(received.payload);
                    if command > window.len() && self.connection.skip_command(window.pending()) {
                        let refused = kind.skipped(self.peer(), window.pending());
                        window.skip(self.connection.unread());
                        if refused {
                            event!(
                                warn,
                                "link {}: subscription dropped, {} bytes needed",
                                self.index,
                                needed
                            );
                            self.needed = needed;
                            return Err(Error::ReceiveBuffer);
                        }
                        continue;
                    }
                    self.needed = needed;
                    if window.kept_len() > 0 {
                        // Only a header may lack room, and then all of its part.
                        self.needed = self.needed.saturating_add(FrameHeader::MAX_LEN);
                        self.inbox.skip(window);
                        kind.overflowed(self.peer());
                        event!(
                            warn,
                            "link {}: message dropped, {} bytes needed",
                            self.index,
                            self.needed
                        );
                    } else {
                        // A command or a box, which cannot be skipped in pieces.
                        event!(warn, "link {}: closed, command needs {} bytes", self.index, needed);
                        self.closed = true;
                    }
                    return Err(Error::ReceiveBuffer);
                }
                Event::NeedTransmit => match &out {
                    // A send was dropped within a frame: no further bytes can be sent.
                    Some(out) if CHUNKS && out.state() == State::Lent => {
                        self.closed = true;
                        return Err(Error::Closed);
                    }
                    // It can be sent only when the current frame is complete.
                    Some(out) if !out.between_frames() => return Err(Error::Unfinished),
                    // It is sent when the bytes before it are written.
                    Some(out) if out.blocked => return Ok(Step::Write),
                    Some(_) => {}
                    None => return Ok(Step::Write),
                },
                // Nothing answers an authenticator later: the client may try again.
                Event::Waiting => self.connection.answer(Answer::Refuse(Status::Temporary.code())),
                // Received bytes may have made an answer due, or the connection fail. The next iteration handles
                // both.
                _ => {}
            }
            window.skip(unread);
        }
    }

    /// The step that must come first: to send the bytes that the connection and the socket type send by themselves.
    pub(crate) fn due<K: Kind, E>(
        &mut self,
        out: &mut Outbox<'b>,
        kind: &mut K,
        now: Instant,
    ) -> Result<Option<Step>, Error<E>> {
        if self.closed {
            return Err(Error::Closed);
        }
        let alive = self.connection.check_timeouts(now);
        if !self.may_write() {
            self.report_failure();
            return Err(Error::Connection);
        }
        let waits = K::SOCKET_TYPE == SocketType::Req && out.is_request_pending();
        if out.between_frames() && !waits {
            let fits = match out.collect(&mut self.connection) {
                Ok(()) => kind.poll_transmit(&mut self.connection, out),
                full => full,
            };
            if let Err(needed) = fits {
                self.needed = needed;
                return Err(Error::SendBuffer);
            }
        }
        match () {
            () if !(out.is_empty() || alive && out.blocked) => Ok(Some(Step::Write)),
            () if alive => Ok(None),
            () if out.unflushed => Ok(Some(Step::Flush)),
            () => {
                self.report_failure();
                Err(Error::Connection)
            }
        }
    }

    /// Without the features of events, does nothing.
    #[cfg(not(any(feature = "defmt", feature = "log")))]
    const fn report_failure(&self) {}

    /// Logs once why the connection has failed.
    #[cfg(any(feature = "defmt", feature = "log"))]
    fn report_failure(&mut self) {
        if !core::mem::replace(&mut self.reported, true)
            && let Some(error) = self.connection.error()
        {
            event!(warn, "link {}: failed, {:?}", self.index, error);
        }
    }

    /// The next step towards an empty outbox and a flushed IO.
    pub(crate) fn poll_flush<K: Kind, E>(
        &mut self,
        out: &mut Outbox<'b>,
        kind: &mut K,
        now: Instant,
    ) -> Result<Step, Error<E>> {
        out.blocked = false;
        match self.due(out, kind, now)? {
            Some(step) => Ok(step),
            None if out.unflushed => Ok(Step::Flush),
            None => Ok(Step::Done),
        }
    }

    /// The next step towards room for `needed` bytes: between two messages, or unless `first`, between
    /// two parts of one.
    pub(crate) fn room<E>(
        &mut self,
        out: &Outbox<'b>,
        needed: usize,
        first: bool,
    ) -> Result<Step, Error<E>> {
        match out.state() {
            State::Idle | State::Request if first => {}
            #[cfg(feature = "chunks")]
            State::Parts { remaining: 0, more: More::Follows } if !first => {}
            // Without chunks there are no incomplete messages.
            _ if !CHUNKS => {}
            // A dropped call has sent a frame in part, which cannot be completed.
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

    /// Handles the result of a read, write or flush.
    pub(crate) fn moved<E: embedded_io::Error>(
        &mut self,
        result: Result<usize, E>,
    ) -> Result<usize, Error<E>> {
        match result {
            // `write_all` of `embedded-io` would panic here.
            Ok(0) => {
                event!(info, "link {}: closed by the peer", self.index);
                self.closed = true;
                Err(Error::Closed)
            }
            Ok(n) => {
                self.deadline_check = DeadlineCheck::Idle;
                Ok(n)
            }
            Err(error) => match error.kind() {
                ErrorKind::Interrupted | ErrorKind::TimedOut => Ok(0),
                kind => {
                    event!(warn, "link {}: closed, error of the IO: {:?}", self.index, kind);
                    self.closed = true;
                    Err(Error::Io(error))
                }
            },
        }
    }
}
