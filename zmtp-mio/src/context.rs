//! State that sockets share.

use core::any::Any;
use core::convert::Infallible;
use core::fmt;
use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use crate::clock::Clock;
use crate::driver::{self, Driver};
use crate::error::Error;
use crate::inproc::Registry;
use crate::process::PerProcess;
#[cfg(any(test, feature = "testing"))]
use crate::testing::{Network, Simulation};

/// The state that sockets share: the names of `inproc://` endpoints, and the background driver.
///
/// Sockets that are built without a context share the default context of the process.
///
/// The driver is a thread. It drives each socket that has had no call for a few milliseconds: it
/// accepts connections, performs handshakes, answers PINGs, reconnects, writes queued messages, and receives up
/// to the high-water mark. A call drives its socket in the calling thread. The driver does
/// not drive a socket that is registered in a `mio::Poll` of the application.
///
/// Each context has one driver. It starts with the first socket of the context, and ends when the context
/// and all its sockets are dropped. The driver of the default context does not end. A driver does not wake up
/// while nothing happens. It blocks all signals: the other threads of the process handle them.
///
/// # Without a driver
///
/// Without a driver, a socket does nothing between calls: it does not accept connections,
/// reconnect, answer PINGs, or write bytes that the system did not accept at once. A driver is disabled in one of
/// three ways:
///
/// * for one socket: [`Builder::driver`](crate::Builder::driver);
/// * for the sockets of a context: `Context::builder().driver(false).build()`;
/// * for all sockets without a context: [`Context::set_default`], once at the start of the program.
///
/// ```
/// use zmtp_mio::{Context, Push};
///
/// let context = Context::builder().driver(false).build();
/// let mut push = Push::builder().context(&context).connect("tcp://127.0.0.1:5558")?;
/// push.send("sent by a later call, when there is a listener")?;
/// # drop(push.disconnect("tcp://127.0.0.1:5558"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
///
/// # After `fork`
///
/// A forked child has no driver thread and no `inproc://` names. It can drop its copies of the sockets. Its first
/// new socket of a context starts a new driver.
#[derive(Clone, Default)]
pub struct Context(Option<Arc<Inner>>);

struct Inner {
    driven: bool,
    sockets: PerProcess<Sockets>,
    driver: PerProcess<Driver>,
    registry: PerProcess<Registry>,
    #[cfg(any(test, feature = "testing"))]
    simulation: Option<Simulation>,
}

impl Inner {
    const fn new(driven: bool) -> Self {
        Self {
            driven,
            sockets: PerProcess::new(),
            driver: PerProcess::new(),
            registry: PerProcess::new(),
            #[cfg(any(test, feature = "testing"))]
            simulation: None,
        }
    }
}

/// The sockets of a context.
#[derive(Default)]
struct Sockets(Mutex<SocketList>);

#[derive(Default)]
struct SocketList {
    is_shut_down: bool,
    /// Some of them may be dropped.
    sockets: Vec<Weak<dyn Any + Send + Sync>>,
    /// The length at which dropped ones are removed.
    limit: usize,
}

impl Sockets {
    fn lock(&self) -> MutexGuard<'_, SocketList> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The default context, unless the application sets another one.
static PLAIN: Inner = Inner::new(true);
/// The default context that the application has set.
static SET: OnceLock<Context> = OnceLock::new();
/// Whether the default context is set or used: from then on it stays the same.
static DECIDED: AtomicBool = AtomicBool::new(false);

/// The settings of a new context.
#[derive(Clone, Copy, Debug)]
pub struct ContextBuilder {
    driver: bool,
}

impl Default for ContextBuilder {
    fn default() -> Self {
        Self { driver: true }
    }
}

impl Context {
    /// Returns a builder of a context.
    pub fn builder() -> ContextBuilder {
        ContextBuilder::default()
    }

    /// Sets the default context of the process, which sockets without a context use. Call it
    /// once, before the first such socket.
    ///
    /// ```
    /// use zmtp_mio::Context;
    ///
    /// // A program without a background driver.
    /// Context::set_default(Context::builder().driver(false).build())?;
    /// # Ok::<(), zmtp_mio::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::DefaultContext`] if a socket uses the default context already, if it was set before, or if
    /// `context` is the default context.
    pub fn set_default(context: Self) -> Result<(), Error> {
        if context.is_default() || DECIDED.swap(true, Ordering::AcqRel) {
            return Err(Error::DefaultContext);
        }
        SET.set(context).map_err(|_| Error::DefaultContext)
    }

    /// Returns whether the sockets of the context have a background driver.
    pub fn has_driver(&self) -> bool {
        self.inner().driven
    }

    /// Whether this is the default context of the process.
    pub(crate) const fn is_default(&self) -> bool {
        self.0.is_none()
    }

    fn inner(&self) -> &Inner {
        match &self.0 {
            Some(inner) => inner,
            None => {
                DECIDED.store(true, Ordering::Release);
                SET.get().and_then(|context| context.0.as_deref()).unwrap_or(&PLAIN)
            }
        }
    }

    /// The names of `inproc://` endpoints and their sockets.
    pub(crate) fn registry(&self) -> Arc<Registry> {
        let registry = self.inner().registry.get(|| Ok::<_, Infallible>(Registry::default()));
        registry.unwrap_or_else(|never| match never {})
    }

    fn sockets(&self) -> Arc<Sockets> {
        let sockets = self.inner().sockets.get(|| Ok::<_, Infallible>(Sockets::default()));
        sockets.unwrap_or_else(|never| match never {})
    }

    /// Adds a socket. Fails if the context is shut down.
    pub(crate) fn join(&self, socket: &Arc<dyn Any + Send + Sync>) -> Result<(), Error> {
        let sockets = self.sockets();
        let mut list = sockets.lock();
        if list.is_shut_down {
            return Err(Error::Stopped);
        }
        if list.sockets.len() >= list.limit {
            list.sockets.retain(|socket| socket.strong_count() > 0);
            list.limit = 2 * list.sockets.len() + 16;
        }
        list.sockets.push(Arc::downgrade(socket));
        Ok(())
    }

    /// Shuts the context down: no more sockets join. Returns those that there are.
    pub(crate) fn shut_down(&self) -> Vec<Arc<dyn Any + Send + Sync>> {
        let sockets = self.sockets();
        let mut list = sockets.lock();
        list.is_shut_down = true;
        core::mem::take(&mut list.sockets).iter().filter_map(Weak::upgrade).collect()
    }

    /// A context whose sockets run on the clock and the network of a test, without a driver.
    #[cfg(any(test, feature = "testing"))]
    #[doc(hidden)]
    pub fn simulated(simulation: &Simulation) -> Self {
        let simulation = Some(simulation.clone());
        Self(Some(Arc::new(Inner { simulation, ..Inner::new(false) })))
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

    /// The driver, which starts if it does not run yet.
    pub(crate) fn driver(&self) -> Result<Option<Arc<driver::Shared>>, Error> {
        let inner = self.inner();
        if !inner.driven {
            return Ok(None);
        }
        self.reactor().map(Some)
    }

    /// Whether no more sockets join.
    pub(crate) fn is_shut_down(&self) -> bool {
        self.sockets().lock().is_shut_down
    }

    /// Ends the thread of the driver. The sockets of the context are closed.
    pub(crate) fn end_driver(&self) {
        if let Some(driver) = self.inner().driver.made() {
            driver.end();
        }
    }

    /// The driver, also if it does not serve the sockets of this context: it wakes tasks.
    pub(crate) fn reactor(&self) -> Result<Arc<driver::Shared>, Error> {
        Ok(self.inner().driver.get(Driver::start)?.shared())
    }
}

impl ContextBuilder {
    /// Sets whether a thread drives the sockets of the context while the application makes no calls. On by
    /// default. See [`Context`].
    #[must_use]
    pub const fn driver(mut self, driver: bool) -> Self {
        self.driver = driver;
        self
    }

    /// Creates the context. The driver starts with the first socket.
    #[must_use]
    pub fn build(self) -> Context {
        Context(Some(Arc::new(Inner::new(self.driver))))
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("driver", &self.has_driver()).finish_non_exhaustive()
    }
}
