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
#[cfg(any(test, feature = "testing"))]
mod memory;
mod output;
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
use std::process;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use mio::{Events, Registry, Token};
use slab::Slab;
use zmtp_core::Config;
use zmtp_core::pattern::PeerId;

pub(crate) use crate::queue::Refused;
pub(crate) use shared::{Guard, SharedEngine};
pub use wake::Handle;

use crate::clock::Clock;
use crate::endpoint::Endpoint;
use crate::inproc::Mailbox;
use crate::monitor::{Counters, Event, EventReader, Monitor};
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
pub(super) const EVENTS: usize = 256;
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

/// How long a turn waits for events.
#[derive(Clone, Copy, Debug)]
struct Pause {
    /// `None` is no limit.
    until: Option<Instant>,
    /// The same, from now on.
    timeout: Option<Duration>,
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
    registry: Registry,
    /// The last poll returned as many events as it can: there may be more.
    more_events: bool,
    /// The last poll brought an event, or the mailbox something.
    dispatched: bool,
    /// A thread polls without the engine's lock, until then.
    sleeping: Option<Pause>,
    /// Threads that wait for the thread that polls.
    waiting: usize,
    options: Options,
    config: Arc<Config>,
    peers: Slab<Peer>,
    /// The generation of the next peer.
    generation: u32,
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
    clock: Clock,
    /// The time of the turn.
    now: Instant,
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
    pub(crate) fn new(pattern: AnyPattern, mut options: Options, registry: Registry) -> Self {
        // Of other types one message cannot replace another.
        options.conflate &= pattern.can_conflate();
        let config = Config::new(pattern.socket_type())
            .with_limits(options.limits)
            .with_heartbeat(options.heartbeat)
            .with_routing_id(options.routing_id)
            .with_min_version(options.min_version)
            .with_require_socket_type(options.require_socket_type);
        let clock = options.context.clock();
        let now = clock.now();
        // A whole command and the header before it must fit, with room to read on.
        let scratch = SCRATCH.max(options.limits.max_command as usize + (16 << 10));
        Self {
            pattern,
            registry,
            more_events: false,
            dispatched: false,
            sleeping: None,
            waiting: 0,
            options,
            config: Arc::new(config),
            peers: Slab::new(),
            generation: 0,
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
            now,
            clock,
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
            epoch: now,
            process: process::id(),
        }
    }

    /// Does what is due, and returns how long to wait for events then: until `deadline` at most;
    /// `None` is no limit.
    fn prepare(&mut self, deadline: Option<Instant>) -> Pause {
        self.served = 0;
        // A wait is for what was sent, too.
        let written = self.write_corked();
        if self.sleeping.is_none() {
            self.forget_over();
        }
        let now = self.tick();
        let busy =
            written | self.take_mail() | self.run_timers(now) | self.run_hot() | !self.may_sleep();
        let now = if busy { self.tick() } else { now };
        let until = if busy { Some(now) } else { self.deadline(deadline) };
        Pause { until, timeout: until.map(|at| at.saturating_duration_since(now)) }
    }

    /// Handles what the poll returned.
    fn dispatch(&mut self, events: &Events) {
        self.tick();
        let events = self.handle_events(events);
        self.dispatched = self.take_mail() | events;
        self.reroute();
    }

    /// When a timeout that begins now ends; `None` is no limit.
    pub(crate) fn deadline_in(&self, timeout: Option<Duration>) -> Option<Instant> {
        self.clock.deadline(timeout)
    }

    /// Takes the time.
    pub(crate) fn tick(&mut self) -> Instant {
        self.now = self.clock.now();
        self.now
    }

    /// When the next turn is due: at once while work is left.
    fn next_turn(&self) -> Option<Duration> {
        // Asked last: what is posted from now on wakes the poll.
        if !self.may_sleep() || !self.hot.is_empty() || self.more_events {
            return Some(Duration::ZERO);
        }
        self.timers.next().map(|at| at.saturating_duration_since(self.now))
    }

    /// Whether the last poll and the mailbox brought nothing.
    fn is_idle(&self) -> bool {
        self.hot.is_empty() && !self.dispatched && self.may_sleep()
    }

    /// Whether there is work, or a deadline, that the thread that polls does not know of.
    fn has_news(&self) -> bool {
        let Some(pause) = &self.sleeping else { return false };
        let sooner = match (self.timers.next(), pause.until) {
            (Some(next), Some(until)) => next < until,
            (next, _) => next.is_some(),
        };
        sooner || !self.hot.is_empty()
    }

    /// Counts a message that is received. Returns whether a turn is due.
    const fn count_received(&mut self) -> bool {
        self.served += 1;
        self.served >= SHARE
    }

    /// Counts a message that is sent. Returns whether a turn is due.
    fn count_sent(&mut self) -> bool {
        self.served += 1;
        self.served >= SENT || !(self.corked || self.clock.now().duration_since(self.now) < LOOK)
    }

    fn deadline(&self, deadline: Option<Instant>) -> Option<Instant> {
        match (deadline, self.timers.next()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    fn handle_events(&mut self, events: &Events) -> bool {
        let mut count = 0;
        for event in events {
            count += 1;
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
        self.more_events = count == EVENTS;
        count > 0
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

    /// Stores a peer under a new id. Returns its slab index.
    fn insert(&mut self, mut peer: Peer) -> usize {
        let entry = self.peers.vacant_entry();
        let index = entry.key();
        peer.id = PeerId::new(index as u32, self.generation);
        self.generation = self.generation.wrapping_add(1);
        entry.insert(peer);
        index
    }

    /// The slab index of a peer, unless the peer is gone.
    fn index(&self, peer: PeerId) -> Option<usize> {
        let index = peer.index() as usize;
        self.peers.get(index).filter(|slot| slot.id == peer).map(|_| index)
    }

    fn core_now(&self) -> zmtp_core::Instant {
        let ms = self.now.duration_since(self.epoch).as_millis();
        zmtp_core::Instant::from_millis(u64::try_from(ms).unwrap_or(u64::MAX))
    }

    pub(crate) fn counters(&self) -> Counters {
        self.monitor.counters
    }

    pub(crate) fn events(&self) -> EventReader {
        self.monitor.events()
    }

    pub(crate) fn take_event(&self) -> Option<Event> {
        self.monitor.take_event()
    }
}
