//! Identifiers of peers.

/// Identifies a peer of a socket by an index, which the driver may reuse, and a generation, which
/// distinguishes successive peers with the same index.
///
/// The driver chooses both, for example an index in a slab and a counter that wraps. An event with the id
/// of an earlier generation changes nothing. If each index belongs to one peer only, as with the links of
/// firmware, the generation is always 0.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PeerId {
    index: u32,
    generation: u32,
}

impl PeerId {
    /// Stands for no peer. A driver must not use its index, `u32::MAX`, for a peer.
    pub const NONE: Self = Self::new(u32::MAX, 0);

    /// Creates the id of the peer with this index and generation.
    #[inline(always)]
    pub const fn new(index: u32, generation: u32) -> Self {
        Self { index, generation }
    }

    /// The index. An earlier peer may have had the same index.
    #[inline(always)]
    pub const fn index(self) -> u32 {
        self.index
    }

    /// The generation: for example how often the index was reused, modulo 2³².
    #[inline(always)]
    pub const fn generation(self) -> u32 {
        self.generation
    }

    pub(super) const fn is_none(self) -> bool {
        self.index == Self::NONE.index
    }
}
