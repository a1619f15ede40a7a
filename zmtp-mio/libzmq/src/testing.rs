//! What the tests have in common: sockets, and numbers of options.

use std::sync::Arc;
use std::time::Duration;

use libc::c_int;
use zmtp_mio::SocketKind;

use crate::context::Context;
use crate::options::Value;
use crate::socket::{Socket, number};

/// A time within which everything happens.
pub(crate) const LIMIT: Duration = Duration::from_secs(30);

/// Numbers of options.
pub(crate) const FD: c_int = 14;
pub(crate) const LINGER: c_int = 17;
pub(crate) const SNDHWM: c_int = 23;
pub(crate) const RCVHWM: c_int = 24;
pub(crate) const RCVTIMEO: c_int = 27;
pub(crate) const LAST_ENDPOINT: c_int = 32;

/// A socket that does not linger, and whose receives end.
pub(crate) fn socket(context: &Arc<Context>, kind: SocketKind) -> Arc<Socket> {
    let socket = Socket::open(context, number(kind)).unwrap();
    set(&socket, LINGER, 0);
    set(&socket, RCVTIMEO, 30_000);
    socket
}

/// Sets an option to a number.
pub(crate) fn set(socket: &Socket, option: c_int, value: c_int) {
    socket.set(option, Value(Some(&value.to_ne_bytes()))).unwrap();
}

/// Listens on an endpoint. Returns the endpoint that was bound.
pub(crate) fn bind(socket: &Socket, endpoint: &str) -> String {
    socket.bind(endpoint).unwrap();
    let bound = String::from_utf8(socket.get(LAST_ENDPOINT).unwrap()).unwrap();
    bound.trim_end_matches('\0').to_owned()
}

/// The descriptor of `ZMQ_FD`.
pub(crate) fn descriptor(socket: &Socket) -> c_int {
    c_int::from_ne_bytes(socket.get(FD).unwrap().try_into().unwrap())
}
