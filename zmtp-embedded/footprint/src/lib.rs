//! The board of all clients here, whose inputs the optimiser cannot predict.
//!
//! Registers are read and written as on a real device. The programs are linked and measured, never run.
#![no_std]

/// The programs of the README, which must compile for these targets.
#[path = "../../examples/async_sub.rs"]
pub mod async_sub;
#[path = "../../examples/uart_req.rs"]
pub mod uart_req;

use core::ptr::{read_volatile, write_volatile};

use embedded_io::{Error, ErrorKind, ErrorType, Read, Write};
use zmtp_core::Instant;

const UART: *mut u32 = 0x4000_4000 as *mut u32;
const TICKS: *const u32 = 0x4000_5000 as *const u32;
const HIGH_TICKS: *const u32 = 0x4000_5004 as *const u32;
const ADDRESS: *const usize = 0x4000_6000 as *const usize;
const LENGTH: *const usize = 0x4000_7000 as *const usize;

/// A polled UART.
#[derive(Debug)]
pub struct Uart;

/// No byte was received.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl core::fmt::Display for Nothing {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("no byte was received")
    }
}

impl core::error::Error for Nothing {}

impl Error for Nothing {
    fn kind(&self) -> ErrorKind {
        ErrorKind::TimedOut
    }
}

impl ErrorType for Uart {
    type Error = Nothing;
}

impl Read for Uart {
    fn read(&mut self, buf: &mut [u8]) -> Result<usize, Nothing> {
        // SAFETY: a register; never run.
        let byte = unsafe { read_volatile(UART) };
        match buf.first_mut() {
            Some(slot) if byte < 256 => {
                *slot = byte as u8;
                Ok(1)
            }
            _ => Err(Nothing),
        }
    }
}

impl Write for Uart {
    fn write(&mut self, buf: &[u8]) -> Result<usize, Nothing> {
        for byte in buf {
            // SAFETY: a register; never run.
            unsafe { write_volatile(UART, u32::from(*byte)) };
        }
        Ok(buf.len())
    }

    fn flush(&mut self) -> Result<(), Nothing> {
        Ok(())
    }
}

/// Milliseconds, of a counter of 64 bits in two registers. The optimiser would shorten the deadlines if they had 32
/// bits.
pub fn now() -> Instant {
    // SAFETY: registers; never run.
    let (high, low) = unsafe { (read_volatile(HIGH_TICKS), read_volatile(TICKS)) };
    Instant::from_millis(u64::from(high) << 32 | u64::from(low))
}

/// Bytes at an unknown address, of an unknown length.
pub fn bytes() -> &'static mut [u8] {
    // SAFETY: never run.
    unsafe {
        core::slice::from_raw_parts_mut(read_volatile(ADDRESS) as *mut u8, read_volatile(LENGTH))
    }
}

/// Uses the bytes and their number.
pub fn look(bytes: &[u8]) {
    for byte in bytes {
        // SAFETY: a register; never run.
        unsafe { write_volatile(UART, u32::from(*byte)) };
    }
}

/// Uses a result.
pub fn outcome(fine: bool) {
    // SAFETY: a register; never run.
    unsafe { write_volatile(UART, u32::from(fine)) };
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    unsafe extern "C" {
        fn a_panic_is_reachable() -> !;
    }
    // SAFETY: the function is not defined, so that no image with this call can be linked.
    unsafe { a_panic_is_reachable() }
}
