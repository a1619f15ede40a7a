//! Calls of the C API that the other packages do not need.

use core::time::Duration;
use std::os::fd::{BorrowedFd, RawFd};

use zmtp_core::wire::RoutingId;

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
pub fn descriptor(socket: &AnySocket) -> Result<RawFd, Error> {
    socket.engine().descriptor()
}

/// As [`descriptor`].
///
/// # Errors
///
/// As [`descriptor`].
pub fn borrow_descriptor(socket: &AnySocket) -> Result<BorrowedFd<'_>, Error> {
    socket.engine().borrow_descriptor()
}

/// The driver leaves the socket to this thread until [`release`].
pub fn hold(socket: &AnySocket) {
    socket.engine().hold();
}

/// Ends [`hold`].
pub fn release(socket: &AnySocket) {
    socket.engine().release();
}

/// Whether a receive would return at once.
pub fn is_readable(socket: &AnySocket) -> bool {
    exchange::readiness(socket.engine()).0
}

/// Calls `watcher` from now on whenever the driver has served the socket: with whether a receive and a send would return
/// at once. It must not use the socket.
pub fn watch(socket: &AnySocket, watcher: impl FnMut(bool, bool) + Send + 'static) {
    socket.engine().watch(watcher);
}

/// Connects a STREAM to an endpoint, and returns the routing id of the connection.
///
/// # Errors
///
/// [`Error::NotSupported`] for other kinds, and those of [`Socket::connect`](crate::Socket::connect).
pub fn connect_for_id(socket: &mut AnySocket, endpoint: Endpoint) -> Result<RoutingId, Error> {
    let endpoint = socket.remote(endpoint)?;
    exchange::connect_for_id(socket.engine(), endpoint)
}

/// Whether the queue of the peer of a ROUTER with this routing id has room.
///
/// # Errors
///
/// [`Error::Unroutable`] if there is no such peer, [`Error::NotSupported`] for other kinds, and [`Error::Stopped`],
/// [`Error::Forked`].
pub fn has_room(socket: &AnySocket, id: &[u8]) -> Result<bool, Error> {
    exchange::has_room(socket.engine(), id)
}

/// Closes the connection to a peer of a SERVER or PEER, after what is queued for it. The socket does not connect to it
/// again. If there is no connection, the queued messages are dropped.
///
/// # Errors
///
/// As [`has_room`].
pub fn disconnect_peer(socket: &mut AnySocket, id: u32) -> Result<(), Error> {
    exchange::disconnect_peer(socket.engine(), id)
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
pub fn listener_descriptor(socket: &AnySocket, endpoint: &Endpoint) -> Option<RawFd> {
    socket.engine().look()?.listener_addresses(endpoint).descriptor
}

/// Discards the queued events of a socket, and returns a reader of the next ones. Its waits end with [`end_events`], or
/// when the socket is closed.
///
/// # Errors
///
/// [`Error::Forked`].
pub fn begin_events(socket: &AnySocket) -> Result<EventReader, Error> {
    let engine = socket.engine().look().ok_or(Error::Forked)?;
    engine.monitor().begin_events();
    Ok(engine.events())
}

/// Ends the waits of readers of events: they return `None` when no event is left.
pub fn end_events(socket: &AnySocket) {
    if let Some(engine) = socket.engine().look() {
        engine.monitor().end_events();
    }
}

/// Waits until a message with this first part could be sent. Fails as the send of the whole message would fail.
///
/// # Errors
///
/// Those of [`Socket::send_timeout`](crate::Socket::send_timeout).
pub fn wait_for_room(
    socket: &mut AnySocket,
    first: &[u8],
    timeout: Option<Duration>,
) -> Result<(), Error> {
    exchange::wait_for_room(socket.engine(), first, timeout)
}

/// Lets clones of a message share its bytes from now on, unless they are few.
pub fn share(message: &mut Message) {
    message.share();
}

/// Removes all parts of a message but one, the group and the properties. The part is not copied.
pub fn keep_part(message: &mut Message, index: usize) {
    message.keep_part(index);
}
