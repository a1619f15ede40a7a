//! A server under attack with an honest client beside it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use zmtp_mio::{CloseReason, Counters, Options};

use super::echo::{Echo, assert_echo, echo_with, outcome};
use super::processes::{KIB, assert_idle, peak_of_memory};
use super::req;

/// A REP that echoes while it is attacked, and an honest client. Needs a process of its own, whose
/// memory and CPU time are measured.
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
        let echo = echo_with(change);
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
                    // Panics if there is no answer in time.
                    assert_echo(&mut client, b"meanwhile");
                    rounds += 1;
                    if over.load(Ordering::Relaxed) {
                        // A new client is served too.
                        assert_echo(&mut req(&endpoint), b"afterwards");
                        return rounds;
                    }
                    client.wait(Duration::from_millis(5)).unwrap();
                }
            }
        });
        Self { endpoint: echo.endpoint.clone(), echo, before, over, honest }
    }

    /// Ends the attack. Asserts that honest clients were answered, that memory never grew past
    /// `bound` bytes, and that the process is idle. Returns the server's counters and why
    /// connections ended.
    pub(crate) fn end(self, bound: usize) -> (Counters, Vec<CloseReason>) {
        self.over.store(true, Ordering::Relaxed);
        let rounds = self.honest.join().expect("an honest client was not served");
        let grown = peak_of_memory().saturating_sub(self.before);
        println!("{rounds} honest requests answered; memory grew by {} KiB", grown / KIB);
        assert!(grown < bound, "memory grew by {} KiB of {}", grown / KIB, bound / KIB);
        assert_idle();
        outcome(self.echo)
    }
}
