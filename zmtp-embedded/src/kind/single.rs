//! CLIENT and CHANNEL: exchange messages of one part with one peer (RFC 41 and 52).

use zmtp_core::mechanism::Role;
use zmtp_core::pattern::{Pattern, PeerId, Reason, RouteError, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::{Kind, ONLY};
use crate::inbox::Fate;

/// CLIENT, whose peer is a SERVER.
pub type Client = Single<false>;

/// CHANNEL, whose peer is a CHANNEL.
pub type Channel = Single<true>;

/// A socket type for messages of one part, with one peer: [`Client`] and [`Channel`]. Messages of several parts are
/// rejected.
#[derive(Debug)]
pub struct Single<const CHANNEL: bool>(());

impl<const CHANNEL: bool> Single<CHANNEL> {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl<const CHANNEL: bool> Role for Single<CHANNEL> {
    const SOCKET_TYPE: SocketType = if CHANNEL { SocketType::Channel } else { SocketType::Client };
}

impl<const CHANNEL: bool> Pattern for Single<CHANNEL> {
    fn accept(&mut self, _peer: PeerId, frame: FrameHeader, first: bool) -> Verdict {
        if first && frame.is_final() {
            Verdict::Deliver
        } else {
            Verdict::Reject(Reason::Multipart)
        }
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        Ok(ONLY)
    }
}

impl<const CHANNEL: bool> Kind for Single<CHANNEL> {
    fn blank() -> Self {
        Self::new()
    }

    fn returns(fate: Fate) -> bool {
        matches!(fate, Fate::Deliver | Fate::Reject)
    }
}
