//! Patterns, with more than one peer.

use core::hint::black_box;

use zmtp_core::Subscription;
use zmtp_core::pattern::{
    self, FairPeer, Fixed, FixedSubscriptions, FixedTopics, OutgoingPeer, Pattern, PeerId, RepPeer,
    ReqPeer,
};
use zmtp_core::wire::{FrameHeader, FrameKind, Group, More};

pub(crate) type Req = pattern::Req<Fixed<ReqPeer, 4>>;
pub(crate) type Rep = pattern::Rep<Fixed<RepPeer, 4>>;

/// The socket types for messages of one part.
pub(crate) struct Single {
    client: pattern::Client<Fixed<OutgoingPeer, 4>>,
    gather: pattern::Gather<Fixed<FairPeer, 4>>,
    channel: pattern::Channel,
    radio: pattern::Radio<Fixed<FairPeer, 4>, FixedTopics<64>>,
    dish: pattern::Dish<Fixed<FairPeer, 4>, FixedSubscriptions<64>>,
}

fn arguments(number: u64) -> (PeerId, FrameHeader) {
    let [low, high] = [number as u32, (number >> 32) as u32];
    let more = if high & 1 == 0 { More::Last } else { More::Follows };
    (PeerId::new(low, high), FrameHeader::new(FrameKind::Message(more), high.into()))
}

/// Calls every method of a pattern.
fn each(pattern: &mut impl Pattern, number: u64) {
    let (peer, header) = arguments(number);
    let bytes = number.to_ne_bytes();
    let _ = black_box(pattern.attached(peer));
    let _ = black_box(pattern.connected(peer, &bytes));
    pattern.set_full(peer, number % 2 == 0);
    let _ = black_box((pattern.may_route(), pattern.route(&bytes)));
    black_box(pattern.reroute());
    pattern.sent(peer);
    black_box(pattern.accept(peer, header, number % 3 == 0));
    black_box(pattern.check(peer, &bytes[..4]));
    black_box((pattern.received(peer), pattern.may_take()));
    let _ = black_box(pattern.take());
    pattern.disconnected(peer);
    pattern.closed(peer);
    pattern.detached(peer);
}

pub(crate) fn req(req: &mut Req, number: u64) {
    each(req, number);
    black_box((req.request_id(), req.cancel_request(), req.lost(arguments(number).0)));
}

pub(crate) fn rep(rep: &mut Rep, number: u64) {
    each(rep, number);
    black_box(rep.queued(arguments(number).0));
}

pub(crate) fn single(single: &mut Single, bytes: &[u8], number: u64) {
    each(&mut single.client, number);
    each(&mut single.gather, number);
    each(&mut single.channel, number);
    each(&mut single.radio, number);
    each(&mut single.dish, number);
    for what in [Subscription::Cancel, Subscription::Subscribe] {
        let _ = black_box(single.radio.subscription(arguments(number).0, what, bytes));
    }
    single.radio.members(bytes, |peer| {
        black_box(peer);
    });
    if let Ok(group) = Group::new(bytes) {
        let _ = black_box(single.dish.join(group));
        black_box((single.dish.is_joined(bytes), single.dish.leave(group)));
    }
    single.dish.replay(|group| {
        black_box(group);
    });
}
