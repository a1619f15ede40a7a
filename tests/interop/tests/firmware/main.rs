//! The programs of `tests/firmware`, on boards that QEMU emulates, against the real libzmq.
//!
//! Run by `.ci/firmware.sh`, which builds them. Everything has a bound, and QEMU dies with its test.

#[path = "../common/mod.rs"]
mod common;
mod faults;
mod qemu;
mod tcp;
mod uart;

use core::time::Duration;

/// Longer than anything here takes on a busy machine, except the runs with faults.
const LONG: Duration = Duration::from_secs(60);
