//! The routing id of a message of SERVER and PEER: a number that identifies its peer.

use super::Message;

impl Message {
    /// Returns the routing id (`zmq_msg_routing_id`): the number by which a SERVER or PEER identifies the peer that sent
    /// the message, or to which it is sent. It is local to the socket, and never 0. `None` for messages of other types.
    pub const fn routing_id(&self) -> Option<u32> {
        match self.routing_id {
            0 => None,
            id => Some(id),
        }
    }

    /// Sets or removes the routing id of the peer that a SERVER or PEER sends the message to
    /// (`zmq_msg_set_routing_id`). 0 removes it too. It is not sent.
    pub fn set_routing_id(&mut self, id: impl Into<Option<u32>>) {
        self.routing_id = id.into().unwrap_or(0);
    }

    /// As [`Self::set_routing_id`], for a new message.
    ///
    /// ```
    /// use zmtp_mio::Message;
    ///
    /// let message = Message::from("hello").with_routing_id(7);
    /// assert_eq!((message.routing_id(), message.text()), (Some(7), Ok("hello")));
    /// ```
    #[must_use]
    pub fn with_routing_id(mut self, id: u32) -> Self {
        self.set_routing_id(id);
        self
    }

    /// Returns a message for the peer that sent this one: with its routing id.
    #[must_use]
    pub fn reply(&self, message: impl Into<Self>) -> Self {
        let mut reply = message.into();
        reply.routing_id = self.routing_id;
        reply
    }

    /// Converts the first part, which has four bytes, into the routing id.
    pub(crate) fn take_routing_id(&mut self) {
        if let Some(id) = self.part(0).and_then(|part| part.try_into().ok()) {
            self.routing_id = u32::from_be_bytes(id);
            self.remove_front(1);
        }
    }
}
