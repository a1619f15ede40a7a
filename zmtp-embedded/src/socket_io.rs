//! One link with its buffers and its IO: what the blocking and the async API share.

use core::convert::Infallible;

use zmtp_core::mechanism::Mechanism;
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;
use zmtp_core::wire::{Command, FrameHeader, error_reason};
use zmtp_core::{Config, Instant, PeerError, PeerInfo};

use crate::error::{Error, LinkError};
use crate::inbox::may_receive;
use crate::kind::Kind;
use crate::link::Link;
#[cfg(feature = "chunks")]
use crate::message::Chunk;
use crate::message::Message;
use crate::outbox::Outbox;
#[cfg(feature = "chunks")]
use crate::outbox::State;
use crate::send::{self, Cursor};
use crate::step::{Step, TooLarge, Want};
use crate::window::Window;

/// A link, its two buffers, and its IO.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct SocketIo<'b, IO, M> {
    pub(crate) link: Link<'b, M>,
    pub(crate) window: Window<'b>,
    pub(crate) out: Outbox<'b>,
    pub(crate) stream: Option<IO>,
}

impl<'b, IO, M: Mechanism> SocketIo<'b, IO, M> {
    #[inline(always)]
    pub(crate) fn new(
        config: &'b Config,
        receive: &'b mut [u8],
        send: &'b mut [u8],
        index: u16,
        mechanism: M,
    ) -> Self {
        let (window, out) = (Window::new(receive), Outbox::new(send));
        Self { link: Link::new(config, index, mechanism), window, out, stream: None }
    }

    /// The same buffers without a connection, for another mechanism.
    pub(crate) fn with_mechanism<N: Mechanism>(
        self,
        config: &'b Config,
        mechanism: N,
    ) -> SocketIo<'b, IO, N> {
        let Self { link, window, out, stream: _ } = self;
        SocketIo { link: link.with_mechanism(config, mechanism), window, out, stream: None }
    }

    /// Begins a connection over `io`. Returns the IO of the last one.
    pub(crate) fn open<K: Kind>(
        &mut self,
        kind: &mut K,
        io: IO,
        mechanism: M,
        now: Instant,
    ) -> Option<IO> {
        kind.disconnected(self.link.peer());
        self.window.clear();
        self.out.clear();
        self.link.open(mechanism, now);
        self.stream.replace(io)
    }

    /// Ends the connection. Returns its IO.
    pub(crate) fn close<K: Kind>(&mut self, kind: &mut K) -> Option<IO> {
        kind.disconnected(self.link.peer());
        self.link.closed = true;
        self.stream.take()
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.link.is_ready()
    }

    pub(crate) const fn peer(&self) -> Option<PeerInfo> {
        self.link.connection.peer()
    }

    pub(crate) fn refusal(&self) -> Option<&[u8]> {
        if self.link.connection.error()? != zmtp_core::Error::Peer(PeerError::Refused) {
            return None;
        }
        // The whole command was kept.
        let (_, header_len) = FrameHeader::peek(self.window.kept())?;
        let command = Command::parse(self.window.kept().get(header_len..)?).ok()?;
        error_reason(command.data).ok()
    }

    /// Makes the error of this link, which is one of several. It closes the link, unless it concerns only one message.
    pub(crate) fn failed<E>(&mut self, link: usize, error: Error<E>) -> LinkError<E> {
        let message = matches!(error, Error::ReceiveBuffer);
        self.link.closed |= !message;
        LinkError { link, error }
    }

    /// Whether the reply to the last request can be sent over this link. If the link is closed, the reply is dropped.
    pub(crate) fn may_reply<K: Kind, E>(&self, kind: &mut K) -> Result<bool, Error<E>> {
        if kind.may_route() && !self.link.is_closed() {
            return Ok(true);
        }
        kind.disconnected(self.link.peer());
        send::route(kind).map(|_| false)
    }

    /// The error of a reply. If it closes the link, no reply is due.
    pub(crate) fn lost<K: Kind, E>(
        &mut self,
        kind: &mut K,
        link: usize,
        error: Error<E>,
    ) -> LinkError<E> {
        if self.link.is_closed() {
            self.link.closed = true;
            kind.disconnected(self.link.peer());
        }
        LinkError { link, error }
    }

    pub(crate) fn failure(&self) -> Option<zmtp_core::Error> {
        self.link.connection.error()
    }

    /// Begins a call that receives.
    pub(crate) fn start<K: Kind, E>(&mut self, kind: &mut K, want: Want) -> Result<(), Error<E>> {
        may_receive(kind)?;
        self.link.inbox.resume(&mut self.window, want)
    }

    /// The next step of a call that waits.
    pub(crate) fn poll<K: Kind, E>(
        &mut self,
        kind: &mut K,
        want: Want,
        now: Instant,
    ) -> Result<Step, Error<E>> {
        self.link.poll(&mut self.window, Some(&mut self.out), kind, want, now)
    }

    /// Fails if this many bytes never fit the outbox.
    pub(crate) const fn fits<E>(&mut self, needed: usize) -> Result<(), Error<E>> {
        if needed <= self.out.len() {
            return Ok(());
        }
        self.link.needed = needed;
        Err(Error::SendBuffer)
    }

    /// The next step towards an empty outbox and a flushed IO.
    pub(crate) fn poll_flush<K: Kind, E>(
        &mut self,
        kind: &mut K,
        now: Instant,
    ) -> Result<Step, Error<E>> {
        self.link.poll_flush(&mut self.out, kind, now)
    }

    /// The message that was received.
    pub(crate) fn message(&self) -> Message<'_> {
        self.link.inbox.message(&self.window)
    }

    /// The chunk that was received.
    #[cfg(feature = "chunks")]
    pub(crate) fn chunk(&self) -> Chunk<'_> {
        self.link.inbox.chunk(&self.window)
    }

    /// Drops the message that is being received, and the one that was returned to the caller.
    pub(crate) fn skip(&mut self) {
        let _ = self.link.inbox.resume::<Infallible>(&mut self.window, Want::Message);
        self.link.inbox.skip(&mut self.window);
    }

    /// The next step towards a message of these parts in the outbox. The link is ready.
    pub(crate) fn poll_send<K: Kind, E>(
        &mut self,
        kind: &mut K,
        parts: &[&[u8]],
        cursor: &mut Cursor,
        large: TooLarge,
    ) -> Result<Step, Error<E>> {
        let envelope = self.link.inbox.envelope(&self.window);
        send::poll(&mut self.link, &mut self.out, kind, envelope, parts, cursor, large)
    }

    /// The next step towards the header of a part of `len` bytes in the outbox.
    #[cfg(feature = "chunks")]
    pub(crate) fn poll_begin<K: Kind, E>(
        &mut self,
        kind: &mut K,
        more: More,
        len: usize,
        now: Instant,
    ) -> Result<Step, Error<E>> {
        if !self.is_ready() {
            let step = self.poll(kind, Want::Ready, now)?;
            if step != Step::Done {
                return Ok(step);
            }
        }
        let connection = &mut self.link.connection;
        if connection.is_sealed() {
            // A sealed frame needs its whole body.
            self.link.needed = connection.frame_len(len);
            return Err(Error::SendBuffer);
        }
        let envelope = self.link.inbox.envelope(&self.window);
        let mut needed = connection.frame_len(len).saturating_sub(len);
        let first = self.out.between_messages();
        if first {
            needed = needed.saturating_add(kind.prefix_len(connection, envelope));
        }
        let step = self.link.room(&self.out, needed, first)?;
        if step != Step::Done {
            return Ok(step);
        }
        let connection = &mut self.link.connection;
        if first {
            match send::route(kind)? {
                true => self.out.prefix(connection, kind.prefix(envelope)),
                false => return Err(Error::PeerLost),
            }
        }
        self.out.begin(connection, more, len);
        self.out.set_state(State::Parts { remaining: len, more });
        if len == 0 && more == More::Last {
            self.finish(kind);
        }
        Ok(Step::Done)
    }

    /// Adds bytes of the part that was begun. Returns how many; none if there is no room.
    #[cfg(feature = "chunks")]
    pub(crate) fn push<K: Kind, E>(
        &mut self,
        kind: &mut K,
        bytes: &[u8],
    ) -> Result<usize, Error<E>> {
        match self.out.state() {
            _ if self.link.closed => Err(Error::Closed),
            _ if self.link.connection.has_failed() => Err(Error::Connection),
            State::Parts { remaining, more } if bytes.len() <= remaining => {
                let n = self.out.put(bytes);
                let remaining = remaining.saturating_sub(n);
                self.out.set_state(State::Parts { remaining, more });
                if remaining == 0 && more == More::Last {
                    self.finish(kind);
                }
                Ok(n)
            }
            _ => Err(Error::Unfinished),
        }
    }

    #[cfg(feature = "chunks")]
    fn finish<K: Kind>(&mut self, kind: &mut K) {
        self.out.set_state(State::Idle);
        kind.sent(self.link.peer());
    }
}
