//! libzmq's errors as [`io::Error`].

use core::ffi::{CStr, c_int};
use core::fmt;
use std::io;

use super::ffi;

/// An error of a function of libzmq. It is the source of an [`io::Error`]; [`of`](Self::of) returns it.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Error {
    /// The function.
    pub call: &'static str,
    /// `zmq_errno()`.
    pub code: i32,
    /// `zmq_strerror()` of it.
    pub text: String,
}

impl Error {
    /// A REQ or REP cannot do this in its state.
    pub const EFSM: i32 = 156_384_763;
    /// The context was shut down.
    pub const ETERM: i32 = 156_384_765;

    /// The error of libzmq in an [`io::Error`] of this package, if it is one.
    pub fn of(error: &io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The error of the last call of this thread. Its kind is that of std for the same errno: a timeout is
    /// [`io::ErrorKind::WouldBlock`].
    pub(super) fn last(call: &'static str) -> io::Error {
        // SAFETY: reads a thread-local number.
        let code = unsafe { ffi::zmq_errno() };
        // SAFETY: returns a C string that is static, or valid until the next call on this thread.
        let text = unsafe { CStr::from_ptr(ffi::zmq_strerror(code)) };
        let text = text.to_string_lossy().into_owned();
        let kind = io::Error::from_raw_os_error(code).kind();
        io::Error::new(kind, Self { call, code, text })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.call, self.text, self.code)
    }
}

impl core::error::Error for Error {}

/// Runs a function that returns -1 on failure. Runs it again if a signal interrupts it.
pub(super) fn check(call: &'static str, mut run: impl FnMut() -> c_int) -> io::Result<c_int> {
    loop {
        let result = run();
        if result != -1 {
            return Ok(result);
        }
        let error = Error::last(call);
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
}
