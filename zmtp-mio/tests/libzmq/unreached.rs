//! The share of endpoints that are not connected.

use zmtp_mio::libzmq::{self, KindOptions};
use zmtp_mio::{AnySocket, SocketKind};

use super::harness::{LIMIT, ipc};
use super::{inproc, options, plain, recv, recv_soon};

/// Endpoints where nothing listens.
fn unreached(name: &str) -> [String; 2] {
    [ipc(), inproc(name)]
}

/// How many messages arrive.
fn received(socket: &mut AnySocket) -> usize {
    std::iter::from_fn(|| recv_soon(socket)).count()
}

#[test]
fn an_endpoint_that_is_not_reached_gets_its_share_when_it_is_reached() {
    for kind in [SocketKind::Push, SocketKind::Dealer] {
        for endpoint in unreached("share") {
            let into = if kind == SocketKind::Push { SocketKind::Pull } else { kind };
            let (mut from, mut to) = (plain(kind), plain(into));
            from.connect(endpoint.as_str()).unwrap();
            from.connect(to.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
            assert!(from.wait_for_peers(1, LIMIT).unwrap());
            (0..10).for_each(|_| from.send("Hello").unwrap());
            assert_eq!(received(&mut to), 5, "{kind:?} {endpoint}");
            let mut late = plain(into);
            late.bind(endpoint.as_str()).unwrap();
            (0..5).for_each(|_| assert_eq!(recv(&mut late), [b"Hello"]));
            assert_eq!(recv_soon(&mut late), None, "{kind:?} {endpoint}");
        }
    }
}

#[test]
fn with_immediate_an_endpoint_that_is_not_reached_gets_no_message() {
    for endpoint in unreached("immediate") {
        let (mut from, mut to) = (plain(SocketKind::Push), plain(SocketKind::Pull));
        let mut immediate = options();
        immediate.immediate = true;
        libzmq::set_options(&from, immediate, KindOptions::default()).unwrap();
        from.connect(endpoint.as_str()).unwrap();
        from.connect(to.bind("tcp://127.0.0.1:*").unwrap()).unwrap();
        (0..10).for_each(|_| from.send("Hello").unwrap());
        assert_eq!(received(&mut to), 10);
    }
}

#[test]
fn a_peer_that_was_lost_keeps_its_share() {
    let endpoints = [ipc(), ipc()];
    let bind = |endpoint: &String| {
        let mut pull = plain(SocketKind::Pull);
        pull.bind(endpoint.as_str()).unwrap();
        pull
    };
    let [mut stays, leaves] = endpoints.each_ref().map(bind);
    let mut push = plain(SocketKind::Push);
    endpoints.iter().for_each(|endpoint| push.connect(endpoint.as_str()).unwrap());
    assert!(push.wait_for_peers(2, LIMIT).unwrap());
    drop(leaves);
    super::harness::eventually("one peer is left", || push.peers().len() == 1);
    (0..10).for_each(|_| push.send("Hello").unwrap());
    assert_eq!(received(&mut stays), 5);
    let mut late = bind(&endpoints[1]);
    (0..5).for_each(|_| assert_eq!(recv(&mut late), [b"Hello"]));
    assert_eq!(recv_soon(&mut late), None);
}
