//! Queues of one peer, bounded in messages and bytes.

mod budget;

use core::cell::RefCell;
use std::collections::VecDeque;

use zmtp_core::Subscription;
use zmtp_core::wire::{FrameHeader, More};

pub(crate) use budget::{Budget, Usage};

use crate::message::Message;

/// Frames in front of a message that the application does not see.
#[derive(Debug, Default)]
pub(crate) enum Envelope {
    #[default]
    None,
    /// One empty frame: what nearly every request and reply has.
    Delimiter,
    /// Any frames, the delimiter last. Boxed, for they are rare.
    Frames(Box<Message>),
    /// The message's first part names its peer and stays here.
    Address,
    /// No message: a subscription to a topic, which is the only part.
    Subscription(Subscription),
}

impl Envelope {
    /// Starts a frame; bytes appended from now on belong to it.
    pub(crate) fn begin(&mut self, header: FrameHeader) {
        match self {
            Self::None if header.is_empty() => *self = Self::Delimiter,
            Self::None => self.make_frames().begin_part(),
            Self::Delimiter => {
                let frames = self.make_frames();
                frames.push(b"");
                frames.begin_part();
            }
            Self::Frames(frames) => frames.begin_part(),
            // Of what is sent, never of what is received.
            Self::Address | Self::Subscription(_) => {}
        }
    }

    pub(crate) fn append(&mut self, bytes: &[u8]) {
        if let Self::Frames(frames) = self {
            frames.append(bytes);
        }
    }

    /// The last frame.
    pub(crate) fn last(&self) -> &[u8] {
        match self {
            Self::Frames(frames) => frames.part(frames.part_count() - 1).unwrap_or_default(),
            _ => &[],
        }
    }

    pub(crate) fn frame_count(&self) -> usize {
        match self {
            Self::None | Self::Address | Self::Subscription(_) => 0,
            Self::Delimiter => 1,
            Self::Frames(frames) => frames.part_count(),
        }
    }

    fn make_frames(&mut self) -> &mut Message {
        *self = Self::Frames(Box::default());
        match self {
            Self::Frames(frames) => frames,
            _ => unreachable!("was just set"),
        }
    }

    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::Frames(frames) => frames.weight(),
            _ => 0,
        }
    }
}

/// What stands before the bytes of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Lead {
    /// A message frame's header.
    Frame(More),
    /// A subscription's, whichever form the peer's version gives it.
    Subscription(Subscription),
}

impl Lead {
    /// Whether the letter ends with this frame.
    pub(crate) const fn is_final(self) -> bool {
        matches!(self, Self::Frame(More::Last) | Self::Subscription(_))
    }
}

/// A message on its way in or out, with its envelope.
#[derive(Debug, Default)]
pub(crate) struct Letter {
    pub(crate) envelope: Envelope,
    pub(crate) message: Message,
}

impl From<Message> for Letter {
    fn from(message: Message) -> Self {
        Self { envelope: Envelope::None, message }
    }
}

impl Letter {
    /// The frames as they go on the wire: first the envelope's, then the message's.
    pub(crate) fn frame(&self, index: usize) -> Option<(Lead, &[u8])> {
        let head = self.envelope.frame_count();
        let skipped = usize::from(matches!(self.envelope, Envelope::Address));
        let body = match (&self.envelope, index.checked_sub(head)) {
            (_, Some(part)) => self.message.part(part + skipped)?,
            (Envelope::Frames(frames), None) => frames.part(index)?,
            (_, None) => &[],
        };
        if let Envelope::Subscription(what) = self.envelope {
            return Some((Lead::Subscription(what), body));
        }
        let last = index + 1 + skipped == head + self.message.part_count();
        Some((Lead::Frame(if last { More::Last } else { More::Follows }), body))
    }

    /// Whether it is a message of the application's.
    pub(crate) const fn is_message(&self) -> bool {
        !matches!(self.envelope, Envelope::Subscription(_))
    }

    /// It may wait long from now on.
    fn settle(&mut self) {
        self.message.settle();
        if let Envelope::Frames(frames) = &mut self.envelope {
            frames.settle();
        }
    }

    /// What it costs in a queue, its place included.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Self>() + self.bytes()
    }

    /// What came of it so far.
    pub(crate) fn bytes(&self) -> usize {
        self.message.weight() + self.envelope.weight()
    }
}

/// A high-water mark: what a queue holds at most.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    pub(crate) messages: usize,
    pub(crate) bytes: usize,
}

/// Why a message was not queued for a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Refused {
    /// The peer is gone.
    Gone,
    /// Its queue is at the high-water mark.
    Full,
}

/// How many rings a thread keeps for queues that are empty now, and how large they may be.
const SPARES: usize = 64;
const SPARE_LETTERS: usize = 64;

thread_local! {
    /// Rings of queues that ran empty. Most queues of most peers are empty at any time: without
    /// this each would keep a ring of its own after its first letter, or allocate one per letter.
    static SPARE: RefCell<Vec<VecDeque<Letter>>> = const { RefCell::new(Vec::new()) };
}

/// Letters in the order they came.
#[derive(Debug)]
pub(crate) struct Queue {
    letters: VecDeque<Letter>,
    weight: usize,
}

impl Queue {
    pub(crate) const fn new() -> Self {
        Self { letters: VecDeque::new(), weight: 0 }
    }

    /// Whether the mark is reached. One message always fits.
    pub(crate) fn is_full(&self, mark: &Mark) -> bool {
        !self.is_empty() && (self.len() >= mark.messages || self.weight >= mark.bytes)
    }

    pub(crate) fn push(&mut self, mut letter: Letter) {
        letter.settle();
        self.weight += letter.weight();
        if self.letters.capacity() == 0 {
            let spare = SPARE.try_with(|spare| spare.borrow_mut().pop());
            self.letters = spare.ok().flatten().unwrap_or_default();
        }
        self.letters.push_back(letter);
    }

    /// Puts a letter back that was taken last.
    pub(crate) fn push_front(&mut self, letter: Letter) {
        if self.letters.is_empty() {
            return self.push(letter);
        }
        self.weight += letter.weight();
        self.letters.push_front(letter);
    }

    pub(crate) fn pop(&mut self) -> Option<Letter> {
        let letter = self.letters.pop_front()?;
        self.weight -= letter.weight();
        if self.letters.is_empty() {
            let ring = core::mem::take(&mut self.letters);
            // At thread exit the spares may be gone: the ring is freed then.
            let _ = SPARE.try_with(|spare| {
                let mut spare = spare.borrow_mut();
                if spare.len() < SPARES && ring.capacity() <= SPARE_LETTERS {
                    spare.push(ring);
                }
            });
        }
        Some(letter)
    }

    /// Removes messages for which `unwanted` returns `true`, except the first `kept`.
    pub(crate) fn remove(&mut self, kept: usize, unwanted: impl Fn(&Letter) -> bool) -> usize {
        let before = self.letters.len();
        let mut at = 0;
        let mut weight = 0;
        self.letters.retain(|letter| {
            at += 1;
            let stays = at <= kept || !unwanted(letter);
            weight += if stays { 0 } else { letter.weight() };
            stays
        });
        self.weight -= weight;
        before - self.letters.len()
    }

    pub(crate) fn get(&self, index: usize) -> Option<&Letter> {
        self.letters.get(index)
    }

    pub(crate) fn len(&self) -> usize {
        self.letters.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.letters.is_empty()
    }

    pub(crate) const fn weight(&self) -> usize {
        self.weight
    }
}
