//! A slow link: a relay between two endpoints that limits the rate and delays each byte.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, SockAddr, Socket, Type};

use super::ipc;

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

/// A relay in front of an endpoint. Its threads end with the connections.
#[derive(Debug)]
pub(crate) struct Relay {
    pub(crate) endpoint: String,
}

fn socket(domain: Domain) -> Socket {
    let socket = Socket::new(domain, Type::STREAM, None).unwrap();
    socket.set_recv_buffer_size(BUFFER).unwrap();
    socket.set_send_buffer_size(BUFFER).unwrap();
    socket
}

/// The address of a `tcp://` or `ipc://` endpoint.
fn address(endpoint: &str) -> (Domain, SockAddr) {
    match endpoint.strip_prefix("ipc://") {
        Some(path) => (Domain::UNIX, SockAddr::unix(path).unwrap()),
        None => {
            let address: SocketAddr = endpoint.strip_prefix("tcp://").unwrap().parse().unwrap();
            (Domain::IPV4, address.into())
        }
    }
}

impl Relay {
    /// Listens, with the transport of `server`, and connects each client to that endpoint.
    pub(crate) fn new(server: &str, link: Link) -> Self {
        let (domain, server) = address(server);
        let own = if domain == Domain::UNIX { ipc() } else { "tcp://127.0.0.1:0".into() };
        let listener = socket(domain);
        listener.bind(&address(&own).1).unwrap();
        listener.listen(16).unwrap();
        let bound = listener.local_addr().unwrap().as_socket();
        let endpoint = bound.map_or(own, |at| format!("tcp://{at}"));
        thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let far = socket(domain);
                if far.connect(&server).is_err() {
                    continue;
                }
                carry(client.try_clone().unwrap(), far.try_clone().unwrap(), link);
                carry(far, client, link);
            }
        });
        Self { endpoint }
    }
}

/// Carries bytes in one direction: one thread takes them at the rate, another one passes them on after the delay.
fn carry(mut from: Socket, mut to: Socket, link: Link) {
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
    thread::spawn(move || {
        for (due, piece) in pieces {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&piece).is_err() {
                // The other thread finds a closed queue.
                let _ = to.shutdown(Shutdown::Both);
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
}

/// Lets at most two slow links run at the same time, or `ZMTP_SLOW_LANES`, so that a busy machine does not slow them
/// further.
#[derive(Debug)]
pub(crate) struct Lane(());

static LANES: LazyLock<(Mutex<usize>, Condvar)> =
    LazyLock::new(|| (Mutex::new(Lane::count()), Condvar::new()));

impl Lane {
    /// How many run at the same time.
    pub(crate) fn count() -> usize {
        let Ok(lanes) = std::env::var("ZMTP_SLOW_LANES") else { return 2 };
        let count = lanes.parse().ok().filter(|count| *count > 0);
        count.unwrap_or_else(|| panic!("ZMTP_SLOW_LANES is not a positive number: {lanes}"))
    }

    /// Waits for a free one.
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
