//! The rules of libzmq that differ from the defaults of this crate, and that only the package `zmtp-libzmq` turns on.

#[path = "../harness/mod.rs"]
mod harness;

mod calls;
mod descriptors;
mod inproc_connect;
mod marks;
mod options;
mod pairing;
mod peers;
mod pings;
mod requests;
mod signals;
mod threads;
mod unbinding;
mod unreached;
mod zap;

use std::time::Duration;

use harness::LIMIT;
use zmtp_mio::libzmq::{self, KindOptions, Rules};
use zmtp_mio::{AnySocket, HighWaterMark, Options, SocketKind};

/// Options of a socket in the default context: as in `zmtp-libzmq`, a driver serves it between calls.
fn options() -> Options {
    let mut options = Options::default();
    options.linger = Duration::ZERO.into();
    options.rules = Rules::LIBZMQ;
    options
}

/// Options with marks as in libzmq, where 0 is no limit.
fn marked(send: usize, receive: usize) -> Options {
    let mark = |messages: usize| HighWaterMark::new((messages > 0).then_some(messages), None);
    let mut options = options();
    (options.send_mark, options.receive_mark) = (mark(send), mark(receive));
    options.max_bytes = None;
    options
}

/// A socket with these options.
fn socket(kind: SocketKind, options: &Options, own: &KindOptions) -> AnySocket {
    libzmq::build(kind, options.clone(), own.clone()).unwrap()
}

/// A socket with default options.
fn plain(kind: SocketKind) -> AnySocket {
    socket(kind, &options(), &KindOptions::default())
}

/// Sets options of the kind.
fn set(socket: &AnySocket, own: &KindOptions) {
    libzmq::set_options(socket, options(), own.clone()).unwrap();
}

/// The parts of the next message.
fn recv(socket: &mut AnySocket) -> Vec<Vec<u8>> {
    let message = socket.recv_timeout(LIMIT).unwrap().expect("no message within the limit");
    message.parts().map(<[u8]>::to_vec).collect()
}

/// The next message, if there is one after everything that is under way has arrived.
fn recv_soon(socket: &mut AnySocket) -> Option<Vec<Vec<u8>>> {
    let message = socket.recv_timeout(harness::QUIET).unwrap()?;
    Some(message.parts().map(<[u8]>::to_vec).collect())
}

/// An inproc endpoint that no other test uses.
fn inproc(name: &str) -> String {
    format!("inproc://libzmq-{name}")
}
