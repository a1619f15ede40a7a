//! Sockets, raw peers and bounded waiting, shared by the tests.

#![allow(dead_code, unused_imports, unused_macros, reason = "each test file uses its part")]

pub(crate) mod arena;
pub(crate) mod echo;
pub(crate) mod listeners;
mod peer;
pub(crate) mod processes;
pub(crate) mod relay;
pub(crate) mod simulated;
pub(crate) mod threads;

use std::fmt::Display;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use zmtp_mio::kind::{self, Kind, StaticKind};
use zmtp_mio::{Builder, CloseReason, Context, EventKind, Rep, Req, Socket, ThreadSafeSocket};

pub(crate) use echo::{Echo, assert_echo};
pub(crate) use peer::{RawPeer, RawServer, is_open, mutes};

/// A socket type, whose builder has its kind.
pub(crate) trait OfKind {
    type Kind: StaticKind;
}

impl<K: StaticKind> OfKind for Socket<K> {
    type Kind = K;
}

impl<K: kind::ThreadSafe> OfKind for ThreadSafeSocket<K> {
    type Kind = K;
}

/// Settings of a socket in the mode that is tested: in the default context, whose driver serves it
/// between calls, or with `ZMTP_TEST_DRIVER=0` without a driver.
pub(crate) fn builder<S: OfKind>() -> Builder<S::Kind, S> {
    Builder::default().context(&context())
}

/// The context of [`builder`].
pub(crate) fn context() -> Context {
    static CONTEXT: LazyLock<Context> = LazyLock::new(|| {
        let undriven = std::env::var_os("ZMTP_TEST_DRIVER").is_some_and(|value| value == "0");
        if undriven { Context::builder().driver(false).build() } else { Context::default() }
    });
    CONTEXT.clone()
}

/// Prints why a test cannot run on this machine.
///
/// # Panics
///
/// If `ZMTP_NO_SKIP` is set.
pub(crate) fn skipped(why: impl Display) {
    assert!(std::env::var_os("ZMTP_NO_SKIP").is_none(), "{why}");
    println!("SKIPPED: {why}");
}

/// The bound for everything that should happen at once.
pub(crate) const LIMIT: Duration = Duration::from_secs(15);
/// How long a test watches that nothing happens.
pub(crate) const QUIET: Duration = Duration::from_millis(100);

/// An ipc endpoint that no other test uses.
pub(crate) fn ipc() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let file = format!("zmtp-{}-{number}.sock", std::process::id());
    format!("ipc://{}", std::env::temp_dir().join(file).display())
}

/// An endpoint to bind for each transport.
pub(crate) fn transports() -> [String; 2] {
    ["tcp://127.0.0.1:*".into(), ipc()]
}

/// A REP on a free port and where it listens.
pub(crate) fn rep() -> (Rep, String) {
    bound(builder::<Rep>().build().unwrap())
}

/// Binds a socket to a free port, and returns it and where it listens.
pub(crate) fn bound<K: Kind>(mut socket: Socket<K>) -> (Socket<K>, String) {
    let endpoint = socket.bind("tcp://127.0.0.1:*").unwrap().to_string();
    (socket, endpoint)
}

pub(crate) fn req(endpoint: &str) -> Req {
    builder::<Req>().connect(endpoint).unwrap()
}

/// Bytes in which a missing or moved byte shows.
pub(crate) fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|at| (at % 251) as u8 ^ (at / 251) as u8).collect()
}

/// Drives a socket until `done` is true, within [`LIMIT`].
macro_rules! drive_until {
    ($socket:expr, $done:expr) => {{
        let end = std::time::Instant::now() + $crate::harness::LIMIT;
        while !$done {
            assert!(std::time::Instant::now() < end, "not within the limit: {}", stringify!($done));
            $socket.wait(std::time::Duration::from_millis(10)).unwrap();
        }
    }};
}

/// Drives a socket for a while.
macro_rules! drive_for {
    ($socket:expr, $time:expr) => {{
        let end = std::time::Instant::now() + $time;
        while std::time::Instant::now() < end {
            $socket.wait(std::time::Duration::from_millis(5)).unwrap();
        }
    }};
}

/// Drives a socket until its counters stay the same for [`QUIET`]: nothing is under way any more.
macro_rules! drive_until_still {
    ($socket:expr) => {{
        let end = std::time::Instant::now() + 4 * $crate::harness::LIMIT;
        loop {
            let before = $socket.counters();
            $crate::harness::drive_for!($socket, $crate::harness::QUIET);
            if $socket.counters() == before {
                break;
            }
            assert!(std::time::Instant::now() < end, "it never rests: {before:?}");
        }
    }};
}

/// A raw peer that has sent its part of the handshake and read nothing: the same thread drives the
/// socket.
pub(crate) fn half_ready(endpoint: &str, kind: &str) -> RawPeer {
    let mut peer = RawPeer::connect(endpoint);
    // In one write: a socket that reads the greeting alone sends its READY, and not ERROR at once.
    peer.send(&[wire::greeting("NULL"), wire::ready(kind)].concat());
    peer
}

/// All queued events.
macro_rules! events {
    ($socket:expr) => {
        std::iter::from_fn(|| $socket.next_event()).map(|event| event.kind).collect::<Vec<_>>()
    };
}

pub(crate) use {drive_for, drive_until, drive_until_still, events};

/// Why connections ended.
pub(crate) fn closes(events: &[EventKind]) -> Vec<CloseReason> {
    events
        .iter()
        .filter_map(|kind| match kind {
            EventKind::Closed(reason) => Some(*reason),
            _ => None,
        })
        .collect()
}

/// Resident memory of this process in bytes.
pub(crate) fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    text.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4_096
}

/// Waits for something outside the socket, within [`LIMIT`].
pub(crate) fn eventually(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + LIMIT;
    while !done() {
        assert!(Instant::now() < end, "not within the limit: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}

/// Watches for [`QUIET`] that something outside the socket does not happen.
pub(crate) fn never(what: &str, mut happened: impl FnMut() -> bool) {
    let end = Instant::now() + QUIET;
    while Instant::now() < end {
        assert!(!happened(), "it happened: {what}");
        thread::sleep(Duration::from_millis(2));
    }
}
