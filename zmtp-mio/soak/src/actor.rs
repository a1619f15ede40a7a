//! A process of a run: it has one socket at a time, and reports on its standard output.
//!
//! | command | report |
//! |---|---|
//! | `open` and a [`Setup`] | `open` and the endpoint |
//! | `rate` and a number | – |
//! | `show` | `peers` and their queues |
//! | `close` | `closed` and the [`Final`] counts |
//!
//! Without a command: `took` with the messages it received; ten times a second `state` with a [`State`]; `failed` with
//! a broken rule, after which the process ends.

use core::fmt::Write as _;
use core::time::Duration;
use std::io::{self, BufRead, Write};
use std::sync::mpsc::{self, TryRecvError};
use std::thread;
use std::time::Instant;

use zmtp_mio::{AnySocket, Error, Message, Pull, SocketKind};

use crate::counts::{Final, State};
use crate::message::{Id, body, parse};
use crate::process::{Usage, usage};
use crate::setup::{GROUP, Setup, is_addressed, is_exclusive, subscribes};
use crate::words::Words;

/// The most messages that are received before they are reported.
pub(crate) const BATCH: usize = 16;
const REPORT: Duration = Duration::from_millis(100);
/// The longest time in which everything of a socket is freed.
const FREE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(10);

/// Runs the process until its standard input ends.
pub(crate) fn run() {
    let (sender, commands) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    // Starts the driver, which stays.
    drop(Pull::new());
    thread::sleep(20 * PAUSE);
    let empty = usage();
    let mut open: Option<Actor> = None;
    loop {
        let command = match &open {
            None => commands.recv().map_err(|_| TryRecvError::Disconnected),
            Some(_) => commands.try_recv(),
        };
        match command {
            Ok(line) => {
                let mut words = Words::new(&line);
                match (words.word(), open.as_mut()) {
                    ("open", _) => open = Some(Actor::open(Setup::parse(&mut words))),
                    ("show", Some(actor)) => actor.show(),
                    ("rate", Some(actor)) => actor.setup.rate = words.value(),
                    ("close", Some(_)) => {
                        open.take().into_iter().for_each(|actor| actor.close(empty));
                    }
                    (word, _) => fail(&format!("the command {word}")),
                }
            }
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => {}
        }
        if let Some(actor) = &mut open
            && let Err(error) = actor.turn()
        {
            fail(&format!("{}: {error}", actor.setup));
        }
    }
}

/// Writes one line at once: a process that is killed leaves no part of one.
fn report(line: &str) {
    let mut out = io::stdout().lock();
    // Without a reader, the run is over.
    if out.write_all(format!("{line}\n").as_bytes()).and_then(|()| out.flush()).is_err() {
        std::process::exit(0);
    }
}

fn fail(why: &str) -> ! {
    report(&format!("failed {why}"));
    std::process::exit(1);
}

struct Actor {
    setup: Setup,
    socket: AnySocket,
    accepted: u64,
    taken: u64,
    next_send: Instant,
    next_report: Instant,
    /// A REQ waits for its reply.
    waits: bool,
    /// The peer of a PEER that connects.
    peer: Option<[u8; 4]>,
    /// The peers of the answers that had no room.
    answers: Vec<Option<Vec<u8>>>,
}

impl Actor {
    fn open(setup: Setup) -> Self {
        let end = Instant::now() + Duration::from_secs(20);
        let (mut socket, peer) = loop {
            match setup.open() {
                Ok((socket, peer)) => break (socket, peer.map(u32::to_be_bytes)),
                // The process before may not be gone yet.
                Err(Error::AddressInUse(_)) if Instant::now() < end => thread::sleep(PAUSE),
                Err(error) => fail(&format!("{setup}: {error}")),
            }
        };
        report(&format!(
            "open {}",
            socket.endpoints().next().map_or(String::new(), |at| at.to_string())
        ));
        // A turn, so that a socket without a driver begins.
        let _ = socket.step();
        let now = Instant::now();
        Self {
            setup,
            socket,
            accepted: 0,
            taken: 0,
            next_send: now,
            next_report: now,
            waits: false,
            peer,
            answers: Vec::new(),
        }
    }

    fn turn(&mut self) -> Result<(), Error> {
        self.send()?;
        self.receive()?;
        let now = Instant::now();
        if now >= self.next_report {
            self.next_report = now + REPORT;
            self.report_state();
        }
        let until =
            self.next_report.min(if self.setup.rate > 0 { self.next_send } else { now + PAUSE });
        self.socket.wait(until.saturating_duration_since(Instant::now()).min(PAUSE))?;
        Ok(())
    }

    /// Sends one message, with the envelope of its peer.
    fn send_one(&mut self, to: Option<&[u8]>) -> Result<bool, Error> {
        let id = Id { origin: self.setup.origin, number: self.accepted as u32 };
        let body = body(id, self.setup.sizes);
        let message = match to {
            Some(to) if is_addressed(self.setup.kind) => {
                let mut message = Message::from(body);
                message.set_routing_id(to.try_into().map_or(0, u32::from_be_bytes));
                message
            }
            Some(to) => Message::from_parts([to, &body]),
            None if self.setup.kind == SocketKind::Radio => {
                let mut message = Message::from(body);
                message.set_group(GROUP).map_err(Error::Group)?;
                message
            }
            None => Message::from(body),
        };
        match self.socket.send_timeout(message, Duration::ZERO).map_err(|unsent| unsent.error) {
            Ok(()) => {
                self.accepted += 1;
                Ok(true)
            }
            Err(Error::WouldBlock | Error::OutOfTurn(_)) => Ok(false),
            // The peer of a SERVER or PEER has left, without its answer. A PEER that connects keeps its peer.
            Err(Error::Unroutable) if is_addressed(self.setup.kind) && self.peer.is_none() => {
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    fn send(&mut self) -> Result<(), Error> {
        while let Some(to) = self.answers.pop() {
            if !self.send_one(to.as_deref())? {
                self.answers.push(to);
                break;
            }
        }
        let now = Instant::now();
        if self.setup.rate == 0 {
            self.next_send = now;
            return Ok(());
        }
        // After a stop, not everything is made up for.
        self.next_send = self.next_send.max(now - 10 * PAUSE);
        while self.next_send <= now && !self.waits {
            self.next_send += Duration::from_nanos(1_000_000_000 / self.setup.rate);
            let peer = self.peer;
            if !self.send_one(peer.as_ref().map(|peer| &peer[..]))? {
                break;
            }
            self.waits = self.setup.kind == SocketKind::Req;
        }
        Ok(())
    }

    fn receive(&mut self) -> Result<(), Error> {
        let can = self.setup.kind.can_receive();
        let mut line = String::new();
        for _ in 0..BATCH {
            // A PAIR or CHANNEL accepts the next peer only when it has received what the last one sent.
            let holds = self.answers.len() >= BATCH && !is_exclusive(self.setup.kind);
            if !can || holds {
                break;
            }
            let message = match self.socket.recv_timeout(Duration::ZERO) {
                Ok(Some(message)) => message,
                Ok(None) => break,
                Err(Error::PeerLost) => {
                    self.waits = false;
                    break;
                }
                // A REQ before its request, a REP before its reply.
                Err(Error::OutOfTurn(_)) => break,
                Err(error) => return Err(error),
            };
            self.taken += 1;
            self.waits = false;
            let parts: Vec<_> = message.parts().collect();
            let id = match parts.last().map(|body| parse(body, self.setup.sizes)) {
                Some(Ok(id)) => id,
                Some(Err(why)) => fail(&format!("{}: {why}", self.setup)),
                None => fail("a message without parts"),
            };
            let _ = write!(line, " {}:{}", id.origin, id.number);
            if self.setup.answers {
                let to = match self.setup.kind {
                    SocketKind::Router => Some(parts[0].to_vec()),
                    _ => message.routing_id().map(|id| id.to_be_bytes().to_vec()),
                };
                if !self.send_one(to.as_deref())? {
                    self.answers.push(to);
                }
            }
        }
        if !line.is_empty() {
            report(&format!("took{line}"));
        }
        Ok(())
    }

    /// Reports the peers.
    fn show(&self) {
        let mut line = format!("peers {} answers wait;", self.answers.len());
        for peer in self.socket.peers() {
            let (id, to_send, to_receive) = (peer.connection, peer.to_send, peer.to_receive);
            let _ = write!(line, " {id}: {to_send} to send, {to_receive} to receive;");
        }
        report(&format!("{line} {}", self.socket.counters()));
    }

    /// Reports the counts, and checks those that are known at any time: the driver may work meanwhile.
    fn report_state(&self) {
        let waiting: usize = self.socket.peers().map(|peer| peer.to_receive).sum();
        let counters = self.socket.counters();
        let to_send: usize = self.socket.peers().map(|peer| peer.to_send).sum();
        let (sent, unsent) = (counters.messages_sent, counters.dropped.unsent());
        let many = self.setup.kind.publishes() || subscribes(self.setup.kind);
        if !many && sent + unsent + to_send as u64 > self.accepted {
            let accepted = self.accepted;
            fail(&format!("{}: accepted {accepted}, queued {to_send}, {counters}", self.setup));
        }
        if self.taken + waiting as u64 > counters.messages_received {
            let taken = self.taken;
            fail(&format!("{}: took {taken}, waiting {waiting}, {counters}", self.setup));
        }
        let left = self.answers.len() as u64 + u64::from(to_send > 0);
        let state = State {
            accepted: self.accepted,
            sent,
            unsent,
            left,
            handshakes: counters.handshakes,
            rate: self.setup.rate,
        };
        report(&format!("state {}", state.line()));
    }

    /// Closes the socket. `empty` is the usage without a socket: the driver frees its part a moment later.
    fn close(self, empty: Usage) {
        let unsent = self.socket.close(Duration::ZERO);
        let counters = &unsent.counters;
        let ends = Final {
            accepted: self.accepted,
            taken: self.taken,
            sent: counters.messages_sent,
            unsent: counters.dropped.unsent(),
            received: counters.messages_received,
            in_doubt: counters.in_doubt,
            unreceived: unsent.unreceived,
            rejected: counters.dropped.total() - counters.dropped.unsent(),
            disconnects: counters.disconnects,
            returned: unsent
                .messages
                .iter()
                .filter_map(|message| parse(message.parts().next_back()?, self.setup.sizes).ok())
                .map(|id| id.number)
                .collect(),
        };
        if unsent.messages.len() != ends.returned.len() {
            fail(&format!("{}: returned something else than was sent", self.setup));
        }
        let end = Instant::now() + FREE;
        while usage().exceeds(empty) && Instant::now() < end {
            thread::sleep(PAUSE);
        }
        report(&format!("closed {} {} {}", ends.line(), usage().line(), empty.line()));
    }
}
