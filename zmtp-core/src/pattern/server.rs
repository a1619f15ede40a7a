//! SERVER and PEER: send each message to the peer with the given routing id, a number (RFC 41 and 51).

use super::{
    AttachError, NoRoom, Pattern, PeerId, RouteError, Router, RouterPeer, RoutingIds, Slots,
    TakeError, Verdict, single,
};
use crate::wire::FrameHeader;

/// The rules of SERVER and PEER: as [`Router`], for messages of one part. Others are rejected.
///
/// Each peer is assigned a routing id: a number of 32 bits, which is never 0 and which no other peer has. It is
/// local to this socket. In [`Pattern::route`], [`Pattern::routing_id`] and the table of ids, it is four bytes in
/// big-endian order; see [`Server::bytes`]. A peer keeps it until it is closed, also while it is not connected.
///
/// A message to an unknown id is refused with [`RouteError::Unknown`] (`EHOSTUNREACH` in libzmq), and one to a peer
/// whose queue is full with [`RouteError::Full`].
#[derive(Debug)]
pub struct Server<S, I> {
    router: Router<S, I>,
    next: u32,
    only_connected: bool,
}

impl<S: Slots<RouterPeer>, I: RoutingIds> Server<S, I> {
    /// Creates a SERVER or PEER without peers. `first` is the first routing id that it assigns, unless it is 0; use a
    /// random value. With `only_connected`, a peer that the socket connects to is assigned its id when it is connected
    /// (`ZMQ_IMMEDIATE`); otherwise when it is attached, so that messages can be queued for it at once.
    pub const fn new(peers: S, ids: I, first: u32, only_connected: bool) -> Self {
        Self { router: Router::new(peers, ids, 0, false), next: first, only_connected }
    }

    /// A routing id as [`Pattern::route`] takes it.
    pub const fn bytes(id: u32) -> [u8; 4] {
        id.to_be_bytes()
    }

    /// The routing id of a peer. `None` if the peer is unknown, or has no id yet.
    pub fn id(&self, peer: PeerId) -> Option<u32> {
        let bytes = self.router.routing_id(peer)?.first_chunk()?;
        Some(u32::from_be_bytes(*bytes))
    }

    /// Holds a peer back, or releases it: as [`Router::hold`].
    pub fn hold(&mut self, peer: PeerId, held: bool) {
        self.router.hold(peer, held);
    }

    /// Frees the routing id of a peer: as [`Router::hide`].
    pub fn hide(&mut self, peer: PeerId) {
        self.router.hide(peer);
    }

    /// An id that no peer has.
    fn assign(&mut self) -> Option<[u8; 4]> {
        (0..=u16::MAX).find_map(|_| {
            let id = self.next;
            self.next = self.next.wrapping_add(1);
            let bytes = Self::bytes(id);
            (id != 0 && !self.router.is_taken(&bytes)).then_some(bytes)
        })
    }

    /// Assigns an id to a peer that has none.
    fn name(&mut self, peer: PeerId) -> Result<(), AttachError> {
        if self.router.routing_id(peer).is_some() {
            return Ok(());
        }
        let id = self.assign().ok_or(AttachError::NoRoom)?;
        self.router.attach_as(peer, &id)
    }
}

impl<S: Slots<RouterPeer>, I: RoutingIds> Pattern for Server<S, I> {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        if self.only_connected {
            return Ok(());
        }
        self.name(peer).map_err(|_| NoRoom)
    }

    /// The routing id in the peer's READY has no effect.
    fn connected(
        &mut self,
        peer: PeerId,
        _routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        self.name(peer)?;
        Ok(None)
    }

    fn disconnected(&mut self, peer: PeerId) {
        self.router.disconnected(peer);
    }

    fn closed(&mut self, peer: PeerId) {
        self.router.closed(peer);
    }

    fn detached(&mut self, peer: PeerId) {
        self.router.detached(peer);
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.router.set_full(peer, full);
    }

    fn accept(&mut self, _peer: PeerId, frame: FrameHeader, first: bool) -> Verdict {
        single::accept(frame, first)
    }

    fn received(&mut self, peer: PeerId) -> bool {
        self.router.received(peer)
    }

    fn received_many(&mut self, peer: PeerId, count: u32) -> bool {
        self.router.received_many(peer, count)
    }

    fn may_take(&self) -> bool {
        self.router.may_take()
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        self.router.take()
    }

    /// Whether any peer can take a message. libzmq reports that it can always send.
    fn may_route(&self) -> bool {
        self.router.may_route()
    }

    fn route(&mut self, routing_id: &[u8]) -> Result<PeerId, RouteError> {
        self.router.route(routing_id)
    }

    fn routing_id(&self, peer: PeerId) -> Option<&[u8]> {
        self.router.routing_id(peer)
    }

    fn keeps_unsent(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::Fixed;
    use super::super::router::tests::Ids;
    use super::*;

    const A: PeerId = PeerId::new(0, 0);
    const B: PeerId = PeerId::new(1, 0);

    type Four = Server<Fixed<RouterPeer, 4>, Ids>;

    fn server(first: u32) -> Four {
        Server::new(Fixed::new(), Ids::default(), first, false)
    }

    fn route(server: &mut Four, id: u32) -> Result<PeerId, RouteError> {
        server.route(&Four::bytes(id))
    }

    #[test]
    fn routing_ids_count_up_and_are_never_0() {
        let mut server = server(u32::MAX);
        server.connected(A, b"the id in its READY").unwrap();
        server.connected(B, b"").unwrap();
        assert_eq!([server.id(A), server.id(B)], [Some(u32::MAX), Some(1)]);
        assert_eq!(route(&mut server, 1), Ok(B));
        assert_eq!(route(&mut server, 0), Err(RouteError::Unknown));
    }

    #[test]
    fn a_routing_id_in_use_is_not_assigned_again() {
        let mut server = server(7);
        server.connected(A, b"").unwrap();
        // As after 2^32 other peers.
        server.next = 7;
        server.connected(B, b"").unwrap();
        assert_eq!([server.id(A), server.id(B)], [Some(7), Some(8)]);
    }

    #[test]
    fn an_unknown_id_and_a_full_peer_are_different_errors() {
        let mut server = server(7);
        server.connected(A, b"").unwrap();
        assert_eq!(route(&mut server, 9), Err(RouteError::Unknown));
        assert_eq!(server.route(b"7"), Err(RouteError::Unknown), "not four bytes");
        server.set_full(A, true);
        assert_eq!(route(&mut server, 7), Err(RouteError::Full(A)));
        server.set_full(A, false);
        assert_eq!(route(&mut server, 7), Ok(A));
        server.closed(A);
        assert_eq!(route(&mut server, 7), Err(RouteError::Unknown));
    }

    #[test]
    fn a_peer_that_the_socket_connects_to_has_its_id_at_once_and_keeps_it() {
        let mut server = server(7);
        server.attached(A).unwrap();
        assert_eq!((server.id(A), route(&mut server, 7)), (Some(7), Ok(A)));
        server.connected(A, b"").unwrap();
        server.disconnected(A);
        server.connected(A, b"").unwrap();
        assert_eq!(server.id(A), Some(7));
    }

    #[test]
    fn with_only_connected_a_peer_has_no_id_before_it_is_connected() {
        let mut server = Server::new(Fixed::<_, 4>::new(), Ids::default(), 7, true);
        server.attached(A).unwrap();
        assert_eq!((server.id(A), route(&mut server, 7)), (None, Err(RouteError::Unknown)));
        server.connected(A, b"").unwrap();
        assert_eq!(route(&mut server, 7), Ok(A));
    }

    #[test]
    fn the_queued_messages_of_a_closed_peer_have_its_id() {
        let mut server = server(7);
        server.connected(A, b"").unwrap();
        assert!(server.received(A));
        server.closed(A);
        assert_eq!(server.id(A), Some(7));
        assert_eq!((server.take(), server.id(A)), (Ok(Some(A)), None));
        let new = PeerId::new(A.index(), 1);
        server.connected(new, b"").unwrap();
        assert_eq!(server.id(new), Some(8));
    }

    #[test]
    fn a_server_rejects_a_message_of_several_parts_as_a_whole() {
        let mut server = server(7);
        server.connected(A, b"").unwrap();
        single::tests::rejects_several_parts(&mut server, A);
    }
}
