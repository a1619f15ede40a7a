//! The trait `Pattern` of any socket type: each call goes to the pattern of the type.

use zmtp_core::Subscription;
use zmtp_core::pattern::{AttachError, NoRoom, Pattern, PeerId, RouteError, TakeError, Verdict};
use zmtp_core::wire::FrameHeader;

use super::AnyPattern;

/// Evaluates the same expression with the pattern of each type.
macro_rules! each {
    ($self:expr, $rules:ident => $call:expr) => {
        match $self {
            Self::Channel($rules, _) => $call,
            Self::Client($rules, _) => $call,
            Self::Dealer($rules, _) | Self::Dgram($rules) => $call,
            Self::Dish($rules) => $call,
            Self::Gather($rules) => $call,
            Self::Pair($rules, _) => $call,
            Self::Publish($rules, _) => $call,
            Self::Pull($rules) => $call,
            Self::Push($rules) => $call,
            Self::Radio($rules, _) => $call,
            Self::Rep($rules) => $call,
            Self::Req($rules) => $call,
            Self::Router($rules, ..) => $call,
            Self::Scatter($rules) => $call,
            Self::Server($rules, ..) => $call,
            Self::Stream($rules, _) => $call,
            Self::Subscribe($rules, _) => $call,
        }
    };
}

impl Pattern for AnyPattern {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        each!(self, rules => rules.attached(peer))
    }

    fn connected(
        &mut self,
        peer: PeerId,
        routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        each!(self, rules => rules.connected(peer, routing_id))
    }

    fn disconnected(&mut self, peer: PeerId) {
        // Its messages can be taken, also if no connection follows.
        self.hold(peer, false);
        each!(self, rules => rules.disconnected(peer));
    }

    fn closed(&mut self, peer: PeerId) {
        self.forget(peer);
        each!(self, rules => rules.closed(peer));
    }

    fn detached(&mut self, peer: PeerId) {
        self.forget(peer);
        each!(self, rules => rules.detached(peer));
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        if let Self::Publish(_, own) | Self::Radio(_, own) = self {
            own.full = if full { own.full + 1 } else { own.full.saturating_sub(1) };
        }
        each!(self, rules => rules.set_full(peer, full));
    }

    fn accept(&mut self, peer: PeerId, frame: FrameHeader, first: bool) -> Verdict {
        each!(self, rules => rules.accept(peer, frame, first))
    }

    fn check(&mut self, peer: PeerId, body: &[u8]) -> Verdict {
        each!(self, rules => rules.check(peer, body))
    }

    #[inline]
    fn received(&mut self, peer: PeerId) -> bool {
        each!(self, rules => rules.received(peer))
    }

    fn received_many(&mut self, peer: PeerId, count: u32) -> bool {
        each!(self, rules => rules.received_many(peer, count))
    }

    fn may_take(&self) -> bool {
        each!(self, rules => rules.may_take())
    }

    #[inline]
    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        each!(self, rules => rules.take())
    }

    fn subscription(
        &mut self,
        peer: PeerId,
        what: Subscription,
        topic: &[u8],
    ) -> Result<bool, NoRoom> {
        each!(self, rules => rules.subscription(peer, what, topic))
    }

    fn may_route(&self) -> bool {
        each!(self, rules => rules.may_route())
    }

    fn route(&mut self, routing_id: &[u8]) -> Result<PeerId, RouteError> {
        each!(self, rules => rules.route(routing_id))
    }

    fn sent(&mut self, peer: PeerId) {
        each!(self, rules => rules.sent(peer));
    }

    fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        each!(self, rules => rules.reroute())
    }

    #[inline]
    fn routing_id(&self, peer: PeerId) -> Option<&[u8]> {
        each!(self, rules => rules.routing_id(peer))
    }

    fn keeps_unsent(&self) -> bool {
        each!(self, rules => rules.keeps_unsent())
    }
}
