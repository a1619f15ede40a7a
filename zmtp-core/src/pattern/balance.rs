//! Load-balancing: messages go in turn to the peers that can take one.

use super::{Linked, PeerId, Ring, RingLink, Slots};

/// Load-balancing: chooses in turn among the connected peers whose queue has room. If there is none, it
/// chooses in turn among the peers that the socket still connects to.
///
/// libzmq differs: it includes the latter peers in the turns also while other peers are connected, as this does after
/// [`Balance::share_turns`].
#[derive(Debug)]
pub struct Balance {
    connected: Ring<0>,
    pending: Ring<0>,
    only_connected: bool,
    /// All peers have turns in the first ring.
    shared: bool,
}

/// The state of a peer in load-balancing.
#[derive(Clone, Copy, Debug, Default)]
pub struct BalancePeer {
    /// In the ring of the connected peers, or of the others.
    link: RingLink,
    connected: bool,
    full: bool,
    /// It gets no more messages, regardless of other changes.
    closed: bool,
}

impl BalancePeer {
    /// Whether the peer is connected.
    pub const fn is_connected(&self) -> bool {
        self.connected
    }
}

impl Linked<0> for BalancePeer {
    fn link(&mut self) -> &mut RingLink {
        &mut self.link
    }
}

/// State of a peer that includes the state of load-balancing.
trait Balanced: Linked<0> + AsMut<BalancePeer> {}

impl<T: Linked<0> + AsMut<BalancePeer>> Balanced for T {}

impl AsMut<Self> for BalancePeer {
    fn as_mut(&mut self) -> &mut Self {
        self
    }
}

impl Balance {
    /// Creates the state without peers. With `only_connected`, messages go only to peers that are
    /// connected, not to those that the socket still connects to (`ZMQ_IMMEDIATE`).
    pub const fn new(only_connected: bool) -> Self {
        Self { connected: Ring::new(), pending: Ring::new(), only_connected, shared: false }
    }

    /// Sets whether messages go only to connected peers; see [`Balance::new`]. Peers that are in the turns stay there.
    pub const fn set_only_connected(&mut self, only_connected: bool) {
        self.only_connected = only_connected;
    }

    /// Includes peers that the socket still connects to in the turns of the others, as in libzmq. Call this before there
    /// are peers.
    pub const fn share_turns(&mut self) {
        self.shared = true;
    }

    pub(super) const fn shares_turns(&self) -> bool {
        self.shared
    }

    /// Adds a peer that was just stored in `peers`, and that the socket connects to.
    pub fn attach<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId)
    where
        T: Linked<0> + AsMut<BalancePeer>,
    {
        self.change(peers, peer, |_| {});
    }

    /// Removes a peer from the turns. Call this before the peer is removed from `peers`.
    pub fn detach<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId)
    where
        T: Linked<0> + AsMut<BalancePeer>,
    {
        self.leave(peers, peer);
    }

    /// A peer gets no more messages, but stays in `peers`.
    pub fn close<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId)
    where
        T: Linked<0> + AsMut<BalancePeer>,
    {
        self.change(peers, peer, |state| state.closed = true);
    }

    /// The handshake with a peer is complete (`connected` is `true`), or its connection ended.
    pub fn set_connected<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId, connected: bool)
    where
        T: Linked<0> + AsMut<BalancePeer>,
    {
        self.change(peers, peer, |state| state.connected = connected);
    }

    /// The queue to a peer has reached its high-water mark (`full` is `true`), or has room again.
    pub fn set_full<T>(&mut self, peers: &mut impl Slots<T>, peer: PeerId, full: bool)
    where
        T: Linked<0> + AsMut<BalancePeer>,
    {
        self.change(peers, peer, |state| state.full = full);
    }

    /// Whether [`Balance::route`] returns a peer.
    pub const fn may_route(&self) -> bool {
        self.connected.head().is_some() || self.pending.head().is_some()
    }

    /// Chooses the peer that gets the next message, and ends its turn. `None` if no peer can take a
    /// message.
    #[inline]
    pub fn route<T: Linked<0>>(&mut self, peers: &mut impl Slots<T>) -> Option<PeerId> {
        self.route_connected(peers).or_else(|| next(&mut self.pending, peers))
    }

    /// As [`Balance::route`], among the connected peers only.
    #[inline]
    pub fn route_connected<T: Linked<0>>(&mut self, peers: &mut impl Slots<T>) -> Option<PeerId> {
        next(&mut self.connected, peers)
    }

    fn leave<T: Balanced>(&mut self, peers: &mut impl Slots<T>, peer: PeerId) {
        match peers.get_mut(peer).map(|slot| slot.as_mut().connected) {
            Some(connected) if connected || self.shared => self.connected.remove(peers, peer),
            Some(_) => self.pending.remove(peers, peer),
            None => {}
        }
    }

    /// Changes a peer's state and moves it to the right ring. A peer that stays in its ring keeps
    /// its turn.
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
        let unavailable = new.full || new.closed;
        let moves = new.connected != old.connected && (self.only_connected || !self.shared);
        if moves || unavailable {
            self.leave(peers, peer);
        }
        if let Some(slot) = peers.get_mut(peer) {
            let state = slot.as_mut();
            (state.connected, state.full, state.closed) = (new.connected, new.full, new.closed);
        }
        match (unavailable, new.connected) {
            (true, _) => {}
            (false, true) => self.connected.push(peers, peer),
            (false, false) if self.only_connected => {}
            (false, false) if self.shared => self.connected.push(peers, peer),
            (false, false) => self.pending.push(peers, peer),
        }
    }
}

/// The peer whose turn it is; its turn ends.
#[inline]
fn next<T: Linked<0>>(ring: &mut Ring<0>, peers: &mut impl Slots<T>) -> Option<PeerId> {
    let peer = ring.head()?;
    ring.rotate(peers);
    Some(peer)
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::*;

    const fn id(index: u32) -> PeerId {
        PeerId::new(index, 0)
    }

    fn three(balance: &mut Balance) -> Fixed<BalancePeer, 3> {
        let mut peers = Fixed::new();
        for index in 0..3 {
            peers.insert(id(index), BalancePeer::default()).unwrap();
            balance.attach(&mut peers, id(index));
        }
        peers
    }

    fn turns(balance: &mut Balance, peers: &mut Fixed<BalancePeer, 3>, n: usize) -> Vec<u32> {
        (0..n).filter_map(|_| balance.route(peers).map(PeerId::index)).collect()
    }

    #[test]
    fn connected_peers_come_before_the_others() {
        let mut balance = Balance::new(false);
        let mut peers = three(&mut balance);
        assert_eq!(turns(&mut balance, &mut peers, 4), [0, 1, 2, 0]);
        balance.set_connected(&mut peers, id(1), true);
        assert_eq!(turns(&mut balance, &mut peers, 2), [1, 1]);
        balance.set_connected(&mut peers, id(0), true);
        assert_eq!(turns(&mut balance, &mut peers, 3), [1, 0, 1]);
        balance.set_connected(&mut peers, id(1), false);
        assert_eq!(turns(&mut balance, &mut peers, 2), [0, 0]);
    }

    #[test]
    fn with_shared_turns_a_peer_has_its_turn_whether_it_is_connected_or_not() {
        let mut balance = Balance::new(false);
        balance.share_turns();
        let mut peers = three(&mut balance);
        balance.set_connected(&mut peers, id(1), true);
        assert_eq!(turns(&mut balance, &mut peers, 4), [0, 1, 2, 0]);
        balance.set_connected(&mut peers, id(1), false);
        assert_eq!(turns(&mut balance, &mut peers, 3), [1, 2, 0]);
        balance.set_full(&mut peers, id(2), true);
        assert_eq!(turns(&mut balance, &mut peers, 2), [1, 0]);
        balance.close(&mut peers, id(0));
        assert_eq!(turns(&mut balance, &mut peers, 2), [1, 1]);
        balance.set_only_connected(true);
        balance.set_connected(&mut peers, id(1), true);
        balance.set_connected(&mut peers, id(1), false);
        assert!(!balance.may_route(), "only connected peers have turns");
        balance.set_full(&mut peers, id(2), false);
        assert!(!balance.may_route());
    }

    #[test]
    fn a_full_peer_is_skipped_until_it_has_room() {
        let mut balance = Balance::new(false);
        let mut peers = three(&mut balance);
        for index in 0..3 {
            balance.set_connected(&mut peers, id(index), true);
        }
        balance.set_full(&mut peers, id(1), true);
        assert_eq!(turns(&mut balance, &mut peers, 4), [0, 2, 0, 2]);
        balance.set_full(&mut peers, id(0), true);
        balance.set_full(&mut peers, id(2), true);
        assert!(!balance.may_route());
        balance.set_full(&mut peers, id(1), false);
        assert_eq!(turns(&mut balance, &mut peers, 2), [1, 1]);
        // Full and disconnected, then connected again: still full.
        balance.set_connected(&mut peers, id(2), false);
        balance.set_connected(&mut peers, id(2), true);
        assert_eq!(turns(&mut balance, &mut peers, 2), [1, 1]);
        balance.detach(&mut peers, id(1));
        assert!(!balance.may_route());
    }

    #[test]
    fn with_only_connected_the_other_peers_get_no_messages() {
        let mut balance = Balance::new(true);
        let mut peers = three(&mut balance);
        assert!(!balance.may_route());
        balance.set_connected(&mut peers, id(2), true);
        assert_eq!(turns(&mut balance, &mut peers, 2), [2, 2]);
        balance.set_connected(&mut peers, id(2), false);
        assert!(!balance.may_route());
    }
}
