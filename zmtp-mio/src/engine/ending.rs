//! Ends: of a connection, of a peer, of the socket.

use core::time::Duration;
use std::process;
use std::sync::Arc;
use std::time::Instant;

use super::pattern::Pattern;
use super::peer::{Origin, Phase};
use super::queue::Queue;
use super::{Engine, Guard, Key};
use crate::endpoint::Endpoint;
use crate::monitor::{CloseReason, EventKind};
use crate::transport::Addresses;

/// A connection that lasted this long was of use, even if no message came.
const PROVEN: Duration = Duration::from_secs(5);

/// Where a deadline lies that is too far for the clock.
const FAR: Duration = Duration::from_secs(1 << 30);

/// A peer in the middle of sending goes on within this.
const QUIET: Duration = Duration::from_millis(50);

impl Engine {
    /// Ends a peer's connection; a dialled one is tried again.
    pub(super) fn shut(&mut self, index: usize, reason: CloseReason) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let endpoint = Arc::clone(&peer.endpoint);
        self.timers.set(Key::Peer(index), &mut peer.timer, None);
        let unfinished = peer.handshake_since().is_some();
        let was_over = matches!(peer.phase, Phase::Over);
        let phase = core::mem::replace(&mut peer.phase, Phase::Over);
        let mut at = Addresses::default();
        let mut proven = false;
        let dropped = &mut self.monitor.counters.dropped;
        match phase {
            Phase::Open(mut link) => {
                at = peer.met.as_ref().map(|met| met.addresses).unwrap_or_default();
                proven = link.rx.proven
                    || (link.rx.ready && self.now.duration_since(link.since) > PROVEN);
                self.held -= link.rx.weight;
                self.unfinished_bytes -= link.rx.unfinished;
                dropped.incomplete += u64::from(link.connection.in_message());
                if link.is_mid_letter()
                    && let Some(letter) = peer.outgoing.pop()
                {
                    // Half of it is out: the rest would make no sense to the next connection.
                    self.held -= letter.weight();
                    dropped.half_sent += 1;
                } else if matches!(reason, CloseReason::Protocol(_)) && link.encoded() == 0 {
                    // An ERROR command, if the protocol has one and the stream takes it.
                    let mut none = Queue::new();
                    let _ = link.transmit(&mut none, &mut self.batch, &mut self.monitor);
                }
                if link.connection.is_raw() {
                    // It was for this connection: the next one begins a conversation of its own.
                    self.held -= peer.outgoing.weight();
                    let lost = peer.outgoing.remove(0, |_| true) as u64;
                    self.monitor.counters.dropped.peer_gone += lost;
                }
                match link.rx.ready {
                    true => self.monitor.counters.disconnects += 1,
                    false => self.monitor.counters.refused += 1,
                }
                let _ = link.stream.deregister(&self.registry);
            }
            Phase::Inproc(pipe) => {
                proven = true;
                if pipe.is_closed() {
                    for letter in pipe.take_back().into_iter().rev() {
                        self.held += letter.weight();
                        peer.outgoing.push_front(letter);
                    }
                }
                match peer.known {
                    true => self.monitor.counters.disconnects += 1,
                    false => self.monitor.counters.refused += 1,
                }
            }
            Phase::Connecting(mut stream) => {
                let _ = stream.deregister(&self.registry);
            }
            _ => {}
        }
        if was_over {
            return;
        }
        self.unfinished -= usize::from(unfinished);
        self.monitor.note(&endpoint, at, EventKind::Closed(reason));
        self.after_close(index, reason, proven);
    }

    fn after_close(&mut self, index: usize, reason: CloseReason, proven: bool) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let dropped = &mut self.monitor.counters.dropped;
        // The next handshake says again what is subscribed to.
        let waited = peer.outgoing.weight();
        peer.outgoing.remove(0, |letter| !letter.is_message());
        let dialled = matches!(peer.origin, Origin::Dialled(_));
        while !(dialled && self.pattern.keeps_unsent())
            && let Some(_) = peer.outgoing.pop()
        {
            match reason {
                CloseReason::ByUs => dropped.given_up += 1,
                _ => dropped.peer_gone += 1,
            }
        }
        self.held -= waited - peer.outgoing.weight();
        let unsent = peer.outgoing.len();
        let known = peer.known;
        let waited = peer.incoming.weight();
        let mut context = peer.context();
        if dialled {
            self.pattern.down(&mut context, unsent);
        } else if known {
            self.pattern.closed(&mut context);
        }
        let more = peer.incoming.weight() - waited;
        self.held += more;
        self.queued += more;
        if !dialled && peer.incoming.is_empty() {
            self.over.push(index);
        }
        self.mark(index);
        if dialled {
            self.redial(index, reason, proven);
        }
    }

    /// Closes descriptors, now and not when the last who shares the engine lets go of it.
    pub(super) fn release_descriptors(&mut self) {
        self.listeners.clear();
        for (_, peer) in &mut self.peers {
            peer.phase = Phase::Over;
        }
    }

    /// Accepts nothing any more: another socket may listen at the same endpoints from now on.
    fn stop_listening(&mut self) {
        self.listeners.clear();
        for name in core::mem::take(&mut self.names) {
            if let Endpoint::Inproc(name) = &*name {
                self.options.context.names().unbind(name);
            }
        }
        for (index, peer) in &self.peers {
            if matches!(peer.phase, Phase::Waiting) {
                self.forget_inproc(index, &peer.endpoint);
            }
        }
    }

    /// Reads and discards what peers still send: closing over unread bytes would reset the
    /// connection, and with it what the kernel has not sent yet.
    fn discard_input(&mut self) {
        let linger = self.options.linger;
        let mut drained = false;
        let mut quiet = self.tick();
        let end = quiet + linger.idle.min(linger.total).min(FAR);
        loop {
            let mut came = false;
            for (_, peer) in &mut self.peers {
                let Some(link) = peer.link() else { continue };
                while let Ok(1..) = link.stream.read(&mut self.scratch) {
                    came = true;
                    if self.clock.now() >= end {
                        return;
                    }
                }
            }
            let now = self.tick();
            if came {
                drained = true;
                quiet = now;
            }
            if !drained || now >= end || now.duration_since(quiet) >= QUIET {
                return;
            }
            self.clock.sleep(Duration::from_millis(1));
        }
    }

    fn unsent(&self) -> usize {
        self.peers.iter().map(|(_, peer)| peer.unsent()).sum()
    }

    /// Changes whenever anything goes out.
    fn progress(&self) -> (u64, usize) {
        let begun = self.peers.iter().map(|(_, peer)| peer.begun()).sum();
        (self.monitor.counters.messages_sent, begun)
    }
}

impl Guard<'_> {
    /// Ends the socket: what is queued is sent within linger, the rest is given up. A forked child
    /// only closes its copies of the descriptors.
    pub(super) fn close(&mut self) {
        if self.process != process::id() {
            return;
        }
        self.stop_listening();
        self.linger();
        self.discard_input();
        self.release_descriptors();
        if let Some(mailbox) = &self.mailbox {
            mailbox.close();
        }
    }

    /// Sends what is queued until nothing is left or linger is over.
    fn linger(&mut self) {
        let linger = self.options.linger;
        let mut now = self.tick();
        let after = |now: Instant, wait| now.checked_add(wait).unwrap_or(now + FAR);
        let end = after(now, linger.total);
        let mut idle_end = after(now, linger.idle).min(end);
        let mut sent = self.progress();
        while self.unsent() > 0 && now < idle_end {
            if self.turn_unwoken(Some(idle_end)).is_err() {
                return;
            }
            now = self.tick();
            let progress = self.progress();
            if progress != sent {
                sent = progress;
                idle_end = after(now, linger.idle).min(end);
            }
        }
    }
}
