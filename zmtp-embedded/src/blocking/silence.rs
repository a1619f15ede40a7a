//! Silence on a serial line, between two connections.

use embedded_io::Read;
use zmtp_core::Instant;

/// Reads and discards bytes until none has arrived for `ms` milliseconds, and at most for ten times as long. Call it
/// with a serial line after a connection has ended, before the next one.
///
/// A serial line does not report that a connection has ended. The other end, for example `zmtp bridge`, detects a new
/// connection by its greeting after silence: 50 ms by default. The bytes that still arrive belong to the old one.
///
/// `read` of the IO must return if no byte arrives, as that of [`Polled`](super::Polled) does.
pub fn wait_for_silence(io: &mut impl Read, ms: u32, mut now: impl FnMut() -> Instant) {
    let start = now();
    let end = start.after(ms.saturating_mul(10));
    let mut quiet = start.after(ms);
    loop {
        let received = matches!(io.read(&mut [0; 32]), Ok(1..));
        let time = now();
        if received {
            quiet = time.after(ms);
        }
        if time >= quiet || time >= end {
            return;
        }
    }
}
