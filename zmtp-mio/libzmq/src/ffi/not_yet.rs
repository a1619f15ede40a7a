//! Functions of the draft API that are not there yet: they set `errno` to ENOTSUP and return what their kind returns on an error.
//!
//! A program that names one of them loads and runs. Their arguments are not read, and are therefore left out: with the
//! C calling convention the caller removes its arguments.

use libc::c_int;

use super::border;
use crate::errno::Errno;

/// Functions that return an int, which is −1 on an error.
macro_rules! int {
    ($($name:ident)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name() -> c_int {
            border(-1, || Err(Errno(libc::ENOTSUP)))
        }
    )*};
}

// Sockets.
int! { zmq_socket_monitor_pipes_stats }
