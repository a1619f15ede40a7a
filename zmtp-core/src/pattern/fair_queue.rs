//! Fair-queueing: messages are taken from the peers that have one, in turn.

use super::{Linked, PeerId, Ring, RingLink, Slots};

/// Whose message is taken next: one whole message of each peer that has one, in turn.
#[derive(Debug, Default)]
pub struct FairQueue {
    ready: Ring<1>,
}

/// What fair-queueing knows of a peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct FairPeer {
    link: RingLink,
    /// Whole messages that wait.
    queued: u32,
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
    /// Turns of nobody.
    pub const fn new() -> Self {
        Self { ready: Ring::new() }
    }

    /// A whole message of a peer was queued.
    pub fn received<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId)
    where
        T: Linked<1> + AsMut<FairPeer>,
    {
        let Some(slot) = peers.get_mut(peer) else { return };
        let queued = &mut slot.as_mut().queued;
        *queued = queued.saturating_add(1);
        self.ready.push(peers, peer);
    }

    /// Whether a message can be taken.
    pub const fn may_take(&self) -> bool {
        self.ready.head().is_some()
    }

    /// The peer whose oldest message is taken now, if any has one.
    pub fn take<T>(&mut self, peers: &mut impl Slots<T>) -> Option<PeerId>
    where
        T: Linked<1> + AsMut<FairPeer>,
    {
        let peer = self.ready.head()?;
        self.ready.rotate(peers);
        if let Some(slot) = peers.get_mut(peer) {
            let queued = &mut slot.as_mut().queued;
            *queued = queued.saturating_sub(1);
            if *queued == 0 {
                self.ready.remove(peers, peer);
            }
        }
        Some(peer)
    }

    /// A peer is going to be forgotten, and what waits of it.
    pub fn detach<T: Linked<1>>(&mut self, peers: &mut impl Slots<T>, peer: PeerId) {
        self.ready.remove(peers, peer);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::*;

    #[test]
    fn a_peer_that_floods_gets_one_turn_like_the_others() {
        let mut peers = Fixed::<FairPeer, 3>::new();
        let mut queue = FairQueue::new();
        for id in 0..3 {
            peers.insert(PeerId(id), FairPeer::default()).unwrap();
        }
        for id in [0, 0, 0, 0, 1, 2, 2] {
            queue.received(&mut peers, PeerId(id));
        }
        let order: Vec<u32> =
            core::iter::from_fn(|| queue.take(&mut peers)).map(|id| id.0).collect();
        assert_eq!(order, [0, 1, 2, 0, 2, 0, 0]);
        assert!(!queue.may_take());
    }

    #[test]
    fn what_waits_of_a_peer_goes_with_it() {
        let mut peers = Fixed::<FairPeer, 3>::new();
        let mut queue = FairQueue::new();
        for id in 0..2 {
            peers.insert(PeerId(id), FairPeer::default()).unwrap();
            queue.received(&mut peers, PeerId(id));
        }
        queue.detach(&mut peers, PeerId(0));
        peers.remove(PeerId(0));
        assert_eq!(queue.take(&mut peers), Some(PeerId(1)));
        assert_eq!(queue.take(&mut peers), None);
    }
}
