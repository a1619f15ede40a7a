//! `libzmq.so.5`: the C API of libzmq on the sockets of `zmtp-mio`.
//!
//! `ffi` has the functions that C programs call. It contains all unsafe code of this package: it reads the arguments,
//! calls the safe code of the other modules, and sets `errno`.

#[allow(dead_code, reason = "functions that set them are not there yet")]
mod errno;
mod ffi;
#[allow(
    dead_code,
    unused_imports,
    reason = "the functions that send and receive are not there yet"
)]
mod message;
mod timers;
mod z85;
