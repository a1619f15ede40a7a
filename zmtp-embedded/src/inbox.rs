//! The message that is being received. Its bytes are kept, delivered or dropped.

use zmtp_core::pattern::{TakeError, Verdict};

use crate::error::Error;
use crate::kind::Kind;
#[cfg(feature = "chunks")]
use crate::message::Chunk;
use crate::message::Message;
use crate::step::Want;
use crate::window::Window;

/// State of the current message. Its bytes are in the [`Window`], its envelope first.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Inbox {
    pub(crate) mode: Mode,
    pub(crate) fate: Fate,
    /// Bytes of the envelope.
    pub(crate) envelope: usize,
    #[cfg(feature = "chunks")]
    pub(crate) piece: Option<Piece>,
}

/// The decision of the socket type about the current frame: a [`Verdict`] without its fields.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Fate {
    Deliver,
    Envelope,
    RequestId,
    Subject,
    Subscription,
    Reject,
    Skip,
}

impl From<Verdict> for Fate {
    #[inline(always)]
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Deliver => Self::Deliver,
            Verdict::Envelope => Self::Envelope,
            Verdict::RequestId => Self::RequestId,
            Verdict::Subject => Self::Subject,
            Verdict::Subscription(_) => Self::Subscription,
            Verdict::Reject(_) => Self::Reject,
            Verdict::Skip => Self::Skip,
        }
    }
}

/// How the current message is received.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// There is no current message.
    Between,
    /// In pieces as they arrive.
    #[cfg(feature = "chunks")]
    Pieces,
    /// There are no more messages: the window keeps the ERROR of the peer.
    Refused,
    /// It is dropped.
    Skip,
    /// It is kept until it is complete.
    Whole,
}

/// The chunk that was returned to the caller: the last kept bytes.
#[cfg(feature = "chunks")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Piece {
    pub(crate) len: usize,
    pub(crate) ends_part: bool,
    pub(crate) ends_message: bool,
}

impl Mode {
    /// How a message is received whose first frame arrives during such a call.
    pub(crate) const fn of(want: Want) -> Self {
        match want {
            #[cfg(feature = "chunks")]
            Want::Chunk => Self::Pieces,
            _ => Self::Whole,
        }
    }
}

/// Fails if the socket type cannot receive in its state.
#[inline(always)]
pub(crate) fn may_receive<E>(kind: &mut impl Kind) -> Result<(), Error<E>> {
    match kind.take() {
        Ok(_) => Ok(()),
        Err(TakeError::OutOfTurn(error)) => Err(Error::OutOfTurn(error)),
        Err(_) => Err(Error::PeerLost),
    }
}

impl Inbox {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self {
            mode: Mode::Between,
            fate: Fate::Skip,
            envelope: 0,
            #[cfg(feature = "chunks")]
            piece: None,
        }
    }

    /// Releases the bytes that were returned to the caller, before a call that waits for more.
    pub(crate) fn resume<E>(
        &mut self,
        window: &mut Window<'_>,
        want: Want,
    ) -> Result<(), Error<E>> {
        #[cfg(feature = "chunks")]
        if self.piece.take().is_some() {
            window.truncate(self.envelope);
        }
        if self.mode == Mode::Between {
            self.clear(window);
        }
        match (want, self.mode) {
            #[cfg(feature = "chunks")]
            (Want::Chunk, Mode::Whole) => Err(Error::Unfinished),
            #[cfg(feature = "chunks")]
            (Want::Message, Mode::Pieces) => {
                self.skip(window);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// Drops the current message and the rest of it.
    pub(crate) fn skip(&mut self, window: &mut Window<'_>) {
        if !matches!(self.mode, Mode::Between | Mode::Refused) {
            self.reject(window);
        }
    }

    /// As [`Inbox::skip`], for a message that is incomplete.
    pub(crate) fn reject(&mut self, window: &mut Window<'_>) {
        self.mode = Mode::Skip;
        self.clear(window);
    }

    /// Drops the kept bytes.
    pub(crate) fn clear(&mut self, window: &mut Window<'_>) {
        window.truncate(0);
        self.envelope = 0;
    }

    /// Whether this is the decision about the current frame.
    pub(crate) fn is<K: Kind>(&self, fate: Fate) -> bool {
        K::returns(fate) && self.fate == fate
    }

    /// Whether the bytes of the current frame are delivered as they arrive.
    #[cfg(feature = "chunks")]
    pub(crate) fn streams<K: Kind>(&self) -> bool {
        self.is::<K>(Fate::Deliver) && self.mode == Mode::Pieces
    }

    #[cfg(not(feature = "chunks"))]
    pub(crate) const fn streams<K: Kind>(&self) -> bool {
        false
    }

    /// Whether the bytes of the current frame stay in the window.
    pub(crate) fn keeps<K: Kind>(&self) -> bool {
        self.mode != Mode::Skip && !self.is::<K>(Fate::Skip) && !self.streams::<K>()
    }

    /// The message that is returned to the caller.
    pub(crate) fn message<'w>(&self, window: &'w Window<'_>) -> Message<'w> {
        Message::new(window.kept().get(self.envelope..).unwrap_or_default())
    }

    /// The chunk that is returned to the caller.
    #[cfg(feature = "chunks")]
    pub(crate) fn chunk<'w>(&self, window: &'w Window<'_>) -> Chunk<'w> {
        match self.piece {
            Some(Piece { len, ends_part, ends_message }) => {
                let at = window.kept_len().saturating_sub(len);
                let bytes = window.kept().get(at..).unwrap_or_default();
                Chunk::new(bytes, ends_part, ends_message)
            }
            None => Chunk::new(&[], true, true),
        }
    }

    /// The envelope of the message that was returned to the caller.
    pub(crate) fn envelope<'w>(&self, window: &'w Window<'_>) -> &'w [u8] {
        window.kept().get(..self.envelope).unwrap_or_default()
    }
}
