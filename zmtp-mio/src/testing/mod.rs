//! Tests without waiting: a clock that a test moves, and TCP in memory.
//!
//! Not part of the API: it may change in any release.
//!
//! A [`Simulation`] has a [`TestClock`] and a network. Sockets of its
//! [context](crate::Context::simulated) use both: each `tcp://` endpoint with a numeric address is a
//! listener in memory, on its port. A call that waits while nothing happens moves the clock to the
//! next deadline and returns, so that a test of a timeout takes no time. A test drives its sockets
//! on one thread; the other ends can be sockets of the same context, which the test steps in turn,
//! or [`RawPeer`]s and [`RawListener`]s, whose bytes the test writes.

mod clock;
mod lane;
mod network;

use std::io;
use std::sync::Arc;

pub use clock::TestClock;
pub(crate) use network::{MemoryListener, MemoryStream, Network, Notify};
pub use network::{RawListener, RawPeer};

use crate::endpoint::Endpoint;

/// A clock and a network that exist for one test.
#[derive(Clone, Debug, Default)]
pub struct Simulation {
    clock: Arc<TestClock>,
    network: Arc<Network>,
}

impl Simulation {
    /// A simulation with nothing in its network.
    pub fn new() -> Self {
        Self::default()
    }

    /// The clock.
    pub fn clock(&self) -> &TestClock {
        &self.clock
    }

    pub(crate) fn shared_clock(&self) -> Arc<TestClock> {
        Arc::clone(&self.clock)
    }

    pub(crate) fn network(&self) -> &Arc<Network> {
        &self.network
    }

    /// Connects to a port that a socket or a [`RawListener`] listens on.
    ///
    /// # Errors
    ///
    /// `ConnectionRefused` if nothing does.
    pub fn connect(&self, endpoint: &Endpoint) -> io::Result<RawPeer> {
        self.network.connect_to(endpoint).map(RawPeer::new)
    }

    /// Breaks one of the open connections, chosen by `which`. With `loses` the bytes that were not read are lost;
    /// without, the other end can read them first. Returns `false` if no connection is open.
    pub fn cut(&self, which: usize, loses: bool) -> bool {
        self.network.cut(which, loses)
    }

    /// Listens on a free port.
    pub fn listen(&self) -> RawListener {
        RawListener::new(&self.network)
    }
}
