//! One link with its buffers and its IO: what is the same whether the IO blocks or not.

use core::convert::Infallible;

use zmtp_core::mechanism::Mechanism;
use zmtp_core::wire::{Command, FrameHeader, More, error_reason};
use zmtp_core::{Config, Connection, Instant, PeerError, PeerInfo};

use crate::error::{Error, LinkError};
use crate::kind::{Prefix, Rules};
use crate::link::{Link, Step, Want};
#[cfg(feature = "chunks")]
use crate::message::Chunk;
use crate::message::Message;
use crate::outbox::{Outbox, State};
use crate::window::Window;

/// Where bytes come in and go out.
#[derive(Debug)]
pub(crate) struct Port<'b, IO, M> {
    pub(crate) link: Link<'b, M>,
    pub(crate) window: Window<'b>,
    pub(crate) out: Outbox<'b>,
    pub(crate) io: Option<IO>,
}

/// How far a message of borrowed parts has come that does not fit the outbox.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    begun: bool,
    /// The request id in front of it, if there is one.
    id: Option<[u8; 4]>,
    /// Frames in front of it.
    prefix: usize,
    /// Frames that are through, those in front of it included.
    frame: usize,
    /// Whether the header of the next one is.
    header: bool,
    /// Bytes of its body that are.
    done: usize,
}

/// Whether messages may be larger than the buffers.
pub(crate) const CHUNKS: bool = cfg!(feature = "chunks");

/// What becomes of a message that does not fit the send buffer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TooLarge {
    /// It leaves piece by piece from where it is.
    Lend,
    /// It is refused.
    Refuse,
}

impl<'b, IO, M: Mechanism> Port<'b, IO, M> {
    #[inline(always)]
    pub(crate) fn new(
        config: &'b Config,
        receive: &'b mut [u8],
        send: &'b mut [u8],
        index: u16,
        mechanism: M,
    ) -> Self {
        let (window, out) = (Window::new(receive), Outbox::new(send));
        Self { link: Link::new(config, index, mechanism), window, out, io: None }
    }

    /// The same without a connection, for another mechanism.
    pub(crate) fn with_mechanism<N: Mechanism>(
        self,
        config: &'b Config,
        mechanism: N,
    ) -> Port<'b, IO, N> {
        let Self { link, window, out, io: _ } = self;
        Port { link: Link::new(config, link.index, mechanism), window, out, io: None }
    }

    /// A new stream; gives back the old one.
    pub(crate) fn open<K: Rules>(
        &mut self,
        kind: &mut K,
        io: IO,
        mechanism: M,
        now: Instant,
    ) -> Option<IO> {
        kind.down(self.link.peer());
        self.window.clear();
        self.out.clear();
        self.link.open(mechanism, now);
        self.io.replace(io)
    }

    /// The end of the stream.
    pub(crate) fn close<K: Rules>(&mut self, kind: &mut K) -> Option<IO> {
        kind.down(self.link.peer());
        self.link.closed = true;
        self.io.take()
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

    /// What befell this link of several, which is over unless it is only about a message.
    pub(crate) fn ended<E>(&mut self, link: usize, error: Error<E>) -> LinkError<E> {
        let message = matches!(error, Error::ReceiveBuffer);
        self.link.closed |= !message;
        LinkError { link, error }
    }

    pub(crate) fn failure(&self) -> Option<zmtp_core::Error> {
        self.link.connection.error()
    }

    /// Whether a call that waits for `want` may begin.
    pub(crate) fn start<K: Rules, E>(&mut self, kind: &mut K, want: Want) -> Result<(), Error<E>> {
        kind.may_receive()?;
        self.link.inbox.resume(&mut self.window, want)
    }

    /// The next step towards what is wanted.
    pub(crate) fn poll<K: Rules, E>(
        &mut self,
        kind: &mut K,
        want: Want,
        now: Instant,
    ) -> Result<Step, Error<E>> {
        self.link.poll(&mut self.window, Some(&mut self.out), kind, want, now)
    }

    /// Whether so many bytes ever fit the outbox.
    pub(crate) const fn fits<E>(&mut self, needed: usize) -> Result<(), Error<E>> {
        if needed <= self.out.len() {
            return Ok(());
        }
        self.link.needed = needed;
        Err(Error::SendBuffer)
    }

    /// The next step towards an empty outbox and a flushed IO.
    pub(crate) fn poll_flush<K: Rules, E>(
        &mut self,
        kind: &mut K,
        now: Instant,
    ) -> Result<Step, Error<E>> {
        self.link.poll_flush(&mut self.out, kind, now)
    }

    /// The message handed out.
    pub(crate) fn message(&self) -> Message<'_> {
        self.link.inbox.message(&self.window)
    }

    /// The chunk handed out.
    #[cfg(feature = "chunks")]
    pub(crate) fn chunk(&self) -> Chunk<'_> {
        self.link.inbox.chunk(&self.window)
    }

    /// The message under way goes nowhere, nor what was handed out.
    pub(crate) fn skip(&mut self) {
        let _ = self.link.inbox.resume::<Infallible>(&mut self.window, Want::Message);
        self.link.inbox.skip(&mut self.window);
    }

    /// The next step towards a message of these parts in the outbox, where it is put whole if it
    /// fits there. The link is ready.
    pub(crate) fn poll_send<K: Rules, E>(
        &mut self,
        kind: &mut K,
        parts: &[&[u8]],
        cursor: &mut Cursor,
        large: TooLarge,
    ) -> Result<Step, Error<E>> {
        let envelope = self.link.inbox.envelope(&self.window);
        poll_send(&mut self.link, &mut self.out, kind, envelope, parts, cursor, large)
    }

    /// The next step towards the header of a part of `len` bytes in the outbox.
    #[cfg(feature = "chunks")]
    pub(crate) fn poll_begin<K: Rules, E>(
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
            // What is sealed takes the whole body.
            self.link.needed = connection.frame_len(len);
            return Err(Error::SendBuffer);
        }
        let envelope = self.link.inbox.envelope(&self.window);
        let mut needed = connection.frame_len(len).saturating_sub(len);
        let first = self.out.state() == State::Idle;
        if first {
            needed = needed.saturating_add(kind.prefix_len(connection, envelope));
        }
        let step = self.link.room(&self.out, needed, first)?;
        if step != Step::Done {
            return Ok(step);
        }
        let connection = &mut self.link.connection;
        if first {
            match kind.begin(envelope)? {
                Some(prefix) => self.out.prefix(connection, prefix),
                None => return Err(Error::PeerLost),
            }
        }
        self.out.begin(connection, more, len);
        self.out.set_state(State::Parts { remaining: len, more });
        if len == 0 && more == More::Last {
            self.finish(kind);
        }
        Ok(Step::Done)
    }

    /// Takes bytes of the part that was begun, and says how many; none if there is no room.
    #[cfg(feature = "chunks")]
    pub(crate) fn push<K: Rules, E>(
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
    fn finish<K: Rules>(&mut self, kind: &mut K) {
        self.out.set_state(State::Idle);
        kind.sent();
    }
}

/// The next step towards a message of these parts in the outbox of a link that is ready.
pub(crate) fn poll_send<'b, K: Rules, M: Mechanism, E>(
    link: &mut Link<'b, M>,
    out: &mut Outbox<'b>,
    kind: &mut K,
    envelope: &[u8],
    parts: &[&[u8]],
    cursor: &mut Cursor,
    large: TooLarge,
) -> Result<Step, Error<E>> {
    // A message has a part, or what is in front of it would have no end.
    let parts = if parts.is_empty() { &[&[][..]] } else { parts };
    if !cursor.begun {
        let prefix = kind.prefix_len(&link.connection, envelope);
        let needed = parts
            .iter()
            .fold(prefix, |sum, part| sum.saturating_add(link.connection.frame_len(part.len())));
        // What is sealed takes a whole body.
        let lend = CHUNKS && large == TooLarge::Lend && !link.connection.is_sealed();
        match link.room(out, needed, true) {
            Ok(Step::Done) => return put(&mut link.connection, kind, envelope, parts, out),
            Err(Error::SendBuffer) if lend => {}
            other => return other,
        }
    }
    if CHUNKS {
        cursor.put(&mut link.connection, kind, envelope, parts, out)
    } else {
        Ok(Step::Done)
    }
}

/// Puts a message that fits into the outbox.
fn put<M: Mechanism, E>(
    connection: &mut Connection<M, &Config>,
    kind: &mut impl Rules,
    envelope: &[u8],
    parts: &[&[u8]],
    out: &mut Outbox<'_>,
) -> Result<Step, Error<E>> {
    if let Some(prefix) = kind.begin(envelope)? {
        out.prefix(connection, prefix);
        let mut rest = parts;
        while let [part, others @ ..] = rest {
            rest = others;
            let more = if rest.is_empty() { More::Last } else { More::Follows };
            out.frame(connection, more, part);
        }
        kind.sent();
    }
    Ok(Step::Done)
}

impl Cursor {
    /// Puts what fits into the outbox, in the clear.
    fn put<M: Mechanism, E>(
        &mut self,
        connection: &mut Connection<M, &Config>,
        kind: &mut impl Rules,
        envelope: &[u8],
        parts: &[&[u8]],
        out: &mut Outbox<'_>,
    ) -> Result<Step, Error<E>> {
        if !self.begun {
            match kind.begin(envelope)? {
                Some(Prefix::RequestId(id)) => (self.id, self.prefix) = (Some(id), 2),
                Some(Prefix::Frames(_)) => self.prefix = Message::new(envelope).parts().count(),
                None => return Ok(Step::Done),
            }
            self.begun = true;
            out.set_state(State::Lent);
        }
        let id = self.id;
        while let Some(body) = self.frame(&id, envelope, parts) {
            if !self.header {
                if out.room() < connection.headroom() {
                    return Ok(Step::Write);
                }
                let last = self.frame.wrapping_add(1) == self.prefix.wrapping_add(parts.len());
                let more = if last { More::Last } else { More::Follows };
                out.begin(connection, more, body.len());
                self.header = true;
            }
            let rest = body.get(self.done..).unwrap_or_default();
            if self.frame >= self.prefix && out.is_empty() && rest.len() > out.len() {
                return Ok(Step::Body);
            }
            let n = out.put(rest);
            self.done = self.done.wrapping_add(n);
            if n < rest.len() {
                return Ok(Step::Write);
            }
            (self.frame, self.header, self.done) = (self.frame.wrapping_add(1), false, 0);
        }
        out.set_state(State::Idle);
        kind.sent();
        Ok(Step::Done)
    }

    /// The body of the frame under way.
    fn frame<'p>(
        &self,
        id: &'p Option<[u8; 4]>,
        envelope: &'p [u8],
        parts: &[&'p [u8]],
    ) -> Option<&'p [u8]> {
        match (self.frame.checked_sub(self.prefix), id) {
            (Some(part), _) => parts.get(part).copied(),
            (None, Some(id)) if self.frame == 0 => Some(id),
            (None, Some(_)) => Some(&[]),
            (None, None) => Message::new(envelope).parts().nth(self.frame),
        }
    }

    /// What [`Step::Body`] asks to be written.
    pub(crate) fn body<'p>(&self, parts: &[&'p [u8]]) -> &'p [u8] {
        let part = parts.get(self.frame.wrapping_sub(self.prefix)).copied().unwrap_or_default();
        part.get(self.done..).unwrap_or_default()
    }

    /// `n` bytes of it were written.
    pub(crate) const fn wrote(&mut self, n: usize) {
        self.done = self.done.wrapping_add(n);
    }
}
