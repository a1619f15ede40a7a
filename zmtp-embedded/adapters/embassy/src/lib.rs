//! `zmtp-embedded` with embassy.
//!
//! * Sockets that several tasks share: one task owns the socket and connects again whenever a connection ends; the other tasks share
//!   a `static` queue. [`Requests`] with [`request`] for a REQ, [`reply`] for a REP, [`Outgoing`] and [`Incoming`] with
//!   [`publish`], [`subscribe`], [`push`], [`pull`] and [`deal`] for the others. An owner answers PINGs of the peer
//!   while it runs and neither its queue nor its handler makes it wait: the docs of each state when it does not.
//! * [`Connect`]: how the owner gets an IO. [`SerialLine`] and, with the feature `net`, [`Tcp`].
//! * The clock and the timers of `embassy-time`: [`now`] and [`sleep_until`], which async calls and their `select` take.
//!
//! Three tasks, two of which send requests over a UART:
//!
//! ```no_run
//! use embassy_sync::blocking_mutex::raw::CriticalSectionRawMutex;
//! use embassy_time::{Duration, Timer};
//! use zmtp_embassy::zmtp_embedded::asynch::{Req, Session};
//! use zmtp_embassy::zmtp_embedded::{Config, SocketType, size};
//! use zmtp_embassy::{Requests, SerialLine};
//! # use embedded_io_async::{Read, Write};
//!
//! static CONFIG: Config = Config::new(SocketType::Req);
//! /// Requests and replies of up to 32 bytes.
//! static REQUESTS: Requests<CriticalSectionRawMutex, 32> = Requests::new();
//!
//! /// The task that owns the socket.
//! async fn owner(uart: impl Read + Write, random: u32) {
//!     let mut receive = [0; size::receive(SocketType::Req, 32, 1)];
//!     let mut send = [0; size::send(&CONFIG, 32 + 4, 1 + 2)];
//!     let session = Session::new(Req::new(&CONFIG, &mut receive, &mut send, random));
//!     zmtp_embassy::request(session, SerialLine::new(uart), &REQUESTS).await;
//! }
//!
//! /// A task with requests. There can be several.
//! async fn heater() {
//!     loop {
//!         match REQUESTS.request(&[b"temperature?"], Duration::from_secs(1)).await {
//!             Ok(reply) => show(reply.first()),
//!             Err(_) => show(b"no answer"),
//!         }
//!         Timer::after_secs(10).await;
//!     }
//! }
//! # fn show(_: &[u8]) {}
//! ```
#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod connect;
#[cfg(feature = "net")]
mod net;
mod packet;
mod queues;
mod requests;

use core::future::pending;

use embassy_futures::yield_now;
use embassy_time::{TICK_HZ, Timer};
use zmtp_embedded::Instant;

pub use connect::{Connect, SerialLine, wait_for_silence};
#[cfg(feature = "net")]
pub use net::Tcp;
pub use packet::{MAX_PARTS, Packet, TooLarge};
pub use queues::{Incoming, Outgoing, QueueError, deal, publish, pull, push, subscribe};
pub use requests::{RequestError, Requests, reply, request};
pub use zmtp_embedded;

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

/// An instant of `embassy-time` for `zmtp-embedded`, in milliseconds, rounded up.
pub const fn from_embassy(at: embassy_time::Instant) -> Instant {
    let (seconds, ticks) = (at.as_ticks() / TICK_HZ, at.as_ticks() % TICK_HZ);
    Instant::from_millis(
        seconds.saturating_mul(1_000).saturating_add((ticks * 1_000).div_ceil(TICK_HZ)),
    )
}

#[cfg(test)]
mod tests {
    use super::{Instant, TICK_HZ, from_embassy, instant};

    #[test]
    fn no_deadline_overflows() {
        assert_eq!(instant(Instant::NEVER), None);
        assert!(instant(Instant::from_millis(u64::MAX / TICK_HZ * 1_000)).is_some());
        let second = instant(Instant::from_millis(1_000));
        assert_eq!(second, Some(embassy_time::Instant::from_ticks(TICK_HZ)));
        assert_eq!(second.map(from_embassy), Some(Instant::from_millis(1_000)));
    }
}
