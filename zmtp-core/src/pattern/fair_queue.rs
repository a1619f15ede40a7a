//! Fair-queueing: messages are taken in turn from the peers that have one.

use super::{Linked, PeerId, Ring, RingLink, Slots};

/// Fair-queueing: takes one message in turn from each peer that has queued messages.
///
/// The state contains only the number of queued messages of each peer; the driver has the queues.
#[derive(Debug, Default)]
pub struct FairQueue {
    ready: Ring<1>,
}

/// The state of a peer in fair-queueing.
#[derive(Clone, Copy, Debug, Default)]
pub struct FairPeer {
    link: RingLink,
    /// Queued messages.
    queued: u32,
    /// The number of queued messages that arrived over an ended connection; they are the oldest ones. [`CLOSED`]
    /// if the peer is closed.
    stale: u32,
    /// It gets no turn: it is not in the ring.
    held: bool,
}

/// The number of stale messages of a closed peer: all of them.
const CLOSED: u32 = u32::MAX;

impl FairPeer {
    /// The number of queued messages.
    pub const fn queued(&self) -> u32 {
        self.queued
    }

    /// Whether the peer is [closed](FairQueue::close).
    pub const fn is_closed(&self) -> bool {
        self.stale == CLOSED
    }

    /// The connection has ended: the queued messages are stale.
    pub(super) const fn set_stale(&mut self) {
        if !self.is_closed() {
            self.stale = self.queued;
        }
    }

    /// Whether the message that is taken is stale. Call it once for each message.
    pub(super) const fn take_stale(&mut self) -> bool {
        let is_stale = self.stale > 0;
        if is_stale && !self.is_closed() {
            self.stale = self.stale.saturating_sub(1);
        }
        is_stale
    }
}

impl Linked<1> for FairPeer {
    fn link(&mut self) -> &mut RingLink {
        &mut self.link
    }
}

impl AsMut<Self> for FairPeer {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

impl FairQueue {
    /// Creates the state without peers.
    pub const fn new() -> Self {
        Self { ready: Ring::new() }
    }

    /// Counts a queued message of a peer. Returns `false` if the peer is unknown.
    #[inline]
    pub fn received<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId) -> bool
    where
        T: Linked<1> + AsMut<FairPeer>,
    {
        self.received_many(peers, peer, 1)
    }

    /// As [`FairQueue::received`] for several messages.
    #[inline]
    pub fn received_many<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId, count: u32) -> bool
    where
        T: Linked<1> + AsMut<FairPeer>,
    {
        let Some(slot) = peers.get_mut(peer) else { return false };
        let state = slot.as_mut();
        // With more messages it is in the ring already.
        let is_first = state.queued == 0 && !state.held;
        state.queued = state.queued.saturating_add(count);
        if is_first {
            self.ready.push(peers, peer);
        }
        true
    }

    /// Whether a message is queued.
    pub const fn may_take(&self) -> bool {
        self.ready.head().is_some()
    }

    /// The peer whose oldest message is taken next.
    pub(super) const fn next(&self) -> Option<PeerId> {
        self.ready.head()
    }

    /// Chooses the peer whose oldest message is taken; `None` if no message is queued. The second value
    /// is whether the peer is removed from `peers`: it is [closed](FairQueue::close), and this is its last
    /// message.
    #[inline]
    pub fn take<T>(&mut self, peers: &mut impl Slots<T>) -> Option<(PeerId, bool)>
    where
        T: Linked<1> + AsMut<FairPeer>,
    {
        let peer = self.ready.head()?;
        let slot = peers.get_mut(peer)?;
        let state = slot.as_mut();
        state.queued = state.queued.saturating_sub(1);
        if state.queued > 0 {
            self.ready.pass(slot.link());
            return Some((peer, false));
        }
        let is_last = state.is_closed();
        self.ready.remove(peers, peer);
        if is_last {
            peers.remove(peer);
        }
        Some((peer, is_last))
    }

    /// Holds a peer back, or releases it: its messages are not taken while it is held back. A
    /// [closed](FairQueue::close) peer is not held back.
    pub fn hold<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId, held: bool)
    where
        T: Linked<1> + AsMut<FairPeer>,
    {
        let Some(slot) = peers.get_mut(peer) else { return };
        let state = slot.as_mut();
        let held = held && !state.is_closed();
        // Without a message it is not in the ring.
        if core::mem::replace(&mut state.held, held) == held || state.queued == 0 {
            return;
        }
        if held {
            self.ready.remove(peers, peer);
        } else {
            self.ready.push(peers, peer);
        }
    }

    /// Closes a peer: it is removed from `peers` with its last message, or now if it has none. Returns
    /// whether it is removed.
    pub fn close<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId) -> bool
    where
        T: Linked<1> + AsMut<FairPeer>,
    {
        self.hold(peers, peer, false);
        if let Some(slot) = peers.get_mut(peer) {
            let state = slot.as_mut();
            state.stale = CLOSED;
            if state.queued > 0 {
                return false;
            }
        }
        peers.remove(peer);
        true
    }

    /// Removes a peer from the turns and from `peers`.
    pub fn detach<T: Linked<1>>(&mut self, peers: &mut impl Slots<T>, peer: PeerId) {
        self.ready.remove(peers, peer);
        peers.remove(peer);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::*;

    const fn id(index: u32) -> PeerId {
        PeerId::new(index, 0)
    }

    #[test]
    fn a_peer_that_floods_gets_one_turn_like_the_others() {
        let mut peers = Fixed::<FairPeer, 3>::new();
        let mut queue = FairQueue::new();
        for index in 0..3 {
            peers.insert(id(index), FairPeer::default()).unwrap();
        }
        for index in [0, 0, 0, 0, 1, 2, 2] {
            assert!(queue.received(&mut peers, id(index)));
        }
        let order: Vec<u32> =
            core::iter::from_fn(|| queue.take(&mut peers)).map(|(peer, _)| peer.index()).collect();
        assert_eq!(order, [0, 1, 2, 0, 2, 0, 0]);
        assert!(!queue.may_take());
    }

    #[test]
    fn a_peer_that_is_held_back_has_no_turn_until_it_is_released() {
        let mut peers = Fixed::<FairPeer, 2>::new();
        let mut queue = FairQueue::new();
        for index in 0..2 {
            peers.insert(id(index), FairPeer::default()).unwrap();
        }
        queue.received(&mut peers, id(0));
        for held in [true, true] {
            queue.hold(&mut peers, id(0), held);
        }
        queue.received(&mut peers, id(0));
        assert!(!queue.may_take());
        queue.received(&mut peers, id(1));
        assert_eq!(queue.take(&mut peers), Some((id(1), false)));
        assert_eq!(queue.take(&mut peers), None);
        for held in [false, false] {
            queue.hold(&mut peers, id(0), held);
        }
        for _ in 0..2 {
            assert_eq!(queue.take(&mut peers), Some((id(0), false)));
        }
        assert_eq!(queue.take(&mut peers), None);
        queue.hold(&mut peers, id(0), true);
        queue.hold(&mut peers, id(0), false);
        assert!(!queue.may_take(), "it has no message");
    }

    #[test]
    fn a_peer_that_is_held_back_has_the_messages_that_it_sent() {
        let mut peers = Fixed::<FairPeer, 1>::new();
        let mut queue = FairQueue::new();
        peers.insert(id(0), FairPeer::default()).unwrap();
        queue.hold(&mut peers, id(0), true);
        assert_eq!(peers.get_mut(id(0)).unwrap().queued(), 0);
        queue.received_many(&mut peers, id(0), 2);
        let peer = peers.get_mut(id(0)).unwrap();
        assert_eq!(peer.queued(), 2);
        peer.set_stale();
        queue.received(&mut peers, id(0));
        queue.hold(&mut peers, id(0), false);
        let mut stale = Vec::new();
        while let Some(peer) = queue.next() {
            stale.push(peers.get_mut(peer).unwrap().take_stale());
            queue.take(&mut peers);
        }
        assert_eq!(stale, [true, true, false]);
    }

    #[test]
    fn a_closed_peer_is_not_held_back() {
        let mut peers = Fixed::<FairPeer, 2>::new();
        let mut queue = FairQueue::new();
        for index in 0..2 {
            peers.insert(id(index), FairPeer::default()).unwrap();
            queue.hold(&mut peers, id(index), true);
        }
        queue.received(&mut peers, id(1));
        assert!(queue.close(&mut peers, id(0)), "it has no message");
        assert!(peers.get_mut(id(0)).is_none());
        assert!(!queue.close(&mut peers, id(1)));
        queue.hold(&mut peers, id(1), true);
        assert_eq!(queue.take(&mut peers), Some((id(1), true)));
        assert!(peers.get_mut(id(1)).is_none());
    }

    #[test]
    fn a_detached_peer_has_no_turn() {
        let mut peers = Fixed::<FairPeer, 3>::new();
        let mut queue = FairQueue::new();
        for index in 0..2 {
            peers.insert(id(index), FairPeer::default()).unwrap();
            queue.received(&mut peers, id(index));
        }
        queue.detach(&mut peers, id(0));
        assert!(peers.get_mut(id(0)).is_none());
        assert_eq!(queue.take(&mut peers), Some((id(1), false)));
        assert_eq!(queue.take(&mut peers), None);
    }

    #[test]
    fn the_last_message_of_a_closed_peer_is_marked() {
        let mut peers = Fixed::<FairPeer, 1>::new();
        let mut queue = FairQueue::new();
        peers.insert(id(0), FairPeer::default()).unwrap();
        queue.received(&mut peers, id(0));
        queue.received(&mut peers, id(0));
        assert!(!queue.close(&mut peers, id(0)));
        assert_eq!(queue.take(&mut peers), Some((id(0), false)));
        assert!(peers.get_mut(id(0)).is_some_and(|peer| peer.is_closed() && peer.queued() == 1));
        assert_eq!(queue.take(&mut peers), Some((id(0), true)));
        assert!(peers.get_mut(id(0)).is_none());
        peers.insert(id(0), FairPeer::default()).unwrap();
        assert!(queue.close(&mut peers, id(0)), "it has no message");
        assert!(peers.get_mut(id(0)).is_none());
    }
}
