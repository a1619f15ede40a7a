//! The time, which callers pass in: the core has no clock.

/// A point in time, in milliseconds since a fixed point that the caller chooses.
///
/// Servers convert from `std::time::Instant`, firmware from its tick counter. The clock must not
/// run backwards; if it does, deadlines are late by the same amount, and nothing else breaks.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// A time that no clock reaches.
    pub const NEVER: Self = Self(u64::MAX);

    /// The time `ms` milliseconds after the caller's fixed point.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the caller's fixed point.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The time `ms` milliseconds later, at most [`Instant::NEVER`].
    #[must_use]
    pub const fn after(self, ms: u32) -> Self {
        Self(self.0.saturating_add(ms as u64))
    }
}
