//! Frames of messages: kept in the window, delivered in pieces, or dropped.

use zmtp_core::mechanism::Mechanism;
use zmtp_core::pattern::Verdict;
use zmtp_core::wire::{FrameHeader, FrameKind, SocketType};
use zmtp_core::{Event, Received};

use crate::error::Error;
use crate::event::event;
#[cfg(feature = "chunks")]
use crate::inbox::Piece;
use crate::inbox::{Fate, Mode};
use crate::kind::Kind;
use crate::link::Link;
use crate::step::Want;
use crate::window::Window;

impl<'b, M: Mechanism> Link<'b, M> {
    /// Handles received bytes: the header of a frame or bytes of its body. Returns whether the call is complete.
    pub(crate) fn deliver<K: Kind, E>(
        &mut self,
        window: &mut Window<'b>,
        kind: &mut K,
        want: Want,
        received: Received,
    ) -> Result<bool, Error<E>> {
        let (header, last) = self.connection.frame();
        let unread = self.connection.unread();
        if header.kind() == FrameKind::Command {
            // Of a command that is skipped.
            window.skip(unread);
            return Ok(false);
        }
        let fits = received.event != Event::Frame
            || self.begin(window, kind, want, header, received.payload);
        let ends_message = last && header.is_final();
        let mut done = false;
        if self.inbox.keeps::<K>() {
            window.keep(unread);
            if last {
                done = self.end(window, kind, header, ends_message);
            }
        } else if self.inbox.streams::<K>() {
            #[cfg(feature = "chunks")]
            {
                if received.event == Event::Frame {
                    // The header.
                    window.skip(unread.wrapping_add(received.payload));
                }
                window.keep(unread);
                self.inbox.piece =
                    Some(Piece { len: received.payload, ends_part: last, ends_message });
                done = received.payload > 0 || last;
            }
        } else {
            window.skip(unread);
        }
        if ends_message {
            self.inbox.mode = Mode::Between;
            if done && !kind.received(self.peer()) {
                self.inbox.clear(window);
                done = false;
            }
        }
        if fits { Ok(done) } else { Err(Error::ReceiveBuffer) }
    }

    /// A frame begins, and `received` bytes of its body were received with its header. Returns `false` if it must be
    /// kept whole and does not fit.
    fn begin<K: Kind>(
        &mut self,
        window: &mut Window<'b>,
        kind: &mut K,
        want: Want,
        header: FrameHeader,
        received: usize,
    ) -> bool {
        let first = self.inbox.mode == Mode::Between;
        let verdict = kind.accept(self.peer(), header, first);
        if K::SOCKET_TYPE == SocketType::Dish
            && matches!(verdict, Verdict::Reject(reason) if reason.ends_connection())
        {
            self.connection.fail_message();
        }
        self.inbox.fate = verdict.into();
        if first {
            self.inbox.mode = Mode::of(want);
        }
        let rejected = self.inbox.is::<K>(Fate::Reject);
        let len = usize::try_from(header.len()).unwrap_or(usize::MAX);
        let before = window.used().wrapping_sub(self.connection.unread());
        let needed = before.wrapping_sub(received).saturating_add(len);
        let fits = rejected || !self.inbox.keeps::<K>() || needed <= window.len();
        if !fits {
            event!(warn, "link {}: message dropped, {} bytes needed", self.index, needed);
            self.needed = needed;
            kind.overflowed(self.peer());
        }
        if rejected || !fits {
            self.inbox.reject(window);
        }
        fits
    }

    /// A kept frame is complete. Returns whether the call is complete.
    fn end<K: Kind>(
        &mut self,
        window: &mut Window<'b>,
        kind: &mut K,
        header: FrameHeader,
        ends_message: bool,
    ) -> bool {
        let kept = window.kept_len();
        if self.inbox.is::<K>(Fate::Envelope) {
            self.inbox.envelope = kept;
        }
        let id = self.inbox.is::<K>(Fate::RequestId);
        if id || self.inbox.is::<K>(Fate::Subject) {
            let len = usize::try_from(header.len()).unwrap_or(usize::MAX);
            let body = window.kept().get(kept.wrapping_sub(len)..).unwrap_or_default();
            match kind.check(self.peer(), body) {
                Verdict::Deliver | Verdict::Envelope => {}
                verdict => {
                    if let Verdict::Subscription(what) = verdict {
                        let topic = body.get(1..).unwrap_or_default();
                        // The socket type counts the subscriptions that do not fit.
                        let _ = kind.subscription(self.peer(), what, topic);
                    }
                    self.inbox.reject(window);
                    return false;
                }
            }
            if id {
                window.truncate(0);
            }
            #[cfg(feature = "chunks")]
            if !id && self.inbox.mode == Mode::Pieces {
                self.inbox.piece = Some(Piece { len, ends_part: true, ends_message });
                return true;
            }
        }
        ends_message
    }
}
