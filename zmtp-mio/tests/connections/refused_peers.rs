//! A peer that is refused has written no message.

use std::io::Write;

use crate::harness::simulated::{simulated, turns_until};
use crate::harness::{closes, events};
use zmtp_mio::kind::StaticKind;
use zmtp_mio::testing::Simulation;
use zmtp_mio::{Builder, CloseReason, Dealer, Pair, Router, RoutingId, Socket};

const WAITING: u64 = 500;

/// A peer with queued messages is refused, and all of them arrive when the first peer is gone.
fn queued_messages_survive<A, B>(
    name: &str,
    bound: Builder<A>,
    connecting: impl Fn() -> Builder<B>,
    reason: CloseReason,
    simulation: &Simulation,
) where
    A: StaticKind + zmtp_mio::kind::CanReceive,
    B: StaticKind + zmtp_mio::kind::CanSend,
{
    let mut acceptor = bound.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = acceptor.endpoints().next().unwrap().to_string();
    let mut first: Socket<B> = connecting().connect(&endpoint).unwrap();
    turns_until(simulation, "the first handshake", || {
        first.step().unwrap();
        acceptor.step().unwrap();
        acceptor.counters().handshakes == 1
    });
    let mut second = connecting().connect(&endpoint).unwrap();
    for n in 0..WAITING {
        second.send(format!("{n}")).unwrap();
    }
    turns_until(simulation, "three refusals", || {
        first.step().unwrap();
        second.step().unwrap();
        acceptor.step().unwrap();
        acceptor.counters().refused == 3
    });
    assert_eq!(closes(&events!(acceptor)), [reason; 3], "{name}");
    assert_eq!(second.counters().messages_sent, 0, "{name}");
    assert_eq!(second.counters().handshakes, 0, "{name}");
    drop(first);
    let mut got = 0;
    turns_until(simulation, "all messages", || {
        second.step().unwrap();
        got += u64::from(acceptor.try_recv().unwrap().is_some());
        got == WAITING
    });
    assert_eq!(second.counters().dropped.total(), 0, "{name}");
}

#[test]
fn a_dealer_with_a_routing_id_in_use_loses_no_message() {
    let simulation = Simulation::new();
    queued_messages_survive(
        "ROUTER",
        simulated::<Router>(&simulation),
        || simulated::<Dealer>(&simulation).routing_id(RoutingId::new(b"one").unwrap()),
        CloseReason::RoutingIdInUse,
        &simulation,
    );
}

#[test]
fn a_second_peer_of_a_pair_loses_no_message() {
    let simulation = Simulation::new();
    queued_messages_survive(
        "PAIR",
        simulated::<Pair>(&simulation),
        || simulated::<Pair>(&simulation),
        CloseReason::PairTaken,
        &simulation,
    );
}

/// The protocol does not order the two READY commands.
#[test]
fn a_peer_that_waits_for_ready_gets_it() {
    let simulation = Simulation::new();
    let mut router = simulated::<Router>(&simulation).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = router.endpoints().next().unwrap().clone();
    let mut peer = simulation.connect(&endpoint).unwrap();
    peer.write_all(&wire::greeting("NULL")).unwrap();
    let mut got = Vec::new();
    turns_until(&simulation, "READY", || {
        router.step().unwrap();
        got.extend(peer.read_all().unwrap());
        got.len() > 64
    });
    peer.write_all(&wire::ready("DEALER")).unwrap();
    peer.write_all(&wire::message(&[b"here"])).unwrap();
    turns_until(&simulation, "a message", || router.try_recv().unwrap().is_some());
}
