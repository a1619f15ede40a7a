//! Tests of the table "What differs" in README.md: where this library is as libzmq, and where it is not.

mod endpoints;
mod messages;
mod monitor;
mod options;
mod shutdown;

use std::sync::Arc;

use libc::c_int;

use crate::context::Context;
use crate::options::Value;
use crate::socket::{DONTWAIT, Given, SNDMORE, Socket};
use crate::testing::{self, RCVTIMEO};

/// The numbers of socket types.
const PAIR: c_int = 0;
const PUB: c_int = 1;
const SUB: c_int = 2;
const REQ: c_int = 3;
const DEALER: c_int = 5;
const ROUTER: c_int = 6;
const PULL: c_int = 7;
const PUSH: c_int = 8;
const XPUB: c_int = 9;
const XSUB: c_int = 10;

/// Numbers of options.
const MAXMSGSIZE: c_int = 22;
const ROUTER_MANDATORY: c_int = 33;
const CONFLATE: c_int = 54;
const CONNECT_ROUTING_ID: c_int = 61;

/// A socket, which is closed at the end of the test.
struct Open(Arc<Socket>);

impl Open {
    fn new(context: &Arc<Context>, kind: c_int) -> Self {
        let socket = Self(Socket::open(context, kind).unwrap());
        testing::set(&socket.0, RCVTIMEO, 30_000);
        socket
    }

    /// Sets an option from bytes.
    fn set(&self, option: c_int, value: &[u8]) -> Result<(), c_int> {
        self.0.set(option, Value(Some(value))).map_err(|errno| errno.0)
    }

    /// Listens on an endpoint. Returns the endpoint that was bound.
    fn bind(&self, endpoint: &str) -> String {
        testing::bind(&self.0, endpoint)
    }

    fn connect(&self, endpoint: &str) -> Result<(), c_int> {
        self.0.connect(endpoint).map_err(|errno| errno.0)
    }

    fn send(&self, part: &[u8], flags: c_int) -> Result<usize, c_int> {
        self.0.send(Given::Bytes(part), flags).map_err(|errno| errno.0)
    }

    /// The parts of the next message.
    fn recv(&self) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        loop {
            let part = self.0.receive(0).unwrap();
            parts.push(part.bytes().to_vec());
            if !part.more {
                return parts;
            }
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close().unwrap();
    }
}
