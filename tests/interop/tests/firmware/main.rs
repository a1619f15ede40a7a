//! The programs of `tests/firmware`, on boards that QEMU emulates, against the real libzmq.
//!
//! Run by `.ci/firmware.sh`, which builds them. Every step has a time limit, and QEMU ends with its test.

mod bridge;
#[path = "../common/mod.rs"]
mod common;
mod curve;
mod faults;
mod programs;
mod qemu;
mod restart;
mod tcp;
mod uart;

use core::time::Duration;

use zmtp_interop::libzmq::{Context, Kind, Socket};

/// A time limit for every step on a busy machine, except the runs with faults.
const LONG: Duration = Duration::from_secs(60);

/// The port of an endpoint.
fn port(endpoint: &str) -> u16 {
    endpoint.rsplit(':').next().unwrap().parse().unwrap()
}

/// A socket of libzmq.
fn socket(kind: Kind) -> Socket {
    let socket = Context::new().unwrap().socket(kind).unwrap();
    socket.set_timeout(Some(LONG)).unwrap();
    socket
}

/// Binds a socket to a free port, and returns the port.
fn bind(socket: &Socket) -> u16 {
    socket.bind("tcp://127.0.0.1:*").unwrap();
    port(&socket.last_endpoint())
}
