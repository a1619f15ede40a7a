//! When our PINGs are due. Without the feature `heartbeat` this takes no code and no memory.

use super::event::PeerInfo;
use crate::config::Config;
use crate::time::Instant;

/// When the next PING is due.
#[derive(Debug)]
pub(super) struct Heartbeats {
    #[cfg(feature = "heartbeat")]
    next: Instant,
}

#[cfg(feature = "heartbeat")]
impl Heartbeats {
    pub(super) const NEVER: Self = Self { next: Instant::NEVER };

    /// Starts when the handshake is complete. PINGs are sent to peers of ZMTP 3.1 and later, or of 3.0 too, except
    /// DISH: libzmq's DISH closes the connection on a PING.
    pub(super) fn start(config: &Config, peer: Option<PeerInfo>, now: Instant) -> Self {
        use crate::wire::{SocketType, Version};

        let interval = config.heartbeat.interval;
        let lowest = if config.heartbeat.to_3_0 { Version::V3_0 } else { Version::V3_1 };
        let knows_ping = peer.is_some_and(|peer| {
            peer.version >= lowest && peer.socket_type != Some(SocketType::Dish)
        });
        if interval > 0 && knows_ping { Self { next: now.after(interval) } } else { Self::NEVER }
    }

    /// If a PING is due now, returns the deadline for its answer.
    pub(super) fn beat(&mut self, config: &Config, now: Instant) -> Option<Instant> {
        if now < self.next {
            return None;
        }
        let heartbeat = config.heartbeat;
        self.next = now.after(heartbeat.interval);
        Some(now.after(match heartbeat.timeout {
            0 => heartbeat.interval,
            timeout => timeout,
        }))
    }

    pub(super) const fn next(&self) -> Instant {
        self.next
    }
}

#[cfg(not(feature = "heartbeat"))]
impl Heartbeats {
    pub(super) const NEVER: Self = Self {};

    pub(super) const fn start(_: &Config, _: Option<PeerInfo>, _: Instant) -> Self {
        Self::NEVER
    }

    pub(super) const fn beat(&self, _: &Config, _: Instant) -> Option<Instant> {
        None
    }

    pub(super) const fn next(&self) -> Instant {
        Instant::NEVER
    }
}
