//! Who is bound to which name, and who waits for one.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use zmtp_core::wire::{RoutingId, SocketType};

use super::{Mailbox, Note};

/// The names of a context.
#[derive(Debug, Default)]
pub(crate) struct Names(Mutex<HashMap<String, Name>>);

/// A name is bound, or waited for.
#[derive(Debug)]
enum Name {
    Bound(Host),
    Awaited(Vec<(Arc<Mailbox>, usize)>),
}

/// A socket that is bound to a name.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) socket_type: SocketType,
    pub(crate) routing_id: Box<RoutingId>,
}

impl Names {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Name>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds a name and tells who waits for it. `false` if somebody has it.
    pub(crate) fn bind(&self, name: &str, host: Host) -> bool {
        let mut names = self.lock();
        if matches!(names.get(name), Some(Name::Bound(_))) {
            return false;
        }
        if let Some(Name::Awaited(waiting)) = names.insert(name.into(), Name::Bound(host)) {
            for (mailbox, place) in waiting {
                mailbox.put(Note::Bound(place));
            }
        }
        true
    }

    /// Frees a name.
    pub(crate) fn unbind(&self, name: &str) {
        self.lock().remove(name);
    }

    /// Who is bound to a name. If nobody is, the peer in this place is told when somebody is.
    pub(crate) fn find(&self, name: &str, mailbox: &Arc<Mailbox>, place: usize) -> Option<Host> {
        let mut names = self.lock();
        match names.entry(name.into()).or_insert_with(|| Name::Awaited(Vec::new())) {
            Name::Bound(host) => Some(host.clone()),
            Name::Awaited(waiting) => {
                let known = |(other, at): &(Arc<Mailbox>, usize)| {
                    *at == place && Arc::ptr_eq(other, mailbox)
                };
                if !waiting.iter().any(known) {
                    waiting.push((Arc::clone(mailbox), place));
                }
                None
            }
        }
    }

    /// The peer in this place does not wait any more.
    pub(crate) fn forget(&self, name: &str, mailbox: &Arc<Mailbox>, place: usize) {
        let mut names = self.lock();
        if let Some(Name::Awaited(waiting)) = names.get_mut(name) {
            waiting.retain(|(other, at)| !(*at == place && Arc::ptr_eq(other, mailbox)));
            if waiting.is_empty() {
                names.remove(name);
            }
        }
    }
}
