//! Options.

use std::sync::Arc;

use super::{Context, Open, PAIR};

const SOCKS_PROXY: i32 = 68;
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
