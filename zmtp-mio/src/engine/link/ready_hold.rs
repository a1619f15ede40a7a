//! An acceptor that may refuse a peer sends its READY after the READY of the peer.
//!
//! A peer sends no message before our READY. A peer that is refused because of its READY has therefore written no
//! message to a connection that closes.

use core::time::Duration;
use std::time::Instant;

use super::{Link, Protocol, SendHalf, Zmtp};

/// How long READY is held. Nearly all peers send theirs without waiting, but the protocol does not require it.
const HOLD: Duration = Duration::from_secs(1);
/// The length of the greeting, which precedes READY.
const GREETING: u8 = 64;

/// Whether the READY of this end waits for that of the peer.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum ReadyHold {
    /// READY does not wait, or waits no longer.
    #[default]
    Off,
    /// READY waits when the greeting is sent.
    Requested,
    /// READY waits until this time.
    Until(Instant),
}

impl SendHalf {
    /// Whether READY is the next command and must wait.
    pub(super) fn holds_ready(&self, connection: &Zmtp) -> bool {
        !matches!(self.ready_hold, ReadyHold::Off)
            && self.opened >= GREETING
            && connection.peer().is_none()
            && !connection.has_failed()
    }
}

impl Link {
    /// Sends READY after that of the peer. A mechanism with more commands determines the order itself.
    pub(in crate::engine) fn hold_ready(&mut self) {
        if let Protocol::Zmtp(connection) = &self.protocol
            && connection.mechanism().begins_with_ready()
        {
            self.send.ready_hold = ReadyHold::Requested;
        }
    }

    /// Notes that the greeting is sent and READY waits from now on. Returns whether it is so for the first time.
    pub(in crate::engine) fn begins_hold(&mut self, now: Instant) -> bool {
        let Protocol::Zmtp(connection) = &self.protocol else { return false };
        let begins = matches!(self.send.ready_hold, ReadyHold::Requested)
            && self.send.holds_ready(connection);
        if begins {
            self.send.ready_hold = ReadyHold::Until(now + HOLD);
        }
        begins
    }

    /// The time at which READY is sent although that of the peer has not arrived.
    pub(in crate::engine) fn hold_end(&self) -> Option<Instant> {
        match self.send.ready_hold {
            ReadyHold::Until(end) => Some(end),
            _ => None,
        }
    }

    /// Ends the hold if its time is over.
    pub(in crate::engine) fn end_hold(&mut self, now: Instant) {
        if self.hold_end().is_some_and(|end| now >= end) {
            self.send.ready_hold = ReadyHold::Off;
        }
    }
}
