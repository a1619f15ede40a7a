//! The topics of a SUB and the groups of a DISH, of which each connection sends every one once.

use zmtp_core::mechanism::Mechanism;
use zmtp_core::pattern::{FixedSubscriptions, Subscriptions as _};
use zmtp_core::{Config, Connection, Subscription};

use crate::outbox::Outbox;

/// A table of topics or groups in `BYTES` bytes, in the order in which they are sent.
#[derive(Debug)]
pub(super) struct Table<const BYTES: usize> {
    pub(super) names: FixedSubscriptions<BYTES>,
    /// The position of the first name that was not sent over this connection.
    unsent: usize,
}

impl<const BYTES: usize> Table<BYTES> {
    pub(super) const fn new() -> Self {
        Self { names: FixedSubscriptions::new(), unsent: 0 }
    }

    /// The connection has ended: the next one sends all names.
    pub(super) const fn disconnected(&mut self) {
        self.unsent = 0;
    }

    /// Removes a name. The cancellation is sent if that was the last subscription to it, and the name was sent; the
    /// outbox has room for it.
    pub(super) fn remove<M: Mechanism>(
        &mut self,
        name: &[u8],
        connection: &mut Connection<M, &Config>,
        out: &mut Outbox<'_>,
    ) {
        let Some(at) = self.names.place(name) else { return };
        let next = self.names.at(at).map_or(at, |(_, next)| next);
        if !self.names.remove(name) || at >= self.unsent {
            return;
        }
        self.unsent = self.unsent.wrapping_sub(next.wrapping_sub(at));
        out.subscription(connection, Subscription::Cancel, name);
    }

    /// As [`Kind::poll_transmit`](super::Kind::poll_transmit): puts the names that were not sent into the outbox.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn poll_transmit<M: Mechanism>(
        &mut self,
        connection: &mut Connection<M, &Config>,
        out: &mut Outbox<'_>,
    ) -> Result<(), usize> {
        if !connection.is_ready() {
            return Ok(());
        }
        while let Some((name, next)) = self.names.at(self.unsent) {
            if out.subscription(connection, Subscription::Subscribe, name) {
                self.unsent = next;
            } else if out.is_empty() {
                return Err(connection.subscription_len(Subscription::Subscribe, name.len()));
            } else {
                break;
            }
        }
        Ok(())
    }
}
