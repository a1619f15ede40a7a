//! Streams and listeners in memory, whose events are posted to the mailbox.

use std::io;
use std::sync::Arc;

use super::Engine;
use super::scheduler::Key;
use crate::inproc::Mailbox;
use crate::testing::Notify;
use crate::transport::{Listener, Stream};

/// Posts the key of a stream or listener.
struct Post {
    mailbox: Arc<Mailbox>,
    key: Key,
}

impl Notify for Post {
    fn notify(&self) {
        self.mailbox.post_due(self.key.token().0);
    }
}

impl Engine {
    fn post(&mut self, key: Key) -> io::Result<Arc<dyn Notify>> {
        let mailbox = self.mailbox().map_err(|_| io::ErrorKind::OutOfMemory)?;
        Ok(Arc::new(Post { mailbox, key }))
    }

    /// Lets a stream in memory report its events.
    pub(super) fn watch_stream(&mut self, stream: &Stream, key: Key) -> io::Result<()> {
        if let Stream::Memory(stream) = stream {
            stream.set_notified(&self.post(key)?);
        }
        Ok(())
    }

    /// Lets a listener in memory report its connections.
    pub(super) fn watch_listener(&mut self, listener: &Listener, key: Key) -> io::Result<()> {
        if let Listener::Memory(listener) = listener {
            listener.set_notified(self.post(key)?);
        }
        Ok(())
    }
}
