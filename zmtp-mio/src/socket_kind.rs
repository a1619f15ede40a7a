//! Socket types as values.

use core::fmt;

use zmtp_core::wire::SocketType;

/// A socket type as a value.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum SocketKind {
    /// See [`crate::Channel`].
    Channel,
    /// See [`crate::Client`].
    Client,
    /// See [`crate::Dealer`].
    Dealer,
    /// See [`crate::Dgram`].
    Dgram,
    /// See [`crate::Dish`].
    Dish,
    /// See [`crate::Gather`].
    Gather,
    /// See [`crate::Pair`].
    Pair,
    /// See [`crate::Peer`].
    Peer,
    /// See [`crate::Pub`].
    Pub,
    /// See [`crate::Pull`].
    Pull,
    /// See [`crate::Push`].
    Push,
    /// See [`crate::Radio`].
    Radio,
    /// See [`crate::Rep`].
    Rep,
    /// See [`crate::Req`].
    Req,
    /// See [`crate::Router`].
    Router,
    /// See [`crate::Scatter`].
    Scatter,
    /// See [`crate::Server`].
    Server,
    /// See [`crate::Stream`].
    Stream,
    /// See [`crate::Sub`].
    Sub,
    /// See [`crate::Xpub`].
    Xpub,
    /// See [`crate::Xsub`].
    Xsub,
}

impl SocketKind {
    /// Every kind.
    pub const ALL: [Self; 21] = [
        Self::Channel,
        Self::Client,
        Self::Dealer,
        Self::Dgram,
        Self::Dish,
        Self::Gather,
        Self::Pair,
        Self::Peer,
        Self::Pub,
        Self::Pull,
        Self::Push,
        Self::Radio,
        Self::Rep,
        Self::Req,
        Self::Router,
        Self::Scatter,
        Self::Server,
        Self::Stream,
        Self::Sub,
        Self::Xpub,
        Self::Xsub,
    ];

    /// Returns whether sockets of this kind can send.
    pub const fn can_send(self) -> bool {
        !matches!(self, Self::Dish | Self::Gather | Self::Pull | Self::Sub)
    }

    /// Returns whether sockets of this kind can receive.
    pub const fn can_receive(self) -> bool {
        !matches!(self, Self::Pub | Self::Push | Self::Radio | Self::Scatter)
    }

    /// Returns whether several threads may use a socket of this kind at the same time (`ZMQ_THREAD_SAFE`); see
    /// [`crate::ThreadSafeSocket`]. Messages of these kinds have one part.
    pub const fn is_thread_safe(self) -> bool {
        matches!(
            self,
            Self::Channel
                | Self::Client
                | Self::Dish
                | Self::Gather
                | Self::Peer
                | Self::Radio
                | Self::Scatter
                | Self::Server
        )
    }

    /// Returns whether sockets of this kind send each message to all peers that subscribed to it or joined its group:
    /// PUB, XPUB and RADIO.
    pub const fn publishes(self) -> bool {
        matches!(self, Self::Pub | Self::Radio | Self::Xpub)
    }

    /// Returns the socket type that sockets of this kind announce; `None` for DGRAM and STREAM, which do not use ZMTP.
    pub const fn socket_type(self) -> Option<SocketType> {
        Some(match self {
            Self::Channel => SocketType::Channel,
            Self::Client => SocketType::Client,
            Self::Dealer => SocketType::Dealer,
            Self::Dgram | Self::Stream => return None,
            Self::Dish => SocketType::Dish,
            Self::Gather => SocketType::Gather,
            Self::Pair => SocketType::Pair,
            Self::Peer => SocketType::Peer,
            Self::Pub => SocketType::Pub,
            Self::Pull => SocketType::Pull,
            Self::Push => SocketType::Push,
            Self::Radio => SocketType::Radio,
            Self::Rep => SocketType::Rep,
            Self::Req => SocketType::Req,
            Self::Router => SocketType::Router,
            Self::Scatter => SocketType::Scatter,
            Self::Server => SocketType::Server,
            Self::Sub => SocketType::Sub,
            Self::Xpub => SocketType::Xpub,
            Self::Xsub => SocketType::Xsub,
        })
    }
}

/// Writes the name in capital letters, for example `DEALER`.
impl fmt::Display for SocketKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.socket_type() {
            Some(socket_type) => socket_type.fmt(f),
            None if matches!(self, Self::Dgram) => f.write_str("DGRAM"),
            None => f.write_str("STREAM"),
        }
    }
}
