//! The engine: one single-threaded state machine per socket, driven by whoever calls.
//!
//! It owns listeners, peers and their queues, and asks its [`Pattern`] what messages mean. Nothing
//! happens outside a call: a blocking call turns it until it has what it wants, and a caller with
//! its own poll steps it. Readiness underneath is edge-like: whoever stops reading early is put on
//! the `hot` list and gets another turn.

mod dial;
mod ending;
mod inproc;
mod letters;
mod link;
mod listen;
mod peer;
mod protocol;
mod raw;
mod receive;
mod roster;
mod shared;
mod timers;
mod traffic;
mod transmit;
mod wake;

use core::time::Duration;
use std::collections::VecDeque;
use std::io;
use std::process;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use mio::{Events, Poll, Token};
use slab::Slab;
use zmtp_core::Config;
use zmtp_core::pattern::PeerId;

pub(crate) use crate::queue::Refused;
pub(crate) use shared::{Guard, SharedEngine};
pub use wake::Handle;

use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::inproc::Mailbox;
use crate::monitor::{Counters, Event, Monitor};
use crate::options::Options;
use crate::pattern::{self, AnyPattern, Pattern};
use crate::queue;
use dial::Resolved;
use listen::Acceptor;
use peer::Peer;
use roster::Last;
use timers::Timers;
use wake::Wake;

/// Events taken from the system at once: bounds the work of a step.
const EVENTS: usize = 256;
/// Messages that may be taken before the system is asked again.
const SHARE: u32 = 32;
/// Messages that may be sent, and time that may pass, before the system is asked again. Messages that
/// are held back to go out together are only counted.
const SENT: u32 = 256;
const LOOK: Duration = Duration::from_millis(10);
/// The least that one read asks for.
const SCRATCH: usize = 64 << 10;

/// Who an event or a deadline is for. A peer is known by its place in the slab; places are reused
/// only between turns, so that no event of a turn meets a stranger.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Key {
    Listener(usize),
    Peer(usize),
}

const WAKE: Token = Token(usize::MAX);

impl Key {
    const fn token(self) -> Token {
        match self {
            Self::Listener(index) => Token(index * 2),
            Self::Peer(index) => Token(index * 2 + 1),
        }
    }

    const fn of(token: Token) -> Self {
        match token.0 % 2 {
            0 => Self::Listener(token.0 / 2),
            _ => Self::Peer(token.0 / 2),
        }
    }
}

pub(crate) struct Engine {
    pub(crate) pattern: AnyPattern,
    poll: Poll,
    events: Events,
    options: Options,
    config: Arc<Config>,
    peers: Slab<Peer>,
    listeners: Slab<Acceptor>,
    /// Names in this process that are ours.
    names: Vec<Arc<Endpoint>>,
    /// Where engines of this process leave word, once there is need.
    mailbox: Option<Arc<Mailbox>>,
    timers: Timers,
    /// Who has work left from its last turn.
    hot: VecDeque<Key>,
    /// Peers that are over; their places are free after the turn.
    over: Vec<usize>,
    /// Peers that wait for the socket as a whole to hold less.
    starved: Vec<usize>,
    /// Accepted peers in the order their handshakes began, and when; some are past it.
    handshakes: VecDeque<(usize, Instant)>,
    unfinished: usize,
    /// What is sent is held back until it is uncorked.
    corked: bool,
    /// Peers for which letters are held back.
    unwritten: Vec<usize>,
    /// Messages taken or sent since the last turn, and when that was.
    served: u32,
    looked: Instant,
    /// What all queues and unfinished messages hold, in bytes.
    held: usize,
    /// The part of it that waits for the application.
    queued: usize,
    /// The part of it that unfinished messages hold.
    unfinished_bytes: usize,
    monitor: Monitor,
    /// Whose letter was taken last.
    last: Last,
    /// Reading goes here first; one for all peers.
    scratch: Box<[u8]>,
    /// Writing is encoded here first.
    batch: Vec<u8>,
    wake: Option<Arc<Wake>>,
    resolved: (Sender<Resolved>, Receiver<Resolved>),
    /// Look-ups begun, of all peers: a place in the slab may have another peer by the answer.
    look_ups: u64,
    epoch: Instant,
    /// The process that made the socket: a forked child must not close what it shares.
    process: u32,
}

/// Without its buffers.
impl core::fmt::Debug for Engine {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Engine")
            .field("pattern", &self.pattern)
            .field("peers", &self.peers.len())
            .field("listeners", &self.listeners.len())
            .field("counters", &self.monitor.counters)
            .finish_non_exhaustive()
    }
}

impl Engine {
    pub(crate) fn new(pattern: AnyPattern, mut options: Options) -> Result<Self, Error> {
        // Of other types one message cannot replace another.
        options.conflate &= pattern.can_conflate();
        let config = Config::new(pattern.socket_type())
            .with_limits(options.limits)
            .with_heartbeat(options.heartbeat)
            .with_routing_id(options.routing_id)
            .with_min_version(options.min_version)
            .with_require_socket_type(options.require_socket_type);
        // A whole command and the header before it must fit, with room to read on.
        let scratch = SCRATCH.max(options.limits.max_command as usize + (16 << 10));
        Ok(Self {
            pattern,
            poll: Poll::new().map_err(Error::io("create a poll"))?,
            events: Events::with_capacity(EVENTS),
            options,
            config: Arc::new(config),
            peers: Slab::new(),
            listeners: Slab::new(),
            names: Vec::new(),
            mailbox: None,
            timers: Timers::default(),
            hot: VecDeque::new(),
            over: Vec::new(),
            starved: Vec::new(),
            handshakes: VecDeque::new(),
            unfinished: 0,
            corked: false,
            unwritten: Vec::new(),
            served: 0,
            looked: Instant::now(),
            held: 0,
            queued: 0,
            unfinished_bytes: 0,
            monitor: Monitor::default(),
            last: Last::default(),
            scratch: vec![0; scratch].into(),
            batch: Vec::new(),
            wake: None,
            resolved: channel(),
            look_ups: 0,
            epoch: Instant::now(),
            process: process::id(),
        })
    }

    /// Does what can be done, waiting for it until `deadline`: `None` is for ever.
    ///
    /// Returns after any event; the caller looks for what it wants and turns again.
    pub(crate) fn turn(&mut self, deadline: Option<Instant>) -> Result<(), Error> {
        self.check_wake()?;
        self.work(deadline)?;
        self.check_wake()
    }

    fn work(&mut self, deadline: Option<Instant>) -> Result<(), Error> {
        self.served = 0;
        // Whoever waits, waits for what it sent too.
        let written = self.write_corked();
        self.forget_over();
        let mut now = Instant::now();
        let busy =
            written | self.take_mail() | self.run_timers(now) | self.run_hot() | !self.may_sleep();
        if busy {
            now = Instant::now();
        }
        self.looked = now;
        let timeout = match self.deadline(deadline) {
            _ if busy => Some(Duration::ZERO),
            next => next.map(|at| at.saturating_duration_since(now)),
        };
        match self.poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(Error::io("poll")(error)),
        }
        self.dispatch();
        self.take_mail();
        self.reroute();
        Ok(())
    }

    /// One turn without waiting. Returns when the next is due: at once while work is left.
    pub(crate) fn step(&mut self) -> Result<Option<Duration>, Error> {
        self.turn(Some(Instant::now()))?;
        Ok(self.next_turn())
    }

    /// [`Engine::step`] for the driver, whom no handle wakes or stops.
    pub(super) fn serve(&mut self) -> io::Result<Option<Duration>> {
        self.work(Some(Instant::now())).map_err(|_| io::ErrorKind::Other)?;
        Ok(self.next_turn())
    }

    fn next_turn(&self) -> Option<Duration> {
        // Asked last, so that whoever leaves word from now on wakes the poll.
        if !self.may_sleep() || !self.hot.is_empty() || self.events.iter().count() == EVENTS {
            return Some(Duration::ZERO);
        }
        self.timers.next().map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// Looks at the other peers now and then while queued messages keep the application from
    /// waiting: one that floods would else have the socket to itself until its queue is empty.
    pub(crate) fn share(&mut self) -> Result<(), Error> {
        self.served += 1;
        if self.served < SHARE {
            return Ok(());
        }
        self.turn(Some(Instant::now()))
    }

    /// Looks at the peers now and then while sending never waits: for newcomers and what they
    /// subscribe to, and for what is due to those that are there.
    pub(crate) fn share_sending(&mut self) -> Result<(), Error> {
        self.served += 1;
        if self.served < SENT && (self.corked || self.looked.elapsed() < LOOK) {
            return Ok(());
        }
        self.turn(Some(Instant::now()))
    }

    fn deadline(&self, deadline: Option<Instant>) -> Option<Instant> {
        match (deadline, self.timers.next()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    fn dispatch(&mut self) {
        // Taken out for the loop, as handling an event needs the rest of the engine.
        let events = core::mem::replace(&mut self.events, Events::with_capacity(0));
        for event in &events {
            if event.token() == WAKE {
                self.take_resolved();
                continue;
            }
            match Key::of(event.token()) {
                Key::Listener(index) => self.accept(index),
                Key::Peer(index) => {
                    let closing = event.is_read_closed() || event.is_error();
                    self.peer_event(index, event.is_readable(), event.is_writable(), closing);
                }
            }
        }
        self.events = events;
    }

    fn run_timers(&mut self, now: Instant) -> bool {
        let mut any = false;
        while let Some(key) = self.timers.due(now) {
            any = true;
            match key {
                Key::Listener(index) => {
                    if let Some(listener) = self.listeners.get_mut(index) {
                        listener.timer = None;
                        self.accept(index);
                    }
                }
                Key::Peer(index) => self.peer_timer(index, now),
            }
        }
        any
    }

    /// Gives everyone on the hot list one more turn.
    fn run_hot(&mut self) -> bool {
        let any = !self.hot.is_empty();
        for _ in 0..self.hot.len() {
            match self.hot.pop_front() {
                Some(Key::Listener(index)) => self.accept(index),
                Some(Key::Peer(index)) => {
                    if let Some(peer) = self.peers.get_mut(index) {
                        peer.hot = false;
                        self.peer_event(index, true, false, false);
                    }
                }
                None => break,
            }
        }
        any
    }

    fn heat(&mut self, index: usize) {
        if let Some(peer) = self.peers.get_mut(index)
            && !peer.hot
        {
            peer.hot = true;
            self.hot.push_back(Key::Peer(index));
        }
    }

    fn core_now(&self) -> zmtp_core::Instant {
        let ms = self.epoch.elapsed().as_millis();
        zmtp_core::Instant::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    pub(crate) fn counters(&self) -> Counters {
        self.monitor.counters
    }

    pub(crate) fn take_event(&mut self) -> Option<Event> {
        self.monitor.take_event()
    }
}

const fn id(index: usize) -> PeerId {
    PeerId(index as u32)
}
