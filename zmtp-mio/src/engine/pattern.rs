//! What differs between socket types, as the engine asks for it.

use zmtp_core::Subscription;
use zmtp_core::pattern::{PeerId, Reason, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

use super::queue::{Letter, Queue};
use crate::message::Message;
use crate::monitor::{CloseReason, Counters};

/// A socket type's rules. The engine owns peers, queues and bytes; the rules choose.
pub(crate) trait Pattern {
    const SOCKET_TYPE: SocketType;

    /// Whether letters that wait for a dialled peer go to its next connection. An answer to what
    /// came on the last one must not.
    const KEEPS_UNSENT: bool;

    /// Whether its links carry bytes without any protocol; the socket type is not told then.
    const RAW: bool = false;

    /// An endpoint is dialled: letters may queue for it before it is connected.
    fn dialled(&mut self, peer: PeerId);

    /// A handshake is over: of a dialled peer, or of one that was accepted and is new. An error
    /// closes the connection.
    fn up(&mut self, door: &mut Door<'_>) -> Result<(), CloseReason>;

    /// A peer that gave way to one that is up now: its connection is closed.
    fn displaced(&mut self) -> Option<PeerId> {
        None
    }

    /// From whom to whom a letter shall go that waits for a peer that is not reached.
    fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        None
    }

    /// Everything that waited for a peer is out.
    fn sent(&mut self, _: PeerId) {}

    /// A peer's queue reached its high-water mark, or has room again.
    fn set_full(&mut self, _: PeerId, _full: bool) {}

    /// The letter just taken came on an earlier connection of its peer.
    fn stale(&mut self, _: PeerId) {}

    /// A dialled peer's connection broke; it is tried again. `unsent` letters still wait for it.
    fn down(&mut self, door: &mut Door<'_>, unsent: usize);

    /// An accepted peer is gone, or a dialled one given up. Whether letters of it wait is to be
    /// asked of the door.
    fn closed(&mut self, door: &mut Door<'_>);

    /// The last waiting letter of a peer that is gone was taken.
    fn drained(&mut self, peer: PeerId);

    /// A part that goes in front of each message of a peer.
    fn prefix(&self, _: PeerId) -> Option<&[u8]> {
        None
    }

    /// What the next frame means.
    fn accept(&mut self, _: PeerId, _: FrameHeader) -> Verdict {
        Verdict::Deliver
    }

    /// Judges a request id.
    fn check_request_id(&mut self, _: PeerId, _: [u8; 4]) -> Verdict {
        Verdict::Reject(Reason::BadEnvelope)
    }

    /// A letter has come whole: what is to become of it?
    fn received(&mut self, _: &mut Door<'_>, _: &Message) -> Result<Received, CloseReason> {
        Ok(Received::Queue)
    }

    /// One letter more of a peer waits for the application.
    fn queued(&mut self, peer: PeerId);

    /// A peer subscribes or cancels; only for types that take subscriptions.
    fn subscription(
        &mut self,
        _: &mut Door<'_>,
        _: Subscription,
        _topic: &[u8],
    ) -> Result<(), CloseReason> {
        Ok(())
    }
}

/// What becomes of a letter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Received {
    /// It waits for the application.
    Queue,
    /// It was for the rules alone.
    Consumed,
    /// Nobody waits for it: it is dropped and counted.
    NotAsked,
    /// Nobody subscribed to it.
    NotSubscribed,
}

/// A peer as its pattern meets it: who it is, and its two queues.
pub(crate) struct Door<'e> {
    pub(crate) peer: PeerId,
    /// It dialled us.
    pub(crate) accepted: bool,
    /// What its READY called it; empty if it is not at its handshake's end.
    pub(crate) routing_id: &'e [u8],
    pub(super) incoming: &'e mut Queue,
    pub(super) outgoing: &'e mut Queue,
}

impl Door<'_> {
    /// Queues a message for the application, as if the peer had sent it.
    pub(crate) fn deliver(&mut self, message: Message) {
        self.incoming.push(Letter { message, ..Letter::default() });
    }

    /// Queues a letter for the peer, mark or no mark: what its handshake entails.
    pub(crate) fn send(&mut self, letter: Letter) {
        self.outgoing.push(letter);
    }

    /// Whether letters of the peer wait for the application.
    pub(crate) fn has_letters(&self) -> bool {
        !self.incoming.is_empty()
    }
}

/// Keeps a letter that has come whole, as its pattern wants it.
pub(super) fn keep<P: Pattern>(
    pattern: &mut P,
    counters: &mut Counters,
    door: &mut Door<'_>,
    letter: Letter,
    conflate: bool,
) -> Result<Received, CloseReason> {
    let received = pattern.received(door, &letter.message)?;
    match received {
        Received::Queue => {
            let named = pattern.prefix(door.peer).map_or(0, <[u8]>::len);
            counters.messages_received += 1;
            counters.bytes_received += (letter.message.len() - named) as u64;
            // With conflation the newest takes the place of the one that waits.
            match conflate.then(|| door.incoming.pop()).flatten() {
                Some(_) => counters.dropped.conflated += 1,
                None => pattern.queued(door.peer),
            }
            door.incoming.push(letter);
        }
        Received::Consumed => {}
        Received::NotAsked => counters.dropped.not_asked += 1,
        Received::NotSubscribed => counters.dropped.not_subscribed += 1,
    }
    Ok(received)
}
