//! The properties of the peer that sent a message.

use core::net::SocketAddr;

use zmtp_core::wire::SocketType;

use crate::connection_id::ConnectionId;

/// The properties of the connection that a message was received on, returned by [`Message::properties`].
/// All messages of a connection have the same properties.
///
/// [`Message::properties`]: crate::Message::properties
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Properties {
    /// The connection; its events and its [`PeerStatus`](crate::PeerStatus) have the same id.
    pub connection: ConnectionId,
    /// The peer's address, if it is a TCP peer (libzmq's property `Peer-Address`).
    pub peer_address: Option<SocketAddr>,
    /// The socket type that the peer announced (`Socket-Type`), if any.
    pub socket_type: Option<SocketType>,
    /// The routing id that the peer announced (`Identity`); empty if it announced none.
    pub routing_id: Vec<u8>,
    /// The user id that the [`Authenticator`](crate::Authenticator) or ZAP handler of this socket gave the peer
    /// (libzmq's property `User-Id`); `None` if none was asked.
    pub user_id: Option<String>,
    /// The metadata that the authenticator or ZAP handler gave the peer: names and values.
    pub metadata: Vec<(String, Vec<u8>)>,
}
