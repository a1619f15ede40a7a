//! The `inproc://` names of a context: those that are bound, and those that sockets connect to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zmtp_core::pattern::PeerId;

use super::{About, Mailbox};

/// The names of a context.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<HashMap<String, Name>>);

/// The state of a name.
#[derive(Debug)]
enum Name {
    Bound(Host),
    /// Peers that connect to it: their sockets, and their ids there.
    Awaited(Vec<(Host, PeerId)>),
}

/// A socket that has bound a name, or connects to one.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) about: About,
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Name>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds a name. Returns the peers that connect to it; `None` if it is already bound.
    pub(crate) fn bind(&self, name: &str, host: Host) -> Option<Vec<(Host, PeerId)>> {
        let mut names = self.lock();
        if matches!(names.get(name), Some(Name::Bound(_))) {
            return None;
        }
        match names.insert(name.into(), Name::Bound(host)) {
            Some(Name::Awaited(peers)) => Some(peers),
            _ => Some(Vec::new()),
        }
    }

    /// Frees a name.
    pub(crate) fn unbind(&self, name: &str) {
        self.lock().remove(name);
    }

    /// The socket that has bound a name, if there is one.
    pub(crate) fn bound(&self, name: &str) -> Option<Host> {
        match self.lock().get(name) {
            Some(Name::Bound(host)) => Some(host.clone()),
            _ => None,
        }
    }

    /// The socket that has bound a name. If there is none, the peer of a socket that connects to it is stored: when the
    /// name is bound, it gets a post.
    pub(crate) fn find(&self, name: &str, socket: &Host, peer: PeerId) -> Option<Host> {
        let mut names = self.lock();
        match names.entry(name.into()).or_insert_with(|| Name::Awaited(Vec::new())) {
            Name::Bound(host) => Some(host.clone()),
            Name::Awaited(peers) => {
                peers.retain(|known| !is(known, &socket.mailbox, peer));
                peers.push((socket.clone(), peer));
                None
            }
        }
    }

    /// Removes a peer that does not connect to the name any more.
    pub(crate) fn forget(&self, name: &str, mailbox: &Arc<Mailbox>, peer: PeerId) {
        let mut names = self.lock();
        if let Some(Name::Awaited(peers)) = names.get_mut(name) {
            peers.retain(|known| !is(known, mailbox, peer));
            if peers.is_empty() {
                names.remove(name);
            }
        }
    }
}

/// Whether a stored peer is this one.
fn is((socket, id): &(Host, PeerId), mailbox: &Arc<Mailbox>, peer: PeerId) -> bool {
    *id == peer && Arc::ptr_eq(&socket.mailbox, mailbox)
}
