//! The `inproc://` names of a context: those that are bound, and those that sockets connect to.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zmtp_core::wire::{RoutingId, SocketType};

use super::{Mailbox, Post};

/// The names of a context.
#[derive(Debug, Default)]
pub(crate) struct Registry(Mutex<HashMap<String, Name>>);

/// The state of a name.
#[derive(Debug)]
enum Name {
    Bound(Host),
    /// Peers that connect to it: their engines' mailboxes, and their slab indices.
    Awaited(Vec<(Arc<Mailbox>, usize)>),
}

/// A socket that has bound a name.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) socket_type: SocketType,
    pub(crate) routing_id: Box<RoutingId>,
}

impl Registry {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Name>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds a name, and posts to the peers that connect to it. Returns `false` if it is already bound.
    pub(crate) fn bind(&self, name: &str, host: Host) -> bool {
        let mut names = self.lock();
        if matches!(names.get(name), Some(Name::Bound(_))) {
            return false;
        }
        if let Some(Name::Awaited(peers)) = names.insert(name.into(), Name::Bound(host)) {
            for (mailbox, index) in peers {
                mailbox.post(Post::Bound(index));
            }
        }
        true
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

    /// The socket that has bound a name. If there is none, the peer is stored: when the name is bound, its engine
    /// gets a post.
    pub(crate) fn find(&self, name: &str, mailbox: &Arc<Mailbox>, index: usize) -> Option<Host> {
        let mut names = self.lock();
        match names.entry(name.into()).or_insert_with(|| Name::Awaited(Vec::new())) {
            Name::Bound(host) => Some(host.clone()),
            Name::Awaited(peers) => {
                let known = |(other, at): &(Arc<Mailbox>, usize)| {
                    *at == index && Arc::ptr_eq(other, mailbox)
                };
                if !peers.iter().any(known) {
                    peers.push((Arc::clone(mailbox), index));
                }
                None
            }
        }
    }

    /// Removes a peer that does not connect to the name any more.
    pub(crate) fn forget(&self, name: &str, mailbox: &Arc<Mailbox>, index: usize) {
        let mut names = self.lock();
        if let Some(Name::Awaited(peers)) = names.get_mut(name) {
            peers.retain(|(other, at)| !(*at == index && Arc::ptr_eq(other, mailbox)));
            if peers.is_empty() {
                names.remove(name);
            }
        }
    }
}
