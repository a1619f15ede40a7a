//! Identifiers of peers.

/// A peer of a socket: an index, which the driver reuses, and a generation, which distinguishes the
/// peers that have used the index.
///
/// The driver chooses both, typically a slab index and a counter that wraps. Events with an outdated
/// id change nothing. If an index always belongs to the same peer, as with the links of firmware, the
/// generation stays 0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PeerId {
    index: u32,
    generation: u32,
}

impl PeerId {
    /// Not a peer. Drivers do not use its index.
    pub const NONE: Self = Self::new(u32::MAX, 0);

    /// The peer with this index and generation.
    #[inline(always)]
    pub const fn new(index: u32, generation: u32) -> Self {
        Self { index, generation }
    }

    /// The index, which an earlier peer may have had too.
    #[inline(always)]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// How often the index has been reused, modulo 2³², or any other counter.
    #[inline(always)]
    pub const fn generation(self) -> u32 {
        self.generation
    }

    pub(super) const fn is_none(self) -> bool {
        self.index == Self::NONE.index
    }
}
