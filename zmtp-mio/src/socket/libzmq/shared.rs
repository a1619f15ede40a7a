//! Sockets that any thread may use.

use core::time::Duration;
use std::sync::Arc;

use super::super::kind::{Any, Kind};
use super::super::{AnySocket, Ready, Socket, ThreadSafeSocket, step as step_of};
use crate::endpoint::Endpoint;
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::exchange;
pub use crate::exchange::Received;
use crate::message::{Message, Properties};
use crate::options::Linger;

/// A socket of any kind whose methods take `&self`. One thread at a time may use those whose kind is not thread-safe.
pub type SharedSocket = ThreadSafeSocket<Any>;

/// A socket for one thread, or for several.
pub trait AnyForm {
    /// What both have.
    fn core(&self) -> Core<'_>;
}

/// The engine of a socket.
#[derive(Clone, Copy, Debug)]
pub struct Core<'a>(&'a SharedEngine);

#[doc(hidden)]
impl<K: Kind> AnyForm for Socket<K> {
    fn core(&self) -> Core<'_> {
        Core(self.engine())
    }
}

#[doc(hidden)]
impl<K: Kind> AnyForm for ThreadSafeSocket<K> {
    fn core(&self) -> Core<'_> {
        Core(self.engine())
    }
}

pub(super) fn engine(socket: &impl AnyForm) -> &SharedEngine {
    socket.core().0
}

/// Makes a socket of any kind one that any thread may use.
pub fn for_any_thread(socket: AnySocket) -> SharedSocket {
    ThreadSafeSocket::of(socket)
}

/// As [`close_later`](super::close_later). The calls of other threads end with [`Error::Stopped`], and so do all later
/// ones.
pub fn close_shared(
    socket: &SharedSocket,
    linger: impl Into<Linger>,
    ended: impl FnOnce() + Send + 'static,
) {
    socket.engine().close_later(linger.into(), ended);
}

/// As [`Socket::step`], but the time in [`Ready`] does not count messages that are queued for the application.
///
/// # Errors
///
/// As [`Socket::step`].
pub fn step(socket: &impl AnyForm) -> Result<Ready, Error> {
    step_of(engine(socket))
}

/// Receives a message into `message`, whose content is replaced.
///
/// If the message has one part that can be used where it was read, it calls `take` instead, with this part and with the
/// properties of the connection. Then `message` has no parts. `take` must not use the socket. Returns `None` if no message
/// arrives in time; without `timeout`, it waits without limit.
///
/// # Errors
///
/// As [`Socket::recv_into`].
pub fn receive_part<T>(
    socket: &SharedSocket,
    timeout: Option<Duration>,
    message: &mut Message,
    take: impl FnOnce(&[u8], Option<&Arc<Properties>>) -> T,
) -> Result<Option<Received<T>>, Error> {
    if message.part_count() > 0 {
        drop(core::mem::take(message));
    }
    exchange::recv_part(socket.engine(), timeout, message, take)
}

/// As [`AnySocket::subscribe`].
///
/// # Errors
///
/// As [`AnySocket::subscribe`].
pub fn subscribe(socket: &impl AnyForm, topic: &[u8]) -> Result<(), Error> {
    exchange::subscribe(engine(socket), topic)
}

/// As [`AnySocket::unsubscribe`].
///
/// # Errors
///
/// As [`AnySocket::unsubscribe`].
pub fn unsubscribe(socket: &impl AnyForm, topic: &[u8]) -> Result<(), Error> {
    exchange::unsubscribe(engine(socket), topic)
}

/// As [`AnySocket::join`].
///
/// # Errors
///
/// As [`AnySocket::join`].
pub fn join(socket: &impl AnyForm, group: &[u8]) -> Result<(), Error> {
    exchange::join(engine(socket), group)
}

/// As [`AnySocket::leave`].
///
/// # Errors
///
/// As [`AnySocket::leave`].
pub fn leave(socket: &impl AnyForm, group: &[u8]) -> Result<(), Error> {
    exchange::leave(engine(socket), group)
}

/// As [`AnySocket::connect_peer`].
///
/// # Errors
///
/// As [`AnySocket::connect_peer`].
pub fn connect_peer(socket: &impl AnyForm, endpoint: Endpoint) -> Result<u32, Error> {
    endpoint.check_remote()?;
    exchange::connect_peer(engine(socket), endpoint)
}
