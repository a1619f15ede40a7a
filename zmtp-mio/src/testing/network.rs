//! TCP in memory: listeners by port, and streams.

use core::fmt;
use core::net::{Ipv4Addr, SocketAddr};
use std::collections::{HashMap, VecDeque};
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::lane::{Lane, Notified};
use crate::endpoint::Endpoint;

/// The first port that is given to a listener or a connection.
const FIRST_PORT: u16 = 49_152;
/// Connections that may wait to be accepted.
const BACKLOG: usize = 128;

/// An engine that has to look at a stream or a listener.
pub(crate) trait Notify: Send + Sync {
    fn notify(&self);
}

impl fmt::Debug for dyn Notify {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Notify")
    }
}

/// The listeners of a simulation.
#[derive(Debug, Default)]
pub(crate) struct Network(Mutex<Ports>);

#[derive(Debug, Default)]
struct Ports {
    listeners: HashMap<u16, Arc<Mutex<Pending>>>,
    /// Ports given so far.
    given: u16,
    /// The two directions of each connection.
    connections: Vec<[Weak<Lane>; 2]>,
}

/// Connections that were not accepted yet.
#[derive(Debug, Default)]
struct Pending {
    streams: VecDeque<MemoryStream>,
    notified: Notified,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Ports {
    fn next_port(&mut self) -> u16 {
        self.given += 1;
        FIRST_PORT + self.given
    }
}

impl Network {
    /// Listens on a port, 0 for a free one. `AddrInUse` if another listener has it.
    pub(crate) fn bind(self: &Arc<Self>, port: u16) -> io::Result<MemoryListener> {
        let mut ports = lock(&self.0);
        let port = if port == 0 { ports.next_port() } else { port };
        if ports.listeners.contains_key(&port) {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        let pending = Arc::new(Mutex::new(Pending::default()));
        ports.listeners.insert(port, Arc::clone(&pending));
        Ok(MemoryListener { port, pending, network: Arc::clone(self) })
    }

    /// Connects to a port.
    pub(crate) fn connect(&self, port: u16) -> io::Result<MemoryStream> {
        let mut ports = lock(&self.0);
        let refused = || io::Error::from(io::ErrorKind::ConnectionRefused);
        let pending = Arc::clone(ports.listeners.get(&port).ok_or_else(refused)?);
        let own = ports.next_port();
        drop(ports);
        let (one, other) = MemoryStream::pair(own, port);
        let lanes = [&one.incoming, &one.outgoing].map(Arc::downgrade);
        lock(&self.0).connections.push(lanes);
        let mut waiting = lock(&pending);
        if waiting.streams.len() >= BACKLOG {
            return Err(refused());
        }
        waiting.streams.push_back(other);
        let notified = waiting.notified.clone();
        drop(waiting);
        if let Some(notified) = notified {
            notified.notify();
        }
        Ok(one)
    }

    /// Breaks one of the connections that are open. Returns `false` if there is none.
    pub(super) fn cut(&self, which: usize, loses: bool) -> bool {
        let mut ports = lock(&self.0);
        ports.connections.retain(|lanes| {
            lanes.iter().all(|lane| lane.upgrade().is_some_and(|lane| lane.is_open()))
        });
        let Some(at) = which.checked_rem(ports.connections.len()) else { return false };
        let lanes = ports.connections.swap_remove(at);
        drop(ports);
        lanes.iter().filter_map(Weak::upgrade).for_each(|lane| lane.cut(loses));
        true
    }

    pub(super) fn connect_to(&self, endpoint: &Endpoint) -> io::Result<MemoryStream> {
        match endpoint {
            Endpoint::Tcp { port, .. } => self.connect(*port),
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }
}

/// A listener.
#[derive(Debug)]
pub(crate) struct MemoryListener {
    port: u16,
    pending: Arc<Mutex<Pending>>,
    network: Arc<Network>,
}

impl MemoryListener {
    pub(crate) fn address(&self) -> SocketAddr {
        local(self.port)
    }

    /// The next connection; `WouldBlock` if there is none.
    pub(crate) fn accept(&self) -> io::Result<MemoryStream> {
        let stream = lock(&self.pending).streams.pop_front();
        stream.ok_or_else(|| io::ErrorKind::WouldBlock.into())
    }

    /// Sets what each new connection notifies.
    pub(crate) fn set_notified(&self, notified: Arc<dyn Notify>) {
        lock(&self.pending).notified = Some(Arc::clone(&notified));
        notified.notify();
    }
}

impl Drop for MemoryListener {
    fn drop(&mut self) {
        lock(&self.network.0).listeners.remove(&self.port);
        // Streams that were not accepted end here, without the lock.
        let unaccepted = core::mem::take(&mut lock(&self.pending).streams);
        drop(unaccepted);
    }
}

fn local(port: u16) -> SocketAddr {
    (Ipv4Addr::LOCALHOST, port).into()
}

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct MemoryStream {
    incoming: Arc<Lane>,
    outgoing: Arc<Lane>,
    local: u16,
    remote: u16,
}

impl MemoryStream {
    fn pair(local: u16, remote: u16) -> (Self, Self) {
        let (there, back) = (Arc::new(Lane::default()), Arc::new(Lane::default()));
        let one = Self { incoming: Arc::clone(&back), outgoing: Arc::clone(&there), local, remote };
        (one, Self { incoming: there, outgoing: back, local: remote, remote: local })
    }

    /// Sets what is notified when there are bytes, or room, or the other end is gone.
    pub(crate) fn set_notified(&self, notified: &Arc<dyn Notify>) {
        self.incoming.set_reader(Arc::clone(notified));
        self.outgoing.set_writer(Arc::clone(notified));
        notified.notify();
    }

    pub(crate) fn remote(&self) -> SocketAddr {
        local(self.remote)
    }

    pub(crate) fn local(&self) -> SocketAddr {
        local(self.local)
    }

    /// The number of written bytes that the other end has not read.
    pub(crate) fn unread(&self) -> u64 {
        self.outgoing.len() as u64
    }

    pub(crate) fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        self.incoming.read(into)
    }

    pub(crate) fn read_vectored(&self, slices: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        let mut read = 0;
        for slice in slices.iter_mut().filter(|slice| !slice.is_empty()) {
            match self.read(slice) {
                Ok(n) if n == slice.len() => read += n,
                Ok(n) => return Ok(read + n),
                Err(_) if read > 0 => return Ok(read),
                Err(error) => return Err(error),
            }
        }
        Ok(read)
    }

    pub(crate) fn write(&self, bytes: &[u8]) -> io::Result<usize> {
        self.outgoing.write(bytes)
    }

    pub(crate) fn write_vectored(&self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let mut written = 0;
        for slice in slices {
            match self.write(slice) {
                Ok(n) if n == slice.len() => written += n,
                Ok(n) => return Ok(written + n),
                Err(_) if written > 0 => return Ok(written),
                Err(error) => return Err(error),
            }
        }
        Ok(written)
    }
}

impl Drop for MemoryStream {
    fn drop(&mut self) {
        self.outgoing.end();
        self.incoming.reset();
    }
}

/// One end of a connection, which a test reads and writes. Reading and writing never block:
/// `WouldBlock` means that there are no bytes, or no room.
#[derive(Debug)]
pub struct RawPeer(MemoryStream);

impl RawPeer {
    pub(super) const fn new(stream: MemoryStream) -> Self {
        Self(stream)
    }

    /// Everything that can be read now; `None` if the other end is gone and all was read.
    pub fn read_all(&mut self) -> Option<Vec<u8>> {
        let mut all = Vec::new();
        let mut chunk = [0; 4_096];
        loop {
            match self.0.read(&mut chunk) {
                Ok(0) if all.is_empty() => return None,
                Ok(0) | Err(_) => return Some(all),
                Ok(n) => all.extend_from_slice(&chunk[..n]),
            }
        }
    }
}

impl Read for RawPeer {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        self.0.read(into)
    }
}

impl Write for RawPeer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A listener of a test.
#[derive(Debug)]
pub struct RawListener(MemoryListener);

impl RawListener {
    pub(super) fn new(network: &Arc<Network>) -> Self {
        // A free port is not in use.
        match network.bind(0) {
            Ok(listener) => Self(listener),
            Err(error) => unreachable!("a free port: {error}"),
        }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> Endpoint {
        self.0.address().into()
    }

    /// The next connection, if there is one.
    pub fn accept(&self) -> Option<RawPeer> {
        self.0.accept().ok().map(RawPeer)
    }
}
