//! Settings first, then a socket.

use core::time::Duration;

use zmtp_core::wire::{RoutingId, Version};
use zmtp_core::{Heartbeat, Limits};

use super::Socket;
use crate::context::Context;
use crate::error::Error;
use crate::options::{HighWaterMark, Linger, Options, Reconnect, Resolve, Tcp};
use std::sync::Arc;

/// Settings of a socket to be made. End with [`Builder::bind`], [`Builder::connect`] or
/// [`Builder::build`].
#[derive(Debug)]
pub struct Builder<S: Socket> {
    pub(super) options: Options,
    pub(super) own: S::Own,
}

impl<S: Socket> Default for Builder<S> {
    fn default() -> Self {
        Self { options: Options::default(), own: S::Own::default() }
    }
}

impl<S: Socket> Builder<S> {
    /// Makes the socket, without endpoints.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if the system has no descriptor left.
    pub fn build(self) -> Result<S, Error> {
        S::make(self.options, self.own)
    }

    /// Makes the socket and listens on an endpoint; see [`Rep::bind`](crate::Rep::bind).
    ///
    /// # Errors
    ///
    /// Those of `build` and `bind`.
    pub fn bind(self, endpoint: &str) -> Result<S, Error> {
        let mut socket = self.build()?;
        socket.bind_to(endpoint)?;
        Ok(socket)
    }

    /// Makes the socket and dials an endpoint; see [`Rep::connect`](crate::Rep::connect).
    ///
    /// # Errors
    ///
    /// Those of `build` and `connect`.
    pub fn connect(self, endpoint: &str) -> Result<S, Error> {
        let mut socket = self.build()?;
        socket.connect_to(endpoint)?;
        Ok(socket)
    }

    /// Makes the socket one of a context: with a driver, say.
    #[must_use]
    pub fn context(mut self, context: &Context) -> Self {
        self.options.context = context.clone();
        self
    }

    /// Sets all options at once, in place of those set before. A context set before stays unless
    /// these options name one.
    #[must_use]
    pub fn options(mut self, options: Options) -> Self {
        let context = core::mem::replace(&mut self.options, options).context;
        if self.options.context.is_plain() {
            self.options.context = context;
        }
        self
    }

    /// What a peer may cost: bytes per frame and message, parts, bytes per command, and the
    /// time for its handshake (`ZMQ_MAXMSGSIZE`, `ZMQ_HANDSHAKE_IVL`).
    #[must_use]
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self
    }

    /// Bytes per message and per frame of it; 128 MiB (`ZMQ_MAXMSGSIZE`, which is per frame).
    #[must_use]
    pub const fn max_message(mut self, bytes: u64) -> Self {
        self.options.limits = self.options.limits.max_frame(bytes).max_message(bytes);
        self
    }

    /// Time for a handshake, in whole milliseconds, at least one; 10 s (`ZMQ_HANDSHAKE_IVL`). It
    /// bounds connecting too.
    #[must_use]
    pub fn handshake_timeout(mut self, timeout: Duration) -> Self {
        let ms = timeout.as_nanos().div_ceil(1_000_000).max(1);
        let ms = u32::try_from(ms).unwrap_or(u32::MAX);
        self.options.limits = self.options.limits.handshake_timeout(ms);
        self
    }

    /// How long closing goes on sending: a [`Linger`], or a `Duration` that bounds it in all
    /// (`ZMQ_LINGER`).
    #[must_use]
    pub fn linger(mut self, linger: impl Into<Linger>) -> Self {
        self.options.linger = linger.into();
        self
    }

    /// What may wait to be sent to one peer (`ZMQ_SNDHWM`).
    #[must_use]
    pub const fn send_mark(mut self, mark: HighWaterMark) -> Self {
        self.options.send_mark = mark;
        self
    }

    /// What may wait to be received from one peer (`ZMQ_RCVHWM`).
    #[must_use]
    pub const fn receive_mark(mut self, mark: HighWaterMark) -> Self {
        self.options.receive_mark = mark;
        self
    }

    /// Bytes that all peers of the socket together may occupy; 512 MiB. See
    /// [`Options::max_bytes`].
    #[must_use]
    pub const fn max_bytes(mut self, bytes: usize) -> Self {
        self.options.max_bytes = bytes;
        self
    }

    /// Connections of the socket; 65,536. Past it accepting pauses.
    #[must_use]
    pub const fn max_connections(mut self, connections: usize) -> Self {
        self.options.max_connections = connections;
        self
    }

    /// Accepted connections whose handshake is unfinished; 4,096. The oldest gives way.
    #[must_use]
    pub const fn max_handshakes(mut self, handshakes: usize) -> Self {
        self.options.max_handshakes = handshakes;
        self
    }

    /// Sends only to peers that are connected (`ZMQ_IMMEDIATE`); false: messages may queue for an
    /// endpoint while it is dialled.
    #[must_use]
    pub const fn immediate(mut self, immediate: bool) -> Self {
        self.options.immediate = immediate;
        self
    }

    /// What one peer may subscribe to: how many topics, and bytes of them together; 100,000 and
    /// 16 MiB. A peer that wants more is closed.
    #[must_use]
    pub const fn max_subscriptions(mut self, topics: usize, bytes: usize) -> Self {
        self.options.max_subscriptions = (topics, bytes);
        self
    }

    /// Refuses peers that do not name their socket type; false, as libzmq.
    #[must_use]
    pub const fn require_socket_type(mut self, require: bool) -> Self {
        self.options.require_socket_type = require;
        self
    }

    /// Refuses peers that speak an older version of ZMTP; 1.0, so all are taken.
    #[must_use]
    pub const fn min_version(mut self, version: Version) -> Self {
        self.options.min_version = version;
        self
    }

    /// Sends a PING in every interval and closes a peer that does not answer; off. What a peer's
    /// own PINGs promise is kept to in any case. See [`Heartbeat`].
    #[must_use]
    pub const fn heartbeat(mut self, heartbeat: Heartbeat) -> Self {
        self.options.heartbeat = heartbeat;
        self
    }

    /// When to dial again (`ZMQ_RECONNECT_IVL`, `ZMQ_RECONNECT_IVL_MAX`).
    #[must_use]
    pub const fn reconnect(mut self, reconnect: Reconnect) -> Self {
        self.options.reconnect = reconnect;
        self
    }

    /// TCP settings: no-delay, keep-alive, kernel buffers.
    #[must_use]
    pub const fn tcp(mut self, tcp: Tcp) -> Self {
        self.options.tcp = tcp;
        self
    }

    /// The routing id to announce to a ROUTER (`ZMQ_ROUTING_ID`).
    #[must_use]
    pub const fn routing_id(mut self, id: RoutingId) -> Self {
        self.options.routing_id = id;
        self
    }

    /// Looks up host names in the calling thread instead of a helper thread; in the driver's, if
    /// there is one and the application is away, where all its sockets wait as long.
    #[must_use]
    pub fn resolver(mut self, resolver: Arc<Resolve>) -> Self {
        self.options.resolver = Some(resolver);
        self
    }
}
