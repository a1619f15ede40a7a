//! Time from a tick counter that wraps.

use core::cell::Cell;

use zmtp_core::Instant;

/// Extends a counter of 32 bits, which wraps, to an [`Instant`], which does not.
///
/// A counter of milliseconds wraps after 49.7 days. Without this type, a deadline shortly before the wrap is reached
/// 49.7 days late. [`Ticks::extend`] must be called at least once in each period of the counter; sockets that are in
/// use do that.
///
/// ```
/// use zmtp_embedded::Ticks;
///
/// let ticks = Ticks::new();
/// assert_eq!(ticks.extend(u32::MAX - 1).as_millis(), u64::from(u32::MAX - 1));
/// // The counter wraps.
/// assert_eq!(ticks.extend(8).as_millis(), u64::from(u32::MAX) + 9);
/// // A counter with 32,768 ticks per second.
/// assert_eq!(Ticks::new().extend_hz(3 << 14, 1 << 15).as_millis(), 1_500);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Ticks {
    /// The value of the last call.
    last: Cell<u32>,
    /// How often the counter has wrapped.
    wraps: Cell<u32>,
}

impl Ticks {
    /// Creates an extender of a counter that has not wrapped yet.
    pub const fn new() -> Self {
        Self { last: Cell::new(0), wraps: Cell::new(0) }
    }

    /// The time at which a counter of milliseconds has the value `now`.
    pub fn extend(&self, now: u32) -> Instant {
        Instant::from_millis(self.ticks(now))
    }

    /// The time at which a counter with `hz` ticks per second has the value `now`; 0 counts as 1.
    pub fn extend_hz(&self, now: u32, hz: u32) -> Instant {
        let (ticks, hz) = (self.ticks(now), u64::from(hz.max(1)));
        // In two steps, so that the product does not overflow.
        let seconds = ticks.checked_div(hz).unwrap_or_default();
        let rest = ticks.checked_rem(hz).unwrap_or_default();
        let ms = rest.saturating_mul(1_000).checked_div(hz).unwrap_or_default();
        Instant::from_millis(seconds.saturating_mul(1_000).saturating_add(ms))
    }

    /// The value of the counter as if it had 64 bits.
    fn ticks(&self, now: u32) -> u64 {
        if now < self.last.replace(now) {
            self.wraps.set(self.wraps.get().wrapping_add(1));
        }
        u64::from(self.wraps.get()) << 32 | u64::from(now)
    }
}

/// An instant of `fugit`, such as that of an RTIC monotonic, in milliseconds, rounded down. `fugit` counts from the
/// start of its clock. For a counter of 32 bits, use [`Ticks::extend_hz`].
///
/// ```
/// use zmtp_embedded::from_fugit;
///
/// let at = fugit::TimerInstantU64::<32_768>::from_ticks(3 << 14);
/// assert_eq!(from_fugit(at).as_millis(), 1_500);
/// ```
#[cfg(feature = "fugit")]
pub const fn from_fugit<const NOM: u32, const DENOM: u32>(
    at: fugit::Instant<u64, NOM, DENOM>,
) -> Instant {
    Instant::from_millis(at.duration_since_epoch().to_millis())
}
