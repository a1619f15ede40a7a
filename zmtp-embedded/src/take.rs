//! What becomes of a message's frames.

use zmtp_core::mechanism::Mechanism;
use zmtp_core::wire::FrameHeader;
use zmtp_core::{Event, Received};

use crate::error::Error;
#[cfg(feature = "chunks")]
use crate::inbox::Given;
use crate::inbox::Mode;
use crate::kind::{Place, Rules};
use crate::link::{Link, Want};
use crate::window::Window;

impl<'b, M: Mechanism> Link<'b, M> {
    /// Puts what waits, a frame's header or bytes of its body, where it goes; `true` if there is
    /// something for the caller.
    pub(crate) fn take<K: Rules, E>(
        &mut self,
        window: &mut Window<'b>,
        rules: &mut K,
        want: Want,
        received: Received,
    ) -> Result<bool, Error<E>> {
        let (header, last) = self.connection.frame();
        let left = self.connection.unread();
        if received.event == Event::Frame
            && !self.begin(window, rules, want, header, received.payload)
        {
            window.skip(left);
            return Err(Error::ReceiveBuffer);
        }
        let ends_message = last && header.is_final();
        let mut done = false;
        if self.inbox.keeps::<K>() {
            window.keep(left);
            if last {
                done = self.end(window, rules, header, ends_message);
            }
        } else if self.inbox.streams::<K>() {
            #[cfg(feature = "chunks")]
            {
                if received.event == Event::Frame {
                    // The header.
                    window.skip(left.wrapping_add(received.payload));
                }
                window.keep(left);
                self.inbox.chunk =
                    Some(Given { len: received.payload, ends_part: last, ends_message });
                done = received.payload > 0 || last;
            }
        } else {
            window.skip(left);
        }
        if ends_message {
            self.inbox.mode = Mode::Between;
            if done && !rules.whole(self.peer()) {
                self.inbox.forget(window);
                done = false;
            }
        }
        Ok(done)
    }

    /// A frame begins, of whose body `there` bytes came; `false` if it must be kept whole and does
    /// not fit.
    fn begin<K: Rules>(
        &mut self,
        window: &mut Window<'b>,
        rules: &mut K,
        want: Want,
        header: FrameHeader,
        there: usize,
    ) -> bool {
        let first = self.inbox.mode == Mode::Between;
        self.inbox.place = rules.judge(self.peer(), header, first);
        if first {
            self.inbox.mode = Mode::of(want);
        }
        if self.inbox.is::<K>(Place::Reject) {
            self.inbox.skip(window);
        }
        let len = usize::try_from(header.len()).unwrap_or(usize::MAX);
        let before = window.used().wrapping_sub(self.connection.unread());
        let needed = before.wrapping_sub(there).saturating_add(len);
        let fits = !self.inbox.keeps::<K>() || needed <= window.len();
        if !fits {
            self.needed = needed;
            self.inbox.skip(window);
            rules.unfit(self.peer());
        }
        fits
    }

    /// A frame that was kept is whole; `true` if there is something for the caller.
    fn end<K: Rules>(
        &mut self,
        window: &mut Window<'b>,
        rules: &mut K,
        header: FrameHeader,
        ends_message: bool,
    ) -> bool {
        let kept = window.kept_len();
        if self.inbox.is::<K>(Place::Envelope) {
            self.inbox.envelope = kept;
        }
        let id = self.inbox.is::<K>(Place::RequestId);
        if id || self.inbox.is::<K>(Place::Head) {
            let len = usize::try_from(header.len()).unwrap_or(usize::MAX);
            let bytes = window.kept().get(kept.wrapping_sub(len)..).unwrap_or_default();
            if !rules.frame(self.peer(), bytes) {
                self.inbox.skip(window);
                return false;
            }
            if id {
                window.truncate(0);
            }
            #[cfg(feature = "chunks")]
            if !id && self.inbox.mode == Mode::Pieces {
                self.inbox.chunk = Some(Given { len, ends_part: true, ends_message });
                return true;
            }
        }
        ends_message
    }
}
