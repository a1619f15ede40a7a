//! What the tests of attacks share: a server under attack with an honest client beside it, in a
//! process of its own so that its memory and CPU time can be told.

#![allow(dead_code, reason = "each test file uses its part")]

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use zmtp_mio::{CloseReason, Counters, Options, Rep};

use crate::common::{Echo, LIMIT, assert_echo, req};
use crate::more_b::outcome;

pub(crate) const KIB: usize = 1 << 10;
pub(crate) const MIB: usize = 1 << 20;

/// Names the test that a process is for.
const NAME: &str = "ZMTP_ATTACK";
/// Tells it its part.
const PART: &str = "ZMTP_ATTACK_PART";

/// Runs `body` in a process of its own that may have so many descriptors. Where the system allows
/// fewer the test is skipped, which is a failure under `ZMTP_NO_SKIP`.
pub(crate) fn alone_with(test: &str, descriptors: u32, body: impl FnOnce()) {
    if part(test).is_some() {
        return body();
    }
    let hard = Command::new("sh").args(["-c", "ulimit -Hn"]).output().unwrap().stdout;
    let hard = String::from_utf8(hard).unwrap();
    if hard.trim() != "unlimited" && hard.trim().parse::<u32>().unwrap() < descriptors {
        let why = format!("{test}: {descriptors} descriptors are not allowed, but {}", hard.trim());
        assert!(std::env::var_os("ZMTP_NO_SKIP").is_none(), "{why}");
        println!("SKIPPED {why}");
        return;
    }
    finish(start(test, descriptors, "main"));
}

/// The part of this process in the test, if it was started for one.
pub(crate) fn part(test: &str) -> Option<String> {
    let ours = std::env::var(NAME).is_ok_and(|name| name == test);
    ours.then(|| std::env::var(PART).unwrap())
}

/// Starts this binary again for one part of a test.
pub(crate) fn start(test: &str, descriptors: u32, part: &str) -> Child {
    Command::new("sh")
        .args(["-c", &format!("ulimit -n {descriptors} && exec \"$0\" \"$@\"")])
        .arg(std::env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(NAME, test)
        .env(PART, part)
        .stdin(Stdio::null())
        .spawn()
        .unwrap()
}

/// Waits for a process of [`start`], and insists that its test passed.
pub(crate) fn finish(mut child: Child) {
    let end = Instant::now() + Duration::from_secs(180);
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return assert!(status.success(), "in a process of its own: {status}");
        }
        if Instant::now() >= end {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("a process of the test hangs");
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// CPU time of this process, all threads.
pub(crate) fn process_time() -> Duration {
    let of = |entry: fs::DirEntry| {
        let text = fs::read_to_string(entry.path().join("schedstat")).unwrap_or_default();
        text.split(' ').next().and_then(|word| word.parse().ok()).unwrap_or(0)
    };
    let threads = fs::read_dir("/proc/self/task").unwrap();
    Duration::from_nanos(threads.map(|entry| of(entry.unwrap())).sum())
}

/// The most that this process ever had resident, in octets.
pub(crate) fn peak_of_memory() -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * KIB
}

/// Descriptors that this process holds.
pub(crate) fn descriptors() -> usize {
    fs::read_dir("/proc/self/fd").unwrap().count()
}

/// A REP that echoes while it is attacked, and a client that asks it all the while.
#[derive(Debug)]
pub(crate) struct Arena {
    pub(crate) endpoint: String,
    echo: Echo,
    before: usize,
    over: Arc<AtomicBool>,
    honest: JoinHandle<usize>,
}

impl Arena {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::default();
        change(&mut options);
        let echo = Echo::with(Rep::builder().options(options).bind("tcp://127.0.0.1:*").unwrap());
        let endpoint = echo.endpoint.clone();
        let mut client = req(&endpoint);
        assert_echo(&mut client, b"before");
        let over = Arc::new(AtomicBool::new(false));
        let before = peak_of_memory();
        let honest = thread::spawn({
            let over = Arc::clone(&over);
            move || {
                let mut rounds = 0;
                loop {
                    // Panics if there is no answer within 5 s.
                    assert_echo(&mut client, b"meanwhile");
                    rounds += 1;
                    if over.load(Ordering::Relaxed) {
                        // A newcomer is served too.
                        assert_echo(&mut req(&endpoint), b"afterwards");
                        return rounds;
                    }
                    thread::sleep(Duration::from_millis(5));
                }
            }
        });
        Self { endpoint: echo.endpoint.clone(), echo, before, over, honest }
    }

    /// The attack is over: honest clients were answered, memory never grew past `bound` octets,
    /// and nothing is busy now. What the server counted, and why connections ended.
    pub(crate) fn end(self, bound: usize) -> (Counters, Vec<CloseReason>) {
        self.over.store(true, Ordering::Relaxed);
        let rounds = self.honest.join().expect("an honest client was not served");
        let grown = peak_of_memory() - self.before;
        println!("{rounds} honest requests answered; memory grew by {} KiB", grown / KIB);
        assert!(grown < bound, "memory grew by {} KiB of {}", grown / KIB, bound / KIB);
        assert_idle();
        outcome(self.echo)
    }
}

/// Insists that this process does nothing, as soon as what is under way is done.
pub(crate) fn assert_idle() {
    let end = Instant::now() + LIMIT;
    loop {
        let before = process_time();
        thread::sleep(Duration::from_millis(300));
        let spent = process_time() - before;
        if spent < Duration::from_millis(30) {
            return;
        }
        assert!(Instant::now() < end, "busy: {spent:?} of 300 ms");
    }
}
