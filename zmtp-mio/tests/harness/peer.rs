//! Raw peers and listeners, whose bytes the test sends and reads.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::{Duration, Instant};

use super::LIMIT;

/// A peer whose bytes the test sends and reads.
#[derive(Debug)]
pub(crate) enum RawPeer {
    Tcp(TcpStream),
    Ipc(UnixStream),
}

impl RawPeer {
    /// Connects to one of our endpoints.
    pub(crate) fn connect(endpoint: &str) -> Self {
        let peer = match endpoint.strip_prefix("tcp://") {
            Some(address) => Self::Tcp(TcpStream::connect(address).unwrap()),
            None => {
                Self::Ipc(UnixStream::connect(endpoint.strip_prefix("ipc://").unwrap()).unwrap())
            }
        };
        peer.prepare()
    }

    /// Connects and goes through the handshake.
    pub(crate) fn ready(endpoint: &str, kind: &str) -> Self {
        let mut peer = Self::connect(endpoint);
        peer.handshake_as(kind);
        peer
    }

    fn prepare(self) -> Self {
        match &self {
            Self::Tcp(stream) => {
                stream.set_nodelay(true).unwrap();
                stream.set_read_timeout(Some(LIMIT)).unwrap();
                stream.set_write_timeout(Some(LIMIT)).unwrap();
            }
            Self::Ipc(stream) => {
                stream.set_read_timeout(Some(LIMIT)).unwrap();
                stream.set_write_timeout(Some(LIMIT)).unwrap();
            }
        }
        self
    }

    /// Greeting and READY both ways; returns the body of the other's READY.
    pub(crate) fn handshake_as(&mut self, kind: &str) -> Vec<u8> {
        self.send(&wire::greeting("NULL"));
        self.send(&wire::ready(kind));
        self.read_exact(64);
        let (flags, body) = self.read_frame();
        assert_eq!((flags, &body[..6]), (4, &b"\x05READY"[..]));
        body
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).unwrap();
    }

    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Tcp(stream) => stream.write_all(bytes),
            Self::Ipc(stream) => stream.write_all(bytes),
        }
    }

    /// Writes as many of `bytes` as the other end takes, and returns how many.
    pub(crate) fn send_some(&mut self, bytes: &[u8]) -> usize {
        self.set_nonblocking(true);
        let mut sent = 0;
        let mut idle = Instant::now();
        while sent < bytes.len() && idle.elapsed() < Duration::from_millis(300) {
            let result = match self {
                Self::Tcp(stream) => stream.write(&bytes[sent..]),
                Self::Ipc(stream) => stream.write(&bytes[sent..]),
            };
            match result {
                Ok(n) => {
                    sent += n;
                    idle = Instant::now();
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    thread::sleep(Duration::from_millis(5));
                }
                Err(_) => break,
            }
        }
        self.set_nonblocking(false);
        sent
    }

    fn set_read_timeout(&self, time: Duration) {
        match self {
            Self::Tcp(stream) => stream.set_read_timeout(Some(time)).unwrap(),
            Self::Ipc(stream) => stream.set_read_timeout(Some(time)).unwrap(),
        }
    }

    fn set_nonblocking(&self, on: bool) {
        match self {
            Self::Tcp(stream) => stream.set_nonblocking(on).unwrap(),
            Self::Ipc(stream) => stream.set_nonblocking(on).unwrap(),
        }
    }

    /// Sends a message of these frames.
    pub(crate) fn send_frames(&mut self, parts: &[&[u8]]) {
        self.send(&wire::message(parts));
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(into),
            Self::Ipc(stream) => stream.read(into),
        }
    }

    /// Reads exactly `n` bytes. Panics after [`LIMIT`] of silence.
    pub(crate) fn read_exact(&mut self, n: usize) -> Vec<u8> {
        let mut bytes = vec![0; n];
        let result = match self {
            Self::Tcp(stream) => stream.read_exact(&mut bytes),
            Self::Ipc(stream) => stream.read_exact(&mut bytes),
        };
        result.unwrap_or_else(|error| panic!("{n} bytes were due: {error}"));
        bytes
    }

    /// Reads for `time`, at most `n` bytes.
    pub(crate) fn read_for(&mut self, n: usize, time: Duration) -> Vec<u8> {
        let end = Instant::now() + time;
        let mut bytes = vec![0; n];
        let mut have = 0;
        while have < n {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.set_read_timeout(left);
            match self.read(&mut bytes[have..]) {
                Ok(0) | Err(_) => break,
                Ok(more) => have += more,
            }
        }
        self.set_read_timeout(LIMIT);
        bytes.truncate(have);
        bytes
    }

    /// Flags (without the long bit) and body of the next frame.
    pub(crate) fn read_frame(&mut self) -> (u8, Vec<u8>) {
        let flags = self.read_exact(1)[0];
        let len = if flags & 2 == 0 {
            u64::from(self.read_exact(1)[0])
        } else {
            u64::from_be_bytes(self.read_exact(8).try_into().unwrap())
        };
        (flags & !2, self.read_exact(len as usize))
    }

    /// The frames of the next message; commands before it are skipped.
    pub(crate) fn read_message(&mut self) -> Vec<Vec<u8>> {
        let mut parts = Vec::new();
        loop {
            let (flags, body) = self.read_frame();
            if flags & 4 == 0 {
                parts.push(body);
                if flags & 1 == 0 {
                    return parts;
                }
            }
        }
    }

    /// Asserts that the other end closes within [`LIMIT`]. Skips the bytes before that.
    pub(crate) fn assert_closed(&mut self) {
        let mut bytes = [0; 4_096];
        let end = Instant::now() + LIMIT;
        while Instant::now() < end {
            match self.read(&mut bytes) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return,
            }
        }
        panic!("the connection should have been closed");
    }

    /// The same connection, for another thread.
    pub(crate) fn again(&self) -> Self {
        match self {
            Self::Tcp(stream) => Self::Tcp(stream.try_clone().unwrap()),
            Self::Ipc(stream) => Self::Ipc(stream.try_clone().unwrap()),
        }
    }

    /// Ends the sending direction.
    pub(crate) fn finish(&self) {
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Write),
            Self::Ipc(stream) => stream.shutdown(Shutdown::Write),
        };
    }

    /// Closes with RST, as a crashed machine's kernel does.
    pub(crate) fn reset(self) {
        if let Self::Tcp(stream) = &self {
            socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO)).unwrap();
        }
    }
}

/// A raw listener.
#[derive(Debug)]
pub(crate) enum RawServer {
    Tcp(TcpListener),
    Ipc(UnixListener),
}

impl RawServer {
    /// On a free TCP port.
    pub(crate) fn tcp() -> Self {
        Self::on("tcp://127.0.0.1:0")
    }

    pub(crate) fn on(endpoint: &str) -> Self {
        match endpoint.strip_prefix("tcp://") {
            Some(address) => Self::Tcp(TcpListener::bind(address).unwrap()),
            None => {
                Self::Ipc(UnixListener::bind(endpoint.strip_prefix("ipc://").unwrap()).unwrap())
            }
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        match self {
            Self::Tcp(listener) => format!("tcp://{}", listener.local_addr().unwrap()),
            Self::Ipc(listener) => {
                let address = listener.local_addr().unwrap();
                format!("ipc://{}", address.as_pathname().unwrap().display())
            }
        }
    }

    /// The next connection, within [`LIMIT`].
    pub(crate) fn accept(&self) -> RawPeer {
        self.accept_within(LIMIT).expect("a connection was due")
    }

    pub(crate) fn accept_within(&self, time: Duration) -> Option<RawPeer> {
        let end = Instant::now() + time;
        loop {
            let result = match self {
                Self::Tcp(listener) => {
                    listener.set_nonblocking(true).unwrap();
                    listener.accept().map(|(stream, _)| RawPeer::Tcp(stream))
                }
                Self::Ipc(listener) => {
                    listener.set_nonblocking(true).unwrap();
                    listener.accept().map(|(stream, _)| RawPeer::Ipc(stream))
                }
            };
            match result {
                Ok(peer) => {
                    peer.set_nonblocking(false);
                    return Some(peer.prepare());
                }
                Err(_) if Instant::now() < end => thread::sleep(Duration::from_millis(1)),
                Err(_) => return None,
            }
        }
    }

    /// Accepts and goes through the handshake.
    pub(crate) fn accept_as(&self, kind: &str) -> RawPeer {
        let mut peer = self.accept();
        peer.handshake_as(kind);
        peer
    }
}

impl Drop for RawServer {
    fn drop(&mut self) {
        // The standard library leaves the file behind.
        if let Self::Ipc(listener) = self
            && let Ok(address) = listener.local_addr()
            && let Some(path) = address.as_pathname()
        {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Raw connections that send nothing.
pub(crate) fn mutes(endpoint: &str, n: usize) -> Vec<RawPeer> {
    (0..n).map(|_| RawPeer::connect(endpoint)).collect()
}

/// Whether the connection is open: the other end does not close it within 20 ms.
pub(crate) fn is_open(peer: &mut RawPeer) -> bool {
    let socket = match peer {
        RawPeer::Tcp(stream) => stream,
        RawPeer::Ipc(_) => panic!("only asked of TCP"),
    };
    let mut byte = [0];
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    loop {
        match socket.read(&mut byte) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == ErrorKind::WouldBlock,
        }
    }
}
