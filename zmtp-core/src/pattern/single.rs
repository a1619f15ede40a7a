//! The rule of the socket types whose messages have one part: CLIENT, SERVER, GATHER, PEER and CHANNEL.

use super::{Reason, Verdict};
use crate::wire::FrameHeader;

/// Decides about a frame for a socket type that receives messages of one part only. A message of several parts is
/// rejected as a whole, as in libzmq; the connection stays.
pub(super) const fn accept(frame: FrameHeader, first: bool) -> Verdict {
    match (first, frame.is_final()) {
        (true, true) => Verdict::Deliver,
        (true, false) => Verdict::Reject(Reason::Multipart),
        (false, _) => Verdict::Skip,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{Pattern, PeerId};
    use super::*;
    use crate::wire::{FrameKind, More};

    /// A message of one part, then one of three, then one of one part.
    pub(in super::super) fn rejects_several_parts(rules: &mut impl Pattern, peer: PeerId) {
        let rejected = Verdict::Reject(Reason::Multipart);
        let frames = [
            (More::Last, true, Verdict::Deliver),
            (More::Follows, true, rejected),
            (More::Follows, false, Verdict::Skip),
            (More::Last, false, Verdict::Skip),
            (More::Last, true, Verdict::Deliver),
        ];
        for (more, first, verdict) in frames {
            let frame = FrameHeader::new(FrameKind::Message(more), 3);
            assert_eq!(rules.accept(peer, frame, first), verdict);
            assert!(verdict != Verdict::Deliver || rules.received(peer));
        }
        assert_eq!([rules.take(), rules.take()], [Ok(Some(peer)); 2]);
        assert_eq!(rules.take(), Ok(None));
    }
}
