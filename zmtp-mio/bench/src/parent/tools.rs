//! System calls and instructions of both ends, counted by perf or strace, and callgrind.

use std::path::{Path, PathBuf};
use std::process::{self, Command, Stdio};
use std::{env, fs};

use super::Contender;
use super::children::Children;
use crate::case::Case;
use crate::work::{Side, Work};
use crate::{Failure, Result};

/// A program that counts something of another.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Tool {
    /// System calls, of all threads.
    Perf,
    /// The same, if perf cannot be used. It makes each call slower, so that fewer messages share a call.
    Strace,
    /// Instructions in user space, of all threads.
    Callgrind,
}

/// The event of perf.
const EVENT: &str = "raw_syscalls:sys_enter";

impl Tool {
    /// Perf if it can count here, otherwise strace.
    pub(super) fn of_calls() -> Self {
        let perf = Command::new("perf")
            .args(["stat", "-x,", "-e", EVENT, "true"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if perf.is_ok_and(|status| status.success()) { Self::Perf } else { Self::Strace }
    }

    fn command(self, output: &Path) -> Vec<String> {
        let output = output.display();
        match self {
            Self::Perf => ["perf", "stat", "-x,", "-e", EVENT, "-o", &output.to_string()]
                .map(str::to_owned)
                .to_vec(),
            Self::Strace => {
                vec!["strace".to_owned(), "-c".to_owned(), "-f".to_owned(), format!("-o{output}")]
            }
            Self::Callgrind => vec![
                "valgrind".to_owned(),
                "--tool=callgrind".to_owned(),
                "--callgrind-out-file=/dev/null".to_owned(),
                format!("--log-file={output}"),
            ],
        }
    }

    /// The number in what the tool wrote.
    fn total(self, text: &str) -> Option<f64> {
        match self {
            // 144,,raw_syscalls:sys_enter,1056570,100.00,,
            Self::Perf => {
                let line = text.lines().find(|line| line.contains(EVENT))?;
                line.split(',').next()?.parse().ok()
            }
            // 100.00    0.000286          14        20         3 total
            Self::Strace => {
                let line = text.lines().find(|line| line.ends_with(" total"))?;
                line.split_whitespace().nth(3)?.parse().ok()
            }
            // ==123== Collected : 4567
            Self::Callgrind => {
                let (_, rest) = text.split_once("Collected : ")?;
                rest.lines().next()?.trim().parse().ok()
            }
        }
    }

    /// Messages in the first and in the second run of each loop.
    const fn counts(self, work: Work) -> [u64; 2] {
        let (few, many) = match (self, work) {
            (_, Work::Request { .. }) => (500, 2_500),
            (Self::Perf | Self::Strace, _) => (20_000, 100_000),
            (Self::Callgrind, Work::Publish { .. }) => (5_000, 35_000),
            (Self::Callgrind, _) => (5_000, 25_000),
        };
        [few, many]
    }

    /// What the server and the client need per message. The difference of two runs is without start and end.
    pub(super) fn per_message(self, contender: &Contender, case: &Case) -> Result<[f64; 2]> {
        let counts = self.counts(case.work);
        let few = self.totals(contender, case, counts[0])?;
        let many = self.totals(contender, case, counts[1])?;
        let messages = (counts[1] - counts[0]) as f64 * case.work.lanes() as f64;
        Ok([0, 1].map(|side| (many[side] - few[side]) / messages))
    }

    fn totals(self, contender: &Contender, case: &Case, count: u64) -> Result<[f64; 2]> {
        let files = Side::BOTH.map(file);
        let result = self.run(contender, case, count, &files);
        let totals = result.and_then(|()| {
            let total = |file: &PathBuf| -> Result<f64> {
                let text = fs::read_to_string(file)?;
                self.total(&text)
                    .ok_or_else(|| Failure::from(format!("no total of {self:?}: {text}")))
            };
            Ok([total(&files[0])?, total(&files[1])?])
        });
        for file in &files {
            let _ = fs::remove_file(file);
        }
        totals
    }

    fn run(self, contender: &Contender, case: &Case, count: u64, files: &[PathBuf; 2]) -> Result {
        let tool = |side: Side| self.command(&files[side as usize]);
        let mut children = Children::start(contender, case, Some(count), &tool)?;
        if matches!(case.work, Work::Publish { .. }) {
            children.expect("STARTED")?;
            // Lets the publisher send at its full rate.
            children.samples()?;
        }
        children.done()?;
        children.end()
    }
}

fn file(side: Side) -> PathBuf {
    env::temp_dir().join(format!("zmtp-bench-{}-{side}.txt", process::id()))
}

#[cfg(test)]
mod tests {
    use super::Tool;

    #[test]
    fn totals_are_found_in_what_the_tools_write() {
        let strace = "% time\n 70.0 0.1 2 3 read\n------\n100.00    0.000286          14        20         3 total\n";
        assert_eq!(Tool::Strace.total(strace), Some(20.0));
        assert_eq!(
            Tool::Strace.total("100.00    0.000286          14        20           total\n"),
            Some(20.0)
        );
        assert_eq!(Tool::Perf.total("# x\n144,,raw_syscalls:sys_enter,10,100.00,,\n"), Some(144.0));
        assert_eq!(Tool::Callgrind.total("==1== Collected : 4567\n==1==\n"), Some(4567.0));
        assert_eq!(Tool::Callgrind.total(""), None);
    }
}
