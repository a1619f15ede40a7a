//! REQ: sends each request to one peer, in turn, and accepts only the reply of that peer (RFC 28).

use super::{
    AttachError, Balance, BalancePeer, Linked, NoRoom, OutOfTurn, Pattern, PeerId, Reason,
    ReqFrames, ReqTurn, RingLink, RouteError, Slots, TakeError, Verdict, slots,
};
use crate::wire::FrameHeader;

/// The rules of REQ. The driver stores the bytes of the queued request and of the reply.
///
/// * [`Pattern::route`] chooses the peer of the next request, in turn among the connected peers. If there
///   is none, it chooses in turn among the peers that the socket still connects to. While a reply is
///   pending, it fails with [`OutOfTurn::ReplyPending`]; if [`Mode::relaxed`] is set, it cancels the earlier
///   request instead.
/// * The driver calls [`Pattern::sent`] when the request is written.
/// * [`Pattern::take`] fails once with [`TakeError::PeerLost`] if the peer was lost before its reply.
#[derive(Debug)]
pub struct Req<S> {
    peers: S,
    outgoing: Balance,
    turn: ReqTurn<PeerId>,
    waits_if_lost: bool,
    mode: Mode,
    request_id: u32,
}

/// The two options of REQ.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_structs, reason = "libzmq has these two")]
pub struct Mode {
    /// Whether a new request can be sent before the reply to the last one (`ZMQ_REQ_RELAXED`).
    pub relaxed: bool,
    /// Whether each request contains an id, which its reply must return (`ZMQ_REQ_CORRELATE`).
    pub correlate: bool,
}

/// The state of a peer in REQ.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReqPeer {
    outgoing: BalancePeer,
    frames: ReqFrames,
}

impl Linked<0> for ReqPeer {
    fn link(&mut self) -> &mut RingLink {
        self.outgoing.link()
    }
}

impl AsMut<BalancePeer> for ReqPeer {
    fn as_mut(&mut self) -> &mut BalancePeer {
        &mut self.outgoing
    }
}

impl<S: Slots<ReqPeer>> Req<S> {
    /// Creates a REQ without peers. The first request has the id `request_id + 1`; use a random value.
    #[inline(always)]
    pub const fn new(peers: S, mode: Mode, request_id: u32) -> Self {
        let (outgoing, turn) = (Balance::new(false), ReqTurn::new());
        Self { peers, outgoing, turn, waits_if_lost: false, mode, request_id }
    }

    /// The options of this REQ.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// Includes peers that the socket still connects to in the turns of the others, as in libzmq. A request that is queued
    /// for such a peer stays there. Call this before there are peers.
    pub const fn share_turns(&mut self) {
        self.outgoing.share_turns();
    }

    /// A lost peer is not reported, as in libzmq: the reply does not come. Another request can be sent.
    pub const fn wait_if_lost(&mut self) {
        self.waits_if_lost = true;
    }

    /// Sets the options. They apply to the next request.
    pub const fn set_mode(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// The id of the last request: the frame that precedes its delimiter. The byte order is that of the
    /// host, as in libzmq. `None` unless [`Mode::correlate`] is set.
    pub fn request_id(&self) -> Option<[u8; 4]> {
        self.mode.correlate.then_some(self.request_id.to_ne_bytes())
    }

    /// Marks the request to a peer as lost, whether it is queued or sent. Returns whether there was one.
    pub fn lost(&mut self, peer: PeerId) -> bool {
        let due = self.turn.lost(peer);
        if due {
            self.reject_reply(peer);
        }
        due
    }

    /// Cancels the pending request, so that the next one can be sent. Returns the peer that may still
    /// reply to it.
    ///
    /// Unless [`Mode::correlate`] is set, such a late reply cannot be distinguished from the reply to the
    /// next request: close the connection of the returned peer, as the Lazy Pirate pattern of the ZeroMQ
    /// Guide does.
    pub fn cancel_request(&mut self) -> Option<PeerId> {
        let asked = self.turn.cancel();
        if let Some(peer) = asked {
            self.reject_reply(peer);
        }
        asked
    }

    fn reject_reply(&mut self, peer: PeerId) {
        if let Some(slot) = self.peers.get_mut(peer) {
            slot.frames.cancel();
        }
    }

    /// What was received of a message is dropped with its connection.
    fn reset(&mut self, peer: PeerId) {
        if let Some(slot) = self.peers.get_mut(peer) {
            slot.frames = ReqFrames::new();
        }
    }
}

impl<S: Slots<ReqPeer>> Pattern for Req<S> {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        slots::attach(self, |pattern| &mut pattern.peers, peer)?;
        self.outgoing.attach(&mut self.peers, peer);
        Ok(())
    }

    fn connected(
        &mut self,
        peer: PeerId,
        _routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        if self.peers.get_mut(peer).is_none() {
            self.attached(peer)?;
        }
        self.outgoing.set_connected(&mut self.peers, peer, true);
        self.reset(peer);
        Ok(None)
    }

    /// A request that was sent to the peer is lost; one that is still queued is kept.
    fn disconnected(&mut self, peer: PeerId) {
        self.outgoing.set_connected(&mut self.peers, peer, false);
        self.reset(peer);
        if self.turn.routed().is_none() {
            self.turn.lost(peer);
        }
    }

    fn closed(&mut self, peer: PeerId) {
        self.outgoing.detach(&mut self.peers, peer);
        self.peers.remove(peer);
        self.turn.lost(peer);
    }

    fn detached(&mut self, peer: PeerId) {
        self.closed(peer);
        self.turn.dropped(peer);
    }

    fn accept(&mut self, peer: PeerId, frame: FrameHeader, _first: bool) -> Verdict {
        let Some(slot) = self.peers.get_mut(peer) else {
            return Verdict::Reject(Reason::Unsolicited);
        };
        slot.frames.accept(self.turn.rejection(peer), self.mode.correlate, frame)
    }

    fn check(&mut self, peer: PeerId, body: &[u8]) -> Verdict {
        let is_last = self.request_id().is_some_and(|id| id == body);
        match self.peers.get_mut(peer) {
            Some(slot) => slot.frames.check_request_id(is_last),
            None => Verdict::Reject(Reason::WrongRequestId),
        }
    }

    fn received(&mut self, peer: PeerId) -> bool {
        let whole = self.peers.get_mut(peer).is_some_and(|slot| slot.frames.received());
        whole && self.turn.answered(peer)
    }

    fn may_take(&self) -> bool {
        self.turn.may_take() && !(self.waits_if_lost && self.turn.is_lost())
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        if self.waits_if_lost && self.turn.is_lost() {
            return Ok(None);
        }
        self.turn.take()
    }

    fn may_route(&self) -> bool {
        (self.turn.may_ask() || self.mode.relaxed) && self.outgoing.may_route()
    }

    fn route(&mut self, _routing_id: &[u8]) -> Result<PeerId, RouteError> {
        if !self.turn.may_ask() && !self.mode.relaxed {
            return Err(OutOfTurn::ReplyPending.into());
        }
        let peer = self.outgoing.route(&mut self.peers).ok_or(RouteError::NoPeer)?;
        self.cancel_request();
        self.turn.ask(peer);
        self.request_id = self.request_id.wrapping_add(1);
        Ok(peer)
    }

    fn sent(&mut self, peer: PeerId) {
        self.turn.sent(peer);
    }

    fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        if self.outgoing.shares_turns() {
            return None;
        }
        let old = self.turn.routed()?;
        if self.peers.get_mut(old)?.outgoing.is_connected() {
            return None;
        }
        let new = self.outgoing.route_connected(&mut self.peers)?;
        self.turn.ask(new);
        Some((old, new))
    }

    fn keeps_unsent(&self) -> bool {
        true
    }
}
