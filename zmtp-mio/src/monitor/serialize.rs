//! Events and the status of peers as values of serde, with the feature `serde`.

use std::net::SocketAddr;

use serde::{Serialize, Serializer};

use super::event::{Event, EventKind, PeerStatus};
use super::reason::CloseReason;
use crate::connection_id::ConnectionId;

/// A number.
impl Serialize for ConnectionId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(self.0)
    }
}

/// A structure: `endpoint`, `connection`, `remote` and `local` as in [`Event`], `kind` (see
/// [`EventKind::name`]), `reason`, the [name](CloseReason::name) of the reason if the kind is
/// [`Closed`](EventKind::Closed), and `text`, the kind with its details.
impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "Event")]
        struct Fields<'a> {
            endpoint: String,
            connection: Option<ConnectionId>,
            remote: Option<SocketAddr>,
            local: Option<SocketAddr>,
            kind: &'a EventKind,
            reason: Option<&'a CloseReason>,
            text: String,
        }
        let fields = Fields {
            endpoint: self.endpoint.to_string(),
            connection: self.connection,
            remote: self.remote,
            local: self.local,
            kind: &self.kind,
            reason: match &self.kind {
                EventKind::Closed(reason) => Some(reason),
                _ => None,
            },
            text: self.kind.to_string(),
        };
        fields.serialize(serializer)
    }
}

/// The [name](EventKind::name).
impl Serialize for EventKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// The [name](CloseReason::name).
impl Serialize for CloseReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// A structure with the fields of [`PeerStatus`]: the routing id as bytes, the user as its id, and, instead of `since`,
/// the seconds since then, `connected_s`.
impl Serialize for PeerStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        #[serde(rename = "PeerStatus")]
        struct Fields<'a> {
            endpoint: String,
            connection: ConnectionId,
            accepted: bool,
            remote: Option<SocketAddr>,
            local: Option<SocketAddr>,
            version: Option<String>,
            socket_type: Option<String>,
            routing_id: &'a [u8],
            user: Option<&'a str>,
            connected_s: f64,
            to_receive: usize,
            to_send: usize,
        }
        let fields = Fields {
            endpoint: self.endpoint.to_string(),
            connection: self.connection,
            accepted: self.accepted,
            remote: self.remote,
            local: self.local,
            version: self.version.map(|version| version.to_string()),
            socket_type: self.socket_type.map(|socket_type| socket_type.to_string()),
            routing_id: &self.routing_id,
            user: self.user.as_ref().map(|user| user.id.as_str()),
            connected_s: self.since.elapsed().as_secs_f64(),
            to_receive: self.to_receive,
            to_send: self.to_send,
        };
        fields.serialize(serializer)
    }
}
