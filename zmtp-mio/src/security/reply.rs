//! The answer to a question about a client, which may come later and from another thread.

use core::fmt;
use core::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use zmtp_core::mechanism::{Decision, Status};
use zmtp_core::pattern::PeerId;

use super::User;
use crate::inproc::{Mailbox, Post};

/// The answer of an [`Authenticator`](crate::Authenticator), which any thread may give.
///
/// A reply that is dropped refuses the client with [`Status::Failed`].
pub struct Reply(Weak<Question>);

impl Reply {
    pub(super) fn new(question: &Arc<Question>) -> Self {
        Self(Arc::downgrade(question))
    }

    /// Accepts the client.
    pub fn accept(self, user: impl Into<User>) {
        self.send(Ok(user.into()));
    }

    /// Refuses the client.
    pub fn refuse(self, status: Status) {
        self.send(Err(status));
    }

    /// Accepts or refuses the client.
    pub fn send(self, answer: Result<User, Status>) {
        self.give(answer.map(Some));
    }

    /// Accepts the client without a user id.
    pub(super) fn accept_unnamed(self) {
        self.give(Ok(None));
    }

    /// Refuses the client because of a fault of the answer.
    pub(super) fn fail(self, fault: u32) {
        if let Some(question) = self.0.upgrade() {
            let _ = question.fault.set(fault);
        }
        self.refuse(Status::Temporary);
    }

    /// Whether the connection of the client still waits for the answer.
    pub fn is_awaited(&self) -> bool {
        self.0.upgrade().is_some_and(|question| question.lock().is_open())
    }

    fn give(mut self, answer: Result<Option<User>, Status>) {
        if let Some(question) = mem::take(&mut self.0).upgrade() {
            question.answer(answer);
        }
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(question) = self.0.upgrade() {
            question.answer(Err(Status::Failed));
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply").field("is_awaited", &self.is_awaited()).finish()
    }
}

/// The question about the client of one connection, and its answer.
pub(crate) struct Question {
    state: Mutex<State>,
    /// The user, once the client is accepted.
    user: OnceLock<User>,
    /// Where a later answer is posted.
    asker: OnceLock<(Arc<Mailbox>, PeerId)>,
    /// What is wrong with the answer of ZAP: the number that libzmq has for it.
    fault: OnceLock<u32>,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum State {
    /// Nothing was asked.
    Unasked,
    /// The authenticator is being called.
    Asking,
    /// The authenticator answers later.
    Waiting,
    Accepted,
    Refused(Status),
}

impl State {
    const fn is_open(self) -> bool {
        matches!(self, Self::Asking | Self::Waiting)
    }
}

impl Question {
    pub(super) fn new() -> Arc<Self> {
        let (user, asker, fault) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        Arc::new(Self { state: Mutex::new(State::Unasked), user, asker, fault })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets the engine that gets a post when a later answer is there.
    pub(crate) fn settle(&self, mailbox: Arc<Mailbox>, peer: PeerId) {
        let _ = self.asker.set((mailbox, peer));
    }

    /// The user, once the client is accepted.
    pub(crate) fn user(&self) -> Option<&User> {
        self.user.get()
    }

    /// Why the client is refused, if it is: the fault of the answer, or the status code.
    pub(crate) fn failure(&self) -> Option<u32> {
        let State::Refused(status) = *self.lock() else { return None };
        let code = || match status {
            Status::Denied => 400,
            Status::Failed => 500,
            Status::Temporary => 300,
        };
        Some(self.fault.get().copied().unwrap_or_else(code))
    }

    /// The answer; [`Decision::Later`] if there is none yet, `None` if nothing was asked.
    pub(crate) fn decision(&self) -> Option<Decision> {
        match *self.lock() {
            State::Unasked => None,
            State::Asking | State::Waiting => Some(Decision::Later),
            State::Accepted => Some(Decision::Accept),
            State::Refused(status) => Some(Decision::Refuse(status)),
        }
    }

    /// Asks with `ask`, which returns `false` if it panicked. Asks once: from then on there is an answer, or one comes
    /// later.
    pub(super) fn ask(&self, ask: impl FnOnce() -> bool) -> Decision {
        if let Some(decision) = self.decision() {
            return decision;
        }
        *self.lock() = State::Asking;
        let returned = ask();
        let mut state = self.lock();
        if !returned {
            *state = State::Refused(Status::Failed);
        } else if *state == State::Asking {
            *state = State::Waiting;
        }
        drop(state);
        self.decision().unwrap_or(Decision::Later)
    }

    /// Keeps the first answer.
    fn answer(&self, answer: Result<Option<User>, Status>) {
        let mut state = self.lock();
        if !state.is_open() {
            return;
        }
        let new = match answer {
            Ok(user) => {
                if let Some(user) = user {
                    let _ = self.user.set(user);
                }
                State::Accepted
            }
            Err(status) => State::Refused(status),
        };
        let before = mem::replace(&mut *state, new);
        drop(state);
        if before == State::Waiting
            && let Some((mailbox, peer)) = self.asker.get()
        {
            mailbox.post(Post::Answer(*peer));
        }
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Question").field("state", &*self.lock()).finish_non_exhaustive()
    }
}
