//! A process of a run, as the one that started it has it.

use core::time::Duration;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::words::Words;

/// The memory, descriptors and threads of a process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Usage {
    pub(crate) bytes: usize,
    pub(crate) descriptors: usize,
    pub(crate) threads: usize,
}

impl Usage {
    pub(crate) fn line(self) -> String {
        format!("{} {} {}", self.bytes, self.descriptors, self.threads)
    }

    /// Whether the process has more descriptors or threads than before.
    pub(crate) const fn exceeds(self, before: Self) -> bool {
        self.descriptors > before.descriptors || self.threads > before.threads
    }

    pub(crate) fn parse(words: &mut Words<'_>) -> Self {
        Self { bytes: words.value(), descriptors: words.value(), threads: words.value() }
    }
}

/// Returns the [`Usage`] of this process.
pub(crate) fn usage() -> Usage {
    let pages = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let mut words = Words::new(&pages);
    let _ = words.word();
    let bytes = words.word().parse::<usize>().unwrap_or_default() * 4_096;
    let count = |of: &str| fs::read_dir(of).map_or(0, Iterator::count);
    Usage { bytes, descriptors: count("/proc/self/fd"), threads: count("/proc/self/task") }
}

/// A process that [`crate::actor`] runs in. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    commands: ChildStdin,
    reports: Receiver<String>,
}

impl Process {
    pub(crate) fn start() -> Self {
        let program = std::env::current_exe().unwrap();
        let mut command = Command::new(program);
        command.arg("socket").stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (commands, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let (sender, reports) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, commands, reports }
    }

    pub(crate) fn command(&mut self, line: &str) {
        // It may be gone: then a report is missing.
        let _ = self.commands.write_all(format!("{line}\n").as_bytes());
    }

    /// Returns the next report, if there is one within `time`.
    pub(crate) fn report(&self, time: Duration) -> Result<String, RecvTimeoutError> {
        self.reports.recv_timeout(time)
    }

    fn signal(&self, signal: Signal) {
        let _ = kill(Pid::from_raw(self.child.id() as i32), signal);
    }

    pub(crate) fn stop(&self) {
        self.signal(Signal::SIGSTOP);
    }

    pub(crate) fn resume(&self) {
        self.signal(Signal::SIGCONT);
    }

    /// Kills the process, and returns its last reports.
    pub(crate) fn kill(mut self) -> Vec<String> {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let mut last = Vec::new();
        while let Ok(line) = self.reports.recv() {
            last.push(line);
        }
        last
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
