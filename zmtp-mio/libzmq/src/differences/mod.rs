//! Tests of the table "What differs" in README.md: where this library is as libzmq, and where it is not.

mod options;

use std::sync::Arc;

use libc::c_int;

use crate::context::Context;
use crate::options::Value;
use crate::socket::Socket;

/// The numbers of socket types.
const PAIR: c_int = 0;

/// A socket, which is closed at the end of the test.
struct Open(Arc<Socket>);

impl Open {
    fn new(context: &Arc<Context>, kind: c_int) -> Self {
        Self(Socket::open(context, kind).unwrap())
    }

    /// Sets an option from bytes.
    fn set(&self, option: c_int, value: &[u8]) -> Result<(), c_int> {
        self.0.set(option, Value(Some(value))).map_err(|errno| errno.0)
    }

    fn connect(&self, endpoint: &str) -> Result<(), c_int> {
        self.0.connect(endpoint).map_err(|errno| errno.0)
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.close().unwrap();
    }
}
