//! A slow model of PAIR (RFC 31).

use zmtp_core::pattern::{AttachError, NoRoom, Pattern, PeerId, RouteError, TakeError};

/// What [`Pair`](zmtp_core::pattern::Pair) must do.
#[derive(Debug)]
pub struct PairModel {
    only_connected: bool,
    peer: Option<(PeerId, Peer)>,
}

/// The one peer.
#[derive(Debug, Default)]
struct Peer {
    connected: bool,
    full: bool,
    closed: bool,
    queued: u32,
}

impl PairModel {
    /// PAIR without its peer.
    pub const fn new(only_connected: bool) -> Self {
        Self { only_connected, peer: None }
    }

    fn state(&mut self, peer: PeerId) -> Option<&mut Peer> {
        self.peer.as_mut().filter(|(held, _)| *held == peer).map(|(_, state)| state)
    }

    fn to(&self) -> Option<PeerId> {
        let (peer, state) = self.peer.as_ref()?;
        let takes = !state.full && !state.closed && (state.connected || !self.only_connected);
        takes.then_some(*peer)
    }
}

impl Pattern for PairModel {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        match &mut self.peer {
            Some((held, state)) if *held == peer => state.closed = false,
            Some((held, _)) if held.index() != peer.index() => return Err(NoRoom),
            _ => self.peer = Some((peer, Peer::default())),
        }
        Ok(())
    }

    fn connected(
        &mut self,
        peer: PeerId,
        _routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        self.attached(peer).map_err(|NoRoom| AttachError::SecondPeer)?;
        if let Some(state) = self.state(peer) {
            state.connected = true;
        }
        Ok(None)
    }

    fn disconnected(&mut self, peer: PeerId) {
        if let Some(state) = self.state(peer) {
            state.connected = false;
        }
    }

    fn closed(&mut self, peer: PeerId) {
        if let Some(state) = self.state(peer) {
            state.closed = true;
            if state.queued == 0 {
                self.peer = None;
            }
        }
    }

    fn detached(&mut self, peer: PeerId) {
        if self.state(peer).is_some() {
            self.peer = None;
        }
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        if let Some(state) = self.state(peer) {
            state.full = full;
        }
    }

    fn received(&mut self, peer: PeerId) -> bool {
        self.state(peer).map(|state| state.queued += 1).is_some()
    }

    fn may_take(&self) -> bool {
        self.peer.as_ref().is_some_and(|(_, state)| state.queued > 0)
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        let Some((peer, state)) = self.peer.as_mut().filter(|(_, state)| state.queued > 0) else {
            return Ok(None);
        };
        state.queued -= 1;
        let (peer, is_last) = (*peer, state.queued == 0 && state.closed);
        if is_last {
            self.peer = None;
        }
        Ok(Some(peer))
    }

    fn may_route(&self) -> bool {
        self.to().is_some()
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        self.to().ok_or(RouteError::NoPeer)
    }
}
