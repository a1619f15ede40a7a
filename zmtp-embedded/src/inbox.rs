//! The message that is being received: what of it is kept, what is handed out, what goes nowhere.

use zmtp_core::pattern::PeerId;
use zmtp_core::wire::FrameHeader;
use zmtp_core::{Front, What};

use crate::error::Error;
use crate::kind::{Place, Rules};
use crate::link::Want;
#[cfg(feature = "chunks")]
use crate::message::Chunk;
use crate::message::Message;
use crate::window::Window;

/// State of the message under way. Its octets are in the [`Window`], its envelope first.
#[derive(Debug)]
pub(crate) struct Inbox {
    mode: Mode,
    place: Place,
    given: Given,
    /// Octets of the envelope.
    envelope: usize,
    /// Octets of the chunk handed out.
    #[cfg(feature = "chunks")]
    chunk: usize,
}

/// How the message under way is received.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Mode {
    /// There is none.
    Between,
    /// In pieces as they come.
    #[cfg(feature = "chunks")]
    Pieces,
    /// Not at all.
    Skip,
    /// Kept until it is whole.
    Whole,
}

/// What of the window the caller has.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Given {
    Nothing,
    /// The octets consumed last, or kept last.
    #[cfg(feature = "chunks")]
    Chunk {
        kept: bool,
        ends_part: bool,
        ends_message: bool,
    },
    /// All that is kept behind the envelope.
    Message,
}

impl Mode {
    /// How a message is received whose first frame comes while this is wanted.
    const fn of(want: Want) -> Self {
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
            given: Given::Nothing,
            envelope: 0,
            #[cfg(feature = "chunks")]
            chunk: 0,
        }
    }

    /// Takes back what was handed out, before a call that waits for more.
    pub(crate) fn resume<E>(
        &mut self,
        window: &mut Window<'_>,
        want: Want,
    ) -> Result<(), Error<E>> {
        match core::mem::replace(&mut self.given, Given::Nothing) {
            Given::Nothing => {}
            #[cfg(feature = "chunks")]
            Given::Chunk { ends_message: false, .. } => window.truncate(self.envelope),
            _ => self.forget(window),
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
        if self.mode != Mode::Between {
            self.mode = Mode::Skip;
            self.forget(window);
        }
    }

    /// The same, for want of room; `false` if that makes none.
    pub(crate) fn give_up(&mut self, window: &mut Window<'_>) -> bool {
        let kept = window.kept_len() > 0;
        self.skip(window);
        kept && window.kept_len() == 0
    }

    fn forget(&mut self, window: &mut Window<'_>) {
        window.truncate(0);
        self.envelope = 0;
    }

    /// Whether the frame goes there.
    fn is<R: Rules>(&self, place: Place) -> bool {
        R::says(place) && self.place == place
    }

    /// Whether the frame's octets are handed out as they come.
    #[cfg(feature = "chunks")]
    fn streams<R: Rules>(&self) -> bool {
        self.is::<R>(Place::Part) && self.mode == Mode::Pieces
    }

    #[cfg(not(feature = "chunks"))]
    const fn streams<R: Rules>(&self) -> bool {
        false
    }

    /// Puts octets of a frame, those consumed last, where they go; `true` if there is something
    /// for the caller.
    pub(crate) fn take<R: Rules, E>(
        &mut self,
        peer: PeerId,
        window: &mut Window<'_>,
        rules: &mut R,
        want: Want,
        front: Front,
        (header, last): (FrameHeader, bool),
    ) -> Result<bool, Error<E>> {
        let mut result = Ok(());
        if front.what == What::Frame {
            let first = self.mode == Mode::Between;
            self.place = rules.judge(peer, header, first);
            if first {
                self.mode = Mode::of(want);
            }
            if self.is::<R>(Place::Reject) {
                self.skip(window);
            }
            if self.keeps::<R>() {
                let len = usize::try_from(header.len()).unwrap_or(usize::MAX);
                let before = window.kept_len().wrapping_add(front.taken);
                let needed = before.wrapping_sub(front.payload).saturating_add(len);
                if needed > window.len() {
                    self.skip(window);
                    rules.unfit(peer);
                    result = Err(Error::ReceiveBuffer { needed });
                }
            }
        }
        let ends_message = last && header.is_final();
        let mut done = false;
        if self.keeps::<R>() {
            window.keep(front.taken);
            if last {
                done = self.frame(peer, window, rules, header, ends_message);
            }
        }
        #[cfg(feature = "chunks")]
        if self.streams::<R>() {
            self.chunk = front.payload;
            self.given = Given::Chunk { kept: false, ends_part: last, ends_message };
            done = front.payload > 0 || last;
        }
        if ends_message {
            self.mode = Mode::Between;
            if done && !rules.whole(peer, self.message(window)) {
                self.given = Given::Nothing;
                self.forget(window);
                done = false;
            }
        }
        result.map(|()| done)
    }

    /// Whether the frame's octets stay in the window.
    fn keeps<R: Rules>(&self) -> bool {
        self.mode != Mode::Skip && !self.is::<R>(Place::Drop) && !self.streams::<R>()
    }

    /// A kept frame is whole.
    fn frame<R: Rules>(
        &mut self,
        peer: PeerId,
        window: &mut Window<'_>,
        rules: &mut R,
        header: FrameHeader,
        ends_message: bool,
    ) -> bool {
        let kept = window.kept_len();
        if self.is::<R>(Place::Envelope) {
            self.envelope = kept;
        }
        if self.is::<R>(Place::Head) || self.is::<R>(Place::RequestId) {
            let len = usize::try_from(header.len()).unwrap_or(usize::MAX).min(kept);
            let octets = window.kept().get(kept.wrapping_sub(len)..).unwrap_or_default();
            if !rules.frame(peer, octets) {
                self.skip(window);
                return false;
            }
            if self.is::<R>(Place::RequestId) {
                window.truncate(0);
            }
            #[cfg(feature = "chunks")]
            if self.is::<R>(Place::Head) && self.mode == Mode::Pieces {
                self.chunk = len;
                self.given = Given::Chunk { kept: true, ends_part: true, ends_message };
                return true;
            }
        }
        if ends_message {
            self.given = Given::Message;
        }
        ends_message
    }

    /// The message handed out.
    pub(crate) fn message<'w>(&self, window: &'w Window<'_>) -> Message<'w> {
        Message::new(window.kept().get(self.envelope..).unwrap_or_default())
    }

    /// The chunk handed out.
    #[cfg(feature = "chunks")]
    pub(crate) fn chunk<'w>(&self, window: &'w Window<'_>) -> Chunk<'w> {
        match self.given {
            Given::Chunk { kept: false, ends_part, ends_message } => {
                Chunk::new(window.consumed(self.chunk), ends_part, ends_message)
            }
            Given::Chunk { kept: true, ends_part, ends_message } => {
                let at = window.kept_len().saturating_sub(self.chunk);
                let octets = window.kept().get(at..).unwrap_or_default();
                Chunk::new(octets, ends_part, ends_message)
            }
            _ => Chunk::new(&[], true, true),
        }
    }

    /// The envelope of the message handed out.
    pub(crate) fn envelope<'w>(&self, window: &'w Window<'_>) -> &'w [u8] {
        window.kept().get(..self.envelope).unwrap_or_default()
    }
}
