//! Peers of the same process.

use std::sync::Arc;

use mio::Token;
use zmtp_core::pattern::{PeerId, Verdict};
use zmtp_core::wire::{FrameHeader, FrameKind, RoutingId, SocketType, Version};
use zmtp_core::{PeerError, PeerInfo};

use super::pattern::{AnyPattern, Pattern, PeerContext, keep};
use super::peer::{Origin, Peer, Phase};
use super::queue::{Envelope, Lead, Letter};
use super::roster::Met;
use super::{Engine, Key};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::inproc::{Host, Mailbox, Note, Pipe, pipe};
use crate::message::Message;
use crate::monitor::{CloseReason, EventKind, Monitor};
use crate::transport::Addresses;

/// Letters taken from one peer before others have their turn.
const BUDGET: usize = 256;

impl Engine {
    /// Where other engines of the process leave word.
    pub(super) fn mailbox(&mut self) -> Result<Arc<Mailbox>, Error> {
        if let Some(mailbox) = &self.mailbox {
            return Ok(Arc::clone(mailbox));
        }
        let wake = self.wake()?;
        let mailbox = Arc::new(Mailbox::new(move || {
            // It fails only if the system is out of memory for an eight-byte counter.
            let _ = wake.wake();
        }));
        Ok(Arc::clone(self.mailbox.insert(mailbox)))
    }

    /// Takes a name of the context.
    pub(super) fn bind_inproc(&mut self, name: &str) -> Result<Endpoint, Error> {
        let endpoint = Endpoint::Inproc(name.into());
        let host = Host {
            mailbox: self.mailbox()?,
            socket_type: self.pattern.socket_type(),
            routing_id: Box::new(self.options.routing_id),
        };
        if !self.options.context.names().bind(name, host) {
            return Err(Error::AddressInUse(endpoint));
        }
        self.names.push(Arc::new(endpoint.clone()));
        Ok(endpoint)
    }

    /// Frees a name. `false` if it was not ours.
    pub(super) fn unbind_inproc(&mut self, endpoint: &Endpoint) -> bool {
        let Some(at) = self.names.iter().position(|held| **held == *endpoint) else { return false };
        self.names.swap_remove(at);
        if let Endpoint::Inproc(name) = endpoint {
            self.options.context.names().unbind(name);
        }
        true
    }

    /// Connects to a name, at once or when it is bound.
    pub(super) fn dial_inproc(&mut self, index: usize, name: &str) {
        self.monitor.counters.dials += 1;
        let Ok(mailbox) = self.mailbox() else {
            return self.shut(index, CloseReason::Io(std::io::ErrorKind::OutOfMemory));
        };
        let Some(peer) = self.peers.get_mut(index) else { return };
        peer.phase = Phase::Waiting;
        let Some(host) = self.options.context.names().find(name, &mailbox, index) else { return };
        let endpoint = Arc::clone(&peer.endpoint);
        self.monitor.note(&endpoint, Addresses::default(), EventKind::Connected);
        let (ours, theirs) = pipe();
        host.mailbox.put(Note::Connection {
            endpoint,
            socket_type: self.pattern.socket_type(),
            routing_id: Box::new(self.options.routing_id),
            pipe: theirs,
        });
        self.meet(index, host.socket_type, &host.routing_id, ours);
    }

    /// A dialled peer is given up that may wait for its name.
    pub(super) fn forget_inproc(&self, index: usize, endpoint: &Endpoint) {
        if let (Endpoint::Inproc(name), Some(mailbox)) = (endpoint, &self.mailbox) {
            self.options.context.names().forget(name, mailbox, index);
        }
    }

    /// Reads the mailbox. Returns whether there was anything.
    pub(super) fn take_mail(&mut self) -> bool {
        let Some(mailbox) = self.mailbox.clone() else { return false };
        let mut any = false;
        for note in mailbox.take_notes() {
            any = true;
            match note {
                Note::Bound(index) => {
                    let waits = self
                        .peers
                        .get(index)
                        .is_some_and(|peer| matches!(peer.phase, Phase::Waiting));
                    if waits {
                        self.dial(index);
                    }
                }
                Note::Connection { endpoint, socket_type, routing_id, pipe } => {
                    self.monitor.counters.accepted += 1;
                    self.monitor.note(&endpoint, Addresses::default(), EventKind::Accepted);
                    let peer = Peer::new(Origin::Accepted, endpoint, Phase::Waiting);
                    let index = self.insert(peer);
                    self.meet(index, socket_type, &routing_id, pipe);
                }
            }
        }
        // As many as there are now: who answers at once must not keep us.
        for _ in 0..self.peers.len() + self.listeners.len() + 1 {
            let Some(key) = mailbox.next_due() else { break };
            any = true;
            match Key::of(Token(key)) {
                Key::Listener(index) => self.accept(index),
                Key::Peer(index) => self.peer_event(index, true, true, false),
            }
        }
        any
    }

    /// Whether nothing is in the mailbox: the engine may wait.
    pub(super) fn may_sleep(&self) -> bool {
        self.mailbox.as_ref().is_none_or(|mailbox| mailbox.may_sleep())
    }

    /// What a handshake is elsewhere.
    fn meet(&mut self, index: usize, theirs: SocketType, routing_id: &RoutingId, pipe: Pipe) {
        let Some(mailbox) = self.mailbox.clone() else { return };
        let Some(peer) = self.peers.get_mut(index) else { return };
        let ours = self.pattern.socket_type();
        peer.phase = Phase::Inproc(Box::new(pipe));
        if !ours.accepts(theirs) {
            let error = PeerError::IncompatibleSocketType { ours, peer: theirs };
            return self.shut(index, CloseReason::Protocol(error.into()));
        }
        let (before, waited) = (peer.incoming.weight(), peer.outgoing.weight());
        let mut context = PeerContext { routing_id: routing_id.bytes(), ..peer.context() };
        let admitted = self.pattern.up(&mut context);
        let came = peer.incoming.weight() - before;
        self.held += came + peer.outgoing.weight() - waited;
        self.queued += came;
        if let Err(reason) = admitted {
            return self.shut(index, reason);
        }
        peer.known = true;
        if let Phase::Inproc(pipe) = &peer.phase {
            pipe.settle(&mailbox, Key::Peer(index).token().0);
        }
        let endpoint = Arc::clone(&peer.endpoint);
        self.monitor.counters.handshakes += 1;
        let info = PeerInfo { version: Version::V3_1, socket_type: Some(theirs) };
        let mut met = Met::boxed(Addresses::default(), self.now);
        (met.info, met.routing_id) = (Some(info), routing_id.bytes().into());
        peer.met = Some(met);
        self.monitor.note(&endpoint, Addresses::default(), EventKind::Ready(info));
        if let Some(old) = self.pattern.displaced().and_then(|old| self.index(old)) {
            self.shut(old, CloseReason::HandedOver);
        }
        self.flush(index);
    }

    /// Puts what waits for a peer into its pipe.
    pub(super) fn flush_inproc(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let Phase::Inproc(pipe) = &peer.phase else { return };
        let before = peer.outgoing.weight();
        let waited = !peer.outgoing.is_empty();
        let counters = &mut self.monitor.counters;
        let mut any = false;
        // What nobody would read waits for the next connection, or is counted, when this one ends.
        while !pipe.is_closed()
            && let Some(letter) = peer.outgoing.pop()
        {
            let (bytes, weight) = (letter.message.byte_len(), letter.weight());
            let message = letter.is_message();
            if let Err(back) = pipe.push(letter, weight) {
                peer.outgoing.push_front(back);
                break;
            }
            any = true;
            counters.messages_sent += u64::from(message);
            counters.bytes_sent += if message { bytes as u64 } else { 0 };
        }
        if any {
            pipe.tell();
        }
        self.held -= before - peer.outgoing.weight();
        if waited && peer.outgoing.is_empty() {
            self.pattern.sent(peer.id);
        }
        self.mark(index);
    }

    /// Takes what came of a peer, within the marks.
    pub(super) fn receive_inproc(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let Phase::Inproc(pipe) = &mut peer.phase else { return };
        pipe.listen();
        for _ in 0..BUDGET {
            let Some(peer) = self.peers.get_mut(index) else { return };
            let starved = self.held >= self.options.max_bytes && !peer.incoming.is_empty();
            let full = peer.incoming.is_full(&self.options.receive_mark) || starved;
            let Phase::Inproc(pipe) = &mut peer.phase else { return };
            pipe.paused = full;
            if full {
                return;
            }
            let closed = pipe.is_closed();
            let Some(letter) = pipe.pop(Letter::weight) else {
                if closed {
                    self.shut(index, CloseReason::ByPeer);
                }
                return;
            };
            if let Err(reason) = self.deliver(index, letter) {
                return self.shut(index, reason);
            }
        }
        self.heat(index);
    }

    /// Judges a letter as if it had come over the wire.
    fn deliver(&mut self, index: usize, letter: Letter) -> Result<(), CloseReason> {
        let conflate = self.options.conflate;
        let Some(peer) = self.peers.get_mut(index) else { return Ok(()) };
        let (before, waited) = (peer.incoming.weight(), peer.outgoing.weight());
        let mut context = peer.context();
        let result = if let Envelope::Subscription(what) = letter.envelope {
            self.pattern.subscription(
                &mut context,
                what,
                letter.message.part(0).unwrap_or_default(),
            )
        } else if let Some(letter) =
            open(&mut self.pattern, &mut self.monitor, context.peer, letter)
        {
            keep(&mut self.pattern, &mut self.monitor.counters, &mut context, letter, conflate)
                .map(|_| ())
        } else {
            Ok(())
        };
        self.held = self.held + peer.incoming.weight() - before;
        self.queued = self.queued + peer.incoming.weight() - before;
        self.held = self.held + peer.outgoing.weight() - waited;
        result
    }
}

/// Asks the pattern what each frame of a letter means. `None` if it rejects it.
///
/// A letter whose frames mean to its receiver what they meant to its sender, envelope and body, is
/// handed on as it is; another one is put together anew.
fn open(
    pattern: &mut AnyPattern,
    monitor: &mut Monitor,
    peer: PeerId,
    mut letter: Letter,
) -> Option<Letter> {
    if matches!(letter.envelope, Envelope::Address) {
        letter.message.remove_front(1);
        letter.envelope = Envelope::None;
    }
    let head = letter.envelope.frame_count();
    let mut anew = pattern.prefix(peer).map(|prefix| Letter::from(Message::from(prefix)));
    let mut rejected = false;
    let mut at = 0;
    while let Some((Lead::Frame(more), body)) = letter.frame(at) {
        let header = FrameHeader::new(FrameKind::Message(more), body.len() as u64);
        let mut verdict = pattern.accept(peer, header);
        if verdict == Verdict::RequestId {
            verdict = pattern.check_request_id(peer, body.try_into().unwrap_or_default());
        }
        let as_meant = match verdict {
            Verdict::Envelope | Verdict::RequestId => at < head,
            Verdict::Deliver | Verdict::Subject => at >= head,
            Verdict::Reject(reason) => {
                monitor.rejected(reason);
                rejected = true;
                true
            }
            Verdict::Skip | Verdict::Subscription(_) => true,
        };
        if !as_meant && anew.is_none() {
            anew = Some(first(&letter, at, head));
        }
        if let Some(anew) = &mut anew {
            add(anew, verdict == Verdict::Deliver, header, body);
        }
        at += 1;
    }
    (!rejected).then(|| anew.unwrap_or(letter))
}

/// The first `n` frames of a letter, of which `head` are its envelope.
fn first(letter: &Letter, n: usize, head: usize) -> Letter {
    let mut copy = Letter::default();
    for at in 0..n {
        if let Some((Lead::Frame(more), body)) = letter.frame(at) {
            let header = FrameHeader::new(FrameKind::Message(more), body.len() as u64);
            add(&mut copy, at >= head, header, body);
        }
    }
    copy
}

fn add(letter: &mut Letter, to_message: bool, header: FrameHeader, body: &[u8]) {
    if to_message {
        letter.message.push(body);
    } else {
        letter.envelope.begin(header);
        letter.envelope.append(body);
    }
}
