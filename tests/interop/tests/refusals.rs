//! Incompatible libzmq peers, and what each side reports.

mod common;

use std::time::{Duration, Instant};

use common::{LONG, OurRep, libzmq_req};
use zmtp_core::PeerError;
use zmtp_core::wire::{MechanismName, SocketType};
use zmtp_interop::libzmq::{Context, Kind, option};
use zmtp_mio::{CloseReason, EventKind, Rep, Req};

/// Drives a socket until a matching event.
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

/// libzmq may detect the mismatch first, and then closes before its READY arrives.
const CLOSED_FIRST: [CloseReason; 2] =
    [CloseReason::ByPeer, CloseReason::Io(std::io::ErrorKind::ConnectionReset)];

/// Waits until the connection is refused, by us for this reason or by libzmq.
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
fn an_incompatible_socket_type_is_refused() {
    let mut rep = common::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = rep.endpoints().next().unwrap().to_string();
    let push = Context::new().unwrap().socket(Kind::Push).unwrap();
    push.connect(&endpoint).unwrap();
    let (ours, peer) = (SocketType::Rep, SocketType::Push);
    wait_for_refusal(&mut rep, PeerError::IncompatibleSocketType { ours, peer });
}

#[test]
fn another_mechanism_is_refused() {
    let mut rep = common::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = rep.endpoints().next().unwrap().to_string();
    let req = Context::new().unwrap().socket(Kind::Req).unwrap();
    req.set_bytes(option::PLAIN_USERNAME, b"user").unwrap();
    req.set_bytes(option::PLAIN_PASSWORD, b"secret").unwrap();
    req.connect(&endpoint).unwrap();
    let (ours, peer) = (MechanismName::NULL, MechanismName::PLAIN);
    wait_for_refusal(&mut rep, PeerError::MechanismMismatch { ours, peer });
}

#[test]
fn an_honest_client_is_served_beside_incompatible_ones() {
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
fn our_req_is_answered_after_an_incompatible_peer_is_replaced() {
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
