//! Options.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use zmtp_mio::SocketKind;

use super::{Context, DEALER, MAXMSGSIZE, Open, PAIR, ROUTER, ROUTER_MANDATORY, SUB};
use crate::options::Settings;
use crate::socket::SNDMORE;
use crate::testing::{LIMIT, LINGER, RCVHWM, SNDHWM};

const TYPE: i32 = 16;
const RECONNECT_IVL: i32 = 18;
const BACKLOG: i32 = 19;
const RECONNECT_IVL_MAX: i32 = 21;
const SNDTIMEO: i32 = 28;
const ROUTER_RAW: i32 = 41;
const HANDSHAKE_IVL: i32 = 66;
const SOCKS_PROXY: i32 = 68;
const HEARTBEAT_IVL: i32 = 75;
const SOCKS_USERNAME: i32 = 99;

/// libzmq connects again and again without success.
#[test]
fn a_connect_by_way_of_a_proxy_without_a_port_fails() {
    let context = Arc::new(Context::new());
    let pair = Open::new(&context, PAIR);
    assert_eq!(pair.set(SOCKS_PROXY, b"127.0.0.1"), Ok(()), "libzmq stores every text");
    assert_eq!(pair.0.get(SOCKS_PROXY).unwrap(), b"127.0.0.1\0");
    assert_eq!(pair.set(SOCKS_USERNAME, b"name"), Ok(()), "other options are not concerned");
    assert_eq!(pair.connect("tcp://127.0.0.1:9"), Err(libc::EINVAL));
    assert_eq!(pair.connect("inproc://a"), Ok(()), "the proxy is only for TCP");
    assert_eq!(pair.set(SOCKS_PROXY, b"127.0.0.1:1080"), Ok(()));
    assert_eq!(pair.connect("tcp://127.0.0.1:9"), Ok(()));
}

/// In libzmq it can be set at any time, without effect on the connections there are.
#[test]
fn a_router_becomes_raw_before_its_first_endpoint_only() {
    let context = Arc::new(Context::new());
    let router = Open::new(&context, ROUTER);
    for value in [1, 0, 1, 0_i32] {
        assert_eq!(router.set(ROUTER_RAW, &value.to_ne_bytes()), Ok(()));
    }
    router.bind("tcp://127.0.0.1:*");
    assert_eq!(router.set(ROUTER_RAW, &1_i32.to_ne_bytes()), Err(libc::EINVAL));
    assert_eq!(router.set(ROUTER_RAW, &0_i32.to_ne_bytes()), Ok(()));
    let dealer = Open::new(&context, DEALER);
    assert_eq!(dealer.set(ROUTER_RAW, &1_i32.to_ne_bytes()), Err(libc::EINVAL));
}

#[test]
fn a_raw_router_exchanges_bytes_with_a_program_without_zmtp() {
    let context = Arc::new(Context::new());
    let router = Open::new(&context, ROUTER);
    assert_eq!(router.set(ROUTER_RAW, &1_i32.to_ne_bytes()), Ok(()));
    assert_eq!(router.0.get(TYPE).unwrap(), ROUTER.to_ne_bytes());
    let endpoint = router.bind("tcp://127.0.0.1:*");
    let mut peer = TcpStream::connect(endpoint.strip_prefix("tcp://").unwrap()).unwrap();
    peer.set_read_timeout(Some(LIMIT)).unwrap();
    let connected = router.recv();
    assert_eq!((connected.len(), connected[0].len(), connected[1].len()), (2, 5, 0));
    let id = &connected[0];
    peer.write_all(b"GET").unwrap();
    assert_eq!(router.recv(), [&id[..], b"GET"]);
    router.send(id, SNDMORE).unwrap();
    // The flag of the last part has no effect.
    router.send(b"200", SNDMORE).unwrap();
    let mut answer = [0; 3];
    peer.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"200");
    // An empty part closes the connection.
    router.send(id, SNDMORE).unwrap();
    router.send(b"", 0).unwrap();
    assert_eq!(peer.read(&mut answer).unwrap(), 0);
    // A peer that is not there.
    for (mandatory, result) in [(0_i32, Ok(4)), (1, Err(libc::EHOSTUNREACH))] {
        assert_eq!(router.set(ROUTER_MANDATORY, &mandatory.to_ne_bytes()), Ok(()));
        let sent = router.send(id, SNDMORE).and_then(|_| router.send(b"late", 0));
        assert_eq!(sent, result, "mandatory {mandatory}");
    }
}

#[test]
fn raw_routers_connect_to_each_other() {
    let context = Arc::new(Context::new());
    let [server, client] = [(); 2].map(|()| {
        let router = Open::new(&context, ROUTER);
        assert_eq!(router.set(ROUTER_RAW, &1_i32.to_ne_bytes()), Ok(()));
        router
    });
    client.connect(&server.bind("tcp://127.0.0.1:*")).unwrap();
    let id = client.recv().swap_remove(0);
    client.send(&id, SNDMORE).unwrap();
    client.send(b"raw", 0).unwrap();
    assert_eq!(server.recv()[1], b"");
    assert_eq!(server.recv()[1], b"raw");
}

#[test]
fn the_defaults_are_those_of_libzmq() {
    let context = Arc::new(Context::new());
    let dealer = Open::new(&context, DEALER);
    let ints = [
        (LINGER, -1),
        (SNDHWM, 1_000),
        (RCVHWM, 1_000),
        (SNDTIMEO, -1),
        (RECONNECT_IVL, 100),
        (RECONNECT_IVL_MAX, 0),
        (BACKLOG, 100),
        (HANDSHAKE_IVL, 30_000),
        (HEARTBEAT_IVL, 0),
    ];
    for (option, value) in ints {
        assert_eq!(dealer.0.get(option).unwrap(), i32::to_ne_bytes(value), "option {option}");
    }
    assert_eq!(dealer.0.get(MAXMSGSIZE).unwrap(), (-1_i64).to_ne_bytes());
    let sub = Open::new(&context, SUB);
    assert_eq!(sub.0.get(LINGER).unwrap(), 0_i32.to_ne_bytes());
}

#[test]
fn nothing_but_the_high_water_marks_limits_a_socket() {
    let context = Context::new();
    let options = Settings::new(SocketKind::Pull, &context).options;
    assert_eq!((options.max_bytes, options.max_connections), (None, None));
    assert_eq!((options.max_handshakes, options.max_handshakes_per_address), (None, None));
    assert_eq!((options.max_subscriptions, options.max_subscription_bytes), (None, None));
    let limits = options.limits;
    assert_eq!((limits.max_frame, limits.max_message, limits.max_parts), (None, None, None));
    assert_eq!(limits.message_timeout, None);
}
