//! Which connections are accepted (`ZMQ_TCP_ACCEPT_FILTER`, `ZMQ_IPC_FILTER_*`).
#![cfg(target_os = "linux")]

use std::os::unix::fs::MetadataExt;

use crate::harness::{LIMIT, RawPeer, builder, closes, drive_until, events, ipc};
use zmtp_mio::{AcceptFilter, CloseReason, Pull, Push, Stream};

/// Whether a filter accepts a connection to this endpoint.
fn accepts(filter: AcceptFilter, endpoint: &str) -> bool {
    let mut pull = builder::<Pull>().accept_filter(filter).bind(endpoint).unwrap();
    let endpoint = pull.last_endpoint().unwrap().to_string();
    let mut peer = RawPeer::connect(&endpoint);
    let _ = peer.try_send(&wire::burst("PUSH", &[]));
    drive_until!(pull, pull.counters().handshakes + pull.counters().refused == 1);
    let filtered = closes(&events!(pull)).contains(&CloseReason::Filtered);
    assert_eq!(filtered, pull.counters().handshakes == 0);
    if filtered {
        drop(pull);
        // Neither a greeting nor a READY.
        peer.assert_closed();
    }
    !filtered
}

#[test]
fn tcp_connections_are_accepted_by_their_address() {
    let range = |text: &str| AcceptFilter::default().address(text.parse().unwrap());
    let endpoint = "tcp://127.0.0.1:*";
    assert!(accepts(AcceptFilter::default(), endpoint));
    assert!(accepts(range("127.0.0.0/8"), endpoint));
    assert!(accepts(range("192.0.2.1").address("127.0.0.1".parse().unwrap()), endpoint));
    assert!(!accepts(range("127.0.0.2"), endpoint));
    // A filter of processes is for ipc.
    assert!(accepts(AcceptFilter::default().process(u32::MAX), endpoint));
}

#[test]
fn ipc_connections_are_accepted_by_their_process() {
    let own = std::process::id();
    let this = std::fs::metadata("/proc/self").unwrap();
    let (user, group) = (this.uid(), this.gid());
    let none = AcceptFilter::default;
    assert!(accepts(none().process(own), &ipc()));
    assert!(accepts(none().user(user), &ipc()));
    assert!(accepts(none().group(group), &ipc()));
    assert!(accepts(none().user(user + 1).group(group), &ipc()));
    assert!(!accepts(none().process(own + 1).user(user + 1).group(group + 1), &ipc()));
    // A filter of addresses is for TCP.
    assert!(accepts(none().address("192.0.2.1".parse().unwrap()), &ipc()));
}

#[test]
fn connections_within_the_process_are_not_filtered() {
    let filter = AcceptFilter::default().address("192.0.2.1".parse().unwrap()).process(u32::MAX);
    let mut pull = builder::<Pull>().accept_filter(filter).bind("inproc://unfiltered").unwrap();
    let mut push = builder::<Push>().connect("inproc://unfiltered").unwrap();
    push.send("hello").unwrap();
    assert_eq!(pull.recv_string(LIMIT).unwrap().as_deref(), Some("hello"));
}

#[test]
fn a_stream_has_a_filter_too() {
    let filter = AcceptFilter::default().address("192.0.2.1".parse().unwrap());
    let mut stream = builder::<Stream>().accept_filter(filter).bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = RawPeer::connect(&stream.last_endpoint().unwrap().to_string());
    drive_until!(stream, stream.counters().refused == 1);
    assert_eq!(stream.try_recv().unwrap(), None);
    peer.assert_closed();
}
