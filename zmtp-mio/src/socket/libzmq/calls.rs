//! Calls of the C API that the other packages do not need.

use core::time::Duration;
use std::os::fd::{BorrowedFd, RawFd};

use zmtp_core::wire::RoutingId;

use super::shared::{AnyForm, engine};
use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::exchange;
use crate::message::{Message, Properties};
use crate::monitor::{Event, EventReader};
use crate::options::Linger;
use crate::socket::AnySocket;

/// Closes a socket without waiting: its driver continues to send within the linger, and then calls `ended`.
pub fn close_later(
    socket: AnySocket,
    linger: impl Into<Linger>,
    ended: impl FnOnce() + Send + 'static,
) {
    socket.engine().close_later(linger.into(), ended);
}

/// Ends the calls of all sockets of a context with [`Error::Stopped`], as well as later ones that wait, and the building
/// of new sockets. Sockets that are being closed continue to send.
pub fn stop(context: &Context) {
    context.stop_calls();
}

/// Ends the thread of the driver of a context, after the end of its sockets.
pub fn end_driver(context: &Context) {
    context.end_driver();
}

/// The descriptor that is readable while the socket has events of the system to handle. The driver continues to serve the
/// socket.
///
/// # Errors
///
/// [`Error::Io`], [`Error::Forked`].
pub fn descriptor(socket: &impl AnyForm) -> Result<RawFd, Error> {
    engine(socket).descriptor()
}

/// As [`descriptor`].
///
/// # Errors
///
/// As [`descriptor`].
pub fn borrow_descriptor(socket: &impl AnyForm) -> Result<BorrowedFd<'_>, Error> {
    engine(socket).borrow_descriptor()
}

/// The driver leaves the socket to this thread until [`release`].
pub fn hold(socket: &impl AnyForm) {
    engine(socket).hold();
}

/// Ends [`hold`].
pub fn release(socket: &impl AnyForm) {
    engine(socket).release();
}

/// Whether a receive and a send would return at once.
pub fn readiness(socket: &impl AnyForm) -> (bool, bool) {
    exchange::readiness(engine(socket))
}

/// Calls `watcher` from now on whenever the driver has served the socket: with whether a receive and a send would return
/// at once. It must not use the socket.
pub fn watch(socket: &impl AnyForm, watcher: impl FnMut(bool, bool) + Send + 'static) {
    engine(socket).watch(watcher);
}

/// As [`watch`], and also after a call of any thread that has handled events, in that thread.
pub fn watch_calls(socket: &impl AnyForm, watcher: impl FnMut(bool, bool) + Send + 'static) {
    engine(socket).watch_calls(watcher);
}

/// Connects a STREAM to an endpoint, and returns the routing id of the connection.
///
/// # Errors
///
/// [`Error::NotSupported`] for other kinds, and those of [`Socket::connect`](crate::Socket::connect).
pub fn connect_for_id(socket: &impl AnyForm, endpoint: Endpoint) -> Result<RoutingId, Error> {
    endpoint.check_remote()?;
    exchange::connect_for_id(engine(socket), endpoint)
}

/// Whether the queue of the peer of a ROUTER with this routing id has room.
///
/// # Errors
///
/// [`Error::Unroutable`] if there is no such peer, [`Error::NotSupported`] for other kinds, and [`Error::Stopped`],
/// [`Error::Forked`].
pub fn has_room(socket: &impl AnyForm, id: &[u8]) -> Result<bool, Error> {
    exchange::has_room(engine(socket), id)
}

/// Closes the connection to a peer of a SERVER or PEER, after what is queued for it. The socket does not connect to it
/// again. If there is no connection, the queued messages are dropped.
///
/// # Errors
///
/// As [`has_room`].
pub fn disconnect_peer(socket: &impl AnyForm, id: u32) -> Result<(), Error> {
    exchange::disconnect_peer(engine(socket), id)
}

/// The number of the descriptor of the connection, or of the attempt or the listener, that an event is about.
pub const fn event_descriptor(event: &Event) -> Option<RawFd> {
    event.descriptor
}

/// The number of the descriptor of the connection that has these properties (`ZMQ_SRCFD`).
pub const fn connection_descriptor(properties: &Properties) -> Option<RawFd> {
    properties.descriptor
}

/// The number of the descriptor with which the socket listens on an endpoint of TCP or IPC.
pub fn listener_descriptor(socket: &impl AnyForm, endpoint: &Endpoint) -> Option<RawFd> {
    engine(socket).look()?.listener_addresses(endpoint).descriptor
}

/// Returns a reader of the next events of a socket.
///
/// Its waits end with [`end_events`], with the next call of this function, or when the socket is closed. Earlier readers,
/// and those of [`Socket::events`](crate::Socket::events), return what was queued for them before, and nothing more.
///
/// # Errors
///
/// [`Error::Forked`].
pub fn begin_events(socket: &impl AnyForm) -> Result<EventReader, Error> {
    let mut engine = engine(socket).look().ok_or(Error::Forked)?;
    Ok(engine.monitor().begin_events())
}

/// Ends the waits of readers of events: they return `None` when no event is left.
pub fn end_events(socket: &impl AnyForm) {
    if let Some(mut engine) = engine(socket).look() {
        engine.monitor().end_events();
    }
}

/// Queues an event for each connected peer: [`EventKind::Queued`](crate::EventKind::Queued). Returns their number.
///
/// # Errors
///
/// [`Error::Stopped`], [`Error::Forked`].
pub fn report_queues(socket: &impl AnyForm) -> Result<usize, Error> {
    let mut engine = engine(socket).enter()?;
    engine.step()?;
    Ok(engine.report_queues())
}

/// Waits until a message with this first part could be sent. Fails as the send of the whole message would fail.
///
/// # Errors
///
/// Those of [`Socket::send_timeout`](crate::Socket::send_timeout).
pub fn wait_for_room(
    socket: &impl AnyForm,
    first: &[u8],
    timeout: Option<Duration>,
) -> Result<(), Error> {
    exchange::wait_for_room(engine(socket), first, timeout)
}

/// Lets clones of a message share its bytes from now on, unless they are few.
pub fn share(message: &mut Message) {
    message.share();
}

/// Removes all parts of a message but one, the group and the properties. The part is not copied.
pub fn keep_part(message: &mut Message, index: usize) {
    message.keep_part(index);
}
