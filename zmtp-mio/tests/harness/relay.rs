//! A slow link: a relay between two TCP endpoints that limits the rate and delays each byte.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

/// The rate and the delay of a link, the same in both directions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Link {
    /// Bytes per second.
    pub(crate) rate: u64,
    /// The time from one end to the other.
    pub(crate) delay: Duration,
}

/// The bytes that the relay takes from the system at once: the time of one piece at 400 kB/s is 20 ms.
const PIECE: usize = 8 << 10;
/// The kernel's buffer at each end of the relay. Larger buffers would hide how slow the link is.
const BUFFER: usize = 32 << 10;
/// The pieces that are under way in one direction: enough for 1 MB/s and 200 ms.
const UNDER_WAY: usize = 64;

/// A relay in front of a TCP endpoint. Its threads end with the connections.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) endpoint: String,
    carried: Arc<[AtomicU64; 2]>,
}

impl Relay {
    /// Listens at a free port, and connects each client to `server`, a `tcp://` endpoint.
    pub(crate) fn new(server: &str, link: Link) -> Self {
        let server: SocketAddr = server.strip_prefix("tcp://").unwrap().parse().unwrap();
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.set_recv_buffer_size(BUFFER).unwrap();
        listener.set_send_buffer_size(BUFFER).unwrap();
        listener.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
        listener.listen(16).unwrap();
        let at = listener.local_addr().unwrap().as_socket().unwrap();
        let carried = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
        let counts = Arc::clone(&carried);
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let far = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
                far.set_recv_buffer_size(BUFFER).unwrap();
                far.set_send_buffer_size(BUFFER).unwrap();
                if far.connect(&server.into()).is_err() {
                    continue;
                }
                let (client, far) = (TcpStream::from(client), TcpStream::from(far));
                carry(client.try_clone().unwrap(), far.try_clone().unwrap(), link, &counts, 0);
                carry(far, client, link, &counts, 1);
            }
        });
        Self { endpoint: format!("tcp://{at}"), carried }
    }

    /// The bytes that have left the relay, to the server and to the client.
    pub(crate) fn carried(&self) -> (u64, u64) {
        let [there, back] = &*self.carried;
        (there.load(Ordering::Relaxed), back.load(Ordering::Relaxed))
    }
}

/// Carries bytes in one direction: one thread takes them at the rate, another one passes them on after the delay.
fn carry(
    mut from: TcpStream,
    mut to: TcpStream,
    link: Link,
    carried: &Arc<[AtomicU64; 2]>,
    direction: usize,
) {
    let (queue, pieces): (SyncSender<(Instant, Vec<u8>)>, Receiver<_>) = sync_channel(UNDER_WAY);
    thread::spawn(move || {
        let mut free = Instant::now();
        let mut piece = vec![0; PIECE];
        while let Ok(n @ 1..) = from.read(&mut piece) {
            let time = Duration::from_secs_f64(n as f64 / link.rate as f64);
            free = free.max(Instant::now()) + time;
            thread::sleep(free.saturating_duration_since(Instant::now()));
            if queue.send((free + link.delay, piece[..n].to_vec())).is_err() {
                break;
            }
        }
    });
    let carried = Arc::clone(carried);
    thread::spawn(move || {
        for (due, piece) in pieces {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                // The other thread finds a closed queue.
                let _ = to.shutdown(Shutdown::Both);
                return;
            }
            carried[direction].fetch_add(piece.len() as u64, Ordering::Relaxed);
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

/// Lets at most two slow links run at the same time, so that a link is as fast as its test sets it.
#[derive(Debug)]
pub(crate) struct Lane(());

static LANES: LazyLock<(Mutex<usize>, Condvar)> = LazyLock::new(|| (Mutex::new(2), Condvar::new()));

impl Lane {
    /// Waits for one of the two.
    pub(crate) fn take() -> Self {
        let (free, freed) = &*LANES;
        let mut free = freed.wait_while(free.lock().unwrap(), |free| *free == 0).unwrap();
        *free -= 1;
        Self(())
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        let (free, freed) = &*LANES;
        *free.lock().unwrap() += 1;
        freed.notify_one();
    }
}
