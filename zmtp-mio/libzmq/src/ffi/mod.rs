//! The functions of the C API.
//!
//! Each of them runs its body in [`border`], which catches panics and sets `errno`.
#![allow(unsafe_code, reason = "C programs pass pointers, and find functions by their names")]

mod arguments;
mod context;
mod errno;
mod foreign;
#[cfg(any(test, feature = "fuzz"))]
pub mod fuzz;
mod message;
#[cfg(feature = "draft")]
mod message_draft;
mod options;
mod poll;
#[cfg(feature = "draft")]
mod poller;
mod process;
mod socket;
#[cfg(feature = "draft")]
mod socket_draft;
mod timers;
mod transfer;
mod utilities;

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::errno::{Errno, Outcome};
pub(crate) use poll::system_poll;
pub(crate) use process::{forks, reserve};
pub(crate) use socket::listener;

/// Runs the body of a function of the C API. Returns `failed` and sets `errno` if the body fails, and EFAULT if it
/// panics: a panic must not unwind into C.
fn border<T>(failed: T, body: impl FnOnce() -> Outcome<T>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(number)) => {
            errno::set(number);
            failed
        }
        Err(_) => {
            errno::set(Errno(libc::EFAULT));
            failed
        }
    }
}
