//! Points in time. The core has no clock: callers pass in the time.

/// A point in time, in milliseconds since an epoch that the caller chooses.
///
/// On a server, convert from `std::time::Instant`; in firmware, from a tick counter. The clock must be
/// monotonic. If it is set back, deadlines are reached later by that amount; there is no other effect.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// A time that is never reached: no deadline.
    pub const NEVER: Self = Self(u64::MAX);

    /// The time `ms` milliseconds after the caller's epoch.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the caller's epoch.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The time `ms` milliseconds later, at most [`Instant::NEVER`].
    #[must_use]
    pub const fn after(self, ms: u32) -> Self {
        Self(self.0.saturating_add(ms as u64))
    }
}
