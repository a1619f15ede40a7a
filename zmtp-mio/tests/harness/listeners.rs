//! Closed ports, listeners that misbehave, and a client that never gets a reply there.

use std::net::TcpListener;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use zmtp_mio::{Counters, Error, EventKind, Req};

use super::{LIMIT, RawPeer, RawServer, events};

/// The waits of a client that gets no reply add up to this.
const WATCHED: Duration = Duration::from_secs(1);
/// The first and the longest wait before a connection attempt; each is shortened by up to half.
const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3);

/// A free TCP port, below the range of ephemeral ports.
pub(crate) fn free_port() -> u16 {
    const FIRST: u16 = 20_000;
    const COUNT: u16 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes of tests that run at the same time start far apart.
    let start = (process::id() as u16).wrapping_mul(97) % COUNT;
    loop {
        let port = FIRST + (start + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
        if TcpListener::bind(("0.0.0.0", port)).is_ok() {
            return port;
        }
    }
}

/// A TCP endpoint with a closed port.
pub(crate) fn free_endpoint() -> String {
    format!("tcp://127.0.0.1:{}", free_port())
}

/// A listener that treats each client in the same wrong way, until it is dropped.
#[derive(Debug)]
pub(crate) struct BadServer {
    pub(crate) endpoint: String,
    accepted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl BadServer {
    /// `behave` returns the peer to keep its connection open.
    pub(crate) fn new(behave: impl Fn(RawPeer) -> Option<RawPeer> + Send + 'static) -> Self {
        let endpoint = free_endpoint();
        let server = RawServer::on(&endpoint);
        let (accepted, stop) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (count, is_over) = (Arc::clone(&accepted), Arc::clone(&stop));
        let serve = move || {
            let mut kept = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                if let Some(peer) = server.accept_within(Duration::from_millis(10)) {
                    count.fetch_add(1, Ordering::Relaxed);
                    kept.extend(behave(peer));
                }
            }
        };
        Self { endpoint, accepted, stop, thread: Some(thread::spawn(serve)) }
    }

    pub(crate) fn accepted(&self) -> usize {
        self.accepted.load(Ordering::Relaxed)
    }
}

impl Drop for BadServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let result = thread.join();
            assert!(thread::panicking() || result.is_ok(), "the bad server itself failed");
        }
    }
}

/// The waits between connection attempts.
pub(crate) fn waits(events: &[EventKind]) -> Vec<Duration> {
    events
        .iter()
        .filter_map(|kind| match kind {
            EventKind::Retrying(wait) => Some(*wait),
            _ => None,
        })
        .collect()
}

/// Asks again whenever a request is lost, until the waits before connection attempts add up to
/// [`WATCHED`]. The events and counters until then.
pub(crate) fn ask_in_vain(req: &mut Req) -> (Vec<EventKind>, Counters) {
    let end = Instant::now() + 4 * LIMIT;
    let mut all = Vec::new();
    req.send("question").unwrap();
    loop {
        // A driver may change both between the two calls.
        let counters = req.counters();
        let more = events!(req);
        let is_over = more.is_empty() && waits(&all).iter().sum::<Duration>() >= WATCHED;
        all.extend(more);
        if is_over {
            return (all, counters);
        }
        assert!(Instant::now() < end, "it does not try again: {all:?}");
        match req.recv_timeout(Duration::from_millis(10)) {
            Ok(None) => {}
            Err(Error::PeerLost) => req.send("question").unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

/// The first request may find the end of the last bad connection.
pub(crate) fn assert_served(req: &mut Req) {
    let end = Instant::now() + 2 * LIMIT;
    loop {
        match req.request("question", LIMIT) {
            Ok(Some(reply)) => return assert_eq!(reply.text(), Ok("question")),
            _ => assert!(Instant::now() < end, "never answered by the good server"),
        }
    }
}

/// Asserts that each wait is twice the last, less a random part, up to the longest.
pub(crate) fn assert_growing(waits: &[Duration]) {
    assert!(waits.len() >= 3, "it did not try again: {waits:?}");
    let mut whole = FIRST;
    for wait in waits {
        assert!((whole / 2..=whole).contains(wait), "none of up to {whole:?}: {waits:?}");
        whole = LONGEST.min(2 * whole);
    }
    assert!(waits[2] >= 2 * waits[0]);
}

/// Asserts that all waits are the longest: retrying sooner would not help.
pub(crate) fn assert_longest(waits: &[Duration]) {
    assert!(!waits.is_empty(), "it did not try again");
    assert!(waits.iter().all(|wait| (LONGEST / 2..=LONGEST).contains(wait)), "{waits:?}");
}

/// Drives a socket until it has an event for which `wanted` returns a value.
macro_rules! event_where {
    ($socket:expr, $wanted:expr) => {{
        let end = std::time::Instant::now() + 2 * $crate::harness::LIMIT;
        loop {
            $socket.wait(std::time::Duration::from_millis(10)).unwrap();
            let found = std::iter::from_fn(|| $socket.next_event()).find_map($wanted);
            if let Some(found) = found {
                break found;
            }
            assert!(std::time::Instant::now() < end, "no such event: {}", stringify!($wanted));
        }
    }};
}

pub(crate) use event_where;

/// Reads until the bytes end in `tail`, for 500 ms at most. Does not panic if the other end is gone.
pub(crate) fn read_up_to(peer: &mut RawPeer, tail: &[u8]) -> bool {
    let mut bytes = Vec::new();
    let end = Instant::now() + Duration::from_millis(500);
    while !bytes.ends_with(tail) && Instant::now() < end {
        bytes.extend(peer.read_for(1, Duration::from_millis(50)));
    }
    bytes.ends_with(tail)
}
