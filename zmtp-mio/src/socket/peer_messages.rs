//! Messages of one part because of a peer, of CLIENT, SERVER and PEER.

use super::Builder;
use super::kind::{HasDisconnectBody, HasHelloBody, HasHiccupBody};
use crate::message::Message;

impl<K: HasHelloBody, S> Builder<K, S> {
    /// Sends a message with this body to each new peer, before all others (`ZMQ_HELLO_MSG`). None by default. After a
    /// reconnection it is sent again.
    #[must_use]
    pub fn hello_message(mut self, body: impl AsRef<[u8]>) -> Self {
        self.own.messages.hello = Some(Message::from(body.as_ref()));
        self
    }
}

impl<K: HasDisconnectBody, S> Builder<K, S> {
    /// Delivers a message with this body when the connection of a peer that had connected to this socket ends
    /// (`ZMQ_DISCONNECT_MSG`). None by default. It has the [routing id](Message::routing_id) of the peer, and is received
    /// after the messages that arrived before.
    #[must_use]
    pub fn disconnect_message(mut self, body: impl AsRef<[u8]>) -> Self {
        self.own.messages.disconnect = Some(Message::from(body.as_ref()));
        self
    }
}

impl<K: HasHiccupBody, S> Builder<K, S> {
    /// Delivers a message with this body when the connection to an endpoint is lost (`ZMQ_HICCUP_MSG`). None by
    /// default. On a PEER it has the [routing id](Message::routing_id) of the peer. It is received after the messages that
    /// arrived before. [`Socket::disconnect`](crate::Socket::disconnect) and connection attempts that fail deliver none.
    #[must_use]
    pub fn hiccup_message(mut self, body: impl AsRef<[u8]>) -> Self {
        self.own.messages.hiccup = Some(Message::from(body.as_ref()));
        self
    }
}
