//! PAIR: one peer and no other (RFC 31).

use super::{NoRoom, PeerId};

/// PAIR's rules: the first peer is the only one until it is gone.
#[derive(Debug, Default)]
pub struct Pair {
    peer: Option<PeerId>,
    /// Gone, while messages of it wait.
    gone: bool,
    full: bool,
    /// Not reached yet, and messages do not queue for such.
    held: bool,
    only_up: bool,
    queued: u32,
}

impl Pair {
    /// PAIR without its peer. `only_up`: a peer that is being connected to gets nothing
    /// (`ZMQ_IMMEDIATE`).
    pub const fn new(only_up: bool) -> Self {
        Self { peer: None, gone: false, full: false, held: false, only_up, queued: 0 }
    }

    /// A new peer, which is being connected to until [`Pair::set_up`] says more. The peer that is
    /// there already may be named again.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if there is another: close the newcomer's connection.
    pub fn attach(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        if self.peer.is_some_and(|held| held != peer) {
            return Err(NoRoom);
        }
        if self.peer.is_none() {
            *self = Self::new(self.only_up);
            self.peer = Some(peer);
            self.held = self.only_up;
        }
        self.gone = false;
        Ok(())
    }

    /// A peer is gone for good, and what waits of it.
    pub fn detach(&mut self, peer: PeerId) {
        if self.peer == Some(peer) {
            *self = Self::new(self.only_up);
        }
    }

    /// The peer is gone, though messages of it wait: nothing can be sent to it any more.
    pub fn mute(&mut self, peer: PeerId) {
        self.gone |= self.peer == Some(peer);
    }

    /// The peer's handshake is over, or its connection broke and is tried again.
    pub fn set_up(&mut self, peer: PeerId, up: bool) {
        if self.peer == Some(peer) {
            self.held = self.only_up && !up;
        }
    }

    /// The peer's queue reached its high-water mark, or has room again.
    pub fn set_full(&mut self, peer: PeerId, full: bool) {
        if self.peer == Some(peer) {
            self.full = full;
        }
    }

    /// The peer, if it can take a message.
    pub const fn route(&self) -> Option<PeerId> {
        if self.full || self.gone || self.held { None } else { self.peer }
    }

    /// A whole message of a peer was queued; `false` if it is not the peer.
    pub fn received(&mut self, peer: PeerId) -> bool {
        let ours = self.peer == Some(peer);
        if ours {
            self.queued = self.queued.saturating_add(1);
        }
        ours
    }

    /// Whether a message can be taken.
    pub const fn may_take(&self) -> bool {
        self.queued > 0
    }

    /// The peer, if a message of it is taken now.
    pub fn take(&mut self) -> Option<PeerId> {
        self.queued = self.queued.checked_sub(1)?;
        self.peer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_peer_is_refused_until_the_first_is_gone() {
        let mut pair = Pair::new(false);
        assert_eq!(pair.route(), None);
        assert_eq!(pair.attach(PeerId(1)), Ok(()));
        assert_eq!(pair.attach(PeerId(2)), Err(NoRoom));
        pair.detach(PeerId(2));
        assert_eq!(pair.route(), Some(PeerId(1)));
        assert!(pair.received(PeerId(1)) && !pair.received(PeerId(2)));
        pair.mute(PeerId(1));
        assert_eq!((pair.route(), pair.take(), pair.take()), (None, Some(PeerId(1)), None));
        assert_eq!(pair.attach(PeerId(2)), Err(NoRoom));
        pair.detach(PeerId(1));
        assert_eq!(pair.attach(PeerId(2)), Ok(()));
        assert_eq!(pair.route(), Some(PeerId(2)));
    }

    #[test]
    fn nothing_queues_for_a_peer_that_is_not_up_if_so_set() {
        let mut pair = Pair::new(true);
        pair.attach(PeerId(1)).unwrap();
        assert_eq!(pair.route(), None);
        pair.set_up(PeerId(1), true);
        assert_eq!(pair.route(), Some(PeerId(1)));
        pair.set_full(PeerId(1), true);
        assert_eq!(pair.route(), None);
        pair.set_full(PeerId(1), false);
        pair.set_up(PeerId(1), false);
        assert_eq!(pair.route(), None);
    }
}
