//! Groups, and single peers of a socket.

use std::ffi::{c_char, c_int, c_void};

use super::arguments::{bytes, c_text, text};
use super::border;
use super::socket::socket;
use crate::errno::Outcome;
use crate::socket::{POLLOUT, Socket};

/// Calls a method of a socket with the name of a group.
///
/// # Safety
///
/// As for [`c_text`].
unsafe fn with_group(
    handle: *mut c_void,
    group: *const c_char,
    call: impl FnOnce(&Socket, &[u8]) -> Outcome<()>,
) -> c_int {
    border(-1, || {
        let socket = socket(handle)?;
        // SAFETY: passed on.
        call(&socket, unsafe { c_text(group) }?.to_bytes())?;
        Ok(0)
    })
}

/// Lets a DISH join a group.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_join(handle: *mut c_void, group: *const c_char) -> c_int {
    // SAFETY: passed on.
    unsafe { with_group(handle, group, Socket::join) }
}

/// Lets a DISH leave a group.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_leave(handle: *mut c_void, group: *const c_char) -> c_int {
    // SAFETY: passed on.
    unsafe { with_group(handle, group, Socket::leave) }
}

/// Connects a PEER to an endpoint. Returns the routing id of its peer, or 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_connect_peer(handle: *mut c_void, endpoint: *const c_char) -> u32 {
    border(0, || {
        let socket = socket(handle)?;
        // SAFETY: the program passes a text.
        socket.connect_peer(unsafe { text(endpoint) }?)
    })
}

/// Ends the connection of a PEER or SERVER to the peer with this routing id.
#[unsafe(no_mangle)]
extern "C" fn zmq_disconnect_peer(handle: *mut c_void, routing_id: u32) -> c_int {
    border(-1, || {
        socket(handle)?.disconnect_peer(routing_id)?;
        Ok(0)
    })
}

/// Returns `ZMQ_POLLOUT` if a message to the peer of a ROUTER with this routing id would not wait, otherwise 0.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_socket_get_peer_state(
    handle: *mut c_void,
    routing_id: *const c_void,
    size: usize,
) -> c_int {
    border(-1, || {
        let socket = socket(handle)?;
        // SAFETY: the program passes the address and the number of bytes.
        let id = unsafe { bytes(routing_id, size) }?;
        Ok(if socket.has_room(id)? { POLLOUT } else { 0 })
    })
}

/// Lets the monitor of a socket send the sizes of the queues of each peer.
#[unsafe(no_mangle)]
extern "C" fn zmq_socket_monitor_pipes_stats(handle: *mut c_void) -> c_int {
    border(-1, || {
        socket(handle)?.report_queues()?;
        Ok(0)
    })
}
