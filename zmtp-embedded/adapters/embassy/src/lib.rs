//! The clock and the timers of `embassy-time` for `zmtp-embedded`: [`now`] and [`sleep_until`], which async calls and
//! their `select` take.
//!
//! ```no_run
//! use embassy_futures::select::{Either, select};
//! use zmtp_embassy::{now, sleep_until};
//! # async fn run(mut sub: zmtp_embedded::asynch::Sub<'_, zmtp_embedded::NoIo, 64>) {
//! let deadline = sub.next_deadline();
//! if let Either::First(Ok(message)) = select(sub.receive(now), sleep_until(deadline)).await {
//!     // ...
//! #   let _ = message;
//! }
//! # }
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

use core::future::pending;

use embassy_futures::yield_now;
use embassy_time::{TICK_HZ, Timer};
use zmtp_embedded::Instant;

/// The time since the start of the program.
pub fn now() -> Instant {
    Instant::from_millis(embassy_time::Instant::now().as_millis())
}

/// Waits until `deadline`, as [`next_deadline`](zmtp_embedded::asynch::Socket::next_deadline) returns it. Never
/// completes without a deadline.
///
/// If the deadline has passed, other tasks run first, such as that of a network stack which has bytes of the peer.
pub async fn sleep_until(deadline: Option<Instant>) {
    match deadline.and_then(instant) {
        Some(at) if at > embassy_time::Instant::now() => Timer::at(at).await,
        Some(_) => yield_now().await,
        None => pending().await,
    }
}

/// The instant of `embassy-time`, rounded up to a tick; `None` if the clock never reaches it.
pub fn instant(at: Instant) -> Option<embassy_time::Instant> {
    let (seconds, ms) = (at.as_millis() / 1_000, at.as_millis() % 1_000);
    let ticks = (ms * TICK_HZ).div_ceil(1_000);
    let ticks = seconds.checked_mul(TICK_HZ)?.checked_add(ticks)?;
    Some(embassy_time::Instant::from_ticks(ticks))
}

#[cfg(test)]
mod tests {
    use super::{Instant, TICK_HZ, instant};

    #[test]
    fn no_deadline_overflows() {
        assert_eq!(instant(Instant::NEVER), None);
        assert!(instant(Instant::from_millis(u64::MAX / TICK_HZ * 1_000)).is_some());
        let second = instant(Instant::from_millis(1_000));
        assert_eq!(second, Some(embassy_time::Instant::from_ticks(TICK_HZ)));
    }
}
