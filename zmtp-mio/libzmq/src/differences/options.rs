//! Options.

use std::sync::Arc;

use zmtp_mio::SocketKind;

use super::{Context, DEALER, MAXMSGSIZE, Open, PAIR, ROUTER, SUB};
use crate::options::Settings;
use crate::testing::{LINGER, RCVHWM, SNDHWM};

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

/// libzmq makes the ROUTER a STREAM.
#[test]
fn a_router_is_never_raw() {
    let context = Arc::new(Context::new());
    let router = Open::new(&context, ROUTER);
    assert_eq!(router.set(ROUTER_RAW, &1_i32.to_ne_bytes()), Err(libc::EINVAL));
    assert_eq!(router.set(ROUTER_RAW, &0_i32.to_ne_bytes()), Ok(()));
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
