//! Look-ups of the names of endpoints.

use core::net::SocketAddr;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Weak};

use super::Engine;
use super::peer::{Origin, State};
use super::wake::Wake;
use crate::look_up::{self, Found, Recipient};
use crate::monitor::CloseReason;

/// The result of a look-up.
pub(super) struct Resolved {
    peer: usize,
    look_up: u64,
    addresses: Vec<SocketAddr>,
}

/// An engine that waits for the addresses of a name. It does not keep the socket alive.
struct Asker {
    peer: usize,
    port: u16,
    /// The number of the look-up, while the peer waits for it.
    look_up: Weak<u64>,
    results: Sender<Resolved>,
    wake: Weak<Wake>,
}

impl Recipient for Asker {
    fn is_waiting(&self) -> bool {
        self.look_up.strong_count() > 0
    }

    fn receive(&self, found: &Found) {
        let (Some(look_up), Some(wake)) = (self.look_up.upgrade(), self.wake.upgrade()) else {
            return;
        };
        let mut addresses = found.as_ref().map_or_else(|_| Vec::new(), Clone::clone);
        addresses.iter_mut().for_each(|address| address.set_port(self.port));
        // If the socket is closed, the result is dropped.
        let _ = self.results.send(Resolved { peer: self.peer, look_up: *look_up, addresses });
        let _ = wake.wake();
    }
}

impl Engine {
    /// Looks a name up: with the resolver of the application, or with the system's, in another thread.
    pub(super) fn resolve(&mut self, index: usize, name: &str, port: u16) {
        if let Some(resolver) = self.options.resolver.clone() {
            // A panic of the resolver must not end the engine or the driver.
            let look_up = AssertUnwindSafe(|| resolver(name, port));
            return match catch_unwind(look_up) {
                Ok(Ok(addresses)) => self.connect_to(index, addresses),
                _ => self.close(index, CloseReason::NoAddress),
            };
        }
        self.limit_attempt(index);
        self.look_ups += 1;
        let look_up = Arc::new(self.look_ups);
        let results = self.resolved.0.clone();
        let asker = |wake: Arc<Wake>| {
            let (look_up, wake) = (Arc::downgrade(&look_up), Arc::downgrade(&wake));
            Box::new(Asker { peer: index, port, look_up, results, wake })
        };
        let begun = self.open_waker().is_ok()
            && look_up::begin(name, asker(Arc::clone(&self.wake))).is_ok();
        if !begun {
            self.close(index, CloseReason::Io(io::ErrorKind::OutOfMemory));
        } else if let Some(peer) = self.peers.get_mut(index)
            && let Origin::Connect(connector) = &mut peer.origin
        {
            connector.look_up = Some(look_up);
        }
    }

    /// Connects to the addresses that were found since the last call.
    pub(super) fn take_resolved(&mut self) {
        while let Ok(answer) = self.resolved.1.try_recv() {
            let awaited = self.peers.get(answer.peer).is_some_and(|peer| {
                matches!(&peer.origin, Origin::Connect(connector)
                    if connector.look_up.as_deref() == Some(&answer.look_up))
                    && matches!(peer.state, State::Resolving)
                    && peer.closing.is_none()
            });
            if awaited {
                self.connect_to(answer.peer, answer.addresses);
            }
        }
    }
}
