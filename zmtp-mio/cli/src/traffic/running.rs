//! Sending and receiving in turn, until both are complete.

use core::time::Duration;
use std::time::Instant;

use zmtp_mio::{AnySocket, Error, EventKind, Linger, Message, SocketKind};

use super::pace::Pace;
use super::plan::Wanted;
use super::source::{Outgoing, Source};
use super::tally::{self, Tally};
use super::{receivers, wait_for_peers};
use crate::device::{Context, next_event};
use crate::exit::Failure;
use crate::loss::fans_out;
use crate::output::describe;
use crate::text::count;

/// Messages to send or receive before switching to the other direction.
pub(super) const STRETCH: usize = 256;
/// How long to wait for peers before a note is printed.
const TIMEOUT: Duration = Duration::from_secs(2);

/// How often events are read if the attempts to connect may end: an event does not end a wait.
const LOOK: Duration = Duration::from_millis(100);
/// The longest time to wait for the reason why datagrams are not sent, and how often events are read meanwhile.
const MOMENT: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_millis(20);

/// A running socket.
pub(super) struct Running<'a> {
    pub(super) kind: SocketKind,
    pub(super) socket: AnySocket,
    pub(super) context: &'a Context<'a>,
    pub(super) source: Source,
    /// The group of the messages of a RADIO.
    pub(super) group: Vec<u8>,
    /// SERVER and PEER: the number of messages that were sent to peers in turn.
    pub(super) turn: usize,
    pub(super) pace: Pace,
    pub(super) peers: usize,
    pub(super) wanted: Wanted,
    pub(super) echo: bool,
    pub(super) idle: Option<Duration>,
    pub(super) timeout: Option<Duration>,
    pub(super) linger: Linger,
    /// The number of endpoints to which connections exist or are attempted. `None` if attempts have no end, or the socket
    /// also listens.
    pub(super) connecting: Option<usize>,
    pub(super) tally: Tally,
    pub(super) now: Now,
}

/// The current state.
pub(super) struct Now {
    /// The next message, until it is due and accepted.
    pub(super) pending: Option<Outgoing>,
    /// The socket had no room for it.
    pub(super) refused: bool,
    /// There are no more messages to send.
    pub(super) over: bool,
    /// When the last message was sent or received.
    pub(super) last: Instant,
    /// Messages that were received and not printed.
    pub(super) discarded: u64,
    /// Messages that were not sent back because their sender has left or has no address.
    pub(super) unroutable: u64,
    /// The last connection error, until a connection is ready.
    pub(super) trouble: Option<String>,
}

impl Default for Now {
    fn default() -> Self {
        Self {
            pending: None,
            refused: false,
            over: false,
            last: Instant::now(),
            discarded: 0,
            unroutable: 0,
            trouble: None,
        }
    }
}

impl Running<'_> {
    /// Sends and receives according to the plan.
    pub(super) fn run(&mut self) -> Result<(), Failure> {
        self.now.over = self.source.is_empty();
        if !self.now.over {
            self.meet()?;
            if self.pace.is_full() {
                self.socket.cork();
            }
        }
        self.now.last = Instant::now();
        loop {
            self.events();
            let received = self.receive()?;
            let sent = self.send()?;
            if self.now.over && self.has_enough() {
                self.flush()?;
                return self.check_silence();
            }
            self.tally.show(self.context.output);
            // A socket that always has a message to send must also receive.
            let rest = if sent { Duration::ZERO } else { self.rest(received)? };
            let rest = if received { Duration::ZERO } else { rest };
            self.wait(rest)?;
        }
    }

    /// Waits for the peers to send to.
    fn meet(&mut self) -> Result<(), Failure> {
        let start = Instant::now();
        let mut said = false;
        while self.peers > 0 {
            let rest =
                self.timeout.map_or(Duration::MAX, |all| all.saturating_sub(start.elapsed()));
            let slice = self.slice(rest).min(TIMEOUT);
            let met = wait_for_peers(&mut self.socket, self.peers, slice);
            self.events();
            match met {
                Ok(true) => break,
                Ok(false) | Err(Error::Woken) => {}
                Err(error) => return Err(self.context.failure(error)),
            }
            self.check_connecting()?;
            if let Some(within) = self.timeout.filter(|within| start.elapsed() >= *within) {
                let [one, more] = receivers(self.kind);
                let awaited = match self.peers {
                    1 => format!("no {one}"),
                    n => format!("fewer than {n} {more}"),
                };
                return Err(Failure::Timeout { awaited, within, reason: self.now.trouble.clone() });
            }
            if !said && start.elapsed() >= TIMEOUT {
                said = true;
                let [one, more] = receivers(self.kind);
                let peers = count(self.peers as u64, one, more);
                let why =
                    self.now.trouble.as_ref().map(|why| format!(" ({why})")).unwrap_or_default();
                self.context.output.note(&format!("still waiting for {peers}{why}"));
            }
        }
        Ok(())
    }

    /// Takes received messages; returns whether there were any.
    fn receive(&mut self) -> Result<bool, Failure> {
        if self.wanted == Wanted::Nothing {
            return Ok(false);
        }
        for n in 0..STRETCH {
            // Further messages are discarded while there are messages to send.
            let enough = self.has_enough();
            if enough && self.now.over {
                return Ok(false);
            }
            let message = match self.receive_one() {
                Ok(Some(message)) => message,
                Ok(None) | Err(Error::Woken) => return Ok(n > 0),
                Err(error) => return Err(self.context.failure(error)),
            };
            self.now.last = Instant::now();
            if enough {
                self.now.discarded += 1;
                continue;
            }
            self.tally.received(&message);
            let printed = self.context.output.received(self.kind, self.tally.received, &message);
            self.now.discarded += u64::from(printed.is_err());
            printed?;
            if self.echo {
                self.answer(message)?;
            }
        }
        Ok(true)
    }

    /// Receives a queued message.
    fn receive_one(&mut self) -> Result<Option<Message>, Error> {
        if self.kind.can_receive() { self.socket.try_recv() } else { Ok(None) }
    }

    fn has_enough(&self) -> bool {
        match self.wanted {
            Wanted::Nothing => true,
            Wanted::Messages(n) => self.tally.received >= n,
            Wanted::All => {
                self.idle.is_some_and(|idle| self.now.over && self.now.last.elapsed() >= idle)
            }
        }
    }

    /// The failure if nothing was received, the last connection failed, and no peer is ready: the silence has a reason.
    fn check_silence(&mut self) -> Result<(), Failure> {
        match (self.idle, self.now.trouble.take()) {
            (Some(within), reason @ Some(_))
                if self.wanted == Wanted::All
                    && self.tally.received == 0
                    && self.socket.peers().len() == 0 =>
            {
                Err(Failure::Timeout { awaited: "no message".into(), within, reason })
            }
            _ => Ok(()),
        }
    }

    /// The longest time to wait; the failure if the time limit has passed.
    fn rest(&self, received: bool) -> Result<Duration, Failure> {
        let mut rest = if self.tally.is_shown() { tally::REFRESH } else { Duration::MAX };
        // A message for which there is no room waits for the socket.
        let stuck = self.now.refused;
        if self.now.pending.is_some() && !stuck {
            rest = rest.min(self.pace.rest());
        }
        if stuck || self.now.over && !received && self.idle.is_none() {
            self.check_connecting()?;
        }
        let silent = self.now.last.elapsed();
        if let Some(idle) = self.idle.filter(|_| self.now.over) {
            rest = rest.min(idle.saturating_sub(silent));
        }
        if let Some(within) = self.timeout.filter(|_| stuck || self.now.over && !received) {
            if silent >= within {
                let awaited = if stuck { "no peer that takes the message" } else { "no message" };
                let awaited = awaited.into();
                return Err(Failure::Timeout { awaited, within, reason: self.now.trouble.clone() });
            }
            rest = rest.min(within - silent);
        }
        Ok(rest)
    }

    /// The failure if no connection is left, and none is attempted.
    pub(super) fn check_connecting(&self) -> Result<(), Failure> {
        match self.connecting {
            Some(0) => Err(Failure::Unconnected { reason: self.now.trouble.clone() }),
            _ => Ok(()),
        }
    }

    /// The part of a wait after which events are read.
    pub(super) fn slice(&self, rest: Duration) -> Duration {
        let rest = self.context.slice(rest);
        if self.connecting.is_some() { rest.min(LOOK) } else { rest }
    }

    fn wait(&mut self, rest: Duration) -> Result<(), Failure> {
        match self.socket.wait(self.slice(rest)) {
            Ok(_) | Err(Error::Woken) => Ok(()),
            Err(error) => Err(self.context.failure(error)),
        }
    }

    /// Waits until the sent messages are written or dropped, at most linger, and reads the events with the reason: a
    /// closed socket has no events. Messages of an XPUB or XSUB are queued once for each peer; closing the socket
    /// continues to send them.
    fn flush(&mut self) -> Result<(), Failure> {
        if fans_out(self.kind) || self.tally.sent == 0 {
            return Ok(());
        }
        self.socket.uncork();
        let total = self.linger.total.unwrap_or(Duration::MAX);
        let start = Instant::now();
        loop {
            self.events();
            if self.has_settled() {
                return Ok(());
            }
            let rest = total.saturating_sub(start.elapsed());
            if rest.is_zero() || self.connecting == Some(0) {
                // Closing the socket does not wait again.
                self.linger = Duration::ZERO.into();
                return Ok(());
            }
            self.wait(rest)?;
            // `wait` returns at once while messages are queued, and they are not received any more.
            while let Ok(Some(_)) = self.receive_one() {
                self.now.discarded += 1;
            }
        }
    }

    /// As [`Self::flush`], for the datagrams of a RADIO: waits a moment.
    pub(super) fn settle(&mut self) {
        self.socket.uncork();
        let total = self.linger.total.unwrap_or(MOMENT).min(MOMENT);
        let start = Instant::now();
        while !self.has_settled() {
            let rest = total.saturating_sub(start.elapsed());
            if rest.is_zero() || self.socket.wait(rest.min(SOON)).is_err() {
                break;
            }
            self.events();
        }
    }

    /// Whether all sent messages are written or dropped.
    fn has_settled(&self) -> bool {
        let counters = self.socket.counters();
        counters.messages_sent + tally::unsent(&counters.dropped) >= self.tally.sent
    }

    /// Prints events, and stores the last error as a possible reason for missing peers.
    pub(super) fn events(&mut self) {
        while let Some(event) = next_event(&mut self.socket) {
            self.context.output.event(&event);
            match event.kind {
                EventKind::Ready(_) => self.now.trouble = None,
                EventKind::NotRetrying => {
                    self.connecting = self.connecting.map(|n| n.saturating_sub(1));
                }
                EventKind::Closed(_) | EventKind::Refused(_) => {
                    let (name, detail) = describe(&event.kind);
                    let detail = detail.unwrap_or_else(|| name.into());
                    self.now.trouble = Some(format!("{}: {detail}", event.endpoint));
                }
                _ => {}
            }
        }
    }
}
