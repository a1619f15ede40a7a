//! Sockets that a thread closes one after the other.
//!
//! While a thread lingers for one socket, the driver continues to send for the others. Their linger counts
//! from the start of the first close. Each gets at least 250 ms, so that its peers have time to read.

use core::cell::Cell;
use core::time::Duration;
use std::time::Instant;

use super::shared;
use crate::clock::Clock;

/// The longest time between two closes that count as one after the other.
const GAP: Duration = Duration::from_millis(10);

/// Test clocks have no driver.
const CLOCK: Clock = Clock::System;

thread_local! {
    /// The start of the first close, and the end of the last one.
    static CHAIN: Cell<Option<(Instant, Instant)>> = const { Cell::new(None) };
}

/// The time from which the linger of a socket that is closed now counts; `None` is now.
pub(super) fn since(cell: &shared::Cell) -> Option<Instant> {
    let now = CLOCK.now();
    let chain = CHAIN.get().filter(|&(_, last)| now.saturating_duration_since(last) < GAP);
    let (first, _) = chain.unwrap_or((now, now));
    CHAIN.set(Some((first, now)));
    // It counts only while the driver serves the socket, because otherwise the socket does not send.
    cell.served_since().map(|served| served.max(first))
}

/// A close has ended.
pub(super) fn note_end() {
    if let Some((first, _)) = CHAIN.get() {
        CHAIN.set(Some((first, CLOCK.now())));
    }
}
