//! What is spoken on a link: ZMTP, or nothing at all.

use std::sync::Arc;

use zmtp_core::wire::{BufferTooSmall, FrameHeader, HeaderBytes, More};
use zmtp_core::{
    Config, Connection, Decoded, Error, Incoming, Input, Instant, NullOrOlder, PeerInfo, SendError,
    Subscription, SubscriptionHeader,
};

/// The protocol state of a link, with the calls of [`Connection`]. A raw link (`ZMQ_STREAM`) has
/// none: it is ready at once, frames have no headers, and there is no clock.
#[derive(Debug)]
pub(super) enum Protocol {
    Zmtp(Connection<NullOrOlder, Arc<Config>>),
    Raw,
}

impl Protocol {
    pub(super) const fn is_raw(&self) -> bool {
        matches!(self, Self::Raw)
    }

    pub(super) fn is_ready(&self) -> bool {
        match self {
            Self::Zmtp(connection) => connection.is_ready(),
            Self::Raw => true,
        }
    }

    pub(super) const fn peer(&self) -> Option<PeerInfo> {
        match self {
            Self::Zmtp(connection) => connection.peer(),
            Self::Raw => None,
        }
    }

    /// Never asked of a raw link.
    pub(super) fn decode<'i>(
        &mut self,
        now: Instant,
        input: &mut Input<'i>,
    ) -> Result<Decoded<'i>, Error> {
        match self {
            Self::Zmtp(connection) => connection.decode(now, input),
            Self::Raw => Ok(Decoded::NeedInput),
        }
    }

    pub(super) const fn incoming(&self) -> Option<Incoming> {
        match self {
            Self::Zmtp(connection) => connection.incoming(),
            Self::Raw => None,
        }
    }

    pub(super) fn body_received(&mut self, n: u64) -> Option<FrameHeader> {
        match self {
            Self::Zmtp(connection) => connection.body_received(n),
            Self::Raw => None,
        }
    }

    pub(super) const fn in_message(&self) -> bool {
        match self {
            Self::Zmtp(connection) => connection.in_message(),
            Self::Raw => false,
        }
    }

    pub(super) fn wants_transmit(&self) -> bool {
        match self {
            Self::Zmtp(connection) => connection.wants_transmit(),
            Self::Raw => false,
        }
    }

    pub(super) fn poll_transmit(&mut self, out: &mut [u8]) -> Result<usize, BufferTooSmall> {
        match self {
            Self::Zmtp(connection) => connection.poll_transmit(out),
            Self::Raw => Ok(0),
        }
    }

    /// An error for a raw link, which has no headers.
    pub(super) fn begin_frame(&self, more: More, len: u64) -> Result<HeaderBytes, SendError> {
        match self {
            Self::Zmtp(connection) => connection.begin_frame(more, len),
            Self::Raw => Err(SendError::NotReady),
        }
    }

    /// Likewise.
    pub(super) fn begin_subscription(
        &self,
        what: Subscription,
        len: usize,
    ) -> Result<SubscriptionHeader, SendError> {
        match self {
            Self::Zmtp(connection) => connection.begin_subscription(what, len),
            Self::Raw => Err(SendError::NotReady),
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        match self {
            Self::Zmtp(connection) => connection.poll_timeout(),
            Self::Raw => None,
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        match self {
            Self::Zmtp(connection) => connection.handle_timeout(now),
            Self::Raw => Ok(()),
        }
    }

    pub(super) fn excuse_silence(&mut self) {
        if let Self::Zmtp(connection) = self {
            connection.excuse_silence();
        }
    }
}
