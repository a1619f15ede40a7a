//! Receiving.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use libc::c_int;
use zmtp_mio::libzmq::{self, Received};
use zmtp_mio::{Message, Properties};

use super::{Socket, State};
use crate::errno::{Errno, Outcome};
use crate::message::{Incoming, MetadataCache, Part};

/// What a call does with the part that it receives.
trait Take {
    type Result;

    /// Takes the next part of a message.
    fn next(self, incoming: &mut Incoming) -> Self::Result;

    /// Takes a message of one part where it was read.
    fn only(
        self,
        body: &[u8],
        properties: Option<&Arc<Properties>>,
        cache: &mut MetadataCache,
    ) -> Self::Result;
}

/// Returns the part.
struct ToPart;

impl Take for ToPart {
    type Result = Option<Part>;

    fn next(self, incoming: &mut Incoming) -> Self::Result {
        incoming.take()
    }

    fn only(
        self,
        body: &[u8],
        properties: Option<&Arc<Properties>>,
        cache: &mut MetadataCache,
    ) -> Self::Result {
        Some(Part::received(body, properties.map(|properties| cache.find(properties))))
    }
}

/// Copies the part into a buffer, which may be too short for it. Returns the length of the part.
struct ToBuffer<'b>(&'b mut [u8]);

impl ToBuffer<'_> {
    fn copy(self, bytes: &[u8]) -> usize {
        let copied = bytes.len().min(self.0.len());
        self.0[..copied].copy_from_slice(&bytes[..copied]);
        bytes.len()
    }
}

impl Take for ToBuffer<'_> {
    type Result = usize;

    fn next(self, incoming: &mut Incoming) -> usize {
        let len = self.copy(incoming.peek().unwrap_or_default());
        incoming.skip();
        len
    }

    fn only(self, body: &[u8], _: Option<&Arc<Properties>>, _: &mut MetadataCache) -> usize {
        self.copy(body)
    }
}

impl Socket {
    /// Receives a part.
    pub(crate) fn receive(&self, flags: c_int) -> Outcome<Part> {
        self.with_next(flags, ToPart)?.ok_or(Errno::EAGAIN)
    }

    /// Receives a part into a buffer, which may be too short for it. Returns the length of the part.
    pub(crate) fn receive_into(&self, buffer: &mut [u8], flags: c_int) -> Outcome<usize> {
        self.with_next(flags, ToBuffer(buffer))
    }

    /// Waits for a part and takes it.
    fn with_next<T: Take>(&self, flags: c_int, take: T) -> Outcome<T::Result> {
        let mut state = self.call()?;
        if self.is_thread_safe() {
            return self.with_message(state, flags, take);
        }
        let taken = state.take_part(flags, take);
        state.end_call();
        taken
    }

    /// As [`Self::with_next`], for messages of one part: other threads use the socket during the wait.
    fn with_message<T: Take>(
        &self,
        state: MutexGuard<'_, State>,
        flags: c_int,
        take: T,
    ) -> Outcome<T::Result> {
        let limit = State::limit(state.settings.receive_timeout, flags);
        let inner = state.shared()?;
        drop(state);
        let mut message = Message::new();
        let received = inner.recv_into(&mut message, limit.unwrap_or(Duration::MAX));
        if !received.map_err(|error| self.waited(error.into()))? {
            return Err(Errno::EAGAIN);
        }
        let mut incoming = Incoming::new(message, &mut self.state().cache);
        Ok(take.next(&mut incoming))
    }
}

impl State {
    /// Waits until a part can be taken, and takes it.
    fn take_part<T: Take>(&mut self, flags: c_int, take: T) -> Outcome<T::Result> {
        if self.has_part() {
            return Ok(take.next(&mut self.incoming));
        }
        let limit = Self::limit(self.settings.receive_timeout, flags);
        let inner = self.inner.as_deref().ok_or(Errno::ENOTSOCK)?;
        let (place, cache) = (self.incoming.place(), &mut self.cache);
        let mut take = Some(take);
        let received = libzmq::receive_part(inner, limit, place, |body, properties| {
            take.take().map(|take| take.only(body, properties, cache))
        })?;
        match (received, take) {
            (Some(Received::Part(Some(taken))), _) => Ok(taken),
            (Some(_), Some(take)) => {
                self.incoming.begin(&mut self.cache);
                Ok(take.next(&mut self.incoming))
            }
            _ => Err(Errno::EAGAIN),
        }
    }
}
