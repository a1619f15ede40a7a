//! Monitors.

use std::sync::Arc;

use super::{Context, Open, PAIR};
use crate::monitor::Format;
use crate::testing;

/// pyzmq makes the endpoint of a monitor from the descriptor of its socket.
#[test]
fn the_endpoint_of_a_monitor_is_free_when_a_socket_gets_the_descriptor_of_a_closed_one() {
    let context = Arc::new(Context::new());
    let mut before = Vec::new();
    for _ in 0..50 {
        let socket = Open::new(&context, PAIR);
        let descriptor = testing::descriptor(&socket.0);
        let endpoint = format!("inproc://monitor.s-{descriptor}");
        let begun = socket.0.monitor(Some(&endpoint), 0xffff, Format::V1, PAIR);
        assert_eq!(begun, Ok(()), "descriptor {descriptor} after {before:?}");
        before.push(descriptor);
    }
}
