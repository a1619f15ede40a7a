//! The sockets of one situation, while it runs.

use core::time::Duration;
use std::collections::BTreeMap;
use std::thread;
use std::time::Instant;

use crate::actor::BATCH;
use crate::counts::{Final, State};
use crate::ledger::{Account, End, Ledger};
use crate::message::Id;
use crate::process::{Process, Usage};
use crate::setup::{RECEIVE_BUFFER, Setup, subscribes};
use crate::words::Words;

/// The longest time in which a process must report.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a socket reads at once.
const CHUNK: usize = 128 << 10;
/// The memory that a process may have after it has closed its socket.
const MEMORY: usize = 96 << 20;
/// A process with a socket.
#[derive(Debug)]
struct Place {
    host: Process,
    setup: Setup,
    /// When a stopped process continues.
    resumes: Option<Instant>,
    /// The reports of its state since the last message that anyone received.
    states: u32,
}

/// All sockets of a situation.
#[derive(Debug, Default)]
pub(crate) struct Stage {
    places: BTreeMap<u32, Place>,
    pub(crate) ledger: Ledger,
    pub(crate) idle: Vec<Process>,
    last_taken: Option<Instant>,
}

impl Stage {
    pub(crate) fn new(idle: Vec<Process>) -> Self {
        Self { idle, ..Self::default() }
    }

    /// The sockets that are open, with whether they are bound and stopped.
    pub(crate) fn open(&self) -> impl Iterator<Item = (u32, bool, bool)> {
        self.places
            .iter()
            .map(|(origin, place)| (*origin, place.setup.binds, place.resumes.is_some()))
    }

    /// Opens a socket in an idle process or a new one, and returns its endpoint.
    pub(crate) fn start(&mut self, setup: Setup) -> Result<String, String> {
        let mut host = self.idle.pop().unwrap_or_else(Process::start);
        host.command(&format!("open {}", setup.line()));
        let account = Account {
            publishes: setup.kind.publishes(),
            subscribes: subscribes(setup.kind),
            ..Account::default()
        };
        let origin = setup.origin;
        self.ledger.accounts.insert(origin, account);
        let report = host.report(PATIENCE).map_err(|error| format!("{setup}: {error}"))?;
        let Some(endpoint) = report.strip_prefix("open ") else { return Err(report) };
        self.places.insert(origin, Place { host, setup, resumes: None, states: 0 });
        Ok(endpoint.into())
    }

    fn handle(&mut self, origin: u32, line: &str) -> Result<Option<(Final, [Usage; 2])>, String> {
        let mut words = Words::new(line);
        match words.word() {
            "took" => {
                for word in words.rest() {
                    let (from, number) = word.split_once(':').ok_or(line)?;
                    let [from, number] =
                        [from, number].map(|number| number.parse().unwrap_or(u32::MAX));
                    self.ledger.take(origin, Id { origin: from, number })?;
                }
                self.last_taken = Some(Instant::now());
                self.places.values_mut().for_each(|place| place.states = 0);
            }
            "state" => {
                let state = State::parse(&mut words);
                if let Some(account) = self.ledger.accounts.get_mut(&origin) {
                    account.state = state;
                }
                if let Some(place) = self.places.get_mut(&origin) {
                    place.states += 1;
                }
            }
            "closed" => {
                let counts = Final::parse(&mut words);
                let usage = [Usage::parse(&mut words), Usage::parse(&mut words)];
                return Ok(Some((counts, usage)));
            }
            _ => return Err(line.into()),
        }
        Ok(None)
    }

    /// Handles the reports of all sockets.
    pub(crate) fn turn(&mut self) -> Result<(), String> {
        let now = Instant::now();
        let origins: Vec<u32> = self.places.keys().copied().collect();
        for origin in origins {
            while let Some(place) = self.places.get_mut(&origin) {
                if place.resumes.is_some_and(|at| now >= at) {
                    place.resumes = None;
                    place.host.resume();
                }
                let Ok(line) = place.host.report(Duration::ZERO) else { break };
                self.handle(origin, &line)?;
            }
        }
        thread::sleep(Duration::from_millis(10));
        Ok(())
    }

    pub(crate) fn stop(&mut self, origin: u32, time: Duration) {
        if let Some(place) = self.places.get_mut(&origin) {
            place.host.stop();
            place.resumes = Some(Instant::now() + time);
        }
    }

    pub(crate) fn resume_all(&mut self) {
        for place in self.places.values_mut() {
            place.resumes = None;
            place.host.resume();
        }
    }

    /// What a socket with these connections may lose at its end: bytes in its system's buffer, and, if its process is
    /// killed, also its queues.
    fn at_risk(setup: &Setup, connections: usize, is_killed: bool) -> u64 {
        if !setup.kind.can_receive() {
            return 0;
        }
        let is_tcp = setup.endpoint.starts_with("tcp");
        let in_system = if is_tcp { 2 * RECEIVE_BUFFER } else { 0 };
        let (bytes, messages) = if is_killed { (CHUNK, setup.mark.0) } else { (0, 0) };
        let messages = connections * (messages + (in_system + bytes).div_ceil(setup.sizes.least));
        (messages + if is_killed { BATCH } else { 0 }) as u64
    }

    /// Kills the process of a socket.
    pub(crate) fn kill(&mut self, origin: u32, connections: usize) -> Result<(), String> {
        let Some(place) = self.places.remove(&origin) else { return Ok(()) };
        self.ledger.destroyed += Self::at_risk(&place.setup, connections, true);
        for line in place.host.kill() {
            self.handle(origin, &line)?;
        }
        if let Some(account) = self.ledger.accounts.get_mut(&origin) {
            account.end = End::Killed;
        }
        Ok(())
    }

    /// Closes a socket in an orderly way. With `connections`, while its peers may be sending.
    pub(crate) fn close(&mut self, origin: u32, connections: usize) -> Result<(), String> {
        let Some(mut place) = self.places.remove(&origin) else { return Ok(()) };
        place.host.resume();
        place.host.command("close");
        self.ledger.destroyed += Self::at_risk(&place.setup, connections, false);
        let end = Instant::now() + PATIENCE;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let line = place.host.report(left);
            let line = line.map_err(|error| format!("{} does not close: {error}", place.setup))?;
            if let Some((counts, usage)) = self.handle(origin, &line)? {
                if let Some(account) = self.ledger.accounts.get_mut(&origin) {
                    account.end = End::Closed(counts);
                }
                let [now, empty] = usage;
                if now.exceeds(empty) || now.bytes > MEMORY {
                    return Err(format!(
                        "a process has {now:?} after its socket, {empty:?} before"
                    ));
                }
                self.idle.push(place.host);
                return Ok(());
            }
        }
    }

    /// Ends the sending.
    pub(crate) fn quiet(&mut self) {
        self.places.values_mut().for_each(|place| place.host.command("rate 0"));
    }

    /// Whether everything that was sent has arrived, and nothing happens any more for `time`.
    pub(crate) fn is_still(&self, time: Duration) -> bool {
        let is_settled = |origin: &u32, place: &Place| {
            let account = &self.ledger.accounts[origin];
            let state = &account.state;
            let many = account.publishes || account.subscribes;
            place.states >= 5
                && state.rate == 0
                && state.left == 0
                && (many || state.accepted == state.sent + state.unsent)
        };
        self.last_taken.is_none_or(|at| at.elapsed() > time)
            && self.places.iter().all(|(origin, place)| is_settled(origin, place))
    }

    /// The peers of all open sockets, for a report.
    pub(crate) fn ask(&mut self) -> String {
        let mut text = String::new();
        for (origin, place) in &mut self.places {
            place.host.command("show");
            while let Ok(line) = place.host.report(Duration::from_secs(2)) {
                if let Some(peers) = line.strip_prefix("peers ") {
                    text += &format!("socket {origin}: {peers}\n");
                    break;
                }
            }
        }
        text
    }

    /// The states of all open sockets, for a report.
    pub(crate) fn describe(&self) -> String {
        let one = |(origin, place): (&u32, &Place)| {
            format!("{}: {:?}", place.setup, self.ledger.accounts[origin].state)
        };
        self.places.iter().map(one).collect::<Vec<_>>().join("\n")
    }
}
