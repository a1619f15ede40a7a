//! `zmq_socket`, `zmq_close`, and the endpoints.

use std::ffi::{c_char, c_int, c_void};
use std::os::fd::{BorrowedFd, OwnedFd};
use std::ptr;
use std::sync::Arc;

use zmtp_mio::{BoundListener, Endpoint};

use super::arguments::text;
use super::border;
use crate::errno::{Errno, Outcome};
use crate::handle::{self, Object};
use crate::socket::Socket;

/// The socket of a handle; ENOTSOCK if it is none.
pub(super) fn socket(handle: *const c_void) -> Outcome<Arc<Socket>> {
    handle::socket(handle).ok_or(Errno::ENOTSOCK)
}

/// A copy of a descriptor that listens already.
pub(crate) fn listener(descriptor: c_int, endpoint: &Endpoint) -> Outcome<BoundListener> {
    // SAFETY: the program has passed the descriptor of a socket that it leaves to this library. If it is not open, the
    // copy fails.
    let descriptor = unsafe { BorrowedFd::borrow_raw(descriptor) };
    let copy: OwnedFd = descriptor.try_clone_to_owned()?;
    Ok(match endpoint {
        Endpoint::Tcp { .. } => std::net::TcpListener::from(copy).into(),
        _ => std::os::unix::net::UnixListener::from(copy).into(),
    })
}

/// Creates a socket.
#[unsafe(no_mangle)]
extern "C" fn zmq_socket(context: *mut c_void, kind: c_int) -> *mut c_void {
    border(ptr::null_mut(), || {
        let context = super::context::context(context)?;
        let socket = Socket::open(&context, kind)?;
        match handle::create(Object::Socket(Arc::clone(&socket))) {
            Some(handle) => Ok(handle),
            None => {
                socket.close()?;
                Err(Errno(libc::EMFILE))
            }
        }
    })
}

/// Closes a socket. What is queued is sent within its linger.
#[unsafe(no_mangle)]
extern "C" fn zmq_close(handle: *mut c_void) -> c_int {
    border(-1, || {
        let socket = socket(handle)?;
        handle::release(handle);
        socket.close()?;
        Ok(0)
    })
}

/// Calls a method of a socket with an endpoint.
///
/// # Safety
///
/// As for [`text`].
unsafe fn with_endpoint(
    handle: *mut c_void,
    endpoint: *const c_char,
    call: impl FnOnce(&Socket, &str) -> Outcome<()>,
) -> c_int {
    border(-1, || {
        let socket = socket(handle)?;
        // SAFETY: passed on.
        call(&socket, unsafe { text(endpoint) }?)?;
        Ok(0)
    })
}

/// Listens on an endpoint.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_bind(handle: *mut c_void, endpoint: *const c_char) -> c_int {
    // SAFETY: the program passes a text.
    unsafe { with_endpoint(handle, endpoint, Socket::bind) }
}

/// Connects to an endpoint.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_connect(handle: *mut c_void, endpoint: *const c_char) -> c_int {
    // SAFETY: the program passes a text.
    unsafe { with_endpoint(handle, endpoint, Socket::connect) }
}

/// Stops listening on an endpoint.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_unbind(handle: *mut c_void, endpoint: *const c_char) -> c_int {
    // SAFETY: the program passes a text.
    unsafe { with_endpoint(handle, endpoint, Socket::end_endpoint) }
}

/// Ends the connection to an endpoint.
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_disconnect(handle: *mut c_void, endpoint: *const c_char) -> c_int {
    // SAFETY: the program passes a text.
    unsafe { with_endpoint(handle, endpoint, Socket::end_endpoint) }
}
