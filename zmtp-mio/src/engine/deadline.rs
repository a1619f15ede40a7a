//! Deadlines of peers: of connection attempts, handshakes and heartbeats.

use core::time::Duration;
use std::io;
use std::time::Instant;

use super::Engine;
use super::peer::{Peer, State};
use super::scheduler::Key;
use crate::monitor::CloseReason;
use crate::options::millis;

impl Engine {
    /// Handles the due deadline of a peer.
    pub(super) fn peer_timer(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        peer.timer = None;
        match &peer.state {
            State::Waiting => self.connect_next(index),
            State::Connecting(_) | State::Negotiating(..) | State::Resolving => {
                self.close(index, CloseReason::Io(io::ErrorKind::TimedOut));
            }
            State::Handshake(_) | State::Ready(_) => self.link_timer(index),
            State::Inproc(..) | State::Udp(_) | State::Closed => {}
        }
    }

    /// Handles the due deadline of the protocol: of the handshake, or of a heartbeat.
    fn link_timer(&mut self, index: usize) {
        // Unread bytes reset the timeout: the application may not have made a call in time.
        self.receive(index);
        let now = self.core_now();
        let Some(peer) = self.peers.get_mut(index).filter(|peer| peer.closing.is_none()) else {
            return;
        };
        let Some(link) = peer.link() else { return };
        let paused = link.receive.paused || link.receive.congested;
        let heartbeat = self.config.heartbeat;
        let timeout = if heartbeat.timeout > 0 { heartbeat.timeout } else { heartbeat.interval };
        let is_alive = heartbeat.interval > 0 && link.is_alive_while_silent(now, timeout);
        link.pong(now);
        link.end_hold(self.now);
        let Some(connection) = link.zmtp() else { return };
        if paused || is_alive {
            connection.reset_timeouts();
        }
        if paused && self.ending.is_some() {
            connection.stop_heartbeats();
        }
        let due = connection.needs_transmit();
        let result = connection.handle_timeout(now);
        match result {
            Ok(()) if self.has_stalled(index) => self.close(index, CloseReason::MessageTimeout),
            Ok(()) => {
                if let Some(link) = self.peers.get_mut(index).and_then(Peer::link)
                    && !due
                    && link.zmtp().is_some_and(|connection| connection.needs_transmit())
                {
                    link.note_beat();
                }
                self.set_link_timer(index);
                // A PING may be due.
                self.flush(index);
            }
            Err(error) => self.close(index, CloseReason::Protocol(error)),
        }
    }

    /// After a read: notes that a message that has begun has grown, and plans a check of it, unless one is planned.
    pub(super) fn watch_unfinished(&mut self, index: usize) {
        let Some(limit) = self.options.limits.message_timeout else { return };
        if !self.peers.get(index).is_some_and(|peer| peer.is_ready() && peer.has_unfinished()) {
            return;
        }
        let now = self.core_now();
        let Some(peer) = self.peers.get_mut(index) else { return };
        let arrived = peer.arrival();
        if (arrived, peer.unfinished_since) != peer.arrived {
            (peer.arrived, peer.progressed) = ((arrived, peer.unfinished_since), now);
        }
        if peer.next_check.is_none() {
            peer.next_check = Some(now.after(millis(limit)));
            self.hasten_link_timer(index);
        }
    }

    /// Whether the unfinished message of a peer has not grown for too long, while this socket read from the peer. Plans
    /// the next check.
    fn has_stalled(&mut self, index: usize) -> bool {
        let now = self.core_now();
        let Some(limit) = self.options.limits.message_timeout.map(millis) else { return false };
        let Some(peer) = self.peers.get_mut(index) else { return false };
        if peer.next_check.is_none_or(|at| now < at) {
            return false;
        }
        // A planned check can be left over from an earlier connection.
        if !peer.is_ready() || !peer.has_unfinished() {
            peer.next_check = None;
            return false;
        }
        if peer.memory_paused
            || peer.is_paused()
            || peer.link_ref().is_some_and(|link| link.receive.congested)
        {
            peer.progressed = now;
        }
        let end = peer.progressed.after(limit);
        peer.next_check = Some(end);
        end <= now
    }

    /// The next deadline of the protocol.
    fn link_deadline(&mut self, index: usize) -> Option<Instant> {
        let peer = self.peers.get_mut(index)?;
        let check = peer.next_check;
        let link = peer.link()?;
        let (hold_end, pong) = (link.hold_end(), link.next_pong());
        let timeout = link.zmtp()?.poll_timeout();
        let at = timeout.into_iter().chain(pong).chain(check).min();
        // Rounded up: the core counts whole milliseconds.
        let at = at.map(|at| self.epoch + Duration::from_millis(at.as_millis() + 1));
        at.into_iter().chain(hold_end).min()
    }

    pub(super) fn set_link_timer(&mut self, index: usize) {
        let at = self.link_deadline(index);
        self.set_timer(index, at);
    }

    /// Sets the timer if it is not set or too late. A timer that is too early is kept, because nearly every byte
    /// moves the deadline to a later time.
    pub(super) fn hasten_link_timer(&mut self, index: usize) {
        let at = self.link_deadline(index);
        let Some(peer) = self.peers.get_mut(index) else { return };
        let late = match (at, peer.timer) {
            (Some(at), Some(timer)) => at < timer,
            (at, timer) => at.is_some() != timer.is_some(),
        };
        if late && peer.link().is_some() {
            self.set_timer(index, at);
        }
    }

    /// Replaces a peer's deadline.
    pub(super) fn set_timer(&mut self, index: usize, at: Option<Instant>) {
        if let Some(peer) = self.peers.get_mut(index) {
            self.scheduler.set_deadline(Key::Peer(index), &mut peer.timer, at);
        }
    }

    /// Gives a peer its share of the next turn.
    pub(super) fn schedule(&mut self, index: usize) {
        if let Some(peer) = self.peers.get_mut(index)
            && !core::mem::replace(&mut peer.scheduled, true)
        {
            self.scheduler.schedule(Key::Peer(index));
        }
    }
}
