//! The children of a measurement.

use core::time::Duration;
use std::env;
use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};

use crate::case::{Case, Transport};
use crate::child::Arguments;
use crate::meter::Sample;
use crate::work::Side;
use crate::{Failure, Result};

/// The time limit of every step.
const LIMIT: Duration = Duration::from_secs(60);

/// Something that is measured.
#[derive(Clone, Debug)]
pub struct Contender {
    /// Its name.
    pub name: String,
    /// The program that runs its ends.
    pub program: PathBuf,
}

/// The children of a measurement. They do not outlive this value.
#[derive(Debug)]
pub(super) struct Children {
    running: Vec<Running>,
    /// The one that counts.
    counting: usize,
    /// The socket file of ipc.
    file: Option<PathBuf>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(contender: &Contender, args: &Arguments, tool: &[String]) -> Result<Self> {
        let mut command = match tool.split_first() {
            None => Command::new(&contender.program),
            Some((tool, rest)) => {
                let mut command = Command::new(tool);
                command.args(rest).arg(&contender.program);
                command
            }
        };
        let mut child = command
            .args(["child", &contender.name])
            .args(args.to_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = child.stdout.take().ok_or("no output of a child")?;
        let (tell, lines) = mpsc::channel();
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(io::Result::ok) {
                if tell.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { child, lines })
    }

    fn line(&self) -> Result<String> {
        Ok(self
            .lines
            .recv_timeout(LIMIT)
            .map_err(|error| format!("no line of a child: {error}"))?)
    }

    fn expect(&self, what: &str) -> Result<String> {
        let line = self.line()?;
        let rest = line.strip_prefix(what).map(|rest| rest.trim().to_owned());
        Ok(rest.ok_or_else(|| format!("{line:?} instead of {what}"))?)
    }

    /// Requests a sample.
    fn ask(&mut self) -> Result {
        let input = self.child.stdin.as_mut().ok_or("no input of a child")?;
        Ok(input.write_all(b"sample\n")?)
    }
}

impl Children {
    /// Starts the ends of a case, each under a tool if there is one. `count` is the number of messages after
    /// which each loop ends.
    pub(super) fn start(
        contender: &Contender,
        case: &Case,
        count: Option<u64>,
        tool: &dyn Fn(Side) -> Vec<String>,
    ) -> Result<Self> {
        let cpus = [case.placement.cpu(Side::Server)?, case.placement.cpu(Side::Client)?];
        let (endpoint, file) = endpoint(case.transport);
        let args = Arguments { work: case.work, side: None, endpoint, cpus, count };
        let mut children = Self { running: vec![], counting: 0, file };
        if case.transport == Transport::Inproc {
            children.running.push(Running::start(contender, &args, &tool(Side::Server))?);
            return Ok(children);
        }
        let server = Arguments { side: Some(Side::Server), ..args.clone() };
        children.running.push(Running::start(contender, &server, &tool(Side::Server))?);
        let endpoint = children.running[0].expect("READY")?;
        let client = Arguments { side: Some(Side::Client), endpoint, ..args };
        children.running.push(Running::start(contender, &client, &tool(Side::Client))?);
        children.counting = match case.work.counts() {
            Side::Client => 1,
            Side::Server => 0,
        };
        Ok(children)
    }

    /// The place of the child that counts.
    pub(super) const fn counting(&self) -> usize {
        self.counting
    }

    /// Waits for a line of the child that counts.
    pub(super) fn expect(&self, what: &str) -> Result<String> {
        self.running[self.counting].expect(what)
    }

    /// Waits until the child that counts has counted all messages.
    pub(super) fn done(&self) -> Result {
        // The threads that print `STARTED` and `DONE` are not the same.
        while self.running[self.counting].line()? != "DONE" {}
        Ok(())
    }

    /// One sample of each child.
    pub(super) fn samples(&mut self) -> Result<Vec<Sample>> {
        self.running.iter_mut().try_for_each(Running::ask)?;
        self.running.iter().map(|child| child.line()?.parse()).collect()
    }

    /// Ends the children, and waits until they have.
    pub(super) fn end(mut self) -> Result {
        for running in &mut self.running {
            running.child.stdin = None;
        }
        for running in &mut self.running {
            let status = running.child.wait()?;
            if !status.success() {
                return Err(Failure::from(format!("a child ended with {status}")));
            }
        }
        Ok(())
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        // All before the first is gone, so that none reports the loss of another.
        for running in &self.running {
            let _ = kill_process(Pid::from_child(&running.child), Signal::STOP);
        }
        for running in &mut self.running {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
        self.file.as_ref().map(fs::remove_file);
    }
}

/// A new endpoint for a server to bind.
fn endpoint(transport: Transport) -> (String, Option<PathBuf>) {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    match transport {
        Transport::Tcp => ("tcp://127.0.0.1:*".to_owned(), None),
        Transport::Inproc => ("inproc://bench".to_owned(), None),
        Transport::Ipc => {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            let path = env::temp_dir().join(format!("zmtp-bench-{}-{number}", process::id()));
            (format!("ipc://{}", path.display()), Some(path))
        }
    }
}
