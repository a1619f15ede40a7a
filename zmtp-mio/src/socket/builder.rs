//! Builders: options first, then a socket.

use core::fmt;
use core::marker::PhantomData;
use core::time::Duration;
use std::sync::Arc;

use zmtp_core::wire::{RoutingId, Version};

use super::kind::{
    CanConflate, CanReceive, CanSend, HasImmediate, HasRoutingId, Kind, Publishes, StaticKind,
    UsesUdp, UsesZmtp,
};
use super::{OpenEngine, Socket};
use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::options::{
    AcceptFilter, Heartbeat, HighWaterMark, Limits, Linger, Options, Reconnect, Resolve, Socks,
    Tcp, Udp,
};
use crate::pattern::KindOptions;
use crate::socket_kind::SocketKind;

/// Sets the options of a socket and creates it with [`Builder::bind`], [`Builder::connect`] or
/// [`Builder::build`].
///
/// A builder has a method for each option of its kind. [`Options`] describes the options that several
/// kinds share; the others are described here.
///
/// `S` is the socket that it creates: a [`Socket`], or a [`ThreadSafeSocket`](crate::ThreadSafeSocket).
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Heartbeat, HighWaterMark, Push};
///
/// let tasks = Push::builder()
///     .send_mark(HighWaterMark::default().messages(10_000))
///     .heartbeat(Heartbeat::every(Duration::from_secs(5)))
///     .linger(Duration::from_secs(2));
/// // A builder can be used several times.
/// let mut push = tasks.clone().bind("tcp://127.0.0.1:*")?;
/// push.bind("inproc://tasks")?;
/// let other = tasks.build()?;
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
pub struct Builder<K: Kind, S = Socket<K>> {
    pub(super) options: Options,
    pub(super) own: KindOptions,
    socket_kind: SocketKind,
    creates: PhantomData<fn() -> (K, S)>,
}

impl<K: Kind, S> Clone for Builder<K, S> {
    fn clone(&self) -> Self {
        Self { options: self.options.clone(), own: self.own.clone(), ..Self::of(self.socket_kind) }
    }
}

impl<K: Kind, S> fmt::Debug for Builder<K, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("kind", &self.socket_kind)
            .field("options", &self.options)
            .field("own", &self.own)
            .finish()
    }
}

impl<K: StaticKind, S> Default for Builder<K, S> {
    fn default() -> Self {
        Self::of(K::KIND)
    }
}

impl<K: Kind, S> Builder<K, S> {
    pub(super) fn of(socket_kind: SocketKind) -> Self {
        let (options, own) = (Options::default(), KindOptions::default());
        Self { options, own, socket_kind, creates: PhantomData }
    }
}

/// Creating the socket.
impl<K: Kind, S: From<Socket<K>>> Builder<K, S> {
    /// Creates the socket, without endpoints.
    ///
    /// # Errors
    ///
    /// * [`Error::Option`]: [`Builder::options`] set an option that the kind does not have.
    /// * [`Error::Limits`]: a limit on one message exceeds the limit on all messages.
    /// * [`Error::Metadata`]: a property of [`Builder::metadata`] cannot be announced.
    /// * [`Error::Security`]: no connection could have the security, nothing would ask the authenticator,
    ///   or a field of [`Socks::login`](crate::Socks::login) is too long.
    /// * [`Error::Io`]: the system has no descriptor left, or cannot start the driver of the context.
    ///   [`Builder::driver`]`(false)` needs no driver.
    /// * [`Error::Stopped`]: the context is [shut down](Context::shutdown).
    pub fn build(self) -> Result<S, Error> {
        self.build_exclusive().map(S::from)
    }

    /// The socket, before it is one that several threads may use.
    pub(super) fn build_exclusive(self) -> Result<Socket<K>, Error> {
        if let Some(option) = self.options.missing_in(self.socket_kind) {
            return Err(Error::Option { option });
        }
        self.options.check()?;
        let engine = SharedEngine::new(self.socket_kind, self.own, self.options)?;
        Ok(Socket::from_engine(OpenEngine(engine), None))
    }

    /// Creates the socket and listens on an endpoint; see [`Socket::bind`]. The socket's
    /// [`last_endpoint`](Socket::last_endpoint) is the concrete endpoint.
    ///
    /// # Errors
    ///
    /// Those of [`Builder::build`] and [`Socket::bind`].
    pub fn bind<E>(self, endpoint: E) -> Result<S, Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        let mut socket = self.build_exclusive()?;
        socket.bind(endpoint)?;
        Ok(socket.into())
    }

    /// Creates the socket and connects to an endpoint; see [`Socket::connect`].
    ///
    /// # Errors
    ///
    /// Those of [`Builder::build`] and [`Socket::connect`].
    pub fn connect<E>(self, endpoint: E) -> Result<S, Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        let mut socket = self.build_exclusive()?;
        socket.connect(endpoint)?;
        Ok(socket.into())
    }
}

/// Options of all kinds.
impl<K: Kind, S> Builder<K, S> {
    /// Replaces the options that several kinds share. The context that the builder has stays, unless
    /// `options` has another one than the default.
    ///
    /// [`Builder::build`] returns [`Error::Option`] if `options` changes one that the kind does not have.
    /// [`Options::for_kind`] removes such options.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        let context = core::mem::replace(&mut self.options, options).context;
        if self.options.context.is_default() {
            self.options.context = context;
        }
        self
    }

    /// Sets [`Options::context`].
    #[must_use]
    pub fn context(mut self, context: &Context) -> Self {
        self.options.context = context.clone();
        self
    }

    /// Sets [`Options::driver`]. With `false`, only calls drive the socket.
    #[must_use]
    pub fn driver(mut self, driver: bool) -> Self {
        self.options.driver = driver;
        self
    }

    /// Sets [`Options::spin`].
    #[must_use]
    pub fn spin(mut self, spin: Duration) -> Self {
        self.options.spin = Some(spin);
        self
    }

    /// Sets [`Options::limits`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Sets the largest message, and the largest frame, in bytes: `max_message` and `max_frame` of
    /// [`Options::limits`] (`ZMQ_MAXMSGSIZE`).
    #[must_use]
    pub fn max_message(mut self, bytes: impl Into<Option<u64>>) -> Self {
        let bytes = bytes.into();
        self.options.limits = self.options.limits.max_frame(bytes).max_message(bytes);
        self
    }

    /// Sets the time for connecting and for the handshake: `handshake_timeout` of
    /// [`Options::limits`] (`ZMQ_HANDSHAKE_IVL`).
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: impl Into<Option<Duration>>) -> Self {
        self.options.limits = self.options.limits.handshake_timeout(timeout);
        self
    }

    /// Sets [`Options::linger`]: a [`Linger`], a `Duration` that limits the total time, or `None` for
    /// no limit.
    #[must_use]
    pub fn linger(mut self, linger: impl Into<Linger>) -> Self {
        self.options.linger = linger.into();
        self
    }

    /// Sets [`Options::max_bytes`].
    #[must_use]
    pub fn max_bytes(mut self, bytes: impl Into<Option<usize>>) -> Self {
        self.options.max_bytes = bytes.into();
        self
    }

    /// Sets [`Options::max_connections`].
    #[must_use]
    pub fn max_connections(mut self, connections: impl Into<Option<usize>>) -> Self {
        self.options.max_connections = connections.into();
        self
    }

    /// Sets [`Options::reconnect`].
    #[must_use]
    pub fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.options.reconnect = reconnect;
        self
    }

    /// Sets [`Options::tcp`].
    #[must_use]
    pub fn tcp(mut self, tcp: Tcp) -> Self {
        self.options.tcp = tcp;
        self
    }

    /// Sets [`Options::socks`] (`ZMQ_SOCKS_PROXY`, `ZMQ_SOCKS_USERNAME`, `ZMQ_SOCKS_PASSWORD`).
    #[must_use]
    pub fn socks(mut self, proxy: impl Into<Option<Socks>>) -> Self {
        self.options.socks = proxy.into();
        self
    }

    /// Sets [`Options::accept_filter`] (`ZMQ_TCP_ACCEPT_FILTER`, `ZMQ_IPC_FILTER_*`).
    #[must_use]
    pub fn accept_filter(mut self, filter: AcceptFilter) -> Self {
        self.options.accept_filter = filter;
        self
    }

    /// Sets [`Options::resolver`].
    #[must_use]
    pub fn resolver(mut self, resolver: Arc<Resolve>) -> Self {
        self.options.resolver = Some(resolver);
        self
    }
}

/// Options of kinds that use ZMTP.
impl<K: UsesZmtp, S> Builder<K, S> {
    /// Sets [`Options::max_handshakes`].
    #[must_use]
    pub fn max_handshakes(mut self, handshakes: impl Into<Option<usize>>) -> Self {
        self.options.max_handshakes = handshakes.into();
        self
    }

    /// Sets [`Options::max_handshakes_per_address`].
    #[must_use]
    pub fn max_handshakes_per_address(mut self, handshakes: impl Into<Option<usize>>) -> Self {
        self.options.max_handshakes_per_address = handshakes.into();
        self
    }

    /// Sets [`Options::require_socket_type`].
    #[must_use]
    pub fn require_socket_type(mut self, require: bool) -> Self {
        self.options.require_socket_type = require;
        self
    }

    /// Sets [`Options::min_version`].
    #[must_use]
    pub fn min_version(mut self, version: Version) -> Self {
        self.options.min_version = version;
        self
    }

    /// Adds a property to [`Options::metadata`] (`ZMQ_METADATA`). Its name begins with `X-`. Call it once for each property.
    #[must_use]
    pub fn metadata(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.options.metadata.push((name.into(), value.into()));
        self
    }

    /// Sets [`Options::heartbeat`].
    #[must_use]
    pub fn heartbeat(mut self, heartbeat: impl Into<Option<Heartbeat>>) -> Self {
        self.options.heartbeat = heartbeat.into();
        self
    }
}

/// Options of kinds that have the transport `udp://`.
impl<K: UsesUdp, S> Builder<K, S> {
    /// Sets [`Options::udp`] (`ZMQ_MULTICAST_HOPS`, `ZMQ_MULTICAST_LOOP`).
    #[must_use]
    pub fn udp(mut self, udp: Udp) -> Self {
        self.options.udp = udp;
        self
    }
}

/// Options of kinds that send.
impl<K: CanSend, S> Builder<K, S> {
    /// Sets [`Options::send_mark`].
    #[must_use]
    pub fn send_mark(mut self, mark: HighWaterMark) -> Self {
        self.options.send_mark = mark;
        self
    }
}

/// Options of kinds that receive.
impl<K: CanReceive, S> Builder<K, S> {
    /// Sets [`Options::receive_mark`].
    #[must_use]
    pub fn receive_mark(mut self, mark: HighWaterMark) -> Self {
        self.options.receive_mark = mark;
        self
    }
}

/// Options of kinds that queue messages for endpoints that are not connected yet.
impl<K: HasImmediate, S> Builder<K, S> {
    /// Sets [`Options::immediate`].
    #[must_use]
    pub fn immediate(mut self, immediate: bool) -> Self {
        self.options.immediate = immediate;
        self
    }
}

/// Options of kinds that can keep only the newest message.
impl<K: CanConflate, S> Builder<K, S> {
    /// Sets [`Options::conflate`].
    #[must_use]
    pub fn conflate(mut self, conflate: bool) -> Self {
        self.options.conflate = conflate;
        self
    }
}

/// Options of kinds that announce a routing id.
impl<K: HasRoutingId, S> Builder<K, S> {
    /// Sets [`Options::routing_id`].
    #[must_use]
    pub fn routing_id(mut self, id: RoutingId) -> Self {
        self.options.routing_id = id;
        self
    }
}

/// Options of publishers.
impl<K: Publishes, S> Builder<K, S> {
    /// Sets [`Options::max_subscriptions`] and [`Options::max_subscription_bytes`].
    #[must_use]
    pub fn max_subscriptions(
        mut self,
        topics: impl Into<Option<usize>>,
        bytes: impl Into<Option<usize>>,
    ) -> Self {
        self.options.max_subscriptions = topics.into();
        self.options.max_subscription_bytes = bytes.into();
        self
    }
}
