//! What the hostile, driving, high-water and linger tests share on top of `common`.

#![allow(dead_code, reason = "each test file uses its part")]

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use zmtp_mio::{CloseReason, Counters, EventKind, Options, Rep};

use crate::common::{Echo, RawPeer, closes, events};

/// Longest life of a test that runs in a process of its own.
const CHILD_LIMIT: Duration = Duration::from_secs(40);
/// Names the test that such a process is for.
const ALONE: &str = "ZMTP_TEST_ALONE";
/// Where parent and child meet.
const PLACE: &str = "ZMTP_TEST_ENDPOINT";

/// An echo server with changed options.
pub(crate) fn echo_with(change: impl FnOnce(&mut Options)) -> Echo {
    Echo::with(rep_with(change))
}

/// A REP with changed options on a free port.
pub(crate) fn rep_with(change: impl FnOnce(&mut Options)) -> Rep {
    let mut options = Options::default();
    change(&mut options);
    crate::common::builder::<Rep>().options(options).bind("tcp://127.0.0.1:*").unwrap()
}

pub(crate) fn endpoint_of(rep: &Rep) -> String {
    rep.endpoints().next().unwrap().to_string()
}

/// Stops a server; what it counted, and why connections ended.
pub(crate) fn outcome(echo: Echo) -> (Counters, Vec<CloseReason>) {
    let mut rep = echo.stop();
    let kinds = events!(rep);
    (rep.counters(), closes(&kinds))
}

pub(crate) fn is_paused(kind: &EventKind) -> bool {
    matches!(kind, EventKind::AcceptPaused(_))
}

/// Runs `body` in a process of its own, which is this test binary again: for what belongs to a
/// whole process, its memory above all. `test` is the name of the calling test.
pub(crate) fn alone(test: &str, body: impl FnOnce()) {
    match is_child_of(test) {
        true => body(),
        false => finish(spawn(test, None, "")),
    }
}

/// Whether this process was made for the test by [`spawn`].
pub(crate) fn is_child_of(test: &str) -> bool {
    std::env::var(ALONE).is_ok_and(|name| name == test)
}

/// The endpoint given to [`spawn`].
pub(crate) fn meeting_place() -> String {
    std::env::var(PLACE).unwrap()
}

/// Starts this binary again for one test, with at most so many descriptors.
pub(crate) fn spawn(test: &str, descriptors: Option<u32>, endpoint: &str) -> Child {
    let limit = descriptors.map_or(String::new(), |n| format!("ulimit -n {n} && "));
    Command::new("sh")
        .args(["-c", &format!("{limit}exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(ALONE, test)
        .env(PLACE, endpoint)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits for a process of [`spawn`] and insists that its one test ran and passed.
pub(crate) fn finish(mut child: Child) {
    let end = Instant::now() + CHILD_LIMIT;
    while child.try_wait().unwrap().is_none() {
        if Instant::now() >= end {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("the test's own process hangs");
        }
        thread::sleep(Duration::from_millis(5));
    }
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    assert!(said.contains("1 passed"), "in a process of its own:\n{said}");
}

/// Many raw connections that say nothing.
pub(crate) fn mutes(endpoint: &str, n: usize) -> Vec<RawPeer> {
    (0..n).map(|_| RawPeer::connect(endpoint)).collect()
}

/// Whether the other end has left the connection open: nothing but silence or octets for a while.
pub(crate) fn is_open(peer: &mut RawPeer) -> bool {
    let socket = match peer {
        RawPeer::Tcp(stream) => stream,
        RawPeer::Ipc(_) => panic!("only asked of TCP"),
    };
    let mut octet = [0];
    socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    loop {
        match socket.read(&mut octet) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }
}
