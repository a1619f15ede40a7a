//! Asking the authenticator of a socket.

use core::fmt;
use core::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use zmtp_core::mechanism::{Authenticate, Credentials, Decision};
use zmtp_core::wire::RoutingId;

use super::reply::{Question, Reply};
use super::{Authenticator, ConnectingClient};

/// What the connections of a socket ask.
pub(crate) struct Asker {
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) domain: String,
    pub(crate) routing_id: RoutingId,
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Asker").field("domain", &self.domain).finish_non_exhaustive()
    }
}

/// Asks about the client of one connection.
pub(super) struct Ask {
    pub(super) asker: Arc<Asker>,
    pub(super) question: Arc<Question>,
    pub(super) address: Option<SocketAddr>,
}

impl Authenticate for Ask {
    fn authenticate(&mut self, credentials: Credentials<'_>) -> Decision {
        let Asker { authenticator, domain, routing_id } = &*self.asker;
        let (address, routing_id) = (self.address, routing_id.bytes());
        let client = ConnectingClient { domain, address, routing_id, credentials };
        self.question.ask(|| {
            let reply = Reply::new(&self.question);
            let call = || authenticator.authenticate(&client, reply);
            catch_unwind(AssertUnwindSafe(call)).is_ok()
        })
    }
}
