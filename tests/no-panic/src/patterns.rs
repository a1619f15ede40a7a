//! Patterns, with more than one peer.

use core::hint::black_box;

use zmtp_core::pattern::{self, Fixed, PeerId, RepPeer, ReqPeer};
use zmtp_core::wire::{FrameHeader, FrameKind, More};

pub(crate) type Req = pattern::Req<Fixed<ReqPeer, 4>>;
pub(crate) type Rep = pattern::Rep<Fixed<RepPeer, 4>>;

fn arguments(number: u64) -> (PeerId, FrameHeader) {
    let [low, high] = [number as u32, (number >> 32) as u32];
    let more = if high & 1 == 0 { More::Last } else { More::Follows };
    (PeerId(low), FrameHeader::new(FrameKind::Message(more), high.into()))
}

pub(crate) fn req(req: &mut Req, number: u64) {
    let (peer, header) = arguments(number);
    let _ = black_box(req.attach(peer));
    req.up(peer);
    let _ = black_box((req.may_route(), req.route(), req.request_id()));
    req.sent(peer);
    black_box(req.accept(peer, header));
    black_box(req.check_request_id(peer, peer.0.to_ne_bytes()));
    black_box((req.received(peer), req.may_take()));
    let _ = black_box(req.take());
    black_box(req.give_up());
    req.down(peer);
    black_box((req.lost(peer), req.detach(peer)));
}

pub(crate) fn rep(rep: &mut Rep, number: u64) {
    let (peer, header) = arguments(number);
    let _ = black_box(rep.attach(peer));
    black_box(rep.accept(peer, header));
    rep.received(peer);
    black_box((rep.queued(peer), rep.may_take(), rep.may_reply()));
    let _ = black_box(rep.take());
    let _ = black_box(rep.reply());
    rep.unreachable(peer);
    rep.detach(peer);
}
