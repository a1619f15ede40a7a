//! Error numbers: those of the system, and those of libzmq.

use libc::c_int;

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
