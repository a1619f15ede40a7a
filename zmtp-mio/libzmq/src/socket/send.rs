//! Sending.

use std::sync::MutexGuard;
use std::time::Duration;

use libc::c_int;
use zmtp_mio::libzmq::{self, SharedSocket};
use zmtp_mio::{Error, IntoMessage, Message, SendError, SocketKind};

use super::{SNDMORE, Socket, State};
use crate::errno::{Errno, Outcome};
use crate::message::{Incoming, Part};
use crate::options::Settings;

/// A part that a program sends.
#[derive(Debug)]
pub(crate) enum Given<'a> {
    /// Bytes, which are copied.
    Bytes(&'a [u8]),
    /// A `zmq_msg_t`. It is empty after it was sent, and unchanged otherwise.
    Part(&'a mut Part),
}

impl Given<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Part(part) => part.bytes(),
        }
    }

    /// The bytes, if a message of one part is sent by a copy of them.
    fn copied(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::Part(part) => part.short_bytes(),
        }
    }

    /// The part was sent: it is empty.
    fn sent(&mut self) {
        if let Self::Part(part) = self {
            **part = Part::default();
        }
    }

    fn append_to(&mut self, message: &mut Message) {
        match self {
            Self::Bytes(bytes) => message.push(bytes),
            Self::Part(part) => std::mem::take(*part).append_to(message),
        }
    }
}

impl Socket {
    /// Sends a part. Returns its length.
    pub(crate) fn send(&self, mut given: Given<'_>, flags: c_int) -> Outcome<usize> {
        let mut state = self.call()?;
        let len = given.bytes().len();
        if self.is_thread_safe() {
            return self.send_message(state, &mut given, flags).map(|()| len);
        }
        let sent = state.send(&mut given, flags);
        if sent == Err(Errno::EAGAIN) {
            state.await_room();
        }
        state.end_call();
        sent.map(|()| len)
    }

    /// As [`Self::send`], for messages of one part: other threads use the socket during the wait.
    fn send_message(
        &self,
        state: MutexGuard<'_, State>,
        given: &mut Given<'_>,
        flags: c_int,
    ) -> Outcome<()> {
        if flags & SNDMORE != 0 {
            return Err(Errno::EINVAL);
        }
        let limit = State::limit(state.settings.send_timeout, flags);
        let inner = state.shared()?;
        drop(state);
        if let Some(bytes) = given.copied() {
            within(&inner, bytes, limit).map_err(|error| self.waited(error.error.into()))?;
            given.sent();
            return Ok(());
        }
        let mut message = Message::new();
        given.append_to(&mut message);
        let Err(SendError { error, message, .. }) = within(&inner, message, limit) else {
            return Ok(());
        };
        self.state().take_back(*message, given);
        Err(self.waited(error.into()))
    }
}

/// Sends within a time limit; `None` is no limit.
fn within(
    inner: &SharedSocket,
    message: impl IntoMessage,
    limit: Option<Duration>,
) -> Result<(), SendError> {
    match limit {
        None => inner.send(message),
        Some(limit) => inner.send_timeout(message, limit),
    }
}

impl State {
    fn send(&mut self, given: &mut Given<'_>, flags: c_int) -> Outcome<()> {
        let limit = Self::limit(self.settings.send_timeout, flags);
        let inner = self.inner.as_deref().ok_or(Errno::ENOTSOCK)?;
        let is_first = self.outgoing.part_count() == 0;
        let is_last = match self.settings.inner_kind() {
            // The part after the routing id is the last one.
            SocketKind::Stream => !is_first,
            // A subscription is a message of its own.
            SocketKind::Xsub => is_first && matches!(given.bytes().first(), Some(0 | 1)),
            _ => false,
        };
        let flags = if is_last { flags & !SNDMORE } else { flags };
        if flags & SNDMORE != 0 {
            if is_first {
                libzmq::wait_for_room(inner, given.bytes(), limit)
                    .or_else(|error| dropped(&self.settings, error))?;
            }
            given.append_to(&mut self.outgoing);
            return Ok(());
        }
        if is_first && let Some(bytes) = given.copied() {
            within(inner, bytes, limit).or_else(|error| dropped(&self.settings, error.error))?;
            given.sent();
            return Ok(());
        }
        given.append_to(&mut self.outgoing);
        let message = std::mem::take(&mut self.outgoing);
        let sent = within(inner, message, limit);
        let Err(SendError { error, message, .. }) = sent else { return Ok(()) };
        dropped(&self.settings, error).inspect_err(|_| self.take_back(*message, given))
    }

    /// The program has the last part of a message that was not sent, and may send it again.
    fn take_back(&mut self, mut message: Message, given: &mut Given<'_>) {
        let last = message.part_count().saturating_sub(1);
        match given {
            Given::Bytes(_) => message.truncate(last),
            Given::Part(part) => {
                let back =
                    if last == 0 { std::mem::take(&mut message) } else { message.split_off(last) };
                **part = Incoming::new(back, &mut self.cache).take().unwrap_or_default();
            }
        }
        self.outgoing = message;
    }
}

/// A message of a ROUTER or STREAM that has one part is dropped, and one of a raw ROUTER for a peer that is not there.
fn dropped(settings: &Settings, error: Error) -> Outcome<()> {
    let kind = settings.kind;
    match error {
        Error::EmptyMessage if matches!(kind, SocketKind::Router | SocketKind::Stream) => Ok(()),
        Error::Unroutable if settings.raw && !settings.own.router.mandatory => Ok(()),
        error => Err(error.into()),
    }
}
