//! A socket without its IO: link, buffers and rules, and how messages go out.

use zmtp_core::wire::{FrameHeader, Kind, More};
use zmtp_core::{Config, Instant};

use crate::error::Fault;
use crate::kind::{ONLY, Rules};
use crate::link::{Link, Step, Want};
use crate::message::{Chunk, Message};
use crate::outbox::{Outbox, State};
use crate::window::Window;

/// What the blocking and the async face of a socket share: everything but the moving of octets.
#[derive(Debug)]
pub(crate) struct Core<'b, K> {
    pub(crate) link: Link<'b>,
    pub(crate) window: Window<'b>,
    pub(crate) out: Outbox<'b>,
    pub(crate) kind: K,
    config: &'b Config,
}

/// How far a message of borrowed parts has come: an envelope, then header and body of each part.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    begun: bool,
    /// 0 is the envelope, then twice for each part.
    at: usize,
    /// Octets of that piece that are through.
    done: usize,
}

impl<'b, K: Rules> Core<'b, K> {
    pub(crate) fn new(
        config: &'b Config,
        receive: &'b mut [u8],
        send: &'b mut [u8],
        kind: K,
    ) -> Self {
        let (window, out) = (Window::new(receive), Outbox::new(send));
        Self { link: Link::new(config, ONLY), window, out, kind, config }
    }

    /// A new stream.
    pub(crate) fn open(&mut self, now: Instant) {
        self.kind.down(ONLY);
        self.window.clear();
        self.out.clear();
        self.link.open(self.config, now);
    }

    /// Whether a call that waits for `want` may begin.
    pub(crate) fn start(&mut self, want: Want) -> Result<(), Fault> {
        self.kind.may_receive()?;
        self.link.inbox.resume(&mut self.window, want)
    }

    /// The next step towards what is wanted.
    pub(crate) fn poll(&mut self, want: Want, now: Instant) -> Result<Step, Fault> {
        self.link.poll(&mut self.window, &mut self.out, &mut self.kind, want, now)
    }

    /// The next step towards an empty outbox and a flushed IO.
    pub(crate) fn poll_flush(&mut self, now: Instant) -> Result<Step, Fault> {
        match self.link.due(&mut self.out, &mut self.kind, now)? {
            Some(step) => Ok(step),
            None if self.out.unflushed => Ok(Step::Flush),
            None => Ok(Step::Done),
        }
    }

    /// The message handed out.
    pub(crate) fn message(&self) -> Message<'_> {
        self.link.inbox.message(&self.window)
    }

    /// The chunk handed out.
    pub(crate) fn chunk(&self) -> Chunk<'_> {
        self.link.inbox.chunk(&self.window)
    }

    /// The next step towards a message of these parts in the outbox: whole, or `lent` if it does
    /// not fit there, and then piece by piece.
    pub(crate) fn poll_send(
        &mut self,
        parts: &[&[u8]],
        cursor: &mut Cursor,
        lent: bool,
        now: Instant,
    ) -> Result<Step, Fault> {
        if !cursor.begun {
            if !self.link.connection.is_ready() || self.link.closed {
                let step = self.poll(Want::Ready, now)?;
                if step != Step::Done {
                    return Ok(step);
                }
            }
            if self.out.state() != State::Idle {
                return Err(self.unfinished());
            }
            let needed = self.needed(parts);
            if needed > self.out.room() {
                if !self.out.is_empty() {
                    return Ok(Step::Write);
                }
                if !lent {
                    return Err(Fault::SendBuffer(needed));
                }
            }
        }
        self.put(parts, cursor)
    }

    /// A message is under way already. What a call that was given up has left cannot be finished.
    fn unfinished(&mut self) -> Fault {
        match self.out.state() {
            State::Lent => {
                self.link.closed = true;
                Fault::Closed
            }
            _ => Fault::Unfinished,
        }
    }

    /// Octets of a message of these parts on the wire.
    fn needed(&self, parts: &[&[u8]]) -> usize {
        let envelope = self.link.inbox.envelope(&self.window).len();
        parts.iter().fold(self.kind.prefix_len(envelope), |sum, part| {
            let header = FrameHeader::new(Kind::Message(More::Last), part.len() as u64);
            sum.saturating_add(header.header_len()).saturating_add(part.len())
        })
    }

    /// Puts what fits into the outbox.
    fn put(&mut self, parts: &[&[u8]], cursor: &mut Cursor) -> Result<Step, Fault> {
        let Self { link, window, out, kind, .. } = self;
        let mut room = [0; 8];
        let mut prefix: &[u8] = &[];
        if !cursor.begun {
            match kind.begin(link.inbox.envelope(window), &mut room)? {
                Some(octets) => prefix = octets,
                None => return Ok(Step::Done),
            }
            cursor.begun = true;
            out.set_state(State::Lent);
        } else if cursor.at == 0 {
            prefix = link.inbox.envelope(window);
        }
        loop {
            let part = parts.get(cursor.at.saturating_sub(1) / 2).copied().unwrap_or_default();
            let header;
            let is_body = cursor.at > 0 && cursor.at.is_multiple_of(2);
            let piece = match cursor.at {
                0 => prefix,
                _ if is_body => part,
                at => {
                    let last = at.saturating_add(1) / 2 == parts.len();
                    let more = if last { More::Last } else { More::Follows };
                    header = FrameHeader::new(Kind::Message(more), part.len() as u64).emit();
                    header.as_ref()
                }
            };
            let rest = piece.get(cursor.done..).unwrap_or_default();
            if is_body && out.is_empty() && rest.len() > out.len() {
                return Ok(Step::Body);
            }
            let n = out.put(rest);
            cursor.done = cursor.done.saturating_add(n);
            if n < rest.len() {
                return Ok(Step::Write);
            }
            if cursor.at / 2 >= parts.len() {
                out.set_state(State::Idle);
                kind.sent();
                return Ok(Step::Done);
            }
            (cursor.at, cursor.done) = (cursor.at.saturating_add(1), 0);
        }
    }
}

impl Cursor {
    /// What [`Step::Body`] asks to be written.
    pub(crate) fn body<'p>(&self, parts: &[&'p [u8]]) -> &'p [u8] {
        let part = parts.get(self.at.saturating_sub(1) / 2).copied().unwrap_or_default();
        part.get(self.done..).unwrap_or_default()
    }

    /// `n` octets of it were written.
    pub(crate) const fn wrote(&mut self, n: usize) {
        self.done = self.done.saturating_add(n);
    }
}

impl Core<'_, crate::kind::Req> {
    /// The request that was sent gets no reply any more.
    pub(crate) fn give_up(&mut self) {
        self.kind.give_up();
        let _ = self.link.inbox.resume(&mut self.window, Want::Message);
        self.link.inbox.skip(&mut self.window);
    }
}
