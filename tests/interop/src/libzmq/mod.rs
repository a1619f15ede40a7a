//! A small safe wrapper of libzmq. By default no call blocks without limit: sends and receives fail after
//! [`TIMEOUT`], and linger is zero.

#![allow(unsafe_code, reason = "the calls into libzmq")]

mod error;
mod ffi;
mod frame;
mod monitor;
pub mod option;
mod socket;
#[cfg(test)]
mod tests;

use std::ffi::CString;
use std::io;
use std::sync::Arc;

use core::ffi::{c_char, c_int, c_void};
use core::time::Duration;

use error::check;

pub use error::Error;
pub use frame::Frame;
pub use monitor::{Event, Monitor};
pub use socket::{Kind, Socket};

/// How long sends and receives wait by default.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// A context of libzmq. It is terminated when its last clone and its last socket are dropped.
#[derive(Clone, Debug)]
pub struct Context(Arc<Raw>);

#[derive(Debug)]
struct Raw(*mut c_void);

// SAFETY: zmq.h declares contexts thread safe.
unsafe impl Send for Raw {}
// SAFETY: as above.
unsafe impl Sync for Raw {}

impl Context {
    /// A new context.
    ///
    /// # Errors
    ///
    /// No file descriptors are left.
    pub fn new() -> io::Result<Self> {
        // SAFETY: takes nothing.
        let raw = unsafe { ffi::zmq_ctx_new() };
        if raw.is_null() {
            return Err(Error::last("zmq_ctx_new"));
        }
        Ok(Self(Arc::new(Raw(raw))))
    }

    /// A new socket, with [`TIMEOUT`] on both sides and linger 0.
    ///
    /// # Errors
    ///
    /// Too many sockets, or the context was shut down.
    pub fn socket(&self, kind: Kind) -> io::Result<Socket> {
        Socket::new(self, kind)
    }

    /// Makes every call on sockets of this context fail with [`Error::ETERM`].
    ///
    /// # Errors
    ///
    /// None known.
    pub fn shutdown(&self) -> io::Result<()> {
        // SAFETY: the context is alive as long as `self`.
        check("zmq_ctx_shutdown", || unsafe { ffi::zmq_ctx_shutdown(self.0.0) })?;
        Ok(())
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Does not wait: no socket is left, as each holds the context.
        // SAFETY: there is no other owner of the context.
        let _ = check("zmq_ctx_term", || unsafe { ffi::zmq_ctx_term(self.0) });
    }
}

/// Major, minor and patch version of the libzmq in this program.
pub fn version() -> (i32, i32, i32) {
    let (mut major, mut minor, mut patch) = (0, 0, 0);
    // SAFETY: three places to write to.
    unsafe { ffi::zmq_version(&raw mut major, &raw mut minor, &raw mut patch) };
    (major, minor, patch)
}

/// Whether libzmq was built with this: `curve`, `draft`, `ipc`, …
pub fn has(capability: &str) -> bool {
    // SAFETY: a C string that outlives the call.
    CString::new(capability).is_ok_and(|name| unsafe { ffi::zmq_has(name.as_ptr()) } == 1)
}

/// A new key pair for CURVE: public and secret, in Z85.
///
/// # Errors
///
/// libzmq was built without CURVE.
pub fn curve_keypair() -> io::Result<(String, String)> {
    let (mut public, mut secret) = ([0_u8; 41], [0_u8; 41]);
    let public_at = public.as_mut_ptr().cast::<c_char>();
    let secret_at = secret.as_mut_ptr().cast::<c_char>();
    // SAFETY: 40 characters and a NUL are written to each.
    check("zmq_curve_keypair", || unsafe { ffi::zmq_curve_keypair(public_at, secret_at) })?;
    let text = |key: [u8; 41]| String::from_utf8_lossy(&key[..40]).into_owned();
    Ok((text(public), text(secret)))
}

/// An endpoint for libzmq.
fn c_string(text: &str) -> io::Result<CString> {
    CString::new(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}

/// Milliseconds as libzmq expects them: -1 is no limit.
fn milliseconds(timeout: Option<Duration>) -> c_int {
    timeout.map_or(-1, |timeout| c_int::try_from(timeout.as_millis()).unwrap_or(c_int::MAX))
}
