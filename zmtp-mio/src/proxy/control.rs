//! Controlling a proxy from another thread, and its statistics.

use core::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mio::Waker;

use crate::error::Error;
use crate::message::Message;

/// The state of a proxy.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProxyState {
    /// The proxy forwards messages.
    #[default]
    Active,
    /// The proxy forwards no messages until [`ProxyHandle::resume`] or the command `RESUME`.
    Paused,
    /// [`Proxy::run`](crate::Proxy::run) ends, and returns at once when it is called.
    Terminated,
}

/// Counts of the parts and bytes that one side of a proxy received or sent.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct ProxyTraffic {
    /// Parts, including routing ids and empty parts. The statistics of libzmq call them messages.
    pub parts: u64,
    /// Bytes of those parts.
    pub bytes: u64,
}

impl ProxyTraffic {
    pub(super) fn of(message: &Message) -> Self {
        Self { parts: message.part_count() as u64, bytes: message.byte_len() as u64 }
    }

    pub(super) const fn add(&mut self, more: Self) {
        self.parts += more.parts;
        self.bytes += more.bytes;
    }
}

/// The traffic of one side of a proxy, in both directions.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ProxySide {
    /// Received from the peers of this side.
    pub received: ProxyTraffic,
    /// Sent to the peers of this side, or queued for them.
    pub sent: ProxyTraffic,
}

/// Counts of what a proxy forwarded and dropped since it was created.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct ProxyStatistics {
    /// The first socket.
    pub frontend: ProxySide,
    /// The second socket.
    pub backend: ProxySide,
    /// Messages that were dropped because the other side, a ROUTER or STREAM, could not route them: no peer has
    /// the routing id, or no part follows the routing id. A ROUTER that is not mandatory counts messages to
    /// unknown peers in its own [`Counters::dropped`](crate::Counters::dropped) instead. The proxy of libzmq
    /// ends at the first such message.
    pub undeliverable: u64,
}

impl ProxyStatistics {
    /// Returns the answer to the command `STATISTICS` in the format of libzmq: eight parts, each a `u64` in the
    /// byte order of the machine. The first four are the frontend's received parts, received bytes, sent parts
    /// and sent bytes. The other four are those of the backend.
    pub fn to_message(&self) -> Message {
        [self.frontend, self.backend]
            .iter()
            .flat_map(|side| [side.received, side.sent])
            .flat_map(|traffic| [traffic.parts, traffic.bytes])
            .map(u64::to_ne_bytes)
            .collect()
    }
}

/// Controls a proxy from any thread. Returned by [`Proxy::handle`](crate::Proxy::handle).
#[derive(Clone, Debug)]
pub struct ProxyHandle(Arc<Shared>);

impl ProxyHandle {
    pub(super) fn new(shared: &Arc<Shared>) -> Self {
        Self(Arc::clone(shared))
    }

    /// Stops forwarding until [`Self::resume`]. The proxy may still forward up to 256 messages in each
    /// direction before it stops.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the proxy cannot be woken.
    pub fn pause(&self) -> Result<(), Error> {
        self.set(ProxyState::Paused)
    }

    /// Resumes forwarding after [`Self::pause`]. After [`Self::terminate`], allows a further
    /// [`Proxy::run`](crate::Proxy::run).
    ///
    /// # Errors
    ///
    /// As [`Self::pause`].
    pub fn resume(&self) -> Result<(), Error> {
        self.set(ProxyState::Active)
    }

    /// Ends [`Proxy::run`](crate::Proxy::run). Until [`Self::resume`], a further run returns at once.
    ///
    /// # Errors
    ///
    /// As [`Self::pause`].
    pub fn terminate(&self) -> Result<(), Error> {
        self.set(ProxyState::Terminated)
    }

    /// Returns the state that was set last.
    pub fn state(&self) -> ProxyState {
        self.0.state()
    }

    /// Returns the statistics of the proxy. They are updated after at most 256 messages in each direction.
    pub fn statistics(&self) -> ProxyStatistics {
        *self.0.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, state: ProxyState) -> Result<(), Error> {
        self.0.set_state(state);
        self.0.waker.wake().map_err(Error::io("wake the proxy"))
    }
}

/// The state that a proxy and its handles share.
#[derive(Debug)]
pub(super) struct Shared {
    state: AtomicU8,
    statistics: Mutex<ProxyStatistics>,
    waker: Waker,
}

impl Shared {
    pub(super) fn new(waker: Waker) -> Self {
        Self { state: AtomicU8::new(0), statistics: Mutex::default(), waker }
    }

    pub(super) fn state(&self) -> ProxyState {
        match self.state.load(Ordering::Acquire) {
            0 => ProxyState::Active,
            1 => ProxyState::Paused,
            _ => ProxyState::Terminated,
        }
    }

    pub(super) fn set_state(&self, state: ProxyState) {
        self.state.store(state as u8, Ordering::Release);
    }

    pub(super) fn publish(&self, statistics: &ProxyStatistics) {
        *self.statistics.lock().unwrap_or_else(PoisonError::into_inner) = *statistics;
    }
}
