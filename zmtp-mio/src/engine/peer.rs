//! A peer: its queues, and its connection as far as there is one.

use std::sync::Arc;
use std::time::Instant;

use zmtp_core::pattern::PeerId;

use super::dial::Dialer;
use super::link::Link;
use super::pattern::PeerContext;
use super::queue::Queue;
use super::roster::Met;
use crate::endpoint::Endpoint;
use crate::inproc::Pipe;
use crate::transport::Stream;

/// One peer. A dialled one lives from `connect` to `disconnect`, across connections; an accepted
/// one as long as its connection, and until the application took what came of it.
#[derive(Debug)]
pub(super) struct Peer {
    /// Its slab index and generation; set when it is stored.
    pub(super) id: PeerId,
    pub(super) origin: Origin,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) phase: Phase,
    /// What is known of who is, or was last, at the other end.
    pub(super) met: Option<Box<Met>>,
    /// Letters for the application.
    pub(super) incoming: Queue,
    /// Letters for the peer.
    pub(super) outgoing: Queue,
    /// What waits for it is held back: it is on the list of the unwritten.
    pub(super) corked: bool,
    /// Its outgoing queue is at the mark, and the pattern knows.
    pub(super) full: bool,
    pub(super) timer: Option<Instant>,
    /// On the hot list.
    pub(super) hot: bool,
    /// On the list of those that wait for the socket to hold less.
    pub(super) starved: bool,
    /// Its handshake was over once: the pattern knows it.
    pub(super) known: bool,
}

#[derive(Debug)]
pub(super) enum Origin {
    Accepted,
    Dialled(Box<Dialer>),
}

#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all peers are open")]
pub(super) enum Phase {
    /// A wait before the next dial; the timer says how long.
    Waiting,
    /// A helper thread looks up the host's name.
    Resolving,
    /// The system connects.
    Connecting(Stream),
    /// Handshake and traffic.
    Open(Link),
    /// A peer of this process.
    Inproc(Box<Pipe>),
    /// The connection is over, and letters of it wait for the application.
    Over,
}

impl Peer {
    pub(super) const fn new(origin: Origin, endpoint: Arc<Endpoint>, phase: Phase) -> Self {
        Self {
            id: PeerId::NONE,
            origin,
            endpoint,
            phase,
            met: None,
            incoming: Queue::new(),
            outgoing: Queue::new(),
            corked: false,
            full: false,
            timer: None,
            hot: false,
            starved: false,
            known: false,
        }
    }

    /// The peer as the rules see it.
    pub(super) fn context(&mut self) -> PeerContext<'_> {
        PeerContext {
            peer: self.id,
            routing_id: &[],
            incoming: &mut self.incoming,
            outgoing: &mut self.outgoing,
        }
    }

    pub(super) fn link(&mut self) -> Option<&mut Link> {
        match &mut self.phase {
            Phase::Open(link) => Some(link),
            _ => None,
        }
    }

    /// Whether letters of it wait because its queue is full.
    pub(super) fn is_paused(&self) -> bool {
        match &self.phase {
            Phase::Open(link) => link.rx.paused,
            Phase::Inproc(pipe) => pipe.paused,
            _ => false,
        }
    }

    /// Whether letters can be sent to it now.
    pub(super) fn is_ready(&self) -> bool {
        match &self.phase {
            Phase::Open(link) => link.rx.ready,
            Phase::Inproc(_) => self.known,
            _ => false,
        }
    }

    /// When its handshake began, if it was accepted and is not through it.
    pub(super) fn handshake_since(&self) -> Option<Instant> {
        match (&self.origin, &self.phase) {
            (Origin::Accepted, Phase::Open(link)) if !self.known => Some(link.since),
            _ => None,
        }
    }

    /// Letters and control bytes that are not out.
    pub(super) fn unsent(&self) -> usize {
        match &self.phase {
            Phase::Open(link) if link.tx.broken.is_some() => 0,
            Phase::Open(link) => self.outgoing.len() + link.tx.output.len(),
            _ => self.outgoing.len(),
        }
    }

    /// Changes while a letter goes out.
    pub(super) fn begun(&self) -> usize {
        match &self.phase {
            Phase::Open(link) => link.tx.output.written() as usize,
            _ => 0,
        }
    }
}
