//! Time as an argument: the core has no clock.

/// A moment, in milliseconds since any fixed point of the caller's choice.
///
/// Server code converts from `std::time::Instant`, firmware from its tick counter. The clock must
/// not run backwards; if it does, deadlines are late by as much, nothing else breaks.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Instant(u64);

impl Instant {
    /// A moment that no clock reaches.
    pub const NEVER: Self = Self(u64::MAX);

    /// The moment `ms` milliseconds after the caller's fixed point.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the caller's fixed point.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// The moment `ms` milliseconds later, at most [`Instant::NEVER`].
    #[must_use]
    pub const fn after(self, ms: u32) -> Self {
        Self(self.0.saturating_add(ms as u64))
    }
}
