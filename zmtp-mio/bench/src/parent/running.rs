//! Running children.

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

use super::Figures;
use crate::case::{Case, Transport};
use crate::child::Arguments;
use crate::meter::Sample;
use crate::work::Side;
use crate::{Failure, Result};

/// The time limit of every step.
const LIMIT: Duration = Duration::from_secs(20);

/// Something that is measured.
#[derive(Clone, Debug)]
pub struct Contender {
    /// Its name.
    pub name: String,
    /// The program that runs its ends.
    pub program: PathBuf,
}

/// The children of a measurement. They do not outlive this value.
#[derive(Debug, Default)]
struct Children(Vec<Running>);

#[derive(Debug)]
struct Running {
    child: Child,
    lines: Receiver<String>,
}

impl Running {
    fn start(contender: &Contender, args: &Arguments) -> Result<Self> {
        let mut child = Command::new(&contender.program)
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
    /// One sample of each child.
    fn samples(&mut self) -> Result<Vec<Sample>> {
        self.0.iter_mut().try_for_each(Running::ask)?;
        self.0.iter().map(|child| child.line()?.parse()).collect()
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        // All before the first is gone, so that none reports the loss of another.
        for running in &self.0 {
            let _ = kill_process(Pid::from_child(&running.child), Signal::STOP);
        }
        for running in &mut self.0 {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
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

/// Measures one case for this long, after `warm_up`.
///
/// # Errors
///
/// A child fails, or takes too long for a step.
pub fn run_case(
    contender: &Contender,
    case: &Case,
    warm_up: Duration,
    time: Duration,
) -> Result<Figures> {
    let (endpoint, file) = endpoint(case.transport);
    let result = run_at(contender, case, endpoint, warm_up, time);
    file.map(fs::remove_file);
    result
}

fn run_at(
    contender: &Contender,
    case: &Case,
    endpoint: String,
    warm_up: Duration,
    time: Duration,
) -> Result<Figures> {
    let cpus = [case.placement.cpu(Side::Server)?, case.placement.cpu(Side::Client)?];
    let args = Arguments { work: case.work, side: None, endpoint, cpus, count: None };
    let mut children = Children::default();
    if case.transport == Transport::Inproc {
        children.0.push(Running::start(contender, &args)?);
    } else {
        let server = Arguments { side: Some(Side::Server), ..args.clone() };
        children.0.push(Running::start(contender, &server)?);
        let endpoint = children.0[0].expect("READY")?;
        let client = Arguments { side: Some(Side::Client), endpoint, ..args };
        children.0.push(Running::start(contender, &client)?);
    }
    let counting = match case.work.counts() {
        Side::Client => children.0.len() - 1,
        Side::Server => 0,
    };
    children.0[counting].expect("STARTED")?;
    // The first sample lets a publisher send at its full rate.
    children.samples()?;
    thread::sleep(warm_up);
    let before = children.samples()?;
    thread::sleep(time);
    let after = children.samples()?;
    Figures::between(&before, &after, counting)
        .ok_or_else(|| Failure::from("nothing was counted during the measurement"))
}
