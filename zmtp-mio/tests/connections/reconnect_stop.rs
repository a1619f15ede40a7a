//! Options that end the reconnection (`ZMQ_RECONNECT_IVL` of -1, `ZMQ_RECONNECT_STOP`).
#![cfg(unix)]

use std::io::{ErrorKind, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::harness::simulated::{simulated, turns_until};
use crate::harness::{LIMIT, closes, events};
use zmtp_mio::testing::{RawPeer, Simulation};
use zmtp_mio::{CloseReason, Dealer, Error, EventKind, Reconnect, Req};

const REFUSED: CloseReason = CloseReason::Io(ErrorKind::ConnectionRefused);

fn dealer(simulation: &Simulation, reconnect: Reconnect, endpoint: &str) -> Dealer {
    simulated::<Dealer>(simulation).reconnect(reconnect).connect(endpoint).unwrap()
}

/// The endpoint of a port on which nothing listens.
fn closed_port(simulation: &Simulation) -> String {
    simulation.listen().endpoint().to_string()
}

/// Checks that the socket has stopped connecting to an endpoint.
fn assert_stopped(dealer: &mut Dealer, endpoint: &str, attempts: u64) {
    assert_eq!(dealer.recv_timeout(1_000 * LIMIT).unwrap(), None);
    assert_eq!(dealer.counters().connection_attempts, attempts);
    assert_eq!(events!(dealer).last(), Some(&EventKind::NotRetrying));
    assert!(matches!(dealer.disconnect(endpoint), Err(Error::UnknownEndpoint(_))));
}

/// Completes a handshake with a client that has connected.
fn ready(simulation: &Simulation, dealer: &mut Dealer, peer: &mut RawPeer) {
    let before = dealer.counters().handshakes;
    peer.write_all(&wire::burst("DEALER", &[])).unwrap();
    turns_until(simulation, "a handshake", || {
        dealer.step().unwrap();
        dealer.counters().handshakes > before
    });
}

#[test]
fn without_reconnection_a_refused_attempt_is_the_only_one() {
    let simulation = Simulation::new();
    let endpoint = closed_port(&simulation);
    let mut dealer = dealer(&simulation, Reconnect::NEVER, &endpoint);
    assert_stopped(&mut dealer, &endpoint, 1);
    dealer.connect(&endpoint).unwrap();
    assert_stopped(&mut dealer, &endpoint, 2);
}

#[test]
fn without_reconnection_a_lost_connection_ends_the_endpoint_and_drops_its_messages() {
    let simulation = Simulation::new();
    let server = simulation.listen();
    let endpoint = server.endpoint().to_string();
    let mut dealer = dealer(&simulation, Reconnect::NEVER, &endpoint);
    dealer.send("never sent").unwrap();
    drop(server.accept().unwrap());
    assert_stopped(&mut dealer, &endpoint, 1);
    assert_eq!(dealer.counters().dropped.peer_gone, 1);
    dealer.connect(&endpoint).unwrap();
    let mut peer = server.accept().unwrap();
    ready(&simulation, &mut dealer, &mut peer);
    drop(peer);
    assert_stopped(&mut dealer, &endpoint, 2);
}

#[test]
fn without_reconnection_each_address_of_a_name_is_tried_once() {
    let simulation = Simulation::new();
    let addresses: Vec<SocketAddr> = (1..=3).map(|n| (Ipv4Addr::LOCALHOST, n).into()).collect();
    let mut dealer = simulated::<Dealer>(&simulation)
        .resolver(Arc::new(move |_, _| Ok(addresses.clone())))
        .reconnect(Reconnect::NEVER)
        .connect("tcp://three.example:1")
        .unwrap();
    assert_stopped(&mut dealer, "tcp://three.example:1", 3);
}

#[test]
fn a_refused_attempt_ends_the_reconnection_if_that_is_set() {
    let simulation = Simulation::new();
    let server = simulation.listen();
    let endpoint = server.endpoint().to_string();
    let reconnect = Reconnect::default().stop_if_refused(true);
    let mut dealer = dealer(&simulation, reconnect, &endpoint);
    // Neither a failed handshake nor a lost connection ends it.
    drop(server.accept().unwrap());
    let mut peer = None;
    turns_until(&simulation, "a second connection", || {
        dealer.step().unwrap();
        peer = server.accept();
        peer.is_some()
    });
    ready(&simulation, &mut dealer, peer.as_mut().unwrap());
    drop((server, peer));
    assert_eq!(dealer.recv_timeout(1_000 * LIMIT).unwrap(), None);
    let events = events!(dealer);
    assert_eq!(closes(&events), [CloseReason::ByPeer, CloseReason::ByPeer, REFUSED]);
    assert_eq!(events.last(), Some(&EventKind::NotRetrying));
}

#[test]
fn a_failed_handshake_ends_the_reconnection_if_that_is_set() {
    let simulation = Simulation::new();
    let endpoint = closed_port(&simulation);
    let reconnect = Reconnect::default().stop_if_handshake_fails(true);
    let mut dealer = dealer(&simulation, reconnect, &endpoint);
    assert_eq!(dealer.recv_timeout(LIMIT).unwrap(), None);
    let refused = dealer.counters().connection_attempts;
    assert!(refused > 1, "a refused attempt does not end it");
    let server = simulation.listen();
    let other = server.endpoint().to_string();
    dealer.disconnect(&endpoint).unwrap();
    dealer.connect(&other).unwrap();
    let mut peer = server.accept().unwrap();
    ready(&simulation, &mut dealer, &mut peer);
    drop(peer);
    let mut peer = None;
    turns_until(&simulation, "a connection after the lost one", || {
        dealer.step().unwrap();
        peer = server.accept();
        peer.is_some()
    });
    drop(peer);
    assert_stopped(&mut dealer, &other, refused + 2);
}

#[test]
fn without_reconnection_a_cancelled_request_still_connects_again() {
    let simulation = Simulation::new();
    let server = simulation.listen();
    let mut req = simulated::<Req>(&simulation)
        .reconnect(Reconnect::NEVER)
        .connect(server.endpoint().to_string())
        .unwrap();
    let mut peer = server.accept().unwrap();
    peer.write_all(&wire::burst("REP", &[])).unwrap();
    assert_eq!(req.request("question", Duration::from_millis(300)).unwrap(), None);
    let mut again = None;
    turns_until(&simulation, "a second connection", || {
        req.step().unwrap();
        again = server.accept();
        again.is_some()
    });
    assert_eq!(closes(&events!(req)), [CloseReason::RequestCancelled]);
}
