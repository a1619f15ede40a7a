//! REP: takes a request and answers it (RFC 28).

use zmtp_core::mechanism::{Mechanism, Role};
use zmtp_core::pattern::{OutOfTurn, PeerId, RepFrames, RepTurn, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};
use zmtp_core::{Config, Connection};

use super::{Place, Prefix, Rules};
use crate::error::Error;

/// REP with up to `N` peers, 256 at most. Who has a turn is the links' affair: a request is taken
/// as soon as it is whole.
#[derive(Debug)]
pub struct Rep<const N: usize = 1> {
    turn: RepTurn<Link<N>>,
    frames: [RepFrames; N],
}

/// The number of one of `N` links, which need not be asked where there is but one.
#[derive(Clone, Copy, Debug)]
struct Link<const N: usize>(u8);

impl<const N: usize> Link<N> {
    const fn of(peer: PeerId) -> Self {
        let [number, ..] = peer.index().to_le_bytes();
        Self(if N == 1 { 0 } else { number })
    }
}

impl<const N: usize> PartialEq for Link<N> {
    fn eq(&self, other: &Self) -> bool {
        N == 1 || self.0 == other.0
    }
}

impl<const N: usize> Eq for Link<N> {}

impl<const N: usize> Rep<N> {
    pub(crate) const fn new() -> Self {
        const { assert!(N <= 256, "REP has at most 256 links") };
        Self { turn: RepTurn::new(), frames: [RepFrames::new(); N] }
    }

    fn frames(&mut self, peer: PeerId) -> Option<&mut RepFrames> {
        if N == 1 { self.frames.first_mut() } else { self.frames.get_mut(peer.index() as usize) }
    }
}

impl<const N: usize> Role for Rep<N> {
    const SOCKET_TYPE: SocketType = SocketType::Rep;
}

impl<const N: usize> Rules for Rep<N> {
    fn down(&mut self, peer: PeerId) {
        if let Some(frames) = self.frames(peer) {
            *frames = RepFrames::new();
        }
        self.turn.forget(Link::of(peer));
    }

    fn says(place: Place) -> bool {
        place == Place::Drop && N != 1
            || matches!(place, Place::Part | Place::Envelope | Place::Reject)
    }

    fn judge(&mut self, peer: PeerId, header: FrameHeader, _first: bool) -> Place {
        match self.frames(peer).map(|frames| frames.accept(header)) {
            Some(Verdict::Deliver) => Place::Part,
            Some(Verdict::Envelope) => Place::Envelope,
            Some(Verdict::Reject(_)) => Place::Reject,
            _ => Place::Drop,
        }
    }

    fn whole(&mut self, peer: PeerId) -> bool {
        self.turn.take(Link::of(peer)).is_ok()
    }

    fn prefix_len<M: Mechanism>(
        &self,
        connection: &Connection<M, &Config>,
        envelope: &[u8],
    ) -> usize {
        connection.forwarded_len(envelope)
    }

    fn begin<'e, E>(&mut self, envelope: &'e [u8]) -> Result<Option<Prefix<'e>>, Error<E>> {
        // A peer that is gone gets no reply.
        let peer = self.turn.reply().map_err(Error::OutOfTurn)?;
        Ok(peer.map(|_| Prefix::Frames(envelope)))
    }

    fn may_receive<E>(&mut self) -> Result<(), Error<E>> {
        if self.turn.may_reply() { Err(Error::OutOfTurn(OutOfTurn::ReplyDue)) } else { Ok(()) }
    }
}
