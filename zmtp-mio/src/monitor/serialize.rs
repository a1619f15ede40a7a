//! Events and the status of peers as values of serde, with the feature `serde`.

use serde::ser::{Serialize, SerializeStruct as _, Serializer};

use super::event::{Event, EventKind, PeerStatus};
use crate::connection_id::ConnectionId;

/// A number.
impl Serialize for ConnectionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

/// A structure: `endpoint`, `connection`, `remote` and `local` as in [`Event`], `kind` (see
/// [`EventKind::name`]) and `text`, the kind with its details.
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut event = serializer.serialize_struct("Event", 6)?;
        event.serialize_field("endpoint", &self.endpoint.to_string())?;
        event.serialize_field("connection", &self.connection)?;
        event.serialize_field("remote", &self.remote)?;
        event.serialize_field("local", &self.local)?;
        event.serialize_field("kind", self.kind.name())?;
        event.serialize_field("text", &self.kind.to_string())?;
        event.end()
    }
}

/// The [name](EventKind::name).
impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A structure with the fields of [`PeerStatus`]: the routing id as bytes, the user as its id, and, instead of `since`,
/// the seconds since then, `connected_s`.
impl Serialize for PeerStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut peer = serializer.serialize_struct("PeerStatus", 11)?;
        peer.serialize_field("endpoint", &self.endpoint.to_string())?;
        peer.serialize_field("connection", &self.connection)?;
        peer.serialize_field("accepted", &self.accepted)?;
        peer.serialize_field("remote", &self.remote)?;
        peer.serialize_field("local", &self.local)?;
        peer.serialize_field("version", &self.version.map(|version| version.to_string()))?;
        let socket_type = self.socket_type.map(|socket_type| socket_type.to_string());
        peer.serialize_field("socket_type", &socket_type)?;
        peer.serialize_field("routing_id", &self.routing_id)?;
        peer.serialize_field("user", &self.user.as_ref().map(|user| user.id.as_str()))?;
        peer.serialize_field("connected_s", &self.since.elapsed().as_secs_f64())?;
        peer.serialize_field("to_receive", &self.to_receive)?;
        peer.serialize_field("to_send", &self.to_send)?;
        peer.end()
    }
}
