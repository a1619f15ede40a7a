//! `libzmq.so.5`: the C API of libzmq on the sockets of `zmtp-mio`.
//!
//! `ffi` has the functions that C programs call. It contains all unsafe code of this package: it reads the arguments,
//! calls the safe code of the other modules, and sets `errno`.

mod context;
#[cfg(test)]
mod differences;
mod environment;
mod errno;
mod ffi;
mod handle;
mod message;
mod monitor;
mod options;
mod poll;
#[cfg(feature = "draft")]
mod poller;
mod proxy;
mod socket;
#[cfg(test)]
mod testing;
mod thread;
mod timers;
mod waker;
mod z85;

#[cfg(any(test, feature = "fuzz"))]
pub use ffi::fuzz;
