//! RADIO: each message is sent to every peer that joined its group (RFC 48).

use super::incoming::{Incoming, IncomingRules};
use super::{FairPeer, FixedTopics, NoRoom, PeerId, Reason, Slots, Topics, Verdict};
use crate::wire::{FrameHeader, Subscription};

/// A table of the groups that peers joined.
pub trait Groups {
    /// Adds a peer to a group, unless it is in the group already.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full, or the part of it that one peer may use.
    fn join(&mut self, peer: PeerId, group: &[u8]) -> Result<(), NoRoom>;

    /// Removes a peer from a group. If the peer is not in the group, nothing changes.
    fn leave(&mut self, peer: PeerId, group: &[u8]);

    /// Removes a peer from all groups.
    fn leave_all(&mut self, peer: PeerId);

    /// Calls `each` once for every peer in a group. Groups are compared as a whole, unlike topics.
    fn members(&mut self, group: &[u8], each: impl FnMut(PeerId));
}

/// The rules of RADIO.
///
/// Each message is sent to every peer of [`Radio::members`](Incoming::members), as two frames: the group, then the
/// body (RFC 37 § The Radio-Dish Pattern). Messages of the peers are rejected. JOIN and LEAVE of a peer are
/// [subscriptions](super::Pattern::subscription) to a group. A peer that joins a group twice is in it once, so that
/// one LEAVE removes it; libzmq counts, but its DISH joins each group once.
pub type Radio<S, G> = Incoming<S, RadioRules<G>>;

/// The state of RADIO besides [`Incoming`]: the groups of its peers, in a table of type `G`.
#[derive(Debug)]
pub struct RadioRules<G> {
    groups: G,
}

impl<S: Slots<FairPeer>, G: Groups> Incoming<S, RadioRules<G>> {
    /// Creates a RADIO without peers. `groups` is usually an empty table.
    pub const fn new(peers: S, groups: G) -> Self {
        Self::with(peers, RadioRules { groups })
    }

    /// Calls `each` once for every peer that gets a message of this group.
    pub fn members(&mut self, group: &[u8], each: impl FnMut(PeerId)) {
        self.rules.groups.members(group, each);
    }

    /// The table of groups.
    pub const fn groups(&self) -> &G {
        &self.rules.groups
    }
}

impl<G: Groups> IncomingRules for RadioRules<G> {
    fn accept(&self, _frame: FrameHeader, first: bool) -> Verdict {
        if first { Verdict::Reject(Reason::SendsOnly) } else { Verdict::Skip }
    }

    fn receives(&self) -> bool {
        false
    }

    fn lost(&mut self, peer: PeerId) {
        self.groups.leave_all(peer);
    }

    fn subscription(
        &mut self,
        peer: PeerId,
        what: Subscription,
        group: &[u8],
    ) -> Result<bool, NoRoom> {
        match what {
            Subscription::Cancel => self.groups.leave(peer, group),
            Subscription::Subscribe => self.groups.join(peer, group)?,
        }
        Ok(false)
    }
}

/// Groups take the room of topics.
impl<const BYTES: usize> Groups for FixedTopics<BYTES> {
    fn join(&mut self, peer: PeerId, group: &[u8]) -> Result<(), NoRoom> {
        self.subscribe(Some(peer), group)
    }

    fn leave(&mut self, peer: PeerId, group: &[u8]) {
        self.cancel(Some(peer), group);
    }

    fn leave_all(&mut self, peer: PeerId) {
        self.remove_peer(peer, |_, _| {});
    }

    fn members(&mut self, group: &[u8], each: impl FnMut(PeerId)) {
        self.holders(group, each);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Fixed, Pattern};
    use super::*;
    use crate::wire::{FrameKind, More};

    const A: PeerId = PeerId::new(0, 0);
    const B: PeerId = PeerId::new(1, 0);
    const JOIN: Subscription = Subscription::Subscribe;
    const LEAVE: Subscription = Subscription::Cancel;

    type Two = Radio<Fixed<FairPeer, 2>, FixedTopics<24>>;

    fn radio() -> Two {
        let mut radio = Radio::new(Fixed::new(), FixedTopics::new());
        for peer in [A, B] {
            radio.connected(peer, &[]).unwrap();
        }
        radio
    }

    fn members(radio: &mut Two, group: &[u8]) -> Vec<PeerId> {
        let mut peers = Vec::new();
        radio.members(group, |peer| peers.push(peer));
        peers
    }

    #[test]
    fn a_message_goes_to_the_members_of_exactly_its_group() {
        let mut radio = radio();
        for (peer, group) in [(A, "TV"), (B, "TV"), (B, "T"), (A, "")] {
            assert_eq!(radio.subscription(peer, JOIN, group.as_bytes()), Ok(false));
        }
        assert_eq!(members(&mut radio, b"TV"), [A, B]);
        assert_eq!(members(&mut radio, b"T"), [B]);
        assert_eq!(members(&mut radio, b""), [A]);
        for group in ["TVs", "tv", "V"] {
            assert_eq!(members(&mut radio, group.as_bytes()), []);
        }
    }

    #[test]
    fn a_peer_that_joins_twice_is_a_member_once_and_leaves_once() {
        let mut radio = radio();
        for _ in 0..2 {
            radio.subscription(A, JOIN, b"TV").unwrap();
        }
        assert_eq!(members(&mut radio, b"TV"), [A]);
        radio.subscription(A, LEAVE, b"TV").unwrap();
        assert_eq!(members(&mut radio, b"TV"), []);
        assert_eq!(radio.subscription(A, LEAVE, b"TV"), Ok(false), "it is no member");
    }

    #[test]
    fn a_peer_whose_connection_ends_is_in_no_group() {
        let mut radio = radio();
        for peer in [A, B] {
            radio.subscription(peer, JOIN, b"TV").unwrap();
        }
        radio.disconnected(A);
        assert_eq!(members(&mut radio, b"TV"), [B]);
        radio.closed(B);
        assert_eq!(members(&mut radio, b"TV"), []);
        assert_eq!(radio.subscription(B, JOIN, b"TV"), Ok(false), "B is not known");
        assert_eq!(members(&mut radio, b"TV"), []);
    }

    #[test]
    fn a_full_table_refuses_a_group_and_keeps_the_others() {
        let mut radio = radio();
        radio.subscription(A, JOIN, b"0123456789abcdef").unwrap();
        assert_eq!(radio.subscription(A, JOIN, b"g"), Err(NoRoom));
        assert_eq!(radio.subscription(A, JOIN, b"0123456789abcdef"), Ok(false), "held already");
        assert_eq!(members(&mut radio, b"0123456789abcdef"), [A]);
    }

    #[test]
    fn messages_to_a_radio_are_rejected() {
        let mut radio = radio();
        let part = |more| FrameHeader::new(FrameKind::Message(more), 2);
        let rejected = Verdict::Reject(Reason::SendsOnly);
        assert_eq!(radio.accept(A, part(More::Follows), true), rejected);
        assert_eq!(radio.accept(A, part(More::Last), false), Verdict::Skip);
        assert_eq!(radio.accept(A, part(More::Last), true), rejected, "no legacy subscription");
        assert!(!radio.received(A) && !radio.may_take());
    }
}
