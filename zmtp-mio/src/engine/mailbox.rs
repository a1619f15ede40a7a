//! What other engines, and authenticators, of the process post to an engine.

use std::sync::Arc;

use mio::Token;

use super::Engine;
use super::peer::State;
use super::scheduler::{Key, ZAP};
use crate::error::Error;
use crate::inproc::{Mailbox, Post};
use crate::monitor::EventKind;

impl Engine {
    /// The mailbox that other engines of the process post to.
    pub(super) fn mailbox(&mut self) -> Result<Arc<Mailbox>, Error> {
        if let Some(mailbox) = &self.mailbox {
            return Ok(Arc::clone(mailbox));
        }
        let wake = Arc::clone(&self.wake);
        if self.descriptors.registry().is_some() {
            self.open_waker()?;
        }
        let wake = move || {
            // It fails only if the system is out of memory for an eight-byte counter.
            let _ = wake.wake();
        };
        let cell = self.cell.clone();
        let read = move || {
            if let Some(cell) = cell.upgrade() {
                cell.read_mailbox();
            }
        };
        let mailbox = Arc::new(Mailbox::new(wake, read));
        Ok(Arc::clone(self.mailbox.insert(mailbox)))
    }

    /// Reads the mailbox. Returns whether there was anything.
    pub(super) fn read_mailbox(&mut self) -> bool {
        let Some(mailbox) = self.mailbox.clone() else { return false };
        let mut any = false;
        for post in mailbox.take_posts() {
            any = true;
            match post {
                // Without a peer that waits, the drop of the pipe closes its other end.
                Post::Bound { peer, about, pipe } => {
                    let waits = |index: &usize| {
                        let peer = self.peers.get(*index);
                        peer.is_some_and(|peer| {
                            matches!(peer.state, State::Waiting) && peer.closing.is_none()
                        })
                    };
                    if let Some(index) = self.index(peer).filter(waits) {
                        self.join(index, EventKind::Connected, &about, pipe);
                    }
                }
                Post::Answer(peer) => self.answered(peer),
                Post::Connection { endpoint, about, pipe } => {
                    self.accept_inproc(endpoint, &about, pipe);
                }
            }
        }
        // No more than there can be now: answers that arrive meanwhile are handled in the next turn.
        for _ in 0..self.peers.len() + self.listeners.len() + 1 {
            let Some(key) = mailbox.next_due() else { break };
            any = true;
            if key == ZAP {
                self.read_zap();
                continue;
            }
            match Key::of(Token(key)) {
                Key::Listener(index) => self.accept(index),
                Key::Peer(index) => self.peer_event(index, true, true, false),
            }
        }
        any
    }

    /// Posts need not wake the poll until it is entered again.
    pub(super) fn note_awake(&self) {
        if let Some(mailbox) = &self.mailbox {
            mailbox.note_awake();
        }
    }

    /// Lets the next post wake the poll. Returns `false` if something was already posted.
    pub(super) fn prepare_to_sleep(&self) -> bool {
        self.mailbox.as_ref().is_none_or(|mailbox| mailbox.prepare_to_sleep())
    }
}
