//! The properties of the peer that sent a message.

use core::net::SocketAddr;

use zmtp_core::wire::{Metadata, Property, SocketType};

use crate::connection_id::ConnectionId;

/// The properties of the connection that a message was received on, returned by [`Message::properties`].
///
/// All messages of a connection have the same properties. With UDP, they are those of the endpoint and of the sender.
///
/// [`Message::properties`]: crate::Message::properties
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Properties {
    /// The connection; its events and its [`PeerStatus`](crate::PeerStatus) have the same id.
    pub connection: ConnectionId,
    /// The peer's address, if it is a TCP peer (libzmq's property `Peer-Address`), or the sender of a datagram.
    pub peer_address: Option<SocketAddr>,
    /// The socket type that the peer announced (`Socket-Type`), if any.
    pub socket_type: Option<SocketType>,
    /// The routing id that the peer announced (`Identity`); empty if it announced none.
    pub routing_id: Vec<u8>,
    /// The properties of the application that the peer announced: names, which begin with `X-`, and values (RFC 37 §
    /// Connection Metadata; libzmq's properties of `ZMQ_METADATA`). They are what the peer claims, whatever the mechanism.
    /// The first 4 KiB are kept, and further properties are ignored.
    pub peer_metadata: Vec<(String, Vec<u8>)>,
    /// The user id that the [`Authenticator`](crate::Authenticator) or ZAP handler of this socket gave the peer
    /// (libzmq's property `User-Id`); `None` if none was asked.
    pub user_id: Option<String>,
    /// The metadata that the authenticator or ZAP handler gave the peer: names and values.
    pub metadata: Vec<(String, Vec<u8>)>,
    /// The number of the descriptor of the connection.
    pub(crate) descriptor: Option<i32>,
}

impl Properties {
    /// Returns the value of the first property of [`Self::peer_metadata`] with this name, ignoring case.
    pub fn peer_property(&self, name: &str) -> Option<&[u8]> {
        let found = self.peer_metadata.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
        found.map(|(_, value)| &**value)
    }
}

/// The properties of the application in the metadata of a peer, as far as they are kept.
pub(crate) fn application_properties(metadata: &Metadata<'_>) -> Vec<(String, Vec<u8>)> {
    let mut left = KEPT;
    let mut kept = Vec::new();
    for Property { name, value } in metadata.iter() {
        let is_own = name.get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"X-"));
        let Ok(name) = core::str::from_utf8(name) else { continue };
        if is_own {
            match left.checked_sub(name.len() + value.len() + PER_PROPERTY) {
                Some(rest) => left = rest,
                None => break,
            }
            kept.push((name.to_owned(), value.to_vec()));
        }
    }
    kept
}

/// The most bytes of the properties of a peer that are kept, with [`PER_PROPERTY`] more for each.
const KEPT: usize = 4 << 10;
/// What a property takes besides its bytes.
const PER_PROPERTY: usize = size_of::<(String, Vec<u8>)>();
