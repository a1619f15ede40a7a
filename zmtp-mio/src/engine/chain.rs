//! Sockets that a thread closes one after the other.
//!
//! While a thread lingers for one socket, the driver continues to send for the others. Their linger counts
//! from the start of the first one's, so that closing several sockets takes about as long as closing one.

use core::cell::Cell;
use core::time::Duration;
use std::time::Instant;

use super::shared;
use crate::clock::Clock;

/// The time between two sockets that are closed together.
const GAP: Duration = Duration::from_millis(10);

/// Test clocks have no driver.
const CLOCK: Clock = Clock::System;

thread_local! {
    /// When the first close began, and when the last one ended.
    static CHAIN: Cell<Option<(Instant, Instant)>> = const { Cell::new(None) };
}

/// The time from which the linger of a socket counts that is closed now; `None` for now.
pub(super) fn since(cell: &shared::Cell) -> Option<Instant> {
    let now = CLOCK.now();
    let chain = CHAIN.get().filter(|&(_, last)| now.saturating_duration_since(last) < GAP);
    let (first, _) = chain.unwrap_or((now, now));
    CHAIN.set(Some((first, now)));
    // Only while the driver served it, it could send.
    cell.served_since().map(|served| served.max(first))
}

/// A close has ended.
pub(super) fn note_end() {
    if let Some((first, _)) = CHAIN.get() {
        CHAIN.set(Some((first, CLOCK.now())));
    }
}
