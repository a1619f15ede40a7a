//! Receiving.

use std::sync::{Arc, MutexGuard};
use std::time::Duration;

use libc::c_int;
use zmtp_mio::libzmq::{self, Received};
use zmtp_mio::{Message, Properties};

use super::{Socket, State};
use crate::errno::{Errno, Outcome};
use crate::message::{Incoming, MetadataCache, Part};

/// Where a call stores the part that it receives. Its methods return the length of the part.
trait Store {
    /// Stores the next part of a message.
    fn next(self, incoming: &mut Incoming) -> usize;

    /// Stores a message of one part from where it was read.
    fn only(
        self,
        body: &[u8],
        properties: Option<&Arc<Properties>>,
        cache: &mut MetadataCache,
    ) -> usize;
}

/// Replaces the part, which is written in its place, because moving one takes long.
impl Store for &mut Part {
    fn next(self, incoming: &mut Incoming) -> usize {
        *self = incoming.take().unwrap_or_default();
        self.bytes().len()
    }

    fn only(
        self,
        body: &[u8],
        properties: Option<&Arc<Properties>>,
        cache: &mut MetadataCache,
    ) -> usize {
        *self = Part::from(body);
        self.metadata = properties.map(|properties| cache.find(properties));
        body.len()
    }
}

/// Copies the part into the buffer, which may be too short for it.
impl Store for &mut [u8] {
    fn next(self, incoming: &mut Incoming) -> usize {
        let len = copy(incoming.peek().unwrap_or_default(), self);
        incoming.skip();
        len
    }

    fn only(self, body: &[u8], _: Option<&Arc<Properties>>, _: &mut MetadataCache) -> usize {
        copy(body, self)
    }
}

fn copy(bytes: &[u8], buffer: &mut [u8]) -> usize {
    let copied = bytes.len().min(buffer.len());
    buffer[..copied].copy_from_slice(&bytes[..copied]);
    bytes.len()
}

impl Socket {
    /// Receives a part.
    pub(crate) fn receive(&self, flags: c_int) -> Outcome<Part> {
        let mut part = Part::default();
        self.with_next(flags, &mut part)?;
        Ok(part)
    }

    /// Receives a part in place of this one. Returns its length.
    pub(crate) fn receive_to(&self, part: &mut Part, flags: c_int) -> Outcome<usize> {
        if part.is_own() {
            return self.with_next(flags, part);
        }
        // A function of the program may free the former content. It can use the socket, which is not locked.
        *part = self.receive(flags)?;
        Ok(part.bytes().len())
    }

    /// Receives a part into a buffer, which may be too short for it. Returns the length of the part.
    pub(crate) fn receive_into(&self, buffer: &mut [u8], flags: c_int) -> Outcome<usize> {
        self.with_next(flags, buffer)
    }

    /// Waits for a part and stores it.
    fn with_next(&self, flags: c_int, store: impl Store) -> Outcome<usize> {
        let mut state = self.call()?;
        if self.is_thread_safe() {
            return self.with_message(state, flags, store);
        }
        let stored = state.store_part(flags, store);
        state.end_call();
        stored
    }

    /// As [`Self::with_next`], for messages of one part: other threads use the socket during the wait.
    fn with_message(
        &self,
        state: MutexGuard<'_, State>,
        flags: c_int,
        store: impl Store,
    ) -> Outcome<usize> {
        let limit = State::limit(state.settings.receive_timeout, flags);
        let inner = state.shared()?;
        drop(state);
        let mut message = Message::new();
        let received = inner.recv_into(&mut message, limit.unwrap_or(Duration::MAX));
        if !received.map_err(|error| self.waited(error.into()))? {
            return Err(Errno::EAGAIN);
        }
        let mut incoming = Incoming::new(message, &mut self.state().cache);
        Ok(store.next(&mut incoming))
    }
}

impl State {
    /// Waits until a part can be taken, and stores it.
    fn store_part(&mut self, flags: c_int, store: impl Store) -> Outcome<usize> {
        if self.has_part() {
            return Ok(store.next(&mut self.incoming));
        }
        let limit = Self::limit(self.settings.receive_timeout, flags);
        let inner = self.inner.as_deref().ok_or(Errno::ENOTSOCK)?;
        let (place, cache) = (self.incoming.place(), &mut self.cache);
        let mut store = Some(store);
        let received = libzmq::receive_part(inner, limit, place, |body, properties| {
            store.take().map_or(0, |store| store.only(body, properties, cache))
        })?;
        match received {
            Some(Received::Part(len)) => Ok(len),
            Some(Received::Message) => {
                self.incoming.begin(&mut self.cache);
                Ok(store.map_or(0, |store| store.next(&mut self.incoming)))
            }
            None => Err(Errno::EAGAIN),
        }
    }
}
