//! Situations one after the other, with the same processes as far as these live.

use core::time::Duration;
use std::time::Instant;

use fastrand::Rng;

use crate::ledger::Sums;
use crate::process::Process;
use crate::relay::Relay;
use crate::rubbish::Rubbish;
use crate::situation::Situation;
use crate::stage::Stage;

/// The longest time in which everything arrives after the faults.
const SETTLE: Duration = Duration::from_secs(90);

/// What happened in a situation.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Done {
    pub(crate) sums: Sums,
    pub(crate) situations: u64,
    pub(crate) kills: u64,
    pub(crate) stops: u64,
    pub(crate) reopens: u64,
    pub(crate) cuts: u64,
    pub(crate) throttles: u64,
    pub(crate) rubbish: u64,
}

/// The situations of one lane. In lane 0 no process is killed.
#[derive(Debug)]
pub(crate) struct Lane {
    number: usize,
    rng: Rng,
    hosts: Vec<Process>,
    situations: u32,
}

/// A socket that will replace one that ended.
struct Successor {
    at: Instant,
    binds: bool,
}

struct Scene<'a> {
    situation: &'a Situation,
    rng: &'a mut Rng,
    stage: Stage,
    relay: Option<Relay>,
    rubbish: Rubbish,
    /// Of the bound socket.
    server: String,
    next_origin: u32,
    successors: Vec<Successor>,
    done: Done,
}

impl Lane {
    pub(crate) fn new(seed: u64, number: usize) -> Self {
        let rng = Rng::with_seed(seed.wrapping_mul(1_000).wrapping_add(number as u64));
        Self { number, rng, hosts: Vec::new(), situations: 0 }
    }

    /// Skips situations.
    pub(crate) fn skip(&mut self, count: u32) {
        for _ in 0..count {
            let _ = self.rng.fork();
            self.situations += 1;
        }
    }

    /// Runs one situation, and returns what happened. An error names the situation.
    pub(crate) fn next(&mut self) -> Result<Done, String> {
        let mut rng = self.rng.fork();
        let situation = Situation::random(&mut rng, self.number > 0);
        let (lane, number) = (self.number, self.situations);
        self.situations += 1;
        let name = |what: &str, tcp: &str| match situation.ipc {
            true => {
                let file = format!("zmtp-soak-{}-{lane}-{number}-{what}", std::process::id());
                format!("ipc://{}", std::env::temp_dir().join(file).display())
            }
            false => tcp.into(),
        };
        let mut scene = Scene {
            situation: &situation,
            rng: &mut rng,
            stage: Stage::new(core::mem::take(&mut self.hosts)),
            relay: None,
            rubbish: Rubbish::default(),
            server: name("socket", &format!("tcp://127.77.{lane}.1:*")),
            next_origin: number * 1_000 + 1,
            successors: Vec::new(),
            done: Done::default(),
        };
        let link = name("link", &format!("tcp://127.78.{lane}.1:0"));
        let result = scene.run(&link);
        let open = scene.stage.describe();
        self.hosts = core::mem::take(&mut scene.stage.idle);
        result
            .map(|()| scene.done)
            .map_err(|why| format!("lane {lane}, situation {number} ({situation}): {why}\n{open}"))
    }
}

impl Scene<'_> {
    fn start(&mut self, binds: bool) -> Result<String, String> {
        let endpoint = match &self.relay {
            Some(relay) if !binds => &relay.endpoint,
            _ => &self.server,
        };
        let setup = self.situation.setup(self.rng, self.next_origin, binds, endpoint);
        self.next_origin += 1;
        self.stage.start(setup)
    }

    fn run(&mut self, link: &str) -> Result<(), String> {
        self.server = self.start(true)?;
        if self.situation.faults.throttles {
            self.relay = Some(Relay::new(link, &self.server));
        }
        for _ in 0..self.situation.connecting {
            self.start(false)?;
        }
        let end = Instant::now() + self.situation.time;
        let mut next_fault = Instant::now() + Duration::from_millis(300);
        while Instant::now() < end {
            self.stage.turn()?;
            self.succeed(false)?;
            if Instant::now() >= next_fault {
                next_fault += Duration::from_millis(self.rng.u64(50..600));
                self.fault()?;
            }
        }
        self.settle()?;
        // Those that connect first: a message that waits at the other end would be lost.
        let mut origins: Vec<_> = self.stage.open().collect();
        origins.sort_by_key(|(_, binds, _)| *binds);
        for (origin, ..) in origins {
            self.stage.close(origin, 0)?;
        }
        if let Some(relay) = self.relay.take() {
            self.stage.ledger.destroyed += relay.lost().div_ceil(self.situation.sizes.least as u64);
        }
        self.done.sums = self.stage.ledger.check()?;
        self.done.situations = 1;
        self.done.rubbish = self.rubbish.count;
        Ok(())
    }

    /// Starts the sockets whose time has come, or all.
    fn succeed(&mut self, all: bool) -> Result<(), String> {
        let now = Instant::now();
        while let Some(at) = self.successors.iter().position(|next| all || next.at <= now) {
            let next = self.successors.swap_remove(at);
            self.start(next.binds)?;
        }
        Ok(())
    }

    fn fault(&mut self) -> Result<(), String> {
        let faults = self.situation.faults;
        let open: Vec<_> = self.stage.open().collect();
        if open.is_empty() {
            return Ok(());
        }
        let (origin, binds, is_stopped) = open[self.rng.usize(..open.len())];
        let connections = if binds { self.situation.connecting } else { 1 };
        match self.rng.u8(..6) {
            0 if faults.kills => {
                self.done.kills += 1;
                self.stage.kill(origin, connections)?;
                self.replace(binds);
            }
            1 if faults.stops && !is_stopped => {
                self.done.stops += 1;
                self.stage.stop(origin, Duration::from_millis(self.rng.u64(50..2_000)));
            }
            2 if faults.reopens && !is_stopped => {
                self.done.reopens += 1;
                self.stage.close(origin, connections)?;
                self.replace(binds);
            }
            3 if faults.rubbish => self.rubbish.add(self.rng, &self.server, self.situation.bound()),
            4 if faults.throttles => {
                self.done.throttles += 1;
                if let Some(relay) = &self.relay {
                    let delay = Duration::from_millis(self.rng.u64(..200));
                    relay.set(self.rng.u64(100_000..1_500_000), delay);
                }
            }
            5 if faults.cuts => {
                self.done.cuts += 1;
                self.relay.iter().for_each(Relay::cut);
            }
            _ => {}
        }
        Ok(())
    }

    fn replace(&mut self, binds: bool) {
        let at = Instant::now() + Duration::from_millis(self.rng.u64(..1_000));
        self.successors.push(Successor { at, binds });
    }

    /// Ends the faults, and waits until everything has arrived.
    fn settle(&mut self) -> Result<(), String> {
        self.stage.resume_all();
        self.rubbish.clear();
        self.succeed(true)?;
        if let Some(relay) = &self.relay {
            relay.set(4_000_000, Duration::ZERO);
        }
        self.stage.quiet();
        let end = Instant::now() + SETTLE;
        while !self.stage.is_still(Duration::from_millis(700)) {
            self.stage.turn()?;
            if Instant::now() >= end {
                return Err(format!("messages are left\n{}", self.stage.ask()));
            }
        }
        Ok(())
    }
}
