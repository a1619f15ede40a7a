//! Incompatible libzmq peers, and what each side reports.

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use common::any::until;
use common::secure::{SECURE, Secure};
use common::{LONG, OurRep, libzmq, libzmq_req};
use zmtp_core::PeerError;
use zmtp_core::wire::{Greeting, SocketType};
use zmtp_interop::libzmq::{Context, Kind};
use zmtp_mio::{CloseReason, EventKind, Pull, Rep, Req};

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

/// The length of a signature in bytes. The major version is the next byte of a greeting.
const SIGNATURE: usize = 10;

/// Connects libzmq to our socket so that its whole greeting arrives there: libzmq sends its mechanism when it
/// has read our version, and reads our mechanism later. Without this, libzmq mostly detects a mismatch first,
/// and closes before it has sent its mechanism. Returns the two connections.
fn relay_greeting(libzmq: &TcpListener, ours: &str) -> [TcpStream; 2] {
    let mut greeting = [0; Greeting::LEN];
    let (mut theirs, _) = libzmq.accept().unwrap();
    let mut ours = TcpStream::connect(ours.strip_prefix("tcp://").unwrap()).unwrap();
    for stream in [&theirs, &ours] {
        stream.set_read_timeout(Some(LONG)).unwrap();
    }
    theirs.read_exact(&mut greeting[..SIGNATURE]).unwrap();
    ours.write_all(&greeting[..SIGNATURE]).unwrap();
    let mut version = [0; SIGNATURE + 1];
    ours.read_exact(&mut version).unwrap();
    theirs.write_all(&version).unwrap();
    theirs.read_exact(&mut greeting[SIGNATURE..]).unwrap();
    ours.write_all(&greeting[SIGNATURE..]).unwrap();
    [theirs, ours]
}

/// The reason of the first closed connection. None was ready before.
fn wait_for_close(pull: &mut Pull) -> CloseReason {
    let reason = until("the refusal", || {
        pull.wait(Duration::from_millis(5)).unwrap();
        core::iter::from_fn(|| pull.next_event()).find_map(|event| match event.kind {
            EventKind::Closed(reason) => Some(reason),
            _ => None,
        })
    });
    assert_eq!(pull.counters().handshakes, 0);
    reason
}

#[test]
fn another_mechanism_is_refused_in_both_roles() {
    let all = [Secure::Null, SECURE[0], SECURE[1], SECURE[2], SECURE[3]];
    for ours in all {
        for theirs in all.into_iter().filter(|theirs| theirs.name() != ours.name()) {
            let bind = || {
                let pull = ours.builder::<Pull>().bind("tcp://127.0.0.1:*").unwrap();
                let endpoint = pull.last_endpoint().unwrap().to_string();
                (pull, endpoint)
            };
            let connect = |endpoint: &str| {
                let context = Context::new().unwrap();
                let push = libzmq(&context, Kind::Push);
                theirs.set(&context, &push);
                push.connect(endpoint).unwrap();
                (push, context)
            };
            let mismatch = PeerError::MechanismMismatch { ours: ours.name(), peer: theirs.name() };
            let mismatch = CloseReason::Protocol(mismatch.into());

            let (mut pull, endpoint) = bind();
            let _push = connect(&endpoint);
            let reason = wait_for_close(&mut pull);
            // Or libzmq detected the mismatch first.
            let by_peer = matches!(reason, CloseReason::ByPeer | CloseReason::Io(_));
            assert!(by_peer || reason == mismatch, "{ours:?} and {theirs:?}: {reason}");

            let (mut pull, endpoint) = bind();
            let relay = TcpListener::bind("127.0.0.1:0").unwrap();
            let _push = connect(&format!("tcp://{}", relay.local_addr().unwrap()));
            let connections = thread::spawn(move || relay_greeting(&relay, &endpoint));
            assert_eq!(wait_for_close(&mut pull), mismatch, "{ours:?} and {theirs:?}");
            connections.join().unwrap();
        }
    }
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
