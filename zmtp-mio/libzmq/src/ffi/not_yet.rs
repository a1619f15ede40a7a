//! Functions that are not there yet: they set `errno` to ENOTSUP and return what their kind returns on an error.
//!
//! A program that names one of them loads and runs. Their arguments are not read, and are therefore left out: with the
//! C calling convention the caller removes its arguments.

use libc::{c_int, c_void};

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
macro_rules! word {
    ($($(#[$condition:meta])* $name:ident)*) => {$(
        $(#[$condition])*
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> *const c_void {
            border(std::ptr::null(), || Err(Errno(libc::ENOTSUP)))
        }
    )*};
}

// Contexts.
word! { zmq_ctx_new zmq_init }
int! { zmq_ctx_term zmq_ctx_shutdown zmq_ctx_set zmq_ctx_get zmq_ctx_destroy zmq_term }
int! { #[cfg(feature = "draft")] zmq_ctx_set_ext #[cfg(feature = "draft")] zmq_ctx_get_ext }

// Messages.
int! { zmq_msg_send zmq_msg_recv zmq_sendmsg zmq_recvmsg }

// Sockets.
word! { zmq_socket }
int! {
    zmq_close zmq_setsockopt zmq_getsockopt zmq_bind zmq_connect zmq_unbind zmq_disconnect zmq_send zmq_send_const
    zmq_recv zmq_sendiov zmq_recviov zmq_socket_monitor zmq_poll zmq_proxy zmq_proxy_steerable zmq_device
    #[cfg(feature = "draft")] zmq_join
    #[cfg(feature = "draft")] zmq_leave
    #[cfg(feature = "draft")] zmq_disconnect_peer
    #[cfg(feature = "draft")] zmq_socket_get_peer_state
    #[cfg(feature = "draft")] zmq_socket_monitor_versioned
    #[cfg(feature = "draft")] zmq_socket_monitor_pipes_stats
    #[cfg(feature = "draft")] zmq_ppoll
}
word! { #[cfg(feature = "draft")] zmq_connect_peer }

// Pollers.
word! { #[cfg(feature = "draft")] zmq_poller_new }
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
