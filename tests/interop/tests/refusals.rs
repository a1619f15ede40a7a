//! Peers of libzmq that do not fit, and what each side learns.

mod common;

use std::time::{Duration, Instant};

use common::{LONG, OurRep, libzmq_req};
use zmtp_interop::libzmq::{Context, Kind, option};
use zmtp_mio::zmtp_core::PeerError;
use zmtp_mio::zmtp_core::wire::{MechanismName, SocketType};
use zmtp_mio::{CloseReason, EventKind, Rep, Req};

/// Turns a socket until an event fits.
fn wait_for(rep: &mut Rep, fits: impl Fn(EventKind) -> bool) {
    let end = Instant::now() + LONG;
    while Instant::now() < end {
        while let Some(event) = rep.next_event() {
            if fits(event.kind) {
                return;
            }
        }
        rep.wait(Duration::from_millis(50)).unwrap();
    }
    panic!("the event did not come");
}

/// libzmq may see the misfit first, and then closes without the bytes that would tell us.
const CLOSED_FIRST: [CloseReason; 2] =
    [CloseReason::ByPeer, CloseReason::Io(std::io::ErrorKind::ConnectionReset)];

/// Waits until the misfit is turned away, by us with this reason or by libzmq.
fn wait_for_refusal(rep: &mut Rep, error: PeerError) {
    let ours = CloseReason::Protocol(error.into());
    wait_for(rep, |kind| match kind {
        EventKind::Closed(reason) => reason == ours || CLOSED_FIRST.contains(&reason),
        EventKind::Ready(_) => panic!("the misfit was let in"),
        _ => false,
    });
    assert!(rep.counters().refused >= 1);
}

#[test]
fn a_socket_type_that_does_not_fit_is_turned_away() {
    let mut rep = common::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = rep.endpoints().next().unwrap().to_string();
    let push = Context::new().unwrap().socket(Kind::Push).unwrap();
    push.connect(&endpoint).unwrap();
    let (ours, peer) = (SocketType::Rep, SocketType::Push);
    wait_for_refusal(&mut rep, PeerError::IncompatibleSocketType { ours, peer });
}

#[test]
fn a_mechanism_that_does_not_fit_is_turned_away() {
    let mut rep = common::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = rep.endpoints().next().unwrap().to_string();
    let req = Context::new().unwrap().socket(Kind::Req).unwrap();
    req.set_bytes(option::PLAIN_USERNAME, b"user").unwrap();
    req.set_bytes(option::PLAIN_PASSWORD, b"secret").unwrap();
    req.connect(&endpoint).unwrap();
    wait_for_refusal(&mut rep, PeerError::MechanismMismatch { peer: MechanismName::PLAIN });
}

#[test]
fn an_honest_client_is_served_beside_those_that_do_not_fit() {
    let rep = OurRep::echo("tcp://127.0.0.1:*");
    let context = Context::new().unwrap();
    let misfits: Vec<_> = [Kind::Push, Kind::Sub, Kind::Router, Kind::Pair]
        .into_iter()
        .map(|kind| {
            let socket = context.socket(kind).unwrap();
            socket.connect(&rep.endpoint).unwrap();
            socket
        })
        .collect();
    let req = libzmq_req(&rep.endpoint);
    for _ in 0..100 {
        req.send(&[b"ping"]).unwrap();
        assert_eq!(req.recv().unwrap(), [b"ping"]);
    }
    drop(misfits);
}

#[test]
fn our_req_outlives_a_peer_that_does_not_fit_and_is_answered_by_its_successor() {
    let context = Context::new().unwrap();
    let pull = context.socket(Kind::Pull).unwrap();
    pull.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = pull.last_endpoint();
    let mut req = common::builder::<Req>().connect(&endpoint).unwrap();
    assert!(req.request("ping", Duration::from_millis(500)).unwrap().is_none());
    let turned_away = std::iter::from_fn(|| req.next_event())
        .any(|event| matches!(event.kind, EventKind::Closed(_)));
    assert!(turned_away, "the incompatible end gets an ERROR");
    assert_eq!(req.counters().handshakes, 0);
    pull.unbind(&endpoint).unwrap();
    drop(pull);
    drop(context);
    let _rep = OurRep::echo(&endpoint);
    let reply = req.request("ping", LONG).unwrap().expect("a reply");
    assert_eq!(reply.text(), Ok("ping"));
}
