//! PAIR, slowly (RFC 31).

use zmtp_core::pattern::{NoRoom, PeerId};

/// What [`Pair`](zmtp_core::pattern::Pair) must do.
#[derive(Debug)]
pub struct PairModel {
    only_up: bool,
    peer: Option<(PeerId, PairPeer)>,
}

/// The one peer.
#[derive(Debug, Default)]
pub struct PairPeer {
    /// It is reached.
    pub up: bool,
    /// Its queue is full.
    pub full: bool,
    /// It is gone though messages of it wait.
    pub gone: bool,
    queued: u32,
}

impl PairModel {
    /// PAIR without its peer.
    pub const fn new(only_up: bool) -> Self {
        Self { only_up, peer: None }
    }

    /// As [`Pair::attach`](zmtp_core::pattern::Pair::attach).
    ///
    /// # Errors
    ///
    /// [`NoRoom`].
    pub fn attach(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        match &mut self.peer {
            Some((held, state)) if *held == peer => state.gone = false,
            Some(_) => return Err(NoRoom),
            None => self.peer = Some((peer, PairPeer::default())),
        }
        Ok(())
    }

    /// The peer is gone.
    pub fn detach(&mut self, peer: PeerId) {
        self.peer = self.peer.take().filter(|(held, _)| *held != peer);
    }

    /// Something changes for the peer, if it is the one.
    pub fn change(&mut self, peer: PeerId, change: impl FnOnce(&mut PairPeer)) {
        if let Some((_, state)) = self.peer.as_mut().filter(|(held, _)| *held == peer) {
            change(state);
        }
    }

    /// The peer, if it can take a message.
    pub fn route(&self) -> Option<PeerId> {
        let (peer, state) = self.peer.as_ref()?;
        let takes = !state.full && !state.gone && (state.up || !self.only_up);
        takes.then_some(*peer)
    }

    /// A message came; `false` if it is not the one's.
    pub fn received(&mut self, peer: PeerId) -> bool {
        let ours = self.peer.as_ref().is_some_and(|(held, _)| *held == peer);
        self.change(peer, |state| state.queued += 1);
        ours
    }

    /// Whether a message waits.
    pub fn may_take(&self) -> bool {
        self.peer.as_ref().is_some_and(|(_, state)| state.queued > 0)
    }

    /// The peer, if a message of it is taken.
    pub fn take(&mut self) -> Option<PeerId> {
        let (peer, state) = self.peer.as_mut().filter(|(_, state)| state.queued > 0)?;
        state.queued -= 1;
        Some(*peer)
    }
}
