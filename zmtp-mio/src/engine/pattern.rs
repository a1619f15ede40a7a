//! What differs between socket types, as the engine asks for it.

use zmtp_core::pattern::{PeerId, Reason, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

/// A socket type's rules. The engine owns peers, queues and octets; the rules choose.
pub(crate) trait Pattern {
    const SOCKET_TYPE: SocketType;

    /// Whether letters that wait for a dialled peer go to its next connection. An answer to what
    /// came on the last one must not.
    const KEEPS_UNSENT: bool;

    /// An endpoint is dialled: letters may queue for it before it is connected.
    fn dialled(&mut self, peer: PeerId);

    /// A handshake is over: of a dialled peer, or of one that was accepted and is new.
    fn up(&mut self, peer: PeerId, accepted: bool);

    /// From whom to whom a letter shall go that waits for a peer that is not reached.
    fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        None
    }

    /// Everything that waited for a peer is out.
    fn sent(&mut self, _: PeerId) {}

    /// The letter just taken came on an earlier connection of its peer.
    fn stale(&mut self, _: PeerId) {}

    /// A dialled peer's connection broke; it is tried again. `unsent` letters still wait for it.
    fn down(&mut self, peer: PeerId, unsent: usize);

    /// An accepted peer is gone, or a dialled one given up, while `queued` letters of it wait.
    fn closed(&mut self, peer: PeerId, queued: usize);

    /// The last waiting letter of a peer that is gone was taken.
    fn drained(&mut self, peer: PeerId);

    /// What the next frame means.
    fn accept(&mut self, peer: PeerId, frame: FrameHeader) -> Verdict;

    /// Judges a request id.
    fn check_request_id(&mut self, _: PeerId, _: [u8; 4]) -> Verdict {
        Verdict::Reject(Reason::BadEnvelope)
    }

    /// A letter has come whole; `false` throws it away.
    fn received(&mut self, peer: PeerId) -> bool;
}
