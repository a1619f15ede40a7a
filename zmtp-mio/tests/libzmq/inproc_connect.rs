//! Connecting within the process before the name is bound.

use zmtp_mio::libzmq::{self, KindOptions};
use zmtp_mio::{AnySocket, Linger, RoutingId, SocketKind};

use super::{inproc, options, plain, recv, socket};

/// Sockets that connect to a name.
fn connect(kind: SocketKind, count: usize, endpoint: &str) -> Vec<AnySocket> {
    let connect = |_| {
        let mut socket = plain(kind);
        socket.connect(endpoint).unwrap();
        socket
    };
    (0..count).map(connect).collect()
}

#[test]
fn a_socket_that_binds_can_send_at_once_to_those_that_connected_before() {
    let endpoint = inproc("binds-last");
    let mut pulls = connect(SocketKind::Pull, 10, &endpoint);
    let mut push = plain(SocketKind::Push);
    push.bind(endpoint.as_str()).unwrap();
    assert_eq!(push.peers().len(), 10);
    (0..20).for_each(|number| push.try_send(number.to_string()).unwrap());
    for (index, pull) in pulls.iter_mut().enumerate() {
        assert_eq!(recv(pull), [index.to_string().as_bytes()]);
        assert_eq!(recv(pull), [(index + 10).to_string().as_bytes()]);
    }
}

#[test]
fn messages_before_the_bind_arrive_after_it() {
    let endpoint = inproc("sends-first");
    let mut pushes = connect(SocketKind::Push, 10, &endpoint);
    (0..100).for_each(|at| pushes[at % 10].send("x").unwrap());
    let mut pull = plain(SocketKind::Pull);
    pull.bind(endpoint.as_str()).unwrap();
    (0..100).for_each(|_| assert_eq!(recv(&mut pull), [b"x"]));
}

#[test]
fn a_router_that_connects_first_has_the_routing_id_of_the_socket_that_binds() {
    let endpoint = inproc("ids");
    let named = |id: &[u8]| {
        let mut options = options();
        options.routing_id = RoutingId::new(id).unwrap();
        options
    };
    let mut router = socket(SocketKind::Router, &named(b"router"), &KindOptions::default());
    router.connect(endpoint.as_str()).unwrap();
    let mut dealer = socket(SocketKind::Dealer, &named(b"dealer"), &KindOptions::default());
    dealer.bind(endpoint.as_str()).unwrap();
    dealer.try_send("hello").unwrap();
    assert_eq!(recv(&mut router), [&b"dealer"[..], b"hello"]);
    router.send(["dealer", "world"]).unwrap();
    assert_eq!(recv(&mut dealer), [b"world"]);
}

#[test]
fn a_socket_that_disconnects_or_closes_before_the_bind_is_no_peer() {
    let endpoint = inproc("leaves-first");
    let mut pulls = connect(SocketKind::Pull, 3, &endpoint);
    pulls[0].disconnect(endpoint.as_str()).unwrap();
    drop(pulls.pop());
    let mut push = plain(SocketKind::Push);
    push.bind(endpoint.as_str()).unwrap();
    assert_eq!(push.peers().len(), 1);
    push.try_send("x").unwrap();
    assert_eq!(recv(&mut pulls[1]), [b"x"]);
}

#[test]
fn the_subscriptions_of_a_socket_that_connected_first_arrive() {
    let endpoint = inproc("subscribes-first");
    let mut sub = plain(SocketKind::Sub);
    sub.subscribe("a").unwrap();
    sub.connect(endpoint.as_str()).unwrap();
    let mut xpub = plain(SocketKind::Xpub);
    xpub.bind(endpoint.as_str()).unwrap();
    assert_eq!(recv(&mut xpub), [b"\x01a"]);
    xpub.send("b").unwrap();
    xpub.send("a").unwrap();
    assert_eq!(recv(&mut sub), [b"a"]);
}

#[test]
fn sockets_of_many_threads_that_are_closed_at_once_lose_no_message_to_one_that_binds_meanwhile() {
    for round in 0..20 {
        let endpoint = inproc(&format!("threads-{round}"));
        let send = || {
            let mut push = plain(SocketKind::Push);
            push.connect(endpoint.as_str()).unwrap();
            push.send("foobar").unwrap();
            libzmq::close_later(push, Linger::UNLIMITED, || {});
        };
        std::thread::scope(|scope| {
            (0..30).for_each(|_| drop(scope.spawn(send)));
            let mut pull = plain(SocketKind::Pull);
            pull.bind(endpoint.as_str()).unwrap();
            (0..30).for_each(|_| assert_eq!(recv(&mut pull), [b"foobar"]));
        });
    }
}

#[test]
fn messages_of_a_closed_socket_are_there_when_the_name_is_bound() {
    for round in 0..20 {
        let endpoint = inproc(&format!("closes-first-{round}"));
        let mut push = plain(SocketKind::Push);
        push.connect(endpoint.as_str()).unwrap();
        (0..100).for_each(|_| push.try_send("foobar").unwrap());
        libzmq::close_later(push, Linger::UNLIMITED, || {});
        let mut pull = plain(SocketKind::Pull);
        pull.bind(endpoint.as_str()).unwrap();
        (0..100)
            .for_each(|_| assert_eq!(pull.try_recv().unwrap().unwrap().text().unwrap(), "foobar"));
    }
}
