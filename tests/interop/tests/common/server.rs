//! The program `libzmq-peer` as a server.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

pub(crate) const PEER: &str = env!("CARGO_BIN_EXE_libzmq-peer");

/// A server in a process of its own, killed at the latest when dropped.
pub(crate) struct Server(pub(crate) Child);

impl Server {
    /// Starts it, and waits until it tells its endpoint.
    pub(crate) fn start(args: &[&str]) -> (Self, String) {
        let mut command = Command::new(PEER);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let endpoint = line.trim_end().strip_prefix("READY ").expect("READY").to_owned();
        (Self(child), endpoint)
    }

    /// libzmq's REP, echoing.
    pub(crate) fn rep(endpoint: &str) -> (Self, String) {
        Self::start(&["rep", endpoint])
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
