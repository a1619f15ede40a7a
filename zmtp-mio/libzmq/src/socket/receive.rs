//! Receiving.

use std::sync::MutexGuard;
use std::time::Duration;

use libc::c_int;
use zmtp_mio::Message;
use zmtp_mio::libzmq::SharedSocket;

use super::{Socket, State};
use crate::errno::{Errno, Outcome};
use crate::message::{Incoming, Part};

impl Socket {
    /// Receives a part.
    pub(crate) fn receive(&self, flags: c_int) -> Outcome<Part> {
        self.with_next(flags, Incoming::take)?.ok_or(Errno::EAGAIN)
    }

    /// Receives a part into a buffer, which may be too short for it. Returns the length of the part.
    pub(crate) fn receive_into(&self, buffer: &mut [u8], flags: c_int) -> Outcome<usize> {
        self.with_next(flags, |incoming| {
            let bytes = incoming.peek().unwrap_or_default();
            let (len, copied) = (bytes.len(), bytes.len().min(buffer.len()));
            buffer[..copied].copy_from_slice(&bytes[..copied]);
            incoming.skip();
            len
        })
    }

    /// Waits for a part and calls `take` to remove it.
    fn with_next<T>(&self, flags: c_int, take: impl FnOnce(&mut Incoming) -> T) -> Outcome<T> {
        let mut state = self.call()?;
        if self.is_thread_safe() {
            return self.with_message(state, flags, take);
        }
        let taken = state.await_part(flags).map(take);
        state.end_call();
        taken
    }

    /// As [`Self::with_next`], for messages of one part: other threads use the socket during the wait.
    fn with_message<T>(
        &self,
        state: MutexGuard<'_, State>,
        flags: c_int,
        take: impl FnOnce(&mut Incoming) -> T,
    ) -> Outcome<T> {
        let limit = State::limit(state.settings.receive_timeout, flags);
        let inner = state.shared()?;
        drop(state);
        let mut message = Message::new();
        if !receive(&inner, limit, &mut message).map_err(|error| self.waited(error))? {
            return Err(Errno::EAGAIN);
        }
        let mut incoming = Incoming::new(message, &mut self.state().cache);
        Ok(take(&mut incoming))
    }
}

impl State {
    /// Waits until a part can be taken.
    fn await_part(&mut self, flags: c_int) -> Outcome<&mut Incoming> {
        if !self.has_part() {
            let limit = Self::limit(self.settings.receive_timeout, flags);
            let inner = self.inner.as_deref().ok_or(Errno::ENOTSOCK)?;
            let receive = |message: &mut Message| receive(inner, limit, message);
            if !self.incoming.replace(&mut self.cache, receive)? {
                return Err(Errno::EAGAIN);
            }
        }
        Ok(&mut self.incoming)
    }
}

/// Waits for a message and replaces `message` by it. Returns `false` if none comes in time.
fn receive(inner: &SharedSocket, limit: Option<Duration>, message: &mut Message) -> Outcome<bool> {
    Ok(inner.recv_into(message, limit.unwrap_or(Duration::MAX))?)
}
