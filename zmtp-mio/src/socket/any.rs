//! Sockets whose kind is known at run time.

use core::time::Duration;

use super::kind::{Any, StaticKind};
use super::{Builder, Socket};
use crate::endpoint::Endpoint;
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::exchange;
use crate::socket_kind::SocketKind;

/// A socket whose kind is known at run time.
///
/// It has the methods for sending, receiving, subscribing and waiting for subscribers. A method that the
/// socket's kind does not have returns [`Error::NotSupported`]. A socket of a fixed kind is converted with
/// `from`, and back with `try_from`, without a copy:
///
/// ```
/// use zmtp_mio::{AnySocket, Error, Pull, SocketKind};
///
/// let mut socket = AnySocket::builder(SocketKind::Pull).build()?;
/// assert!(matches!(socket.send("x").unwrap_err().error, Error::NotSupported));
/// let pull = Pull::try_from(socket).expect("it is a PULL");
/// assert_eq!(AnySocket::from(pull).kind(), SocketKind::Pull);
/// # Ok::<(), Error>(())
/// ```
pub type AnySocket = Socket<Any>;

impl Socket<Any> {
    /// Returns a builder of a socket of the given kind.
    pub fn builder(kind: SocketKind) -> Builder<Any> {
        Builder::of(kind)
    }

    /// As [`Sub::subscribe`](crate::Sub::subscribe), for a SUB or XSUB.
    ///
    /// # Errors
    ///
    /// [`Error::NotSupported`] for other kinds; [`Error::Stopped`] after a shutdown of the context.
    pub fn subscribe(&mut self, topic: impl AsRef<[u8]>) -> Result<(), Error> {
        exchange::subscribe(self.engine(), topic.as_ref())
    }

    /// As [`Sub::unsubscribe`](crate::Sub::unsubscribe), for a SUB or XSUB.
    ///
    /// # Errors
    ///
    /// As [`Self::subscribe`].
    pub fn unsubscribe(&mut self, topic: impl AsRef<[u8]>) -> Result<(), Error> {
        exchange::unsubscribe(self.engine(), topic.as_ref())
    }

    /// As [`Dish::join`](crate::Dish::join), for a DISH.
    ///
    /// # Errors
    ///
    /// [`Error::NotSupported`] for other kinds; those of `Dish::join`.
    pub fn join(&mut self, group: impl AsRef<[u8]>) -> Result<(), Error> {
        exchange::join(self.engine(), group.as_ref())
    }

    /// As [`Dish::leave`](crate::Dish::leave), for a DISH.
    ///
    /// # Errors
    ///
    /// [`Error::NotSupported`] for other kinds; those of `Dish::leave`.
    pub fn leave(&mut self, group: impl AsRef<[u8]>) -> Result<(), Error> {
        exchange::leave(self.engine(), group.as_ref())
    }

    /// As [`Peer::connect_peer`](crate::Peer::connect_peer), for a PEER.
    ///
    /// # Errors
    ///
    /// [`Error::NotSupported`] for other kinds; those of [`Socket::connect`].
    pub fn connect_peer<E>(&mut self, endpoint: E) -> Result<u32, Error>
    where
        E: TryInto<Endpoint, Error: Into<Error>>,
    {
        let endpoint = self.remote(endpoint)?;
        exchange::connect_peer(self.engine(), endpoint)
    }

    /// As [`Pub::wait_for_subscribers`](crate::Pub::wait_for_subscribers), for a PUB, XPUB or RADIO.
    ///
    /// # Errors
    ///
    /// [`Error::NotSupported`] for other kinds; [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub fn wait_for_subscribers(&mut self, n: usize, timeout: Duration) -> Result<bool, Error> {
        exchange::wait_for_subscribers(self.engine(), n, Some(timeout))
    }
}

impl<K: StaticKind> From<Socket<K>> for AnySocket {
    fn from(socket: Socket<K>) -> Self {
        socket.into_kind()
    }
}

/// Fails, and returns the socket unchanged, if the socket is of another kind than `K`.
impl<K: StaticKind> TryFrom<AnySocket> for Socket<K> {
    type Error = AnySocket;

    fn try_from(socket: AnySocket) -> Result<Self, AnySocket> {
        if socket.kind() == K::KIND { Ok(socket.into_kind()) } else { Err(socket) }
    }
}

/// Returns the kind of the socket that has this engine.
pub(super) const fn kind_of(engine: &SharedEngine) -> SocketKind {
    engine.kind()
}
