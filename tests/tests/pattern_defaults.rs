//! The trait `Pattern` without a method of its own, and the texts of its errors.

use zmtp_core::Subscription;
use zmtp_core::pattern::{
    AttachError, NoRoom, OutOfTurn, Pattern, PeerId, Reason, RouteError, TakeError, Verdict,
};
use zmtp_core::wire::{FrameHeader, FrameKind, More};

/// A socket type that overrides nothing.
struct Plain;

impl Pattern for Plain {}

const PEER: PeerId = PeerId::new(0, 0);

#[test]
fn by_default_every_frame_is_delivered_and_no_message_is_sent_or_taken() {
    let mut plain = Plain;
    plain.attached(PEER).unwrap();
    assert_eq!(plain.connected(PEER, b"id"), Ok(None));
    let header = FrameHeader::new(FrameKind::Message(More::Last), 1);
    assert_eq!(plain.accept(PEER, header, true), Verdict::Deliver);
    assert_eq!(plain.check(PEER, b"x"), Verdict::Deliver);
    assert!(plain.received(PEER));
    assert_eq!(plain.subscription(PEER, Subscription::Subscribe, b"topic"), Ok(false));
    assert!(!plain.may_route() && !plain.may_take());
    assert_eq!(plain.route(b"id"), Err(RouteError::NoPeer));
    assert_eq!(plain.take(), Ok(None));
    assert_eq!(plain.reroute(), None);
    assert_eq!(plain.routing_id(PEER), None);
    assert!(!plain.keeps_unsent());
    plain.set_full(PEER, true);
    plain.sent(PEER);
    plain.disconnected(PEER);
    plain.closed(PEER);
    plain.detached(PEER);
}

#[test]
fn every_refusal_and_error_has_its_own_text() {
    let turn = OutOfTurn::NoRequestSent;
    let texts = [
        AttachError::from(NoRoom).to_string(),
        AttachError::RoutingIdInUse(PEER).to_string(),
        AttachError::SecondPeer.to_string(),
        RouteError::Full(PEER).to_string(),
        RouteError::NoPeer.to_string(),
        RouteError::PeerLost.to_string(),
        RouteError::Unknown.to_string(),
        TakeError::PeerLost.to_string(),
        Reason::BadEnvelope.to_string(),
        Reason::Unsolicited.to_string(),
        Reason::Multipart.to_string(),
        Reason::NotGroupAndBody.to_string(),
        Reason::NotSubscribed.to_string(),
        Reason::SendsOnly.to_string(),
        Reason::WrongPeer.to_string(),
        Reason::WrongRequestId.to_string(),
        turn.to_string(),
    ];
    for (at, text) in texts.iter().enumerate() {
        assert!(!text.is_empty());
        assert!(!texts[..at].contains(text), "{text:?} stands twice");
    }
    // An error that only passes another one on has its text.
    assert_eq!(RouteError::from(turn).to_string(), turn.to_string());
    assert_eq!(TakeError::from(turn).to_string(), turn.to_string());
}
