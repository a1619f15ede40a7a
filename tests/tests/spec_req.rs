//! REQ against RFC 28, clause by clause, and against its model.

use zmtp_core::Config;
use zmtp_core::pattern::{
    Fixed, Mode, OutOfTurn, Pattern, PeerId, Reason, Req, ReqPeer, RouteError, Slots, TakeError,
    Verdict,
};
use zmtp_core::wire::{FrameHeader, FrameKind, More, SocketType};
use zmtp_tests::endpoint::{Endpoint, EndpointError};
use zmtp_tests::model::Table;
use zmtp_tests::properties::req_matches_its_model;
use zmtp_tests::random::Random;

const STRICT: Mode = Mode { relaxed: false, correlate: false };
const RELAXED: Mode = Mode { relaxed: true, correlate: false };
const CORRELATE: Mode = Mode { relaxed: true, correlate: true };

const A: PeerId = PeerId::new(10, 0);
const B: PeerId = PeerId::new(20, 1);
const C: PeerId = PeerId::new(30, 2);

const PENDING: RouteError = RouteError::OutOfTurn(OutOfTurn::ReplyPending);

/// A REQ with these peers, all connected.
fn req<S: Slots<ReqPeer>>(slots: S, mode: Mode, peers: &[PeerId]) -> Req<S> {
    let mut req = Req::new(slots, mode, 100);
    for peer in peers {
        req.connected(*peer, &[]).expect("room");
    }
    req
}

/// Receives a whole frame; returns the verdict.
fn frame<S: Slots<ReqPeer>>(req: &mut Req<S>, peer: PeerId, more: More, body: &[u8]) -> Verdict {
    let header = FrameHeader::new(FrameKind::Message(more), body.len() as u64);
    match req.accept(peer, header, false) {
        Verdict::RequestId => req.check(peer, body),
        verdict => verdict,
    }
}

/// Receives a whole message. Returns whether it was accepted as the reply, or why not.
fn reply<S: Slots<ReqPeer>>(
    req: &mut Req<S>,
    peer: PeerId,
    parts: &[&[u8]],
) -> Result<bool, Reason> {
    let mut result = None;
    let mut verdict = Verdict::Skip;
    for (at, part) in parts.iter().enumerate() {
        let more = if at + 1 < parts.len() { More::Follows } else { More::Last };
        verdict = frame(req, peer, more, part);
        if let Verdict::Reject(reason) = verdict {
            assert_eq!(result.replace(reason), None, "rejected twice");
        }
    }
    match result {
        Some(reason) => Err(reason),
        None => {
            assert_eq!(verdict, Verdict::Deliver);
            Ok(req.received(peer))
        }
    }
}

/// Sends a request and marks it as sent; returns the peer.
fn ask<S: Slots<ReqPeer>>(req: &mut Req<S>) -> Result<PeerId, RouteError> {
    let peer = req.route(&[])?;
    req.sent(peer);
    Ok(peer)
}

/// Sends a request and receives its reply; returns the peer.
fn exchange<S: Slots<ReqPeer>>(req: &mut Req<S>) -> PeerId {
    let peer = ask(req).expect("a peer");
    let answered = match req.request_id() {
        Some(id) => reply(req, peer, &[&id, b"", b"yes"]),
        None => reply(req, peer, &[b"", b"yes"]),
    };
    assert_eq!(answered, Ok(true));
    assert_eq!(req.take(), Ok(Some(peer)));
    peer
}

/// Runs each scenario over both kinds of tables.
macro_rules! scenarios {
    ($($name:ident($slots:ident) $body:block)*) => {$(
        #[test]
        fn $name() {
            fn scenario($slots: impl Slots<ReqPeer>) $body
            scenario(Fixed::<_, 4>::new());
            scenario(Table::new(4));
        }
    )*};
}

scenarios! {
    requests_go_to_the_peers_in_turn(slots) {
        let mut req = req(slots, STRICT, &[A, B, C]);
        let asked: Vec<PeerId> = (0..7).map(|_| exchange(&mut req)).collect();
        assert_eq!(asked, [A, B, C, A, B, C, A]);
    }

    a_peer_that_comes_back_takes_the_last_turn(slots) {
        let mut req = req(slots, STRICT, &[A, B, C]);
        assert_eq!(exchange(&mut req), A);
        req.disconnected(B);
        assert_eq!(exchange(&mut req), C);
        req.connected(B, &[]).unwrap();
        let asked: Vec<PeerId> = (0..4).map(|_| exchange(&mut req)).collect();
        assert_eq!(asked, [A, C, B, A]);
    }

    connected_peers_come_before_those_being_connected_to(slots) {
        let mut req = req(slots, STRICT, &[]);
        assert_eq!(ask(&mut req), Err(RouteError::NoPeer));
        assert!(!req.may_route());
        req.attached(A).unwrap();
        req.attached(B).unwrap();
        // No peer is connected: the request is queued for the first.
        assert_eq!(ask(&mut req), Ok(A));
        assert_eq!(req.cancel_request(), Some(A));
        assert_eq!(ask(&mut req), Ok(B));
        assert_eq!(req.cancel_request(), Some(B));
        req.connected(B, &[]).unwrap();
        assert_eq!([exchange(&mut req), exchange(&mut req)], [B, B]);
    }

    sending_and_receiving_alternate_strictly(slots) {
        let mut req = req(slots, STRICT, &[A, B]);
        assert_eq!(req.take(), Err(TakeError::OutOfTurn(OutOfTurn::NoRequestSent)));
        assert_eq!(ask(&mut req), Ok(A));
        assert_eq!(ask(&mut req), Err(PENDING));
        assert!(!req.may_route() && !req.may_take());
        assert_eq!(req.take(), Ok(None));
        assert_eq!(ask(&mut req), Err(PENDING));
        assert_eq!(reply(&mut req, A, &[b"", b"yes"]), Ok(true));
        assert_eq!(ask(&mut req), Err(PENDING));
        assert!(!req.may_route() && req.may_take());
        assert_eq!(req.take(), Ok(Some(A)));
        assert_eq!(req.take(), Err(TakeError::OutOfTurn(OutOfTurn::NoRequestSent)));
        // The refused calls took no turn.
        assert_eq!(ask(&mut req), Ok(B));
    }

    a_reply_is_taken_only_from_the_peer_asked(slots) {
        let mut req = req(slots, STRICT, &[A, B]);
        assert_eq!(reply(&mut req, A, &[b"", b"unasked"]), Err(Reason::Unsolicited));
        assert_eq!(ask(&mut req), Ok(A));
        assert_eq!(reply(&mut req, B, &[b"", b"wrong"]), Err(Reason::WrongPeer));
        assert_eq!(req.take(), Ok(None));
        assert_eq!(reply(&mut req, A, &[b"", b"right"]), Ok(true));
        assert_eq!(reply(&mut req, A, &[b"", b"second"]), Err(Reason::Unsolicited));
        assert_eq!(req.take(), Ok(Some(A)));
        assert_eq!(reply(&mut req, A, &[b"", b"late"]), Err(Reason::Unsolicited));
        assert_eq!(exchange(&mut req), B);
    }

    a_message_received_before_the_request_is_written_is_no_reply_to_it(slots) {
        let mut req = req(slots, STRICT, &[A, B]);
        assert_eq!(req.route(&[]), Ok(A));
        assert_eq!(reply(&mut req, A, &[b"", b"early"]), Err(Reason::Unsolicited));
        assert_eq!(reply(&mut req, B, &[b"", b"wrong"]), Err(Reason::WrongPeer));
        assert_eq!(req.route(&[]), Err(PENDING));
        assert!(!req.may_route() && !req.may_take());
        assert_eq!(req.take(), Ok(None));
        req.sent(B);
        assert_eq!(reply(&mut req, A, &[b"", b"early"]), Err(Reason::Unsolicited));
        req.sent(A);
        assert_eq!(reply(&mut req, A, &[b"", b"right"]), Ok(true));
        // It can be lost and cancelled like one that is written.
        assert_eq!(req.take(), Ok(Some(A)));
        assert_eq!(req.route(&[]), Ok(B));
        assert!(req.lost(B));
        assert_eq!(req.route(&[]), Ok(A));
        assert_eq!(req.cancel_request(), Some(A));
    }

    a_message_of_another_peer_between_the_parts_of_the_reply_does_not_hurt_it(slots) {
        let mut req = req(slots, STRICT, &[A, B]);
        assert_eq!(ask(&mut req), Ok(A));
        assert_eq!(frame(&mut req, A, More::Follows, b""), Verdict::Envelope);
        assert_eq!(frame(&mut req, B, More::Follows, b""), Verdict::Reject(Reason::WrongPeer));
        assert_eq!(frame(&mut req, A, More::Follows, b"1"), Verdict::Deliver);
        assert_eq!(frame(&mut req, B, More::Last, b"x"), Verdict::Skip);
        assert_eq!(frame(&mut req, A, More::Last, b""), Verdict::Deliver);
        assert!(req.received(A));
    }

    a_reply_without_delimiter_or_body_is_dropped_and_the_next_one_taken(slots) {
        let mut req = req(slots, STRICT, &[A, B]);
        let bad: [&[&[u8]]; 5] =
            [&[b"x"], &[b"x", b"y"], &[b"x", b"", b"y"], &[b"abcd", b"", b"y"], &[b""]];
        for _ in 0..2 {
            let peer = ask(&mut req).unwrap();
            for parts in bad {
                assert_eq!(reply(&mut req, peer, parts), Err(Reason::BadEnvelope));
                assert_eq!(req.take(), Ok(None));
            }
            assert_eq!(reply(&mut req, peer, &[b"", b"good"]), Ok(true));
            assert_eq!(req.take(), Ok(Some(peer)));
        }
    }

    empty_parts_behind_the_delimiter_are_the_reply(slots) {
        let mut req = req(slots, STRICT, &[A]);
        ask(&mut req).unwrap();
        assert_eq!(reply(&mut req, A, &[b"", b"", b"", b""]), Ok(true));
    }

    a_peer_lost_while_its_reply_is_due_is_reported_once_and_the_next_is_asked(slots) {
        let mut req = req(slots, STRICT, &[A, B]);
        assert_eq!(ask(&mut req), Ok(A));
        req.detached(B);
        assert!(!req.may_take());
        req.connected(B, &[]).unwrap();
        req.detached(A);
        assert!(req.may_take() && req.may_route());
        assert_eq!(req.take(), Err(TakeError::PeerLost));
        assert_eq!(req.take(), Err(TakeError::OutOfTurn(OutOfTurn::NoRequestSent)));
        assert_eq!(exchange(&mut req), B);
    }

    a_lost_peer_need_not_be_noticed_before_the_next_request(slots) {
        let mut req = req(slots, STRICT, &[A, B]);
        assert_eq!(ask(&mut req), Ok(A));
        req.disconnected(A);
        assert!(req.may_take() && !req.lost(A));
        assert_eq!(exchange(&mut req), B);
    }

    a_complete_reply_can_be_taken_after_its_peer_closed(slots) {
        let mut req = req(slots, STRICT, &[A]);
        ask(&mut req).unwrap();
        assert_eq!(reply(&mut req, A, &[b"", b"last words"]), Ok(true));
        req.closed(A);
        assert_eq!(req.take(), Ok(Some(A)));
    }

    a_queued_request_survives_a_reconnection_and_a_sent_one_does_not(slots) {
        let mut req = req(slots, STRICT, &[A]);
        assert_eq!(req.route(&[]), Ok(A));
        req.disconnected(A);
        assert!(!req.may_take());
        req.connected(A, &[]).unwrap();
        req.sent(A);
        req.disconnected(A);
        assert_eq!(req.take(), Err(TakeError::PeerLost));
    }

    a_detached_peer_takes_its_queued_reply_with_it(slots) {
        let mut req = req(slots, STRICT, &[A]);
        ask(&mut req).unwrap();
        assert_eq!(reply(&mut req, A, &[b"", b"dropped"]), Ok(true));
        req.detached(A);
        assert_eq!(req.take(), Err(TakeError::PeerLost));
    }

    a_late_reply_does_not_reach_the_next_peer_at_an_index(slots) {
        let new = PeerId::new(A.index(), 1);
        let mut req = req(slots, STRICT, &[A]);
        ask(&mut req).unwrap();
        req.connected(new, &[]).unwrap();
        assert_eq!(req.take(), Err(TakeError::PeerLost));
        assert_eq!(ask(&mut req), Ok(new));
        assert_eq!(reply(&mut req, A, &[b"late"]), Err(Reason::Unsolicited));
        assert_eq!(reply(&mut req, new, &[b"", b"yes"]), Ok(true));
    }

    half_a_reply_is_dropped_with_its_connection(slots) {
        let mut req = req(slots, STRICT, &[A]);
        ask(&mut req).unwrap();
        assert_eq!(frame(&mut req, A, More::Follows, b""), Verdict::Envelope);
        req.disconnected(A);
        assert!(req.may_take());
        req.connected(A, &[]).unwrap();
        assert_eq!(exchange(&mut req), A);
    }

    parts_of_a_reply_to_a_cancelled_request_are_no_parts_of_the_next(slots) {
        let mut req = req(slots, RELAXED, &[A]);
        ask(&mut req).unwrap();
        assert_eq!(frame(&mut req, A, More::Follows, b""), Verdict::Envelope);
        assert_eq!(frame(&mut req, A, More::Follows, b"old"), Verdict::Deliver);
        ask(&mut req).unwrap();
        assert_eq!(frame(&mut req, A, More::Last, b"old"), Verdict::Skip);
        assert_eq!(reply(&mut req, A, &[b"", b"new"]), Ok(true));
    }

    // A reply was once accepted as the next one if its request was cancelled while the body of its
    // last frame was arriving: the frame had its verdict, and `received` checked only the peer.
    the_reply_to_a_request_cancelled_during_its_last_frame_is_no_reply_to_the_next_request(slots) {
        let mut req = req(slots, CORRELATE, &[A]);
        ask(&mut req).unwrap();
        let id = req.request_id().unwrap();
        assert_eq!(frame(&mut req, A, More::Follows, &id), Verdict::Envelope);
        assert_eq!(frame(&mut req, A, More::Follows, b""), Verdict::Envelope);
        assert_eq!(frame(&mut req, A, More::Last, b"old"), Verdict::Deliver);
        ask(&mut req).unwrap();
        assert!(!req.received(A), "the old reply's body is complete only now");
        let id = req.request_id().unwrap();
        assert_eq!(reply(&mut req, A, &[&id, b"", b"new"]), Ok(true));
    }

    // The same for a request that is reported lost while its peer stays connected.
    half_a_reply_to_a_lost_request_is_no_reply_to_the_next_request(slots) {
        let mut req = req(slots, STRICT, &[A]);
        ask(&mut req).unwrap();
        assert_eq!(frame(&mut req, A, More::Follows, b""), Verdict::Envelope);
        assert!(req.lost(A));
        assert_eq!(ask(&mut req), Ok(A));
        assert_eq!(frame(&mut req, A, More::Last, b"old"), Verdict::Skip);
        assert_eq!(reply(&mut req, A, &[b"", b"new"]), Ok(true));
    }

    a_relaxed_req_asks_again_without_a_reply(slots) {
        let mut req = req(slots, RELAXED, &[A, B]);
        assert_eq!(ask(&mut req), Ok(A));
        assert_eq!(ask(&mut req), Ok(B));
        assert_eq!(reply(&mut req, A, &[b"", b"late"]), Err(Reason::WrongPeer));
        assert_eq!(reply(&mut req, B, &[b"", b"yes"]), Ok(true));
        // A queued reply is dropped too.
        assert_eq!(ask(&mut req), Ok(A));
        assert_eq!(req.take(), Ok(None));
    }

    replies_with_another_id_or_none_are_dropped_and_the_right_one_taken(slots) {
        let mut req = req(slots, CORRELATE, &[A]);
        ask(&mut req).unwrap();
        let old = req.request_id().unwrap();
        ask(&mut req).unwrap();
        let id = req.request_id().unwrap();
        assert_eq!(u32::from_ne_bytes(id), u32::from_ne_bytes(old) + 1);
        let wrong: [&[&[u8]]; 4] =
            [&[&old, b"", b"old"], &[b"", b"none"], &[b"abc", b"", b"short"], &[&id]];
        for parts in wrong {
            assert_eq!(reply(&mut req, A, parts), Err(Reason::WrongRequestId), "{parts:?}");
        }
        assert_eq!(reply(&mut req, A, &[&id, b"x", b"y"]), Err(Reason::BadEnvelope));
        assert_eq!(reply(&mut req, A, &[&id, b""]), Err(Reason::BadEnvelope));
        assert_eq!(reply(&mut req, A, &[&id, b"", b"new"]), Ok(true));
        assert_eq!(req.take(), Ok(Some(A)));
    }

    ids_go_on_past_the_largest(slots) {
        let mut req = Req::new(slots, CORRELATE, u32::MAX);
        req.connected(A, &[]).unwrap();
        exchange(&mut req);
        assert_eq!(req.request_id(), Some([0; 4]));
    }

    without_correlation_there_is_no_id(slots) {
        let mut req = req(slots, RELAXED, &[A]);
        assert_eq!(exchange(&mut req), A);
        assert_eq!(req.request_id(), None);
    }

    a_full_table_refuses_a_peer_and_an_unknown_peer_changes_nothing(slots) {
        let mut req = req(slots, STRICT, &[A, B, C, PeerId::new(40, 0)]);
        assert!(req.attached(PeerId::new(50, 0)).is_err());
        assert_eq!(reply(&mut req, PeerId::new(50, 0), &[b"x"]), Err(Reason::Unsolicited));
        assert!(!req.received(PeerId::new(50, 0)));
        assert!(req.connected(PeerId::new(50, 0), &[]).is_err());
        req.disconnected(PeerId::new(50, 0));
        assert_eq!(exchange(&mut req), A);
    }
}

#[test]
fn req_equals_its_model_over_long_random_scripts() {
    let mut random = Random::new(28);
    for _ in 0..600 {
        let len = 1 + random.below(3_000);
        let script: Vec<u8> = (0..len).map(|_| random.number() as u8).collect();
        req_matches_its_model(&script);
    }
}

#[test]
fn a_request_on_the_wire_has_a_delimiter_and_a_reply_without_one_is_rejected() {
    let config = Config::new(SocketType::Req);
    let mut req = Endpoint::new(&config);
    let ask = [b"ask".to_vec()];
    assert_eq!(req.send(&ask), Err(EndpointError::NoPeer));
    req.arrive(&[wire::greeting("NULL"), wire::ready("REP")].concat());
    req.driver().take_sent();
    req.send(&ask).unwrap();
    assert_eq!(req.driver().take_sent(), wire::message(&[b"", b"ask"]));
    assert_eq!(req.send(&ask), Err(EndpointError::OutOfTurn(OutOfTurn::ReplyPending)));
    req.arrive(&wire::message(&[b"no delimiter"]));
    assert_eq!(req.receive(), Ok(None));
    assert_eq!((req.rejected(), req.error()), (&[Reason::BadEnvelope][..], None));
    req.arrive(&wire::message(&[b"", b"answer", b""]));
    assert_eq!(req.receive(), Ok(Some(vec![b"answer".to_vec(), vec![]])));
}
