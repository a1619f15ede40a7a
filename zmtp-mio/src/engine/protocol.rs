//! What is spoken on a link: ZMTP, or nothing at all.

use std::sync::Arc;

use zmtp_core::wire::{BufferTooSmall, FrameHeader, FrameKind, Metadata, More};
use zmtp_core::{
    Config, Connection, Error, Event, Incoming, Instant, NullOrOlder, PeerInfo, Received,
    SendError, Subscription,
};

use crate::monitor::CloseReason;

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

    /// A raw link has no events.
    pub(super) fn receive(&mut self, now: Instant, input: &mut [u8]) -> Received {
        match self {
            Self::Zmtp(connection) => connection.receive(now, input),
            Self::Raw => Received { event: Event::NeedInput, payload: 0 },
        }
    }

    pub(super) const fn unread(&self) -> usize {
        match self {
            Self::Zmtp(connection) => connection.unread(),
            Self::Raw => 0,
        }
    }

    pub(super) fn frame(&self) -> (FrameHeader, bool) {
        match self {
            Self::Zmtp(connection) => connection.frame(),
            Self::Raw => (FrameHeader::new(FrameKind::Message(More::Last), 0), true),
        }
    }

    pub(super) const fn metadata<'p>(&self, payload: &'p [u8]) -> Option<Metadata<'p>> {
        match self {
            Self::Zmtp(connection) => Some(connection.metadata(payload)),
            Self::Raw => None,
        }
    }

    pub(super) fn error(&self) -> Option<Error> {
        match self {
            Self::Zmtp(connection) => connection.error(),
            Self::Raw => None,
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

    /// Whether frames are sealed. A raw link's bytes have no frames.
    pub(super) fn is_sealed(&self) -> bool {
        match self {
            Self::Zmtp(connection) => connection.is_sealed(),
            Self::Raw => false,
        }
    }

    /// Appends the header of a frame in the clear to the batch; nothing for a raw link.
    pub(super) fn begin_frame(&mut self, more: More, len: u64, batch: &mut Vec<u8>) {
        // The link is ready, so that there is a header.
        if let Self::Zmtp(connection) = self
            && let Ok(header) = connection.begin_frame(more, len)
        {
            batch.extend_from_slice(header.as_ref());
        }
    }

    pub(super) fn frame_len(&self, len: usize) -> usize {
        match self {
            Self::Zmtp(connection) => connection.frame_len(len),
            Self::Raw => len,
        }
    }

    /// Writes a frame into room of exactly [`Protocol::frame_len`] bytes.
    pub(super) fn encode_frame(
        &mut self,
        more: More,
        body: &[u8],
        out: &mut [u8],
    ) -> Result<(), CloseReason> {
        let Self::Zmtp(connection) = self else { return Ok(()) };
        let result = connection.encode_frame(more, body, out);
        encoded(connection, result)
    }

    pub(super) fn subscription_len(&self, what: Subscription, len: usize) -> usize {
        match self {
            Self::Zmtp(connection) => connection.subscription_len(what, len),
            Self::Raw => 0,
        }
    }

    /// Writes a subscription into room of exactly [`Protocol::subscription_len`] bytes.
    pub(super) fn encode_subscription(
        &mut self,
        what: Subscription,
        topic: &[u8],
        out: &mut [u8],
    ) -> Result<(), CloseReason> {
        let Self::Zmtp(connection) = self else { return Ok(()) };
        let result = connection.encode_subscription(what, topic, out);
        encoded(connection, result)
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

/// A frame that is ready to be sent and has room can only lack a nonce, which fails the connection.
fn encoded(
    connection: &Connection<NullOrOlder, Arc<Config>>,
    result: Result<usize, SendError>,
) -> Result<(), CloseReason> {
    match result {
        Ok(_) => Ok(()),
        Err(_) => Err(CloseReason::Protocol(connection.error().unwrap_or(Error::Exhausted))),
    }
}
