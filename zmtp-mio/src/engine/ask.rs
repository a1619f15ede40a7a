//! Questions to the authenticator about clients, and answers that come later.

use core::net::SocketAddr;
use std::io;
use std::sync::Arc;

use zmtp_core::pattern::PeerId;

use super::Engine;
use super::peer::Peer;
use super::scheduler::ZAP;
use crate::mechanism::AnyMechanism;
use crate::monitor::CloseReason;
use crate::security::{Asker, Authenticator, Zap};

/// The authenticator of a socket. It is set when the first client connects.
#[derive(Debug, Default)]
pub(super) struct Askers {
    asker: Option<Arc<Asker>>,
    /// The connection to the handler of ZAP, if it decides.
    zap: Option<Arc<Zap>>,
}

impl Engine {
    /// The mechanism of a new connection to the peer at `address`.
    pub(super) fn new_mechanism(
        &mut self,
        address: Option<SocketAddr>,
    ) -> io::Result<AnyMechanism> {
        if let Some(make) = &self.options.mechanism {
            return Ok(AnyMechanism::Made(make()?, None));
        }
        let asker = match self.options.asks() {
            true => Some(self.asker()?),
            false => None,
        };
        self.options.security.mechanism(asker, address)
    }

    fn asker(&mut self) -> io::Result<Arc<Asker>> {
        if let Some(asker) = &self.askers.asker {
            return Ok(Arc::clone(asker));
        }
        let authenticator = match &self.options.authenticator {
            Some(authenticator) => Arc::clone(authenticator),
            None => {
                let registry = self.options.context.registry();
                let rules = self.options.rules;
                let zap = Arc::new(Zap::new(registry, self.mailbox()?, ZAP, rules));
                self.askers.zap = Some(Arc::clone(&zap));
                zap as Arc<dyn Authenticator>
            }
        };
        let (domain, routing_id) = (self.options.zap_domain.clone(), self.options.routing_id);
        let asker = Arc::new(Asker { authenticator, domain, routing_id });
        Ok(Arc::clone(self.askers.asker.insert(asker)))
    }

    /// Lets a later answer about a new connection reach this engine.
    pub(super) fn settle_question(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let id = peer.id;
        let Some(question) = peer.link().and_then(|link| link.question().cloned()) else { return };
        match self.mailbox() {
            Ok(mailbox) => question.settle(mailbox, id),
            Err(_) => self.close(index, CloseReason::Io(io::ErrorKind::OutOfMemory)),
        }
    }

    /// Continues a handshake that waited for an answer. If the peer has another connection now, its question counts.
    pub(super) fn answered(&mut self, peer: PeerId) {
        let Some(index) = self.index(peer) else { return };
        let Some(link) = self.peers.get_mut(index).and_then(Peer::link) else { return };
        link.take_answer();
        self.receive(index);
        self.flush(index);
    }

    /// Reads the replies of the handler of ZAP.
    pub(super) fn read_zap(&self) {
        if let Some(zap) = &self.askers.zap {
            zap.read();
        }
    }
}
