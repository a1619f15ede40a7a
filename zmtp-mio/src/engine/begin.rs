//! The beginning of a connection: its events, its link, and its handshake.

use std::io;

use mio::Interest;

use super::Engine;
use super::link::Link;
use super::pattern::PeerContext;
use super::scheduler::Key;
use crate::mechanism::AnyMechanism;
use crate::transport::Stream;

impl Engine {
    /// Registers the events of a stream.
    #[cfg_attr(
        not(any(test, feature = "testing")),
        expect(clippy::needless_pass_by_ref_mut, reason = "the network of a test needs it")
    )]
    pub(super) fn register(
        &mut self,
        stream: &mut Stream,
        key: Key,
        interest: Interest,
    ) -> io::Result<()> {
        #[cfg(any(test, feature = "testing"))]
        self.watch_stream(stream, key)?;
        stream.register(self.descriptors.open(self.mailbox.is_some())?, key.token(), interest)
    }

    /// Begins the handshake of a connection whose stream is registered.
    pub(super) fn begin_handshake(&mut self, index: usize) {
        if self.pattern.is_raw() {
            self.begin_raw(index);
        }
        self.set_link_timer(index);
        self.flush(index);
    }

    /// The state of a connection that was just established. A raw one has no mechanism.
    pub(super) fn link(&self, stream: Stream, mechanism: AnyMechanism) -> Link {
        if self.pattern.is_raw() {
            return Link::raw(stream, self.now);
        }
        let mut link = Link::new(stream, mechanism, &self.config, self.now, self.core_now());
        link.send.conflate = self.options.conflate;
        link
    }

    /// A raw link has no handshake: its peer is ready at once.
    pub(super) fn begin_raw(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        if peer.is_in_accepted_handshake() {
            self.handshakes.end(peer.ip());
        }
        peer.set_ready();
        let properties = peer.details.as_ref().map(|details| details.properties());
        if let Some(link) = peer.link() {
            link.receive.properties.clone_from(&properties);
        }
        let mut context = PeerContext { properties, ..peer.context() };
        let result = self.pattern.peer_connected(&mut context);
        self.report(index);
        if let Err(reason) = result {
            self.close(index, reason);
        }
    }
}
