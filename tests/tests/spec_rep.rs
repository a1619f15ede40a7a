//! REP against RFC 28, clause by clause, and against its model.

use zmtp_core::Config;
use zmtp_core::pattern::{
    Fixed, OutOfTurn, Pattern, PeerId, Reason, Rep, RepPeer, RouteError, Slots, TakeError, Verdict,
};
use zmtp_core::wire::{FrameHeader, FrameKind, More, SocketType};
use zmtp_tests::endpoint::{Endpoint, EndpointError};
use zmtp_tests::model::Table;
use zmtp_tests::properties::rep_matches_its_model;
use zmtp_tests::random::Random;

const A: PeerId = PeerId::new(10, 0);
const B: PeerId = PeerId::new(20, 1);
const C: PeerId = PeerId::new(30, 2);

const NOT_TAKEN: RouteError = RouteError::OutOfTurn(OutOfTurn::NoRequestTaken);

/// A REP with these peers.
fn rep<S: Slots<RepPeer>>(slots: S, peers: &[PeerId]) -> Rep<S> {
    let mut rep = Rep::new(slots);
    for peer in peers {
        rep.connected(*peer, &[]).expect("room");
    }
    rep
}

fn frame<S: Slots<RepPeer>>(rep: &mut Rep<S>, peer: PeerId, more: More, len: u64) -> Verdict {
    rep.accept(peer, FrameHeader::new(FrameKind::Message(more), len), false)
}

/// Receives a message with frames of these sizes; returns the verdict on each.
fn message<S: Slots<RepPeer>>(rep: &mut Rep<S>, peer: PeerId, sizes: &[u64]) -> Vec<Verdict> {
    let last = sizes.len() - 1;
    let more = |at| if at < last { More::Follows } else { More::Last };
    let verdicts: Vec<Verdict> =
        sizes.iter().enumerate().map(|(at, len)| frame(rep, peer, more(at), *len)).collect();
    if verdicts.last() == Some(&Verdict::Deliver) {
        rep.received(peer);
    }
    verdicts
}

/// Receives a plain request.
fn request<S: Slots<RepPeer>>(rep: &mut Rep<S>, peer: PeerId) {
    assert_eq!(message(rep, peer, &[0, 5]), [Verdict::Envelope, Verdict::Deliver]);
}

/// Takes a request and answers it; returns its peer.
fn serve<S: Slots<RepPeer>>(rep: &mut Rep<S>) -> Option<PeerId> {
    let peer = rep.take().expect("no reply is due")?;
    assert_eq!(rep.route(&[]), Ok(peer));
    Some(peer)
}

/// Runs each scenario over both kinds of tables.
macro_rules! scenarios {
    ($($name:ident($slots:ident) $body:block)*) => {$(
        #[test]
        fn $name() {
            fn scenario($slots: impl Slots<RepPeer>) $body
            scenario(Fixed::<_, 12>::new());
            scenario(Table::new(12));
        }
    )*};
}

scenarios! {
    requests_are_taken_from_the_peers_in_turn(slots) {
        let mut rep = rep(slots, &[A, B, C]);
        for peer in [A, A, A, B, C, C] {
            request(&mut rep, peer);
        }
        let served: Vec<PeerId> = core::iter::from_fn(|| serve(&mut rep)).collect();
        assert_eq!(served, [A, B, C, A, C, A]);
    }

    one_flooding_peer_of_many_gets_no_more_than_its_turns(slots) {
        let peers: Vec<PeerId> = (0..10).map(|index| PeerId::new(index, 0)).collect();
        let mut rep = rep(slots, &peers);
        let mut served = [0; 10];
        for round in 0..1_000 {
            // The first peer sends twenty requests where the others send one.
            for _ in 0..20 {
                request(&mut rep, peers[0]);
            }
            request(&mut rep, peers[1 + round % 9]);
            for _ in 0..2 {
                let peer = serve(&mut rep).expect("requests wait");
                served[peer.index() as usize] += 1;
            }
        }
        assert_eq!(served.iter().sum::<usize>(), 2_000);
        // The others had all they asked for, but for what came last.
        assert!(served[1..].iter().all(|n| *n >= 110), "{served:?}");
    }

    peers_that_all_flood_get_the_same(slots) {
        let peers: Vec<PeerId> = (0..3).map(|index| PeerId::new(index, 0)).collect();
        let mut rep = rep(slots, &peers);
        for _ in 0..300 {
            peers.iter().for_each(|peer| request(&mut rep, *peer));
        }
        let mut served = [0; 3];
        for _ in 0..300 {
            served[serve(&mut rep).unwrap().index() as usize] += 1;
        }
        assert_eq!(served, [100; 3]);
    }

    taking_and_answering_alternate_strictly(slots) {
        let mut rep = rep(slots, &[A, B]);
        assert_eq!(rep.route(&[]), Err(NOT_TAKEN));
        assert_eq!(rep.take(), Ok(None));
        assert_eq!(rep.route(&[]), Err(NOT_TAKEN));
        request(&mut rep, A);
        request(&mut rep, B);
        assert!(rep.may_take() && !rep.may_route());
        assert_eq!(rep.take(), Ok(Some(A)));
        assert_eq!(rep.take(), Err(TakeError::OutOfTurn(OutOfTurn::ReplyDue)));
        assert!(!rep.may_take() && rep.may_route());
        assert_eq!(rep.route(&[]), Ok(A));
        assert_eq!(rep.route(&[]), Err(NOT_TAKEN));
        assert_eq!(rep.take(), Ok(Some(B)));
    }

    the_envelope_reaches_to_the_first_empty_frame(slots) {
        use Verdict::{Deliver, Envelope};
        let mut rep = rep(slots, &[A]);
        assert_eq!(
            message(&mut rep, A, &[5, 7, 255, 0, 0, 3, 0]),
            [Envelope, Envelope, Envelope, Envelope, Deliver, Deliver, Deliver]
        );
        assert_eq!(message(&mut rep, A, &[0, 0]), [Envelope, Deliver]);
        assert_eq!(rep.queued(A), 2);
    }

    a_request_without_delimiter_or_body_is_dropped_and_the_next_one_taken(slots) {
        let bad = Verdict::Reject(Reason::BadEnvelope);
        let mut rep = rep(slots, &[A, B]);
        for peer in [A, B] {
            assert_eq!(message(&mut rep, peer, &[5]), [bad]);
            assert_eq!(message(&mut rep, peer, &[0]), [bad]);
            assert_eq!(message(&mut rep, peer, &[5, 6]), [Verdict::Envelope, bad]);
            assert_eq!(message(&mut rep, peer, &[5, 0]), [Verdict::Envelope, bad]);
            assert_eq!(rep.queued(peer), 0);
            request(&mut rep, peer);
        }
        assert_eq!([serve(&mut rep), serve(&mut rep), serve(&mut rep)], [Some(A), Some(B), None]);
    }

    requests_of_many_peers_may_come_part_by_part_between_each_other(slots) {
        let mut rep = rep(slots, &[A, B]);
        for peer in [A, B] {
            assert_eq!(frame(&mut rep, peer, More::Follows, 3), Verdict::Envelope);
        }
        assert_eq!(frame(&mut rep, A, More::Follows, 0), Verdict::Envelope);
        assert_eq!(frame(&mut rep, B, More::Last, 3), Verdict::Reject(Reason::BadEnvelope));
        assert_eq!(frame(&mut rep, A, More::Last, 3), Verdict::Deliver);
        assert!(!rep.may_take(), "not before the request is whole");
        rep.received(A);
        assert_eq!(serve(&mut rep), Some(A));
    }

    the_reply_to_a_peer_that_is_gone_is_dropped_and_the_next_request_taken(slots) {
        let mut rep = rep(slots, &[A, B]);
        request(&mut rep, A);
        request(&mut rep, B);
        assert_eq!(rep.take(), Ok(Some(A)));
        rep.detached(A);
        assert!(rep.may_route());
        assert_eq!(rep.route(&[]), Err(RouteError::PeerLost));
        assert_eq!(serve(&mut rep), Some(B));
    }

    a_peer_that_reuses_the_index_of_another_does_not_get_its_reply(slots) {
        let mut rep = rep(slots, &[A]);
        request(&mut rep, A);
        assert_eq!(rep.take(), Ok(Some(A)));
        rep.detached(A);
        rep.attached(PeerId::new(A.index(), 1)).unwrap();
        assert_eq!(rep.route(&[]), Err(RouteError::PeerLost));
    }

    queued_requests_of_a_peer_that_disconnected_are_taken_and_not_answered(slots) {
        let mut rep = rep(slots, &[A, B]);
        for peer in [A, A, B] {
            request(&mut rep, peer);
        }
        rep.disconnected(A);
        assert_eq!(rep.queued(A), 2);
        assert_eq!(rep.take(), Ok(Some(A)));
        rep.detached(A);
        assert_eq!(rep.route(&[]), Err(RouteError::PeerLost));
        assert_eq!(rep.queued(A), 0);
        assert_eq!([serve(&mut rep), serve(&mut rep)], [Some(B), None]);
    }

    requests_of_a_closed_peer_can_be_taken_and_the_last_one_forgets_it(slots) {
        let mut rep = rep(slots, &[A, B]);
        for peer in [A, A, B] {
            request(&mut rep, peer);
        }
        rep.closed(A);
        for peer in [A, B, A] {
            assert_eq!(rep.take(), Ok(Some(peer)));
            assert_eq!(rep.route(&[]), if peer == A { Err(RouteError::PeerLost) } else { Ok(B) });
        }
        assert!(!rep.received(A) && !rep.may_take());
        assert_eq!(frame(&mut rep, A, More::Follows, 0), Verdict::Reject(Reason::Unsolicited));
    }

    a_reconnected_peer_gets_replies_to_its_new_requests_only(slots) {
        let mut rep = rep(slots, &[A]);
        request(&mut rep, A);
        rep.disconnected(A);
        rep.connected(A, &[]).unwrap();
        request(&mut rep, A);
        assert_eq!((rep.take(), rep.route(&[])), (Ok(Some(A)), Err(RouteError::PeerLost)));
        assert_eq!(serve(&mut rep), Some(A));
    }

    half_a_request_is_dropped_with_its_connection(slots) {
        let mut rep = rep(slots, &[A]);
        assert_eq!(frame(&mut rep, A, More::Follows, 0), Verdict::Envelope);
        rep.disconnected(A);
        assert_eq!(message(&mut rep, A, &[5]), [Verdict::Reject(Reason::BadEnvelope)]);
    }

    an_unknown_peer_changes_nothing(slots) {
        let mut rep = rep(slots, &[A]);
        assert_eq!(frame(&mut rep, B, More::Last, 0), Verdict::Reject(Reason::Unsolicited));
        assert!(!rep.received(B));
        rep.detached(B);
        assert_eq!((rep.queued(B), rep.take()), (0, Ok(None)));
    }
}

#[test]
fn rep_equals_its_model_over_long_random_scripts() {
    let mut random = Random::new(82);
    for _ in 0..600 {
        let len = 1 + random.below(3_000);
        let script: Vec<u8> = (0..len).map(|_| random.number() as u8).collect();
        rep_matches_its_model(&script);
    }
}

#[test]
fn a_reply_on_the_wire_has_the_envelope_of_its_request() {
    let config = Config::new(SocketType::Rep);
    let mut rep = Endpoint::new(&config);
    rep.arrive(&[wire::greeting("NULL"), wire::ready("DEALER")].concat());
    rep.driver().take_sent();
    rep.arrive(&wire::message(&[b"hop 2", b"hop 1", b"", b"ask", b""]));
    rep.arrive(&wire::message(&[b"", b"ask"]));
    let answer = [b"answer".to_vec()];
    assert_eq!(rep.send(&answer), Err(EndpointError::OutOfTurn(OutOfTurn::NoRequestTaken)));
    assert_eq!(rep.receive(), Ok(Some(vec![b"ask".to_vec(), vec![]])));
    assert_eq!(rep.receive(), Err(EndpointError::OutOfTurn(OutOfTurn::ReplyDue)));
    rep.send(&answer).unwrap();
    let expected = wire::message(&[b"hop 2", b"hop 1", b"", b"answer"]);
    assert_eq!(rep.driver().take_sent(), expected);
    assert_eq!(rep.receive(), Ok(Some(vec![b"ask".to_vec()])));
    rep.send(&answer).unwrap();
    assert_eq!(rep.driver().take_sent(), wire::message(&[b"", b"answer"]));
}
