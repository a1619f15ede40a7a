//! The options of the engine.

use std::sync::Arc;

use zmtp_core::Config;
use zmtp_core::wire::{ApplicationMetadata, SocketType};

use super::hold::Room;
use super::peer::State;
use super::{Engine, mark};
use crate::options::{Heartbeat, Options, Rules};
use crate::pattern::KindOptions;

/// What each connection gets of the options.
pub(super) fn config(socket_type: SocketType, options: &Options) -> Arc<Config> {
    let heartbeat = options.heartbeat.map_or(zmtp_core::Heartbeat::OFF, Heartbeat::to_core);
    let config = Config::new(socket_type)
        .with_limits(options.limits.to_core())
        .with_heartbeat(heartbeat.to_3_0(options.rules.pings_to_3_0))
        .with_routing_id(options.routing_id)
        // The builder has checked it.
        .with_metadata(options.announced().unwrap_or(ApplicationMetadata::EMPTY))
        .with_min_version(options.min_version)
        .with_require_socket_type(options.require_socket_type);
    Arc::new(config)
}

impl Engine {
    /// The rules of libzmq that are on.
    pub(crate) const fn rules(&self) -> Rules {
        self.options.rules
    }

    /// Whether other sockets of the process have posted something, if the rules say that a send reads it first.
    pub(super) fn reads_first(&self) -> bool {
        self.options.rules.sums_marks
            && self.mailbox.as_ref().is_some_and(|mailbox| mailbox.has_posts())
    }

    /// Replaces the options, but for the context, the driver and [`Options::max_bytes`]. High-water marks apply at once;
    /// options of connections apply to later ones.
    pub(crate) fn set_options(&mut self, mut options: Options, own: KindOptions) {
        options.conflate &= self.pattern.can_conflate();
        options.context = self.options.context.clone();
        (options.driver, options.max_bytes) = (self.options.driver, self.options.max_bytes);
        self.config = config(self.pattern.socket_type(), &options);
        (self.send_mark, self.receive_mark) = (mark(options.send_mark), mark(options.receive_mark));
        self.pattern.set_options(own, &options);
        self.options = options;
        self.room = Room::NONE;
        for index in 0..self.peers.capacity() {
            if let Some(State::Inproc(pipe, _)) = self.peers.get(index).map(|peer| &peer.state) {
                pipe.set_mark(self.receive_mark.messages);
            }
            // A queue may be full now, or have room now, and reading may pause or continue.
            self.mark(index);
            self.schedule(index);
        }
        self.note_change();
    }
}
