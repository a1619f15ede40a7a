//! One link with its buffers and its IO: what is the same whether the IO blocks or not.

use core::convert::Infallible;

use zmtp_core::wire::{Command, FrameHeader, FrameKind, More, error_reason};
use zmtp_core::{Config, Instant, PeerError, PeerInfo};

use crate::error::{Error, LinkError};
use crate::kind::Rules;
use crate::link::{Link, Step, Want};
#[cfg(feature = "chunks")]
use crate::message::Chunk;
use crate::message::Message;
use crate::outbox::{Outbox, State};
use crate::window::Window;

/// Where bytes come in and go out.
#[derive(Debug)]
pub(crate) struct Port<'b, K, IO> {
    pub(crate) link: Link<'b, K>,
    pub(crate) window: Window<'b>,
    pub(crate) out: Outbox<'b>,
    pub(crate) io: Option<IO>,
}

/// How far a message of borrowed parts has come: an envelope, then header and body of each part.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    begun: bool,
    /// 0 is the envelope, then twice for each part.
    at: usize,
    /// Bytes of that piece that are through.
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

impl<'b, K: Rules, IO> Port<'b, K, IO> {
    #[inline(always)]
    pub(crate) fn new(
        config: &'b Config,
        receive: &'b mut [u8],
        send: &'b mut [u8],
        index: u16,
    ) -> Self {
        let (window, out) = (Window::new(receive), Outbox::new(send));
        Self { link: Link::new(config, index), window, out, io: None }
    }

    /// A new stream; gives back the old one.
    pub(crate) fn open(&mut self, kind: &mut K, io: IO, now: Instant) -> Option<IO> {
        kind.down(self.link.peer());
        self.window.clear();
        self.out.clear();
        self.link.open(now);
        self.io.replace(io)
    }

    /// The end of the stream.
    pub(crate) fn close(&mut self, kind: &mut K) -> Option<IO> {
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
    pub(crate) fn start<E>(&mut self, kind: &mut K, want: Want) -> Result<(), Error<E>> {
        kind.may_receive()?;
        self.link.inbox.resume(&mut self.window, want)
    }

    /// The next step towards what is wanted.
    pub(crate) fn poll<E>(
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
    pub(crate) fn poll_flush<E>(&mut self, kind: &mut K, now: Instant) -> Result<Step, Error<E>> {
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
    pub(crate) fn poll_send<E>(
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
    pub(crate) fn poll_begin<E>(
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
        let header = FrameHeader::new(FrameKind::Message(more), len as u64).emit();
        let envelope = self.link.inbox.envelope(&self.window);
        let mut needed = header.as_ref().len();
        let first = self.out.state() == State::Idle;
        if first {
            needed = needed.saturating_add(kind.prefix_len(envelope.len()));
        }
        let step = self.link.room(&self.out, needed, first)?;
        if step != Step::Done {
            return Ok(step);
        }
        if first {
            let mut room = [0; 8];
            match kind.begin(envelope, &mut room)? {
                Some(prefix) => self.out.put(prefix),
                None => return Err(Error::PeerLost),
            };
        }
        self.out.put(header.as_ref());
        self.out.set_state(State::Parts { remaining: len, more });
        if len == 0 && more == More::Last {
            self.finish(kind);
        }
        Ok(Step::Done)
    }

    /// Takes bytes of the part that was begun, and says how many; none if there is no room.
    #[cfg(feature = "chunks")]
    pub(crate) fn push<E>(&mut self, kind: &mut K, bytes: &[u8]) -> Result<usize, Error<E>> {
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
    fn finish(&mut self, kind: &mut K) {
        self.out.set_state(State::Idle);
        kind.sent();
    }
}

/// The next step towards a message of these parts in the outbox of a link that is ready.
pub(crate) fn poll_send<'b, K: Rules, E>(
    link: &mut Link<'b, K>,
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
        let needed = Cursor::needed(kind.prefix_len(envelope.len()), parts);
        match link.room(out, needed, true) {
            Ok(Step::Done) => {}
            Err(Error::SendBuffer) if CHUNKS && large == TooLarge::Lend => {}
            other => return other,
        }
    }
    if CHUNKS { cursor.put(kind, envelope, parts, out) } else { put(kind, envelope, parts, out) }
}

/// Puts a message that fits into the outbox.
fn put<E>(
    kind: &mut impl Rules,
    envelope: &[u8],
    parts: &[&[u8]],
    out: &mut Outbox<'_>,
) -> Result<Step, Error<E>> {
    if let Some(prefix) = kind.begin(envelope, &mut [0; 8])? {
        out.put(prefix);
        let mut rest = parts;
        while let [part, others @ ..] = rest {
            rest = others;
            let more = if rest.is_empty() { More::Last } else { More::Follows };
            out.put(FrameHeader::new(FrameKind::Message(more), part.len() as u64).emit().as_ref());
            out.put(part);
        }
        kind.sent();
    }
    Ok(Step::Done)
}

impl Cursor {
    /// Bytes of a message of these parts on the wire.
    fn needed(prefix: usize, parts: &[&[u8]]) -> usize {
        parts.iter().fold(prefix, |sum, part| {
            let header = FrameHeader::new(FrameKind::Message(More::Last), part.len() as u64);
            sum.saturating_add(header.header_len()).saturating_add(part.len())
        })
    }

    /// Puts what fits into the outbox.
    fn put<E>(
        &mut self,
        kind: &mut impl Rules,
        envelope: &[u8],
        parts: &[&[u8]],
        out: &mut Outbox<'_>,
    ) -> Result<Step, Error<E>> {
        let mut room = [0; 8];
        let mut prefix = envelope;
        if !self.begun {
            match kind.begin(envelope, &mut room)? {
                Some(bytes) => prefix = bytes,
                None => return Ok(Step::Done),
            }
            self.begun = true;
            out.set_state(State::Lent);
        }
        loop {
            let part = parts.get(self.at.wrapping_sub(1) / 2).copied().unwrap_or_default();
            let header;
            let is_body = self.at > 0 && self.at.is_multiple_of(2);
            let piece = match self.at {
                0 => prefix,
                _ if is_body => part,
                at => {
                    let last = at.wrapping_add(1) / 2 == parts.len();
                    let more = if last { More::Last } else { More::Follows };
                    header = FrameHeader::new(FrameKind::Message(more), part.len() as u64).emit();
                    header.as_ref()
                }
            };
            let rest = piece.get(self.done..).unwrap_or_default();
            if is_body && out.is_empty() && rest.len() > out.len() {
                return Ok(Step::Body);
            }
            let n = out.put(rest);
            self.done = self.done.wrapping_add(n);
            if n < rest.len() {
                return Ok(Step::Write);
            }
            if self.at / 2 >= parts.len() {
                out.set_state(State::Idle);
                kind.sent();
                return Ok(Step::Done);
            }
            (self.at, self.done) = (self.at.wrapping_add(1), 0);
        }
    }

    /// What [`Step::Body`] asks to be written.
    pub(crate) fn body<'p>(&self, parts: &[&'p [u8]]) -> &'p [u8] {
        let part = parts.get(self.at.wrapping_sub(1) / 2).copied().unwrap_or_default();
        part.get(self.done..).unwrap_or_default()
    }

    /// `n` bytes of it were written.
    pub(crate) const fn wrote(&mut self, n: usize) {
        self.done = self.done.wrapping_add(n);
    }
}
