//! The mailbox of an engine, to which other engines post.

use core::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_queue::SegQueue;
use zmtp_core::pattern::PeerId;

use super::{About, Pipe};
use crate::endpoint::Endpoint;

/// The mailbox of an engine. The engine empties it; other threads post to it.
pub(crate) struct Mailbox {
    /// Keys of connections with messages to read, or with room again.
    due: SegQueue<usize>,
    /// Rare posts; `None` when the engine is closed.
    posts: Mutex<Option<Vec<Post>>>,
    /// There may be rare posts: without any, the lock is not taken.
    posted: AtomicBool,
    /// The engine found the mailbox empty and may sleep: the next post wakes it.
    asleep: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
    /// Lets the engine read it.
    read: Box<dyn Fn() + Send + Sync>,
}

impl core::fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Mailbox").field("due", &self.due.len()).finish_non_exhaustive()
    }
}

/// A rare post.
#[derive(Debug)]
pub(crate) enum Post {
    /// A socket connects to a name that the engine has bound.
    Connection { endpoint: Arc<Endpoint>, about: About, pipe: Box<Pipe> },
    /// There is an answer about this peer, whose handshake waits for it.
    Answer(PeerId),
    /// The name that this peer connects to is bound now.
    Bound { peer: PeerId, about: About, pipe: Box<Pipe> },
}

impl Mailbox {
    pub(crate) fn new(
        wake: impl Fn() + Send + Sync + 'static,
        read: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        Self {
            due: SegQueue::new(),
            posts: Mutex::new(Some(Vec::new())),
            posted: AtomicBool::new(false),
            asleep: AtomicBool::new(true),
            wake: Box::new(wake),
            read: Box::new(read),
        }
    }

    /// Lets the engine read it now, in this thread. The caller has the lock of no engine.
    pub(crate) fn read(&self) {
        (self.read)();
    }

    /// Posts the key of a connection with messages to read, or with room again.
    pub(crate) fn post_due(&self, key: usize) {
        self.due.push(key);
        self.wake();
    }

    /// Posts. If the engine is closed, the post and its pipe are dropped; the drop closes the other end of the pipe.
    pub(crate) fn post(&self, post: Post) {
        match &mut *self.lock() {
            Some(posts) => posts.push(post),
            None => return,
        }
        // Before the check for a sleeping engine, which looks at it in the opposite order.
        self.posted.store(true, Ordering::SeqCst);
        self.wake();
    }

    /// Closes the mailbox, and drops the unread posts.
    pub(crate) fn close(&self) {
        // Not under the lock: a pipe that is dropped posts to another mailbox.
        let unread = self.lock().take();
        drop(unread);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Vec<Post>>> {
        self.posts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wake(&self) {
        if self.asleep.swap(false, Ordering::SeqCst) {
            (self.wake)();
        }
    }

    /// Whether there is a post.
    pub(crate) fn has_posts(&self) -> bool {
        !self.due.is_empty() || self.posted.load(Ordering::SeqCst)
    }

    /// Takes the next key.
    pub(crate) fn next_due(&self) -> Option<usize> {
        self.due.pop()
    }

    pub(crate) fn take_posts(&self) -> Vec<Post> {
        if !self.posted.load(Ordering::SeqCst) {
            return Vec::new();
        }
        // First: what is posted after the lock is released sets it again.
        self.posted.store(false, Ordering::SeqCst);
        self.lock().as_mut().map(core::mem::take).unwrap_or_default()
    }

    /// The engine is awake and empties the mailbox before it waits again: no post wakes it until then.
    pub(crate) fn note_awake(&self) {
        self.asleep.store(false, Ordering::SeqCst);
    }

    /// The engine is about to wait: the next post wakes it. Returns `false` if something was already posted.
    pub(crate) fn prepare_to_sleep(&self) -> bool {
        self.asleep.swap(true, Ordering::SeqCst);
        !self.has_posts()
    }
}
