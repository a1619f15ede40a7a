//! Heartbeats over a slow link: how long a peer has to answer a PING.
//!
//! The peer can answer when it has read the PING, and everything that was written before it. While the PING is on its
//! way behind other bytes, the peer is alive as long as bytes arrive there. A receiver whose queue is full reads
//! nothing, so that it cannot answer PINGs either: it sends PONGs without a PING.

use zmtp_core::Instant;

use super::{Link, has_grown};

/// What decides whether a silent peer is alive.
#[derive(Debug)]
pub(super) struct Liveness {
    /// The [arrivals](Link::arrivals) at the last look, and when they grew.
    arrivals: u64,
    grown: Instant,
    /// A PING was queued behind other bytes: when it has arrived, the timeout begins again.
    delayed: bool,
    /// When the last PING of the peer was read, and when the last PONG without a PING was queued.
    pinged: Instant,
    ponged: Instant,
    /// The time in milliseconds between PINGs of the peer; 0 if it sends none.
    every: u32,
}

/// The time in milliseconds between PINGs of a peer that has sent only one.
const UNKNOWN: u32 = 100;
/// PINGs that are read closer together arrived while reading was paused.
const CLOSE: u32 = 10;

impl Default for Liveness {
    fn default() -> Self {
        let (arrivals, grown, delayed) = (0, Instant::NEVER, false);
        Self { arrivals, grown, delayed, pinged: Instant::NEVER, ponged: Instant::NEVER, every: 0 }
    }
}

impl Liveness {
    /// A PING has arrived. Between two that are read late, there was a PONG without a PING: the time between them is that
    /// of this end.
    pub(super) fn note_ping(&mut self, now: Instant) {
        let since = now.as_millis().saturating_sub(self.pinged.as_millis());
        match u32::try_from(since).unwrap_or(u32::MAX) {
            _ if self.every == 0 => self.every = UNKNOWN,
            ..CLOSE => {}
            _ if self.ponged != self.pinged => {}
            ms => self.every = ms,
        }
        (self.pinged, self.ponged) = (now, now);
    }
}

impl Link {
    /// Whether the silence of the peer has another reason than its death: bytes that precede a PING still arrive
    /// there, within `timeout` milliseconds, or the PING has just arrived.
    pub(in crate::engine) fn is_alive_while_silent(&mut self, now: Instant, timeout: u32) -> bool {
        let (arrived, arrivals) = (self.acknowledged(), self.arrivals());
        let on_its_way = self.needs_transmit() || arrived < self.send.control_end;
        let liveness = self.liveness.get_or_insert_default();
        if has_grown(liveness.arrivals, arrivals) {
            liveness.grown = now;
        }
        liveness.arrivals = arrivals;
        match on_its_way {
            true => liveness.grown != Instant::NEVER && now < liveness.grown.after(timeout),
            false => core::mem::take(&mut liveness.delayed),
        }
    }

    /// Notes that a PING was queued.
    pub(in crate::engine) fn note_beat(&mut self) {
        let waits = self.unwritten() > 0 || !self.send.output.is_empty();
        let waits = waits || self.stream.unacknowledged() > 0;
        self.liveness.get_or_insert_default().delayed |= waits;
    }

    fn needs_transmit(&self) -> bool {
        match &self.protocol {
            super::Protocol::Zmtp(connection) => connection.needs_transmit(),
            super::Protocol::Raw => false,
        }
    }

    /// The time of the next PONG to a peer that sends PINGs, while reading is paused.
    pub(in crate::engine) fn next_pong(&self) -> Option<Instant> {
        let liveness = self.liveness.as_ref()?;
        let waits = self.receive.paused && liveness.every > 0;
        waits.then(|| liveness.ponged.after((liveness.every / 2).max(1)))
    }

    /// Queues that PONG if it is due.
    pub(in crate::engine) fn pong(&mut self, now: Instant) {
        if self.next_pong().is_some_and(|at| at <= now)
            && let super::Protocol::Zmtp(connection) = &mut self.protocol
        {
            connection.queue_pong();
            self.liveness.get_or_insert_default().ponged = now;
        }
    }
}
