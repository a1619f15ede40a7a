//! PULL and GATHER, and the rule that SUB, XSUB, PUB, XPUB, RADIO and DISH share with them: those that receive do so
//! from their peers in turn (RFC 29, 30, 48 and 49).

use super::{
    AttachError, FairPeer, FairQueue, NoRoom, Pattern, PeerId, Slots, TakeError, Verdict, single,
    slots,
};
use crate::wire::{FrameHeader, Subscription};

/// The rules of a socket type that receives from its peers in turn: [`Pull`], [`Gather`],
/// [`Subscribe`](super::Subscribe), [`Publish`](super::Publish), [`Radio`](super::Radio) and [`Dish`](super::Dish).
///
/// `R` contains what differs between them.
#[derive(Debug)]
pub struct Incoming<S, R> {
    pub(super) peers: S,
    pub(super) turns: FairQueue,
    pub(super) rules: R,
}

impl<S, R> Incoming<S, R> {
    pub(super) const fn with(peers: S, rules: R) -> Self {
        Self { peers, turns: FairQueue::new(), rules }
    }
}

/// The rules that differ between the socket types that receive in turn. The default methods are those of PULL.
pub trait IncomingRules {
    /// As [`Pattern::keeps_unsent`].
    const KEEPS_UNSENT: bool = false;
    /// Whether [`IncomingRules::taken`] has an effect.
    const ANSWERS: bool = false;

    /// As [`Pattern::accept`].
    fn accept(&self, _frame: FrameHeader, _first: bool) -> Verdict {
        Verdict::Deliver
    }

    /// As [`Pattern::check`].
    fn check(&self, _body: &[u8]) -> Verdict {
        Verdict::Deliver
    }

    /// Whether the application receives messages.
    fn receives(&self) -> bool {
        true
    }

    /// The connection to a peer ended.
    fn lost(&mut self, _peer: PeerId) {}

    /// The application takes a message of a peer, or `None` if the connection of the message has ended.
    fn taken(&mut self, _peer: Option<PeerId>) {}

    /// As [`Pattern::subscription`], of a known peer.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table of topics is full.
    fn subscription(
        &mut self,
        _peer: PeerId,
        _what: Subscription,
        _topic: &[u8],
    ) -> Result<bool, NoRoom> {
        Ok(false)
    }
}

/// The rules of PULL: messages are taken from the peers in turn.
pub type Pull<S> = Incoming<S, PullRules>;

/// The state of PULL besides [`Incoming`], which is empty.
#[derive(Debug)]
pub struct PullRules(());

impl IncomingRules for PullRules {}

impl<S> Incoming<S, PullRules> {
    /// Creates a PULL without peers.
    pub const fn new(peers: S) -> Self {
        Self::with(peers, PullRules(()))
    }
}

/// The rules of GATHER: as PULL, for messages of one part. Others are rejected.
pub type Gather<S> = Incoming<S, GatherRules>;

/// The state of GATHER besides [`Incoming`], which is empty.
#[derive(Debug)]
pub struct GatherRules(());

impl IncomingRules for GatherRules {
    fn accept(&self, frame: FrameHeader, first: bool) -> Verdict {
        single::accept(frame, first)
    }
}

impl<S> Incoming<S, GatherRules> {
    /// Creates a GATHER without peers.
    pub const fn new(peers: S) -> Self {
        Self::with(peers, GatherRules(()))
    }
}

impl<S: Slots<FairPeer>, R: IncomingRules> Pattern for Incoming<S, R> {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        slots::attach(self, |pattern| &mut pattern.peers, peer)
    }

    fn connected(
        &mut self,
        peer: PeerId,
        _routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        if self.peers.get_mut(peer).is_none() {
            self.attached(peer)?;
        }
        Ok(None)
    }

    fn disconnected(&mut self, peer: PeerId) {
        self.rules.lost(peer);
        if R::ANSWERS
            && let Some(slot) = self.peers.get_mut(peer)
        {
            slot.set_stale();
        }
    }

    fn closed(&mut self, peer: PeerId) {
        self.rules.lost(peer);
        self.turns.close(&mut self.peers, peer);
    }

    fn detached(&mut self, peer: PeerId) {
        self.rules.lost(peer);
        self.turns.detach(&mut self.peers, peer);
    }

    fn accept(&mut self, _peer: PeerId, frame: FrameHeader, first: bool) -> Verdict {
        self.rules.accept(frame, first)
    }

    fn check(&mut self, _peer: PeerId, body: &[u8]) -> Verdict {
        self.rules.check(body)
    }

    #[inline]
    fn received(&mut self, peer: PeerId) -> bool {
        self.rules.receives() && self.turns.received(&mut self.peers, peer)
    }

    fn received_many(&mut self, peer: PeerId, count: u32) -> bool {
        self.rules.receives() && self.turns.received_many(&mut self.peers, peer, count)
    }

    fn may_take(&self) -> bool {
        self.turns.may_take()
    }

    #[inline]
    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        if R::ANSWERS
            && let Some(peer) = self.turns.next()
        {
            let is_stale = self.peers.get_mut(peer).is_none_or(FairPeer::take_stale);
            self.rules.taken((!is_stale).then_some(peer));
        }
        let Some((peer, _)) = self.turns.take(&mut self.peers) else { return Ok(None) };
        Ok(Some(peer))
    }

    /// A report counts as queued.
    fn subscription(
        &mut self,
        peer: PeerId,
        what: Subscription,
        topic: &[u8],
    ) -> Result<bool, NoRoom> {
        if self.peers.get_mut(peer).is_none_or(|slot| slot.is_closed()) {
            return Ok(false);
        }
        let report = self.rules.subscription(peer, what, topic)?;
        Ok(report && self.turns.received(&mut self.peers, peer))
    }

    fn keeps_unsent(&self) -> bool {
        R::KEEPS_UNSENT
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::*;

    #[test]
    fn a_gather_rejects_a_message_of_several_parts_as_a_whole() {
        let peer = PeerId::new(0, 0);
        let mut gather = Gather::new(Fixed::<_, 1>::new());
        gather.connected(peer, &[]).unwrap();
        single::tests::rejects_several_parts(&mut gather, peer);
    }
}
