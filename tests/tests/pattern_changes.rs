//! Options of a socket type that change while it has peers.

use zmtp_core::pattern::{
    Filter, Fixed, FixedSubscriptions, Mode, OutOfTurn, Pair, Pattern, PeerId, Push, Req,
    RouteError, Router, Subscribe, Verdict,
};
use zmtp_core::wire::{FrameHeader, FrameKind, More, SocketType};
use zmtp_tests::model::IdList;

const A: PeerId = PeerId::new(0, 0);
const B: PeerId = PeerId::new(1, 0);

#[test]
fn a_pair_sends_only_to_a_connected_peer_from_its_next_loss_on() {
    let mut pair = Pair::new(false);
    pair.attached(A).unwrap();
    assert!(pair.may_route());
    pair.set_only_connected(true);
    pair.connected(A, b"").unwrap();
    pair.disconnected(A);
    assert!(!pair.may_route());
    pair.connected(A, b"").unwrap();
    assert!(pair.may_route());
}

#[test]
fn a_push_shares_its_turns_with_peers_that_are_not_connected() {
    let mut push = Push::new(Fixed::<_, 4>::new(), false);
    push.share_turns();
    push.attached(A).unwrap();
    push.connected(B, b"").unwrap();
    let turns: Vec<_> = (0..4).map(|_| push.route(b"").unwrap()).collect();
    assert!(turns.contains(&A) && turns.contains(&B), "{turns:?}");
    push.set_only_connected(true);
    push.disconnected(B);
    push.closed(A);
    assert_eq!(push.route(b""), Err(RouteError::NoPeer));
}

#[test]
fn a_req_becomes_relaxed_and_shares_its_turns() {
    let mut req = Req::new(Fixed::<_, 4>::new(), Mode::default(), 1);
    req.share_turns();
    req.attached(A).unwrap();
    assert_eq!(req.route(b""), Ok(A), "it is not connected");
    assert_eq!(req.route(b""), Err(RouteError::OutOfTurn(OutOfTurn::ReplyPending)));
    let relaxed = Mode { relaxed: true, correlate: true };
    req.set_mode(relaxed);
    assert_eq!(req.mode(), relaxed);
    assert_eq!(req.route(b""), Ok(A));
    assert_eq!(req.reroute(), None, "the request stays at its peer");
}

#[test]
fn a_router_hands_a_routing_id_over_from_now_on() {
    let mut router = Router::new(Fixed::<_, 4>::new(), IdList::new(4), 7, false);
    router.connected(A, b"ann").unwrap();
    assert!(router.connected(B, b"ann").is_err());
    router.set_handover(true);
    assert_eq!(router.connected(B, b"ann"), Ok(Some(A)));
    assert_eq!(router.route(b"ann"), Ok(B));
}

#[test]
fn a_sub_inverts_its_filter_and_an_xsub_has_none() {
    let subscribe = |filter| {
        let mut socket =
            Subscribe::new(Fixed::<_, 4>::new(), FixedSubscriptions::<64>::new(), filter);
        socket.connected(A, b"").unwrap();
        socket
    };
    let header = FrameHeader::new(FrameKind::Message(More::Last), 1);
    let mut sub = subscribe(Filter::Matching);
    assert_eq!(sub.accept(A, header, true), Verdict::Subject);
    assert_ne!(sub.check(A, b"x"), Verdict::Deliver);
    sub.set_filter(Filter::Inverted);
    assert_eq!(sub.check(A, b"x"), Verdict::Deliver);
    let mut xsub = subscribe(Filter::All);
    xsub.set_filter(Filter::Inverted);
    assert_eq!(xsub.socket_type(), SocketType::Xsub, "it has no filter");
}
