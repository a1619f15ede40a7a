//! The libzmq that the tests and benchmarks of this workspace run against, built from source: no
//! part of what is published.

// Linked for libzmq, and never called from here.
use libsodium_sys as _;

pub mod differential;
pub mod libzmq;
pub mod summary;
