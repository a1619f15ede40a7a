//! Sockets.

use std::ffi::CString;
use std::io;

use core::ffi::{c_char, c_int, c_long, c_short, c_void};
use core::time::Duration;

use super::error::{Error, check};
use super::{Context, Frame, Monitor, TIMEOUT, c_string, ffi, milliseconds, option};

/// Type of a socket.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Pair = 0,
    Pub = 1,
    Sub = 2,
    Req = 3,
    Rep = 4,
    Dealer = 5,
    Router = 6,
    Pull = 7,
    Push = 8,
    Xpub = 9,
    Xsub = 10,
    Stream = 11,
    Server = 12,
    Client = 13,
    Radio = 14,
    Dish = 15,
    Gather = 16,
    Scatter = 17,
    Dgram = 18,
    Peer = 19,
    Channel = 20,
}

/// A socket of libzmq, closed when dropped.
#[derive(Debug)]
pub struct Socket {
    raw: *mut c_void,
    /// Keeps the context from being terminated, which would wait for this socket.
    context: Context,
}

// SAFETY: a socket belongs to one thread at a time, any one. A move between threads is the full
// fence that zmq_socket(3) asks for.
unsafe impl Send for Socket {}

impl Socket {
    pub(super) fn new(context: &Context, kind: Kind) -> io::Result<Self> {
        // SAFETY: the context is alive while `context` is borrowed.
        let raw = unsafe { ffi::zmq_socket(context.0.0, kind as c_int) };
        if raw.is_null() {
            return Err(Error::last("zmq_socket"));
        }
        let socket = Self { raw, context: context.clone() };
        socket.set_i32(option::LINGER, 0)?;
        socket.set_timeout(Some(TIMEOUT))?;
        Ok(socket)
    }

    /// Binds. If the endpoint has a wildcard, [`last_endpoint`](Self::last_endpoint) returns the concrete endpoint.
    ///
    /// # Errors
    ///
    /// As `zmq_bind(3)`.
    pub fn bind(&self, endpoint: &str) -> io::Result<()> {
        self.at("zmq_bind", ffi::zmq_bind, endpoint)
    }

    /// Connects, in the background.
    ///
    /// # Errors
    ///
    /// As `zmq_connect(3)`.
    pub fn connect(&self, endpoint: &str) -> io::Result<()> {
        self.at("zmq_connect", ffi::zmq_connect, endpoint)
    }

    /// Undoes [`bind`](Self::bind). Takes the concrete endpoint.
    ///
    /// # Errors
    ///
    /// As `zmq_unbind(3)`.
    pub fn unbind(&self, endpoint: &str) -> io::Result<()> {
        self.at("zmq_unbind", ffi::zmq_unbind, endpoint)
    }

    /// Undoes [`connect`](Self::connect).
    ///
    /// # Errors
    ///
    /// As `zmq_disconnect(3)`.
    pub fn disconnect(&self, endpoint: &str) -> io::Result<()> {
        self.at("zmq_disconnect", ffi::zmq_disconnect, endpoint)
    }

    /// Connects a PEER, and returns the routing id of its peer.
    ///
    /// # Errors
    ///
    /// As `zmq_connect_peer(3)`.
    pub fn connect_peer(&self, endpoint: &str) -> io::Result<u32> {
        let endpoint = c_string(endpoint)?;
        // SAFETY: an open socket, and a C string that outlives the call.
        match unsafe { ffi::zmq_connect_peer(self.raw, endpoint.as_ptr()) } {
            0 => Err(Error::last("zmq_connect_peer")),
            id => Ok(id),
        }
    }

    /// Lets a DISH join a group.
    ///
    /// # Errors
    ///
    /// As `zmq_join(3)`.
    pub fn join(&self, group: &str) -> io::Result<()> {
        self.at("zmq_join", ffi::zmq_join, group)
    }

    /// Lets a DISH leave a group.
    ///
    /// # Errors
    ///
    /// As `zmq_leave(3)`.
    pub fn leave(&self, group: &str) -> io::Result<()> {
        self.at("zmq_leave", ffi::zmq_leave, group)
    }

    fn at(
        &self,
        call: &'static str,
        function: unsafe extern "C" fn(*mut c_void, *const c_char) -> c_int,
        endpoint: &str,
    ) -> io::Result<()> {
        let endpoint = c_string(endpoint)?;
        // SAFETY: an open socket, and a C string that outlives the call.
        check(call, || unsafe { function(self.raw, endpoint.as_ptr()) })?;
        Ok(())
    }

    /// Sends a message of one frame per part.
    ///
    /// # Errors
    ///
    /// As `zmq_msg_send(3)`; [`io::ErrorKind::WouldBlock`] after the timeout.
    pub fn send(&self, parts: &[&[u8]]) -> io::Result<()> {
        let count = parts.len();
        for (at, part) in parts.iter().enumerate() {
            self.send_frame(Frame::with_bytes(part)?, at + 1 < count)?;
        }
        Ok(())
    }

    /// Receives a message.
    ///
    /// # Errors
    ///
    /// As `zmq_msg_recv(3)`; [`io::ErrorKind::WouldBlock`] after the timeout.
    pub fn recv(&self) -> io::Result<Vec<Vec<u8>>> {
        let mut parts = Vec::new();
        loop {
            let frame = self.recv_frame()?;
            parts.push(frame.bytes().to_vec());
            if !frame.more() {
                return Ok(parts);
            }
        }
    }

    /// Sends one frame of a message.
    ///
    /// # Errors
    ///
    /// As `zmq_msg_send(3)`; [`io::ErrorKind::WouldBlock`] after the timeout.
    pub fn send_frame(&self, mut frame: Frame, more: bool) -> io::Result<()> {
        let flags = if more { ffi::SNDMORE } else { 0 };
        let msg = &raw mut frame.0;
        // SAFETY: an open socket, and an initialised message; sent, it is an empty one.
        check("zmq_msg_send", || unsafe { ffi::zmq_msg_send(msg, self.raw, flags) })?;
        Ok(())
    }

    /// Receives one frame of a message.
    ///
    /// # Errors
    ///
    /// As `zmq_msg_recv(3)`; [`io::ErrorKind::WouldBlock`] after the timeout.
    pub fn recv_frame(&self) -> io::Result<Frame> {
        let mut frame = Frame::new();
        let msg = &raw mut frame.0;
        // SAFETY: an open socket, and an initialised message.
        check("zmq_msg_recv", || unsafe { ffi::zmq_msg_recv(msg, self.raw, 0) })?;
        Ok(frame)
    }

    /// Whether a message can be received, now or within this time.
    ///
    /// # Errors
    ///
    /// The context was shut down.
    pub fn readable(&self, within: Duration) -> io::Result<bool> {
        self.poll(ffi::POLLIN, within)
    }

    /// Whether a message can be sent, now or within this time.
    ///
    /// # Errors
    ///
    /// The context was shut down.
    pub fn writable(&self, within: Duration) -> io::Result<bool> {
        self.poll(ffi::POLLOUT, within)
    }

    fn poll(&self, events: c_short, within: Duration) -> io::Result<bool> {
        let mut item = ffi::PollItem { socket: self.raw, fd: -1, events, revents: 0 };
        let timeout = c_long::from(milliseconds(Some(within)));
        let item = &raw mut item;
        // SAFETY: one item, with an open socket.
        Ok(check("zmq_poll", || unsafe { ffi::zmq_poll(item, 1, timeout) })? > 0)
    }

    /// How long sends and receives wait; `None` is no limit.
    ///
    /// # Errors
    ///
    /// The context was shut down.
    pub fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_i32(option::RCVTIMEO, milliseconds(timeout))?;
        self.set_i32(option::SNDTIMEO, milliseconds(timeout))
    }

    /// Sets an [`option`] that is a C `int`.
    ///
    /// # Errors
    ///
    /// As `zmq_setsockopt(3)`.
    pub fn set_i32(&self, option: i32, value: i32) -> io::Result<()> {
        self.set_bytes(option, &value.to_ne_bytes())
    }

    /// Sets an [`option`] that is text, bytes, or of another size.
    ///
    /// # Errors
    ///
    /// As `zmq_setsockopt(3)`.
    pub fn set_bytes(&self, option: i32, value: &[u8]) -> io::Result<()> {
        let (at, size) = (value.as_ptr().cast::<c_void>(), value.len());
        // SAFETY: an open socket, and `size` bytes to read.
        check("zmq_setsockopt", || unsafe { ffi::zmq_setsockopt(self.raw, option, at, size) })?;
        Ok(())
    }

    /// An [`option`] that is a C `int`.
    ///
    /// # Errors
    ///
    /// As `zmq_getsockopt(3)`.
    pub fn get_i32(&self, option: i32) -> io::Result<i32> {
        let mut value = [0; 4];
        self.get(option, &mut value)?;
        Ok(i32::from_ne_bytes(value))
    }

    /// An [`option`] that is text or bytes, of up to 1024.
    ///
    /// # Errors
    ///
    /// As `zmq_getsockopt(3)`.
    pub fn get_bytes(&self, option: i32) -> io::Result<Vec<u8>> {
        let mut value = vec![0; 1024];
        let size = self.get(option, &mut value)?;
        value.truncate(size);
        Ok(value)
    }

    fn get(&self, option: i32, into: &mut [u8]) -> io::Result<usize> {
        let mut size = into.len();
        let (at, size_at) = (into.as_mut_ptr().cast::<c_void>(), &raw mut size);
        // SAFETY: an open socket, `size` bytes to write, and the place for how many were.
        check("zmq_getsockopt", || unsafe { ffi::zmq_getsockopt(self.raw, option, at, size_at) })?;
        Ok(size)
    }

    /// The endpoint that was bound or connected last, without wildcards. Empty before the first one.
    pub fn last_endpoint(&self) -> String {
        let bytes = self.get_bytes(option::LAST_ENDPOINT).unwrap_or_default();
        CString::from_vec_with_nul(bytes)
            .map_or_else(|_| String::new(), |text| text.to_string_lossy().into_owned())
    }

    /// Reports the events of the connections of this socket from now on.
    ///
    /// # Errors
    ///
    /// As `zmq_socket_monitor(3)`.
    pub fn monitor(&self) -> io::Result<Monitor> {
        // The address of an open socket is its alone.
        let endpoint = format!("inproc://monitor-{:p}", self.raw);
        let name = c_string(&endpoint)?;
        let all = Monitor::ALL;
        // SAFETY: an open socket, and a C string that outlives the call.
        check("zmq_socket_monitor", || unsafe {
            ffi::zmq_socket_monitor(self.raw, name.as_ptr(), all)
        })?;
        Monitor::new(self.context.socket(Kind::Pair)?, &endpoint)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: an open socket without other users; not used after this.
        unsafe { ffi::zmq_close(self.raw) };
    }
}
