//! Events of the socket types without lockstep, and a comparison of two implementations.

use zmtp_core::pattern::{AttachError, NoRoom, Pattern, PeerId, RouteError, TakeError};

use crate::model::TurnsModel;
use crate::script::{PEERS, peer};

/// An event.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "implementations handle each")]
pub enum Turn {
    /// As [`Pattern::attached`].
    Attached(PeerId),
    /// As [`Pattern::closed`].
    Closed(PeerId),
    /// As [`Pattern::connected`], with this routing id.
    Connected(PeerId, &'static [u8]),
    /// As [`Pattern::detached`].
    Detached(PeerId),
    /// As [`Pattern::disconnected`].
    Disconnected(PeerId),
    /// As [`Pattern::received`].
    Received(PeerId),
    /// As [`Pattern::route`], with this routing id.
    Route(&'static [u8]),
    /// As [`Pattern::set_full`].
    SetFull(PeerId, bool),
    /// As [`Pattern::take`].
    Take,
}

/// Routing ids of peers: none, and one such as a ROUTER assigns.
const IDS: [&[u8]; 6] = [b"", b"", b"ann", b"bob", b"\0\0\0\0\x02", b"\0"];

impl Turn {
    /// Reads two bytes. Routing ids are of this list.
    fn take(bytes: &mut &[u8], ids: [&'static [u8]; 6]) -> Option<Self> {
        let ([what, how], rest) = bytes.split_first_chunk()?;
        *bytes = rest;
        let peer = peer(*how);
        let id = ids[usize::from(how >> 3) % ids.len()];
        let on = how & 0x80 == 0;
        Some(match what % 12 {
            0 | 1 => Self::Attached(peer),
            2 if on => Self::Detached(peer),
            2 => Self::Closed(peer),
            3 | 4 if on => Self::Connected(peer, id),
            3 => Self::Disconnected(peer),
            4 => Self::Connected(peer, id),
            5 => Self::SetFull(peer, on),
            6..=8 => Self::Route(id),
            9 => Self::Take,
            _ => Self::Received(peer),
        })
    }

    /// Reports the event, and describes the result and what can be observed after it.
    fn apply(self, pattern: &mut dyn Pattern) -> String {
        let result = match self {
            Self::Attached(peer) => format!("{:?}", pattern.attached(peer)),
            Self::Closed(peer) => format!("{:?}", pattern.closed(peer)),
            Self::Connected(peer, id) => format!("{:?}", pattern.connected(peer, id)),
            Self::Detached(peer) => format!("{:?}", pattern.detached(peer)),
            Self::Disconnected(peer) => format!("{:?}", pattern.disconnected(peer)),
            Self::Received(peer) => format!("{:?}", pattern.received(peer)),
            Self::Route(id) => format!("{:?}", pattern.route(id)),
            Self::SetFull(peer, full) => format!("{:?}", pattern.set_full(peer, full)),
            Self::Take => format!("{:?}", pattern.take()),
        };
        let peers = (0..PEERS).flat_map(|index| [0, 1].map(|now| PeerId::new(index, now)));
        let ids: Vec<_> =
            peers.filter_map(|peer| pattern.routing_id(peer).map(|id| (peer, id))).collect();
        format!("{result}; {} {} {ids:?}", pattern.may_take(), pattern.may_route())
    }
}

/// Reports the events of a script to two implementations.
///
/// # Panics
///
/// If their results differ.
pub fn run(script: &[u8], one: &mut dyn Pattern, other: &mut dyn Pattern) {
    run_to(script, IDS, one, other);
}

/// As [`run`], with other routing ids.
///
/// # Panics
///
/// If their results differ.
pub fn run_to(
    mut script: &[u8],
    ids: [&'static [u8]; 6],
    one: &mut dyn Pattern,
    other: &mut dyn Pattern,
) {
    let mut past = Vec::new();
    while let Some(turn) = Turn::take(&mut script, ids) {
        past.push(turn);
        let results = [turn.apply(one), turn.apply(other)];
        let tail = &past[past.len().saturating_sub(12)..];
        assert!(results[0] == results[1], "{results:#?}\nafter {tail:#?}");
    }
}

/// The model of one direction: sending (`OUT`) or receiving.
#[derive(Debug)]
pub struct Half<const OUT: bool>(pub TurnsModel);

impl<const OUT: bool> Pattern for Half<OUT> {
    fn attached(&mut self, peer: PeerId) -> Result<(), NoRoom> {
        self.0.attached(peer)
    }

    fn connected(
        &mut self,
        peer: PeerId,
        routing_id: &[u8],
    ) -> Result<Option<PeerId>, AttachError> {
        self.0.connected(peer, routing_id)
    }

    fn disconnected(&mut self, peer: PeerId) {
        self.0.disconnected(peer);
    }

    fn closed(&mut self, peer: PeerId) {
        self.0.closed(peer);
    }

    fn detached(&mut self, peer: PeerId) {
        self.0.detached(peer);
    }

    fn set_full(&mut self, peer: PeerId, full: bool) {
        self.0.set_full(peer, full);
    }

    fn received(&mut self, peer: PeerId) -> bool {
        !OUT && self.0.received(peer)
    }

    fn may_take(&self) -> bool {
        self.0.may_take()
    }

    fn take(&mut self) -> Result<Option<PeerId>, TakeError> {
        self.0.take()
    }

    fn may_route(&self) -> bool {
        OUT && self.0.may_route()
    }

    fn route(&mut self, routing_id: &[u8]) -> Result<PeerId, RouteError> {
        if OUT { self.0.route(routing_id) } else { Err(RouteError::NoPeer) }
    }
}
