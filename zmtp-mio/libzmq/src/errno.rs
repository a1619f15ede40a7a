//! Error numbers: those of the system, and those of libzmq.

use std::io;

use libc::c_int;
use zmtp_mio::{Error, SendError};

/// The first number that libzmq uses for errors that the system does not have.
const BASE: c_int = 156_384_712;

/// A call that the state of the socket does not allow.
pub(crate) const EFSM: c_int = BASE + 51;
/// The transport cannot be used with this socket type.
pub(crate) const ENOCOMPATPROTO: c_int = BASE + 52;
/// The context was terminated.
pub(crate) const ETERM: c_int = BASE + 53;
/// There is no thread for the operation.
pub(crate) const EMTHREAD: c_int = BASE + 54;

/// The number of an error, as `errno` holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) c_int);

/// What a function of the C API returns: its value, or the number of its error.
pub(crate) type Outcome<T> = Result<T, Errno>;

impl Errno {
    /// An argument is invalid.
    pub(crate) const EINVAL: Self = Self(libc::EINVAL);
    /// A call would have to wait.
    pub(crate) const EAGAIN: Self = Self(libc::EAGAIN);
    /// A pointer is null.
    pub(crate) const EFAULT: Self = Self(libc::EFAULT);
    /// The context was terminated.
    pub(crate) const ETERM: Self = Self(ETERM);
    /// The handle is not that of a socket.
    pub(crate) const ENOTSOCK: Self = Self(libc::ENOTSOCK);
}

impl From<Error> for Errno {
    fn from(error: Error) -> Self {
        Self(match error {
            Error::AddressInUse(_) | Error::RoutingIdInUse => libc::EADDRINUSE,
            Error::Endpoint(_) => libc::EINVAL,
            Error::Io { source, .. } => return source.into(),
            Error::NotSupported => libc::ENOTSUP,
            Error::OutOfTurn(_) => EFSM,
            Error::Stopped | Error::Forked => ETERM,
            Error::UnknownEndpoint(_) => libc::ENOENT,
            Error::Unroutable => libc::EHOSTUNREACH,
            Error::WouldBlock => libc::EAGAIN,
            Error::Woken => libc::EINTR,
            _ => libc::EINVAL,
        })
    }
}

impl From<SendError> for Errno {
    fn from(error: SendError) -> Self {
        error.error.into()
    }
}

impl From<nix::Error> for Errno {
    fn from(error: nix::Error) -> Self {
        Self(error as c_int)
    }
}

impl From<io::Error> for Errno {
    fn from(error: io::Error) -> Self {
        if let Some(number) = error.raw_os_error() {
            return Self(number);
        }
        Self(match error.kind() {
            io::ErrorKind::Interrupted => libc::EINTR,
            io::ErrorKind::AddrInUse => libc::EADDRINUSE,
            io::ErrorKind::AddrNotAvailable => libc::EADDRNOTAVAIL,
            io::ErrorKind::PermissionDenied => libc::EACCES,
            io::ErrorKind::NotFound => libc::ENODEV,
            _ => libc::EINVAL,
        })
    }
}
