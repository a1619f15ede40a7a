//! Load-balancing: peers that can take a message get the next one in turn.

use super::{Linked, PeerId, Ring, RingLink, Slots};

/// Whose turn it is to be sent a message: in turn among the peers that are up and have room, else
/// among those that are still being connected to.
///
/// libzmq lets a peer that is not reached take its share all the same; here messages queue for
/// such a peer only while nobody is up.
#[derive(Debug)]
pub struct Balance {
    up: Ring<0>,
    pending: Ring<0>,
    only_up: bool,
}

/// What load-balancing knows of a peer.
#[derive(Clone, Copy, Debug, Default)]
pub struct BalancePeer {
    /// In the ring of those that are up, or of those that are not.
    link: RingLink,
    up: bool,
    full: bool,
    /// Gets nothing any more, whatever else changes.
    muted: bool,
}

impl Linked<0> for BalancePeer {
    fn link(&mut self) -> &mut RingLink {
        &mut self.link
    }
}

/// Per-peer state with a place for load-balancing.
trait Balanced: Linked<0> + AsMut<BalancePeer> {}

impl<T: Linked<0> + AsMut<BalancePeer>> Balanced for T {}

impl AsMut<Self> for BalancePeer {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

impl Balance {
    /// Turns of nobody. `only_up`: peers that are being connected to get nothing
    /// (`ZMQ_IMMEDIATE`).
    pub const fn new(only_up: bool) -> Self {
        Self { up: Ring::new(), pending: Ring::new(), only_up }
    }

    /// A peer that was just stored is being connected to.
    pub fn attach<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId)
    where
        T: Linked<0> + AsMut<BalancePeer>,
    {
        self.change(peers, peer, |_| {});
    }

    /// A peer is going to be forgotten.
    pub fn detach<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId)
    where
        T: Linked<0> + AsMut<BalancePeer>,
    {
        self.leave(peers, peer);
    }

    /// A peer gets nothing any more, though it is not forgotten yet.
    pub fn mute<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId)
    where
        T: Linked<0> + AsMut<BalancePeer>,
    {
        self.change(peers, peer, |state| state.muted = true);
    }

    /// A peer's handshake is over, or its connection broke and is tried again.
    pub fn set_up<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId, up: bool)
    where
        T: Linked<0> + AsMut<BalancePeer>,
    {
        self.change(peers, peer, |state| state.up = up);
    }

    /// A peer's queue reached its high-water mark, or has room again.
    pub fn set_full<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId, full: bool)
    where
        T: Linked<0> + AsMut<BalancePeer>,
    {
        self.change(peers, peer, |state| state.full = full);
    }

    /// Whether [`Balance::route`] would find a peer.
    pub const fn may_route(&self) -> bool {
        self.up.head().is_some() || self.pending.head().is_some()
    }

    /// The peer that gets the next message, if any can take one. Its turn is over then.
    pub fn route<T: Linked<0>>(&mut self, peers: &mut impl Slots<T>) -> Option<PeerId> {
        let ring = if self.up.head().is_some() { &mut self.up } else { &mut self.pending };
        let peer = ring.head()?;
        ring.rotate(peers);
        Some(peer)
    }

    fn leave<T: Balanced>(&mut self, peers: &mut impl Slots<T>, peer: PeerId) {
        match peers.get_mut(peer).map(|slot| slot.as_mut().up) {
            Some(true) => self.up.remove(peers, peer),
            Some(false) => self.pending.remove(peers, peer),
            None => {}
        }
    }

    /// Changes a peer's state and puts it where it belongs then. A change that moves nothing keeps
    /// the turn.
    fn change<T: Balanced>(
        &mut self,
        peers: &mut impl Slots<T>,
        peer: PeerId,
        change: impl FnOnce(&mut BalancePeer),
    ) {
        let Some(slot) = peers.get_mut(peer) else { return };
        let old = *slot.as_mut();
        let mut new = old;
        change(&mut new);
        let refuses = new.full || new.muted;
        if new.up != old.up || refuses {
            self.leave(peers, peer);
        }
        if let Some(slot) = peers.get_mut(peer) {
            let state = slot.as_mut();
            (state.up, state.full, state.muted) = (new.up, new.full, new.muted);
        }
        match (refuses, new.up) {
            (true, _) => {}
            (false, true) => self.up.push(peers, peer),
            (false, false) if self.only_up => {}
            (false, false) => self.pending.push(peers, peer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::*;

    fn three(balance: &mut Balance) -> Fixed<BalancePeer, 3> {
        let mut peers = Fixed::new();
        for id in 0..3 {
            peers.insert(PeerId(id), BalancePeer::default()).unwrap();
            balance.attach(&mut peers, PeerId(id));
        }
        peers
    }

    fn turns(balance: &mut Balance, peers: &mut Fixed<BalancePeer, 3>, n: usize) -> Vec<u32> {
        (0..n).filter_map(|_| balance.route(peers).map(|id| id.0)).collect()
    }

    #[test]
    fn peers_that_are_up_come_before_those_that_are_not() {
        let mut balance = Balance::new(false);
        let mut peers = three(&mut balance);
        assert_eq!(turns(&mut balance, &mut peers, 4), [0, 1, 2, 0]);
        balance.set_up(&mut peers, PeerId(1), true);
        assert_eq!(turns(&mut balance, &mut peers, 2), [1, 1]);
        balance.set_up(&mut peers, PeerId(0), true);
        assert_eq!(turns(&mut balance, &mut peers, 3), [1, 0, 1]);
        balance.set_up(&mut peers, PeerId(1), false);
        assert_eq!(turns(&mut balance, &mut peers, 2), [0, 0]);
    }

    #[test]
    fn a_full_peer_is_skipped_until_it_has_room() {
        let mut balance = Balance::new(false);
        let mut peers = three(&mut balance);
        for id in 0..3 {
            balance.set_up(&mut peers, PeerId(id), true);
        }
        balance.set_full(&mut peers, PeerId(1), true);
        assert_eq!(turns(&mut balance, &mut peers, 4), [0, 2, 0, 2]);
        balance.set_full(&mut peers, PeerId(0), true);
        balance.set_full(&mut peers, PeerId(2), true);
        assert!(!balance.may_route());
        balance.set_full(&mut peers, PeerId(1), false);
        assert_eq!(turns(&mut balance, &mut peers, 2), [1, 1]);
        // Full and down, then up again: still full.
        balance.set_up(&mut peers, PeerId(2), false);
        balance.set_up(&mut peers, PeerId(2), true);
        assert_eq!(turns(&mut balance, &mut peers, 2), [1, 1]);
        balance.detach(&mut peers, PeerId(1));
        assert!(!balance.may_route());
    }

    #[test]
    fn only_peers_that_are_up_count_if_so_set() {
        let mut balance = Balance::new(true);
        let mut peers = three(&mut balance);
        assert!(!balance.may_route());
        balance.set_up(&mut peers, PeerId(2), true);
        assert_eq!(turns(&mut balance, &mut peers, 2), [2, 2]);
        balance.set_up(&mut peers, PeerId(2), false);
        assert!(!balance.may_route());
    }
}
