//! `zmq_ctx_*`: contexts.

use std::ffi::{c_int, c_void};
use std::io::Write;
use std::ptr;
use std::sync::Arc;

use super::border;
use super::process::count_forks;
use crate::context::Context;
use crate::environment::Environment;
use crate::errno::{Errno, Outcome};
use crate::handle::{self, Object};

/// The context of a handle; EFAULT if it is none.
pub(super) fn context(handle: *const c_void) -> Outcome<Arc<Context>> {
    handle::context(handle).ok_or(Errno::EFAULT)
}

/// Creates a context. Fails with EINVAL, and a message to the user, if a variable of the environment is invalid.
#[unsafe(no_mangle)]
extern "C" fn zmq_ctx_new() -> *mut c_void {
    border(ptr::null_mut(), || {
        count_forks()?;
        let environment = Environment::read().map_err(|error| {
            // It fails if the program has closed the descriptor.
            let _ = writeln!(std::io::stderr(), "libzmq: {error}");
            Errno::EINVAL
        })?;
        let context = Object::Context(Arc::new(Context::with(environment)));
        handle::create(context).ok_or(Errno(libc::EMFILE))
    })
}

/// Creates a context with this number of threads, which has no effect.
#[unsafe(no_mangle)]
extern "C" fn zmq_init(io_threads: c_int) -> *mut c_void {
    border(ptr::null_mut(), || {
        if io_threads < 0 {
            return Err(Errno::EINVAL);
        }
        Ok(zmq_ctx_new())
    })
}

/// Waits until all sockets of a context are closed and have sent, and ends the context. Fails with EINTR if a signal ends the
/// wait.
#[unsafe(no_mangle)]
extern "C" fn zmq_ctx_term(handle: *mut c_void) -> c_int {
    border(-1, || {
        context(handle)?.end()?;
        handle::release(handle);
        Ok(0)
    })
}

/// The same as `zmq_ctx_term`.
#[unsafe(no_mangle)]
extern "C" fn zmq_ctx_destroy(handle: *mut c_void) -> c_int {
    zmq_ctx_term(handle)
}

/// The same as `zmq_ctx_term`.
#[unsafe(no_mangle)]
extern "C" fn zmq_term(handle: *mut c_void) -> c_int {
    zmq_ctx_term(handle)
}

/// Ends the calls of all sockets of a context with ETERM.
#[unsafe(no_mangle)]
extern "C" fn zmq_ctx_shutdown(handle: *mut c_void) -> c_int {
    border(-1, || {
        context(handle)?.shut_down();
        Ok(0)
    })
}

/// Sets an option of a context.
#[unsafe(no_mangle)]
extern "C" fn zmq_ctx_set(handle: *mut c_void, option: c_int, value: c_int) -> c_int {
    border(-1, || {
        context(handle)?.set(option, &value.to_ne_bytes())?;
        Ok(0)
    })
}

/// Returns an option of a context.
#[unsafe(no_mangle)]
extern "C" fn zmq_ctx_get(handle: *mut c_void, option: c_int) -> c_int {
    border(-1, || context(handle)?.get(option))
}

/// Sets an option of a context from bytes.
#[cfg(feature = "draft")]
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_ctx_set_ext(
    handle: *mut c_void,
    option: c_int,
    value: *const c_void,
    len: usize,
) -> c_int {
    border(-1, || {
        // SAFETY: the program passes the address and the number of bytes.
        let value = unsafe { super::arguments::bytes(value, len) }?;
        context(handle)?.set(option, value)?;
        Ok(0)
    })
}

/// Returns an option of a context as bytes.
#[cfg(feature = "draft")]
#[unsafe(no_mangle)]
unsafe extern "C" fn zmq_ctx_get_ext(
    handle: *mut c_void,
    option: c_int,
    value: *mut c_void,
    len: *mut usize,
) -> c_int {
    border(-1, || {
        let found = context(handle)?.get_text(option)?;
        // SAFETY: the program passes the address of a buffer and that of its length.
        unsafe { super::options::write(&found, value, len) }?;
        Ok(0)
    })
}
