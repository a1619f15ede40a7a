//! The program `libzmq-peer` in its own process.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};

pub(crate) const PEER: &str = env!("CARGO_BIN_EXE_libzmq-peer");

/// A process, killed when dropped.
pub(crate) struct Server(pub(crate) Child, BufReader<ChildStdout>);

impl Server {
    /// Starts it, and waits until it prints its endpoint.
    pub(crate) fn start(args: &[&str]) -> (Self, String) {
        let mut server = Self::spawn(args);
        let endpoint = server.ready();
        (server, endpoint)
    }

    /// Starts it.
    pub(crate) fn spawn(args: &[&str]) -> Self {
        let mut command = Command::new(PEER);
        command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        Self(child, output)
    }

    /// Waits until it prints that it is ready, and returns that line.
    pub(crate) fn ready(&mut self) -> String {
        let mut line = String::new();
        self.1.read_line(&mut line).unwrap();
        line.trim_end().strip_prefix("READY ").expect("READY").to_owned()
    }

    /// libzmq's REP, which echoes.
    pub(crate) fn rep(endpoint: &str) -> (Self, String) {
        Self::start(&["rep", endpoint])
    }

    /// Suspends it, as a debugger or a suspended machine does.
    pub(crate) fn freeze(&self) {
        self.signal("-STOP");
    }

    /// Resumes it.
    pub(crate) fn thaw(&self) {
        self.signal("-CONT");
    }

    fn signal(&self, signal: &str) {
        let process = self.0.id().to_string();
        assert!(Command::new("kill").args([signal, &process]).status().unwrap().success());
    }

    /// Returns the number of messages that a sink has received.
    pub(crate) fn got(&mut self) -> u64 {
        self.0.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
        let mut text = String::new();
        self.1.read_line(&mut text).unwrap();
        text.trim_end().strip_prefix("GOT ").expect("GOT").parse().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
