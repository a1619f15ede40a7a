//! The message that is being received: what of it is kept, what is handed out, what goes nowhere.

use crate::error::Error;
use crate::kind::{Place, Rules};
use crate::link::Want;
#[cfg(feature = "chunks")]
use crate::message::Chunk;
use crate::message::Message;
use crate::window::Window;

/// State of the message under way. Its bytes are in the [`Window`], its envelope first.
#[derive(Debug)]
pub(crate) struct Inbox {
    pub(crate) mode: Mode,
    pub(crate) place: Place,
    /// Bytes of the envelope.
    pub(crate) envelope: usize,
    #[cfg(feature = "chunks")]
    pub(crate) chunk: Option<Given>,
}

/// How the message under way is received.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mode {
    /// There is none.
    Between,
    /// In pieces as they come.
    #[cfg(feature = "chunks")]
    Pieces,
    /// There will be none: what is kept is the peer's refusal.
    Refused,
    /// Not at all.
    Skip,
    /// Kept until it is whole.
    Whole,
}

/// The chunk that the caller has: the bytes kept last, so many.
#[cfg(feature = "chunks")]
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Given {
    pub(crate) len: usize,
    pub(crate) ends_part: bool,
    pub(crate) ends_message: bool,
}

impl Mode {
    /// How a message is received whose first frame comes while this is wanted.
    pub(crate) const fn of(want: Want) -> Self {
        match want {
            #[cfg(feature = "chunks")]
            Want::Chunk => Self::Pieces,
            _ => Self::Whole,
        }
    }
}

impl Inbox {
    #[inline(always)]
    pub(crate) const fn new() -> Self {
        Self {
            mode: Mode::Between,
            place: Place::Drop,
            envelope: 0,
            #[cfg(feature = "chunks")]
            chunk: None,
        }
    }

    /// Takes back what was handed out, before a call that waits for more.
    pub(crate) fn resume<E>(
        &mut self,
        window: &mut Window<'_>,
        want: Want,
    ) -> Result<(), Error<E>> {
        #[cfg(feature = "chunks")]
        if self.chunk.take().is_some() {
            window.truncate(self.envelope);
        }
        if self.mode == Mode::Between {
            self.forget(window);
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

    /// The rest of the message under way goes nowhere.
    pub(crate) fn skip(&mut self, window: &mut Window<'_>) {
        if !matches!(self.mode, Mode::Between | Mode::Refused) {
            self.mode = Mode::Skip;
            self.forget(window);
        }
    }

    pub(crate) fn forget(&mut self, window: &mut Window<'_>) {
        window.truncate(0);
        self.envelope = 0;
    }

    /// Whether the frame goes there.
    pub(crate) fn is<R: Rules>(&self, place: Place) -> bool {
        R::says(place) && self.place == place
    }

    /// Whether the frame's bytes are handed out as they come.
    #[cfg(feature = "chunks")]
    pub(crate) fn streams<R: Rules>(&self) -> bool {
        self.is::<R>(Place::Part) && self.mode == Mode::Pieces
    }

    #[cfg(not(feature = "chunks"))]
    pub(crate) const fn streams<R: Rules>(&self) -> bool {
        false
    }

    /// Whether the frame's bytes stay in the window.
    pub(crate) fn keeps<R: Rules>(&self) -> bool {
        self.mode != Mode::Skip && !self.is::<R>(Place::Drop) && !self.streams::<R>()
    }

    /// The message handed out.
    pub(crate) fn message<'w>(&self, window: &'w Window<'_>) -> Message<'w> {
        Message::new(window.kept().get(self.envelope..).unwrap_or_default())
    }

    /// The chunk handed out.
    #[cfg(feature = "chunks")]
    pub(crate) fn chunk<'w>(&self, window: &'w Window<'_>) -> Chunk<'w> {
        match self.chunk {
            Some(Given { len, ends_part, ends_message }) => {
                let at = window.kept_len().saturating_sub(len);
                let bytes = window.kept().get(at..).unwrap_or_default();
                Chunk::new(bytes, ends_part, ends_message)
            }
            None => Chunk::new(&[], true, true),
        }
    }

    /// The envelope of the message handed out.
    pub(crate) fn envelope<'w>(&self, window: &'w Window<'_>) -> &'w [u8] {
        window.kept().get(..self.envelope).unwrap_or_default()
    }
}
