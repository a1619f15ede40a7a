//! Functions that are not there yet: they set `errno` to ENOTSUP and return what their kind returns on an error.
//!
//! A program that names one of them loads and runs. Their arguments are not read, and are therefore left out: with the
//! C calling convention the caller removes its arguments.

use libc::c_int;

use super::border;
use crate::errno::Errno;

/// Functions that return an int, which is −1 on an error.
macro_rules! int {
    ($($(#[$condition:meta])* $name:ident)*) => {$(
        $(#[$condition])*
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> c_int {
            border(-1, || Err(Errno(libc::ENOTSUP)))
        }
    )*};
}

/// Functions that return a pointer or a size, which is 0 on an error, or nothing.
#[cfg(feature = "draft")]
macro_rules! word {
    ($($(#[$condition:meta])* $name:ident)*) => {$(
        $(#[$condition])*
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> *const libc::c_void {
            border(std::ptr::null(), || Err(Errno(libc::ENOTSUP)))
        }
    )*};
}

// Sockets.
int! {
    zmq_socket_monitor zmq_proxy zmq_proxy_steerable zmq_device
    #[cfg(feature = "draft")] zmq_join
    #[cfg(feature = "draft")] zmq_leave
    #[cfg(feature = "draft")] zmq_disconnect_peer
    #[cfg(feature = "draft")] zmq_socket_get_peer_state
    #[cfg(feature = "draft")] zmq_socket_monitor_versioned
    #[cfg(feature = "draft")] zmq_socket_monitor_pipes_stats
}
#[cfg(feature = "draft")]
word! { zmq_connect_peer }

// Pollers.
#[cfg(feature = "draft")]
word! { zmq_poller_new }
int! {
    #[cfg(feature = "draft")] zmq_poller_destroy
    #[cfg(feature = "draft")] zmq_poller_size
    #[cfg(feature = "draft")] zmq_poller_add
    #[cfg(feature = "draft")] zmq_poller_modify
    #[cfg(feature = "draft")] zmq_poller_remove
    #[cfg(feature = "draft")] zmq_poller_wait
    #[cfg(feature = "draft")] zmq_poller_wait_all
    #[cfg(feature = "draft")] zmq_poller_fd
    #[cfg(feature = "draft")] zmq_poller_add_fd
    #[cfg(feature = "draft")] zmq_poller_modify_fd
    #[cfg(feature = "draft")] zmq_poller_remove_fd
}
