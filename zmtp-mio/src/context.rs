//! State that sockets share.

use core::fmt;
use std::sync::{Arc, LazyLock};

use crate::clock::Clock;
use crate::driver::{self, Driver};
use crate::error::Error;
use crate::inproc::Registry;
#[cfg(any(test, feature = "testing"))]
use crate::testing::{Network, Simulation};

/// The state that sockets share: the names of `inproc://` endpoints, and an optional background driver.
///
/// Sockets without a context share the default context of the process, which has no driver.
///
/// With a driver, a thread of the context drives each socket that has had no call for a few milliseconds: it
/// accepts connections, performs handshakes, answers PINGs, reconnects, writes queued messages, and receives up
/// to the high-water mark. A call drives its socket in the calling thread, as without a driver. The driver does
/// not drive a socket that is registered in a `mio::Poll` of the application. The thread ends when the context
/// and all its sockets are dropped. A forked child has no driver thread; it can drop its copies of the sockets,
/// and its calls drive the sockets that it creates.
///
/// ```
/// use zmtp_mio::{Context, Push};
///
/// let context = Context::builder().driver(true).build()?;
/// let mut push = Push::builder().context(&context).connect("tcp://127.0.0.1:5558")?;
/// push.send("sent when there is a listener")?;
/// # drop(push.disconnect("tcp://127.0.0.1:5558"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Context(Option<Arc<Inner>>);

struct Inner {
    driver: Option<Driver>,
    registry: Registry,
    #[cfg(any(test, feature = "testing"))]
    simulation: Option<Simulation>,
}

/// The names of sockets without a context.
static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::default);

/// The settings of a new context.
#[derive(Clone, Copy, Debug, Default)]
pub struct ContextBuilder {
    driver: bool,
}

impl Context {
    /// Returns a builder of a context.
    pub fn builder() -> ContextBuilder {
        ContextBuilder::default()
    }

    /// Returns whether the context has a background driver.
    pub fn has_driver(&self) -> bool {
        self.driver().is_some()
    }

    /// Whether this is the default context of the process.
    pub(crate) const fn is_plain(&self) -> bool {
        self.0.is_none()
    }

    /// The names of `inproc://` endpoints and their sockets.
    pub(crate) fn registry(&self) -> &Registry {
        self.0.as_ref().map_or(&*REGISTRY, |inner| &inner.registry)
    }

    /// A context whose sockets run on the clock and the network of a test, without a driver.
    #[cfg(any(test, feature = "testing"))]
    #[doc(hidden)]
    pub fn simulated(simulation: &Simulation) -> Self {
        let simulation = Some(simulation.clone());
        Self(Some(Arc::new(Inner { driver: None, registry: Registry::default(), simulation })))
    }

    #[cfg(any(test, feature = "testing"))]
    fn simulation(&self) -> Option<&Simulation> {
        self.0.as_ref()?.simulation.as_ref()
    }

    /// The network in memory that replaces TCP.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn network(&self) -> Option<&Arc<Network>> {
        self.simulation().map(Simulation::network)
    }

    /// The time of the sockets.
    pub(crate) fn clock(&self) -> Clock {
        #[cfg(any(test, feature = "testing"))]
        if let Some(simulation) = self.simulation() {
            return Clock::Test(simulation.shared_clock());
        }
        Clock::System
    }

    pub(crate) fn driver(&self) -> Option<Arc<driver::Shared>> {
        Some(self.0.as_ref()?.driver.as_ref()?.shared())
    }
}

impl ContextBuilder {
    /// Sets whether a thread drives the sockets of the context while the application makes no calls. Off by
    /// default. See [`Context`].
    #[must_use]
    pub const fn driver(mut self, driver: bool) -> Self {
        self.driver = driver;
        self
    }

    /// Creates the context.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system cannot create a descriptor or a thread for the driver.
    pub fn build(self) -> Result<Context, Error> {
        let driver = if self.driver { Some(Driver::start()?) } else { None };
        Ok(Context(Some(Arc::new(Inner {
            driver,
            registry: Registry::default(),
            #[cfg(any(test, feature = "testing"))]
            simulation: None,
        }))))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("driver", &self.has_driver()).finish_non_exhaustive()
    }
}
