//! The rules of a socket whose type is known at run time.

use zmtp_core::Subscription;
use zmtp_core::pattern::{Mode, PeerId, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::{
    DealerOptions, Pattern, PeerContext, PublishOptions, Received, RouterOptions, StreamOptions,
    SubscribeOptions, dealer, pair, publish, pull, push, rep, req, router, stream, subscribe,
};
use crate::error::Error;
use crate::message::Message;
use crate::monitor::CloseReason;

/// The rules of any socket type.
#[derive(Debug)]
pub(crate) enum AnyPattern {
    Dealer(dealer::Rules),
    Pair(pair::Rules),
    /// PUB and XPUB.
    Publish(publish::Rules),
    Pull(pull::Rules),
    Push(push::Rules),
    Rep(rep::Rules),
    Req(req::Rules),
    Router(router::Rules),
    Stream(stream::Rules),
    /// SUB and XSUB.
    Subscribe(subscribe::Rules),
}

/// The constructors: one per socket type. `immediate` is
/// [`Options::immediate`](crate::Options::immediate).
impl AnyPattern {
    pub(crate) fn dealer(options: DealerOptions, immediate: bool) -> Self {
        Self::Dealer(dealer::Rules::new(options, immediate))
    }

    pub(crate) fn pair(immediate: bool) -> Self {
        Self::Pair(pair::Rules::new(immediate))
    }

    /// `max_subscriptions` is what one peer may subscribe to: topics, and bytes of them.
    pub(crate) fn publish(options: PublishOptions, max_subscriptions: (usize, usize)) -> Self {
        Self::Publish(publish::Rules::new(false, options, max_subscriptions))
    }

    pub(crate) fn xpublish(options: PublishOptions, max_subscriptions: (usize, usize)) -> Self {
        Self::Publish(publish::Rules::new(true, options, max_subscriptions))
    }

    pub(crate) fn pull() -> Self {
        Self::Pull(pull::Rules::new())
    }

    pub(crate) fn push(immediate: bool) -> Self {
        Self::Push(push::Rules::new(immediate))
    }

    pub(crate) fn rep() -> Self {
        Self::Rep(rep::Rules::new())
    }

    pub(crate) fn req(mode: Mode) -> Self {
        Self::Req(req::Rules::new(mode))
    }

    pub(crate) fn router(options: RouterOptions) -> Self {
        Self::Router(router::Rules::new(options))
    }

    pub(crate) fn stream(options: StreamOptions) -> Self {
        Self::Stream(stream::Rules::new(options))
    }

    pub(crate) fn subscribe(options: SubscribeOptions) -> Self {
        Self::Subscribe(subscribe::Rules::new(true, options))
    }

    pub(crate) fn xsubscribe() -> Self {
        Self::Subscribe(subscribe::Rules::new(false, SubscribeOptions::default()))
    }
}

/// The rules of one type; [`Error::NotSupported`] for a socket of another.
impl AnyPattern {
    pub(crate) const fn as_publish(&mut self) -> Result<&mut publish::Rules, Error> {
        match self {
            Self::Publish(rules) => Ok(rules),
            _ => Err(Error::NotSupported),
        }
    }

    pub(crate) const fn as_rep(&mut self) -> Result<&mut rep::Rules, Error> {
        match self {
            Self::Rep(rules) => Ok(rules),
            _ => Err(Error::NotSupported),
        }
    }

    pub(crate) const fn as_req(&mut self) -> Result<&mut req::Rules, Error> {
        match self {
            Self::Req(rules) => Ok(rules),
            _ => Err(Error::NotSupported),
        }
    }

    pub(crate) const fn as_router(&mut self) -> Result<&mut router::Rules, Error> {
        match self {
            Self::Router(rules) => Ok(rules),
            _ => Err(Error::NotSupported),
        }
    }

    pub(crate) const fn as_stream(&mut self) -> Result<&mut stream::Rules, Error> {
        match self {
            Self::Stream(rules) => Ok(rules),
            _ => Err(Error::NotSupported),
        }
    }

    pub(crate) const fn as_subscribe(&mut self) -> Result<&mut subscribe::Rules, Error> {
        match self {
            Self::Subscribe(rules) => Ok(rules),
            _ => Err(Error::NotSupported),
        }
    }

    /// Whether links carry bytes without any protocol.
    pub(crate) const fn is_raw(&self) -> bool {
        matches!(self, Self::Stream(_))
    }

    /// Whether a queue may keep only its newest message
    /// ([`Options::conflate`](crate::Options::conflate)). The others count messages, or address
    /// them, so that one cannot replace another.
    pub(crate) const fn can_conflate(&self) -> bool {
        match self {
            Self::Dealer(_) | Self::Pull(_) | Self::Push(_) => true,
            Self::Publish(rules) => !rules.is_xpub(),
            Self::Subscribe(rules) => rules.filters(),
            Self::Pair(_) | Self::Rep(_) | Self::Req(_) | Self::Router(_) | Self::Stream(_) => {
                false
            }
        }
    }

    /// How many different topics are subscribed to, at a publisher or by a subscriber; 0 for other
    /// types.
    pub(crate) fn topic_count(&self) -> usize {
        match self {
            Self::Publish(rules) => rules.topic_count(),
            Self::Subscribe(rules) => rules.topic_count(),
            _ => 0,
        }
    }
}

/// Evaluates the same expression with the rules of whichever type it is.
macro_rules! each {
    ($self:expr, $rules:ident => $call:expr) => {
        match $self {
            Self::Dealer($rules) => $call,
            Self::Pair($rules) => $call,
            Self::Publish($rules) => $call,
            Self::Pull($rules) => $call,
            Self::Push($rules) => $call,
            Self::Rep($rules) => $call,
            Self::Req($rules) => $call,
            Self::Router($rules) => $call,
            Self::Stream($rules) => $call,
            Self::Subscribe($rules) => $call,
        }
    };
}

impl Pattern for AnyPattern {
    fn socket_type(&self) -> SocketType {
        each!(self, rules => rules.socket_type())
    }

    fn keeps_unsent(&self) -> bool {
        each!(self, rules => rules.keeps_unsent())
    }

    fn attached(&mut self, peer: PeerId) {
        each!(self, rules => rules.attached(peer));
    }

    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason> {
        each!(self, rules => rules.connected(peer))
    }

    fn displaced(&mut self) -> Option<PeerId> {
        each!(self, rules => rules.displaced())
    }

    fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        each!(self, rules => rules.reroute())
    }

    fn sent(&mut self, peer: PeerId) {
        each!(self, rules => rules.sent(peer));
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        each!(self, rules => rules.set_full(peer, full));
    }

    fn disconnected(&mut self, peer: &mut PeerContext<'_>, unsent: usize) {
        each!(self, rules => rules.disconnected(peer, unsent));
    }

    fn closed(&mut self, peer: &mut PeerContext<'_>) {
        each!(self, rules => rules.closed(peer));
    }

    fn routing_id(&self, peer: PeerId) -> Option<&[u8]> {
        each!(self, rules => rules.routing_id(peer))
    }

    fn accept(&mut self, peer: PeerId, frame: FrameHeader) -> Verdict {
        each!(self, rules => rules.accept(peer, frame))
    }

    fn check(&mut self, peer: PeerId, id: [u8; 4]) -> Verdict {
        each!(self, rules => rules.check(peer, id))
    }

    fn received(
        &mut self,
        peer: &mut PeerContext<'_>,
        message: &Message,
    ) -> Result<Received, CloseReason> {
        each!(self, rules => rules.received(peer, message))
    }

    fn queued(&mut self, peer: PeerId) {
        each!(self, rules => rules.queued(peer));
    }

    fn subscription(
        &mut self,
        peer: &mut PeerContext<'_>,
        what: Subscription,
        topic: &[u8],
    ) -> Result<(), CloseReason> {
        each!(self, rules => rules.subscription(peer, what, topic))
    }

    fn take(&mut self) -> Option<PeerId> {
        each!(self, rules => rules.take())
    }

    fn route(&mut self) -> Option<PeerId> {
        each!(self, rules => rules.route())
    }

    fn can_receive(&self) -> bool {
        each!(self, rules => rules.can_receive())
    }

    fn can_send(&self) -> bool {
        each!(self, rules => rules.can_send())
    }
}
