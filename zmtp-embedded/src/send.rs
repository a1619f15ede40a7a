//! Sending a message: into the outbox, or in pieces if it does not fit.

use zmtp_core::mechanism::Mechanism;
use zmtp_core::pattern::RouteError;
use zmtp_core::wire::More;
use zmtp_core::{Config, Connection};

use crate::error::Error;
use crate::kind::{Kind, ONLY};
use crate::link::Link;
use crate::message::Message;
use crate::outbox::{Outbox, Prefix, State};
use crate::step::{CHUNKS, Step, TooLarge};

/// Progress of a message of borrowed parts that does not fit the outbox.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    begun: bool,
    /// The request id before the message, if there is one.
    id: Option<[u8; 4]>,
    /// The number of frames before the message.
    prefix: usize,
    /// The number of frames that are complete, with those before the message.
    frame: usize,
    /// Whether the header of the current frame is complete.
    header: bool,
    /// Bytes of its body that are complete.
    done: usize,
}

/// Whether the socket type has a peer for the next message. A REP drops a reply whose connection has ended.
#[inline(always)]
pub(crate) fn route<E>(kind: &mut impl Kind) -> Result<bool, Error<E>> {
    match kind.route(&[]) {
        Ok(_) => Ok(true),
        Err(RouteError::OutOfTurn(error)) => Err(Error::OutOfTurn(error)),
        Err(_) => Ok(false),
    }
}

/// The next step towards a message of these parts in the outbox of a link that is ready. A message that
/// fits is added whole.
pub(crate) fn poll<'b, K: Kind, M: Mechanism, E>(
    link: &mut Link<'b, M>,
    out: &mut Outbox<'b>,
    kind: &mut K,
    envelope: &[u8],
    parts: &[&[u8]],
    cursor: &mut Cursor,
    large: TooLarge,
) -> Result<Step, Error<E>> {
    // A message has at least one part.
    let parts = if parts.is_empty() { &[&[][..]] } else { parts };
    if !cursor.begun {
        let prefix = kind.prefix_len(&link.connection, envelope);
        let needed = parts
            .iter()
            .fold(prefix, |sum, part| sum.saturating_add(link.connection.frame_len(part.len())));
        // A sealed frame needs its whole body.
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

/// Adds a message that fits to the outbox.
fn put<M: Mechanism, E>(
    connection: &mut Connection<M, &Config>,
    kind: &mut impl Kind,
    envelope: &[u8],
    parts: &[&[u8]],
    out: &mut Outbox<'_>,
) -> Result<Step, Error<E>> {
    if route(kind)? {
        out.prefix(connection, kind.prefix(envelope));
        let mut rest = parts;
        while let [part, others @ ..] = rest {
            rest = others;
            let more = if rest.is_empty() { More::Last } else { More::Follows };
            out.frame(connection, more, part);
        }
        kind.sent(ONLY);
    }
    Ok(Step::Done)
}

impl Cursor {
    /// Adds what fits to the outbox, in the clear.
    fn put<M: Mechanism, E>(
        &mut self,
        connection: &mut Connection<M, &Config>,
        kind: &mut impl Kind,
        envelope: &[u8],
        parts: &[&[u8]],
        out: &mut Outbox<'_>,
    ) -> Result<Step, Error<E>> {
        if !self.begun {
            if !route(kind)? {
                return Ok(Step::Done);
            }
            match kind.prefix(envelope) {
                Prefix::RequestId(id) => (self.id, self.prefix) = (Some(id), 2),
                Prefix::Frames(_) => self.prefix = Message::new(envelope).parts().count(),
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
        kind.sent(ONLY);
        Ok(Step::Done)
    }

    /// The body of the current frame.
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

    /// The bytes that [`Step::Body`] writes.
    pub(crate) fn body<'p>(&self, parts: &[&'p [u8]]) -> &'p [u8] {
        let part = parts.get(self.frame.wrapping_sub(self.prefix)).copied().unwrap_or_default();
        part.get(self.done..).unwrap_or_default()
    }

    /// `n` bytes of it were written.
    pub(crate) const fn wrote(&mut self, n: usize) {
        self.done = self.done.wrapping_add(n);
    }
}
