//! The engine of a socket: a state machine that turns when a call drives it.
//!
//! It owns listeners, peers and their queues. Its pattern ([`AnyPattern`]) contains the rules of the socket type.
//! Readiness is edge-triggered: a peer that stops reading or writing before the stream would block is scheduled for
//! the next turn.
//!
//! | file | content |
//! |---|---|
//! | `turn.rs` | a turn: prepare, poll, dispatch |
//! | `guard.rs`, `shared.rs` | a call, the locks, and the driver's way in |
//! | `lease.rs` | tasks that wait for the socket |
//! | `descriptors.rs` | the poll of the system, once the engine needs one |
//! | `hand_over.rs`, `spin.rs` | the wait for events |
//! | `scheduler.rs` | deadlines and work that was left |
//! | `pace.rs` | when a turn is due |
//! | `peer/` | a peer and its state; what is sent to it |
//! | `deadline.rs` | deadlines of attempts, handshakes and heartbeats |
//! | `accept.rs`, `handshakes.rs`, `connect.rs`, `resolve.rs`, `begin.rs`, `close.rs` | how connections begin and end |
//! | `ask.rs` | questions about clients, and later answers |
//! | `linger.rs`, `later.rs`, `chain.rs`, `shutdown.rs` | how sockets end |
//! | `io.rs`, `link/` | input and output of connections; the application takes messages |
//! | `memory_limit.rs` | what happens at the memory limit |
//! | `options.rs` | the options, and their change |
//! | `outbound.rs`, `hold.rs`, `at_once.rs`, `burst.rs` | messages from the application to the queues |
//! | `inproc.rs`, `rules.rs` | connections within the process |
//! | `udp/` | endpoints of UDP |
//! | `status.rs`, `wake.rs` | getters and wake-ups that the application may call at any time |
//! | `watcher.rs` | readiness that the driver reports |

mod accept;
mod ask;
mod at_once;
mod begin;
mod burst;
mod chain;
mod close;
mod connect;
mod deadline;
mod descriptors;
mod guard;
mod hand_over;
mod handshakes;
mod hold;
mod inproc;
mod io;
mod later;
#[cfg(unix)]
mod lease;
mod linger;
mod link;
mod mailbox;
#[cfg(any(test, feature = "testing"))]
mod memory;
mod memory_limit;
mod options;
mod outbound;
mod pace;
mod peer;
mod resolve;
mod rules;
mod scheduler;
mod shared;
mod shutdown;
mod spin;
mod status;
mod turn;
mod udp;
mod wake;
mod watcher;

mod sync {
    pub(super) use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
}

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};
use std::time::Instant;

use slab::Slab;
use zmtp_core::Config;
use zmtp_core::pattern::PeerId;

pub(crate) use crate::queue::Refused;
pub(crate) use guard::Guard;
#[cfg(unix)]
pub(crate) use lease::{Lease, Side};
pub use linger::UnsentMessages;
pub(crate) use link::COPY;
pub(crate) use shared::SharedEngine;
pub(crate) use udp::{check_body, parse_address};
pub use wake::Handle;

use crate::clock::Clock;
use crate::context::Context;
use crate::endpoint::Endpoint;
use crate::inproc::Mailbox;
use crate::monitor::{Counters, EventReader, Monitor};
use crate::options::{HighWaterMark, Options};
use crate::pattern::{self, AnyPattern};
use crate::queue::{self, Budget, Envelope, Mark, Usage};
use accept::Acceptor;
use ask::Askers;
use burst::Burst;
use descriptors::Descriptors;
use hand_over::{TakesTurns, Turns};
use handshakes::Handshakes;
use hold::Room;
use linger::Ending;
use link::{Run, Spares};
use pace::Pause;
use peer::Peer;
use resolve::Resolved;
use scheduler::Scheduler;
use shared::Cell;
use status::LastPeer;
use wake::Wake;

/// The most events of one poll, which bounds the work of a turn.
pub(super) const EVENTS: usize = 256;
/// The room for events of the first poll. Most sockets have few peers.
const FEW_EVENTS: usize = 32;

pub(crate) struct Engine {
    /// The cell that contains the engine.
    cell: Weak<Cell>,
    pub(crate) pattern: AnyPattern,
    /// REP: the envelope of the request that was received last.
    pub(crate) envelope: Envelope,
    /// SUB: a change of the subscriptions excluded messages since the last time that no message was queued: queued
    /// messages may be excluded.
    pub(crate) refilter: bool,
    /// PUB and XSUB: the peers that a message is sent to. Empty between messages, kept for its memory.
    pub(crate) targets: Vec<PeerId>,
    descriptors: Arc<Descriptors>,
    /// The last poll returned the maximal number of events: there may be more.
    more_events: bool,
    /// The last turn had an event or a post of the mailbox.
    dispatched: bool,
    /// The number of times that a turn changed what an operation may wait for.
    turned: u64,
    /// A poll of the application waits for the events.
    polled_by_application: bool,
    /// That poll was woken since the last turn.
    woke_application: bool,
    /// The threads that wait in calls.
    turns: Turns<Pause>,
    /// A call changed what the thread that polls may wait for.
    changed: bool,
    /// The socket is closed or being closed.
    ending: Option<Ending>,
    /// Called when the driver has closed the socket.
    ended: Option<later::Ended>,
    /// Called with the readiness of the socket after the driver has served it.
    watcher: Option<watcher::Watcher>,
    /// When the driver began to serve the engine last.
    served_since: Instant,
    options: Options,
    config: Arc<Config>,
    send_mark: Mark,
    receive_mark: Mark,
    peers: Slab<Peer>,
    /// The generation of the next peer.
    generation: u32,
    listeners: Slab<Acceptor>,
    /// The inproc names of this socket.
    names: Vec<Arc<Endpoint>>,
    /// The mailbox for other engines of this process, created when it is needed.
    mailbox: Option<Arc<Mailbox>>,
    scheduler: Scheduler,
    /// Peers whose connections end in this turn.
    closing: VecDeque<PeerId>,
    /// Slots of peers that are closed; they are free after the turn.
    free_slots: Vec<usize>,
    /// Peers that are not read until the memory of the socket is below its limit.
    memory_paused: Vec<usize>,
    handshakes: Handshakes,
    askers: Askers,
    /// Sent messages are held back until the socket is uncorked.
    corked: bool,
    /// Sent messages of a burst are held back; a driver writes them in time.
    coalescing: bool,
    /// Peers for which messages are held back.
    held: Vec<usize>,
    /// The room for more messages of a burst.
    room: Room,
    /// The first of those was added after the last request to the driver to write them.
    begins_hold: bool,
    burst: Burst,
    /// When messages were written last.
    wrote: Instant,
    /// A message was received after the last write.
    received: bool,
    /// Messages that are encoded once for several peers.
    run: Run,
    /// The last report of the run to the budget.
    run_reported: Usage,
    /// Peers that may have a range of the run.
    sharing: Vec<usize>,
    /// Memory for the output of connections.
    spares: Spares,
    /// Messages received since the last turn.
    served: u32,
    /// Messages sent since the last turn.
    sent: u32,
    clock: Clock,
    /// The time of the turn.
    now: Instant,
    /// The memory of all peers.
    budget: Budget,
    monitor: Monitor,
    /// The peer whose message was received last.
    last: LastPeer,
    wake: Arc<Wake>,
    resolved: (Sender<Resolved>, Receiver<Resolved>),
    /// Look-ups begun, of all peers: a slot may have another peer when the answer comes.
    look_ups: u64,
    epoch: Instant,
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
    fn new(pattern: AnyPattern, mut options: Options, cell: Weak<Cell>) -> Self {
        // Of other types one message cannot replace another.
        options.conflate &= pattern.can_conflate();
        let config = options::config(pattern.socket_type(), &options);
        let budget = Budget::new(options.max_bytes.unwrap_or(usize::MAX));
        let clock = options.context.clock();
        let now = clock.now();
        let descriptors = Arc::new(Descriptors::default());
        Self {
            cell,
            pattern,
            envelope: Envelope::None,
            refilter: false,
            targets: Vec::new(),
            descriptors: Arc::clone(&descriptors),
            more_events: false,
            dispatched: false,
            turned: 0,
            polled_by_application: false,
            woke_application: false,
            turns: Turns::new(),
            changed: false,
            ending: None,
            ended: None,
            watcher: None,
            served_since: now,
            send_mark: mark(options.send_mark),
            receive_mark: mark(options.receive_mark),
            options,
            config,
            peers: Slab::new(),
            generation: 0,
            listeners: Slab::new(),
            names: Vec::new(),
            mailbox: None,
            scheduler: Scheduler::default(),
            closing: VecDeque::new(),
            free_slots: Vec::new(),
            memory_paused: Vec::new(),
            handshakes: Handshakes::default(),
            askers: Askers::default(),
            corked: false,
            coalescing: false,
            held: Vec::new(),
            room: Room::NONE,
            begins_hold: false,
            burst: Burst::default(),
            wrote: now,
            received: false,
            run: Run::default(),
            run_reported: Usage::default(),
            sharing: Vec::new(),
            spares: Spares::new(),
            served: 0,
            sent: 0,
            now,
            clock,
            budget,
            monitor: Monitor::default(),
            last: LastPeer::default(),
            wake: Arc::new(Wake::new(descriptors)),
            resolved: channel(),
            look_ups: 0,
            epoch: now,
        }
    }

    /// Stores a peer under a new id. Returns its slab index.
    fn insert(&mut self, mut peer: Peer) -> usize {
        self.room = Room::NONE;
        let entry = self.peers.vacant_entry();
        let index = entry.key();
        peer.id = PeerId::new(index as u32, self.generation);
        self.generation = self.generation.wrapping_add(1);
        entry.insert(peer);
        // A connection whose peer has taken all memory can be closed.
        self.closing.reserve(self.peers.len());
        index
    }

    /// The slab index of a peer; `None` if the peer was removed.
    fn index(&self, peer: PeerId) -> Option<usize> {
        let index = peer.index() as usize;
        self.peers.get(index).filter(|slot| slot.id == peer).map(|_| index)
    }

    pub(crate) fn counters(&self) -> Counters {
        self.monitor.counters
    }

    pub(crate) fn events(&self) -> EventReader {
        self.monitor.events()
    }

    /// The counters and events.
    pub(crate) const fn monitor(&mut self) -> &mut Monitor {
        &mut self.monitor
    }

    pub(crate) fn context(&self) -> Context {
        self.options.context.clone()
    }
}

impl TakesTurns for Engine {
    type Pause = Pause;

    fn turns(&mut self) -> &mut Turns<Pause> {
        &mut self.turns
    }
}

fn mark(mark: HighWaterMark) -> Mark {
    let HighWaterMark { messages, bytes, .. } = mark;
    Mark { messages: messages.unwrap_or(usize::MAX), bytes: bytes.unwrap_or(usize::MAX) }
}
