//! Events of the connections of a socket.

use std::io;

use super::Socket;

/// The receiving side of `zmq_socket_monitor(3)`.
#[derive(Debug)]
pub struct Monitor(Socket);

/// One report of a [`Monitor`].
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Event {
    /// The kind: one of the constants of [`Monitor`].
    pub what: u16,
    /// Depends on the event: a file descriptor, an errno, a time, a protocol error.
    pub value: u32,
    /// The local or the peer's endpoint.
    pub endpoint: String,
}

impl Monitor {
    /// Connected; the greeting comes next.
    pub const CONNECTED: u16 = 0x0001;
    /// Being connected.
    pub const CONNECT_DELAYED: u16 = 0x0002;
    /// Waits to connect again.
    pub const CONNECT_RETRIED: u16 = 0x0004;
    /// Bound.
    pub const LISTENING: u16 = 0x0008;
    /// Could not be bound.
    pub const BIND_FAILED: u16 = 0x0010;
    /// A connection came in; the greeting comes next.
    pub const ACCEPTED: u16 = 0x0020;
    /// A connection could not be taken.
    pub const ACCEPT_FAILED: u16 = 0x0040;
    /// Closed from this side.
    pub const CLOSED: u16 = 0x0080;
    /// Could not be closed.
    pub const CLOSE_FAILED: u16 = 0x0100;
    /// A connection broke.
    pub const DISCONNECTED: u16 = 0x0200;
    /// The last report.
    pub const MONITOR_STOPPED: u16 = 0x0400;
    /// The handshake failed; the value is an errno.
    pub const HANDSHAKE_FAILED_NO_DETAIL: u16 = 0x0800;
    /// The handshake is done.
    pub const HANDSHAKE_SUCCEEDED: u16 = 0x1000;
    /// The handshake failed; the value is a `ZMQ_PROTOCOL_ERROR`.
    pub const HANDSHAKE_FAILED_PROTOCOL: u16 = 0x2000;
    /// The handshake failed; the value is the status code of ZAP.
    pub const HANDSHAKE_FAILED_AUTH: u16 = 0x4000;

    pub(super) const ALL: i32 = 0xFFFF;

    pub(super) fn new(socket: Socket, endpoint: &str) -> io::Result<Self> {
        socket.connect(endpoint)?;
        Ok(Self(socket))
    }

    /// The next report.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::WouldBlock`] after the timeout.
    pub fn recv(&self) -> io::Result<Event> {
        let parts = self.0.recv()?;
        let [report, endpoint] = parts.as_slice() else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        let &[a, b, c, d, e, f] = report.as_slice() else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        Ok(Event {
            what: u16::from_ne_bytes([a, b]),
            value: u32::from_ne_bytes([c, d, e, f]),
            endpoint: String::from_utf8_lossy(endpoint).into_owned(),
        })
    }

    /// Skips reports until one of these, all bits or'ed.
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub fn wait_for(&self, any: u16) -> io::Result<Event> {
        loop {
            let event = self.recv()?;
            if event.what & any != 0 {
                return Ok(event);
            }
        }
    }
}
