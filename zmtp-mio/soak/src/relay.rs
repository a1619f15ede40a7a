//! A link between two sockets, with a rate and a delay, which can be cut.

use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use socket2::{Domain, SockAddr, Socket, Type};

/// The bytes that are taken at once.
const PIECE: usize = 4 << 10;
/// The buffers of the system at each end. Linux doubles the number.
const BUFFER: usize = 16 << 10;
/// The pieces that are under way in one direction.
const UNDER_WAY: usize = 32;
/// The bytes of a connection that a cut can lose besides those under way: two buffers for each direction.
const IN_SYSTEM: u64 = 8 * BUFFER as u64;

/// What the threads of a link share.
#[derive(Debug)]
struct Shared {
    over: AtomicBool,
    /// Bytes per second.
    rate: AtomicU64,
    delay: AtomicU64,
    /// Bytes that were taken from one end and may not have reached the other.
    lost: AtomicU64,
    ends: Mutex<Vec<Socket>>,
}

/// A link in front of an endpoint.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
    address: (Domain, SockAddr),
    listener: Option<JoinHandle<()>>,
}

fn socket(domain: Domain) -> Socket {
    let socket = Socket::new(domain, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(BUFFER).unwrap();
    socket.set_send_buffer_size(BUFFER).unwrap();
    socket
}

/// The address of a `tcp://` or `ipc://` endpoint.
pub(crate) fn address(endpoint: &str) -> (Domain, SockAddr) {
    match endpoint.strip_prefix("ipc://") {
        Some(path) => (Domain::UNIX, SockAddr::unix(path).unwrap()),
        None => {
            let address: SocketAddr = endpoint.strip_prefix("tcp://").unwrap().parse().unwrap();
            (Domain::IPV4, address.into())
        }
    }
}

impl Relay {
    /// Listens at `own`, and connects each client to the endpoint `server`.
    pub(crate) fn new(own: &str, server: &str) -> Self {
        let (domain, server) = address(server);
        let listener = socket(domain);
        listener.bind(&address(own).1).unwrap();
        listener.listen(16).unwrap();
        let local = listener.local_addr().unwrap();
        let endpoint = local.as_socket().map_or_else(|| own.into(), |at| format!("tcp://{at}"));
        let shared = Arc::new(Shared {
            over: AtomicBool::new(false),
            rate: AtomicU64::new(10_000_000),
            delay: AtomicU64::new(0),
            lost: AtomicU64::new(0),
            ends: Mutex::default(),
        });
        let ours = Arc::clone(&shared);
        let listener = thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                if ours.over.load(Ordering::Relaxed) {
                    return;
                }
                let far = socket(domain);
                if far.connect(&server).is_err() {
                    continue;
                }
                let mut ends = ours.ends.lock().unwrap();
                ends.retain(|end| end.take_error().is_ok() && end.peer_addr().is_ok());
                ends.extend([client.try_clone().unwrap(), far.try_clone().unwrap()]);
                drop(ends);
                carry(client.try_clone().unwrap(), far.try_clone().unwrap(), &ours);
                carry(far, client, &ours);
            }
        });
        Self { endpoint, shared, address: (domain, local), listener: Some(listener) }
    }

    /// Sets the rate in bytes per second, and the time from one end to the other.
    pub(crate) fn set(&self, rate: u64, delay: Duration) {
        self.shared.rate.store(rate, Ordering::Relaxed);
        self.shared.delay.store(delay.as_millis() as u64, Ordering::Relaxed);
    }

    /// Ends all connections, whatever is under way.
    pub(crate) fn cut(&self) {
        for end in self.shared.ends.lock().unwrap().drain(..) {
            self.shared.lost.fetch_add(IN_SYSTEM / 2, Ordering::Relaxed);
            // A reset.
            let _ = end.set_linger(Some(Duration::ZERO));
            let _ = end.shutdown(Shutdown::Both);
        }
    }

    /// The bytes that ended connections may have lost.
    pub(crate) fn lost(&self) -> u64 {
        self.shared.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        self.cut();
        let woken = Socket::new(self.address.0, Type::STREAM, None);
        if woken.is_ok_and(|socket| socket.connect(&self.address.1).is_ok())
            && let Some(listener) = self.listener.take()
        {
            let _ = listener.join();
        }
        if let Some(path) = self.address.1.as_pathname() {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Carries bytes in one direction: one thread takes them at the rate, another one passes them on after the delay.
fn carry(mut from: Socket, mut to: Socket, shared: &Arc<Shared>) {
    let (queue, pieces): (SyncSender<(Instant, Vec<u8>)>, Receiver<_>) = sync_channel(UNDER_WAY);
    let ours = Arc::clone(shared);
    thread::spawn(move || {
        let mut free = Instant::now();
        let mut piece = vec![0; PIECE];
        loop {
            match from.read(&mut piece) {
                Ok(n @ 1..) => {
                    let rate = ours.rate.load(Ordering::Relaxed);
                    let delay = Duration::from_millis(ours.delay.load(Ordering::Relaxed));
                    free =
                        free.max(Instant::now()) + Duration::from_secs_f64(n as f64 / rate as f64);
                    thread::sleep(free.saturating_duration_since(Instant::now()));
                    if let Err(unsent) = queue.send((free + delay, piece[..n].to_vec())) {
                        ours.lost.fetch_add(unsent.0.1.len() as u64, Ordering::Relaxed);
                        let _ = from.shutdown(Shutdown::Both);
                        return;
                    }
                }
                Ok(_) => return,
                Err(_) => {
                    ours.lost.fetch_add(IN_SYSTEM / 2, Ordering::Relaxed);
                    return;
                }
            }
        }
    });
    let ours = Arc::clone(shared);
    thread::spawn(move || {
        while let Ok((due, piece)) = pieces.recv() {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                // The other thread finds a closed queue.
                let _ = to.shutdown(Shutdown::Both);
                let left: usize = pieces.try_iter().map(|(_, piece)| piece.len()).sum();
                let lost = (left + piece.len()) as u64 + IN_SYSTEM / 2;
                ours.lost.fetch_add(lost, Ordering::Relaxed);
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}
