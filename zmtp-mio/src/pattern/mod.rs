//! What differs between the socket types.
//!
//! One file per type holds its rules: the state machine of `zmtp-core`, and what only that type
//! has. The engine owns peers, queues and bytes, and asks the rules through [`Pattern`].
//! [`AnyPattern`] is the type of a socket at run time.

mod any;
mod context;
mod dealer;
mod pair;
mod publish;
mod pull;
mod push;
mod rep;
mod req;
mod router;
mod stream;
mod subscribe;

use zmtp_core::Subscription;
use zmtp_core::pattern::{PeerId, Reason, Verdict};
use zmtp_core::wire::{FrameHeader, SocketType};

pub(crate) use any::AnyPattern;
pub(crate) use context::PeerContext;
pub(crate) use dealer::DealerOptions;
pub(crate) use publish::PublishOptions;
pub(crate) use router::RouterOptions;
pub(crate) use stream::StreamOptions;
pub(crate) use subscribe::SubscribeOptions;

use crate::message::Message;
use crate::monitor::{CloseReason, Counters};
use crate::queue::QueuedMessage;

/// The rules of a socket type.
pub(crate) trait Pattern {
    /// The type that READY announces.
    fn socket_type(&self) -> SocketType;

    /// Whether messages queued for an endpoint we connect to move on to its next connection. A
    /// reply must not: it answers a request of the last one.
    fn keeps_unsent(&self) -> bool;

    /// An endpoint is being connected to: messages may queue for it before a connection exists.
    fn attached(&mut self, peer: PeerId);

    /// A handshake is over, of a peer we connected to or of a new one that was accepted. An error
    /// closes the connection.
    fn connected(&mut self, peer: &mut PeerContext<'_>) -> Result<(), CloseReason>;

    /// The peer whose routing id the newest peer has taken over. Its connection is closed.
    fn displaced(&mut self) -> Option<PeerId> {
        None
    }

    /// Source and destination of a message that is queued for a peer without a connection and
    /// moves to one that has a connection.
    fn reroute(&mut self) -> Option<(PeerId, PeerId)> {
        None
    }

    /// The outgoing queue of a peer became empty.
    fn sent(&mut self, _: PeerId) {}

    /// The outgoing queue of a peer reached its high-water mark, or has room again.
    fn set_full(&mut self, _: PeerId, _full: bool) {}

    /// The connection to an endpoint was lost and is tried again. `unsent` messages are queued for
    /// it.
    fn disconnected(&mut self, peer: &mut PeerContext<'_>, unsent: usize);

    /// An accepted peer has disconnected, or an endpoint is not connected to any more. Messages of
    /// the peer may still be queued.
    fn closed(&mut self, peer: &mut PeerContext<'_>);

    /// The part that goes in front of each message of a peer.
    fn routing_id(&self, _: PeerId) -> Option<&[u8]> {
        None
    }

    /// Judges the next frame by its header.
    fn accept(&mut self, _: PeerId, _: FrameHeader) -> Verdict {
        Verdict::Deliver
    }

    /// Judges a request id.
    fn check(&mut self, _: PeerId, _: [u8; 4]) -> Verdict {
        Verdict::Reject(Reason::BadEnvelope)
    }

    /// Judges a message that has arrived whole.
    fn received(&mut self, _: &mut PeerContext<'_>, _: &Message) -> Result<Received, CloseReason> {
        Ok(Received::Queue)
    }

    /// One more message of a peer is queued for the application.
    fn queued(&mut self, peer: PeerId);

    /// A peer subscribes or cancels.
    fn subscription(
        &mut self,
        _: &mut PeerContext<'_>,
        _: Subscription,
        _topic: &[u8],
    ) -> Result<(), CloseReason> {
        Ok(())
    }

    /// The peer whose message is received next, in turn. The caller takes that message.
    fn take(&mut self) -> Option<PeerId> {
        None
    }

    /// The peer that the next message goes to, for types that choose by themselves. Names each peer
    /// that can take a message once, then starts over.
    fn route(&mut self) -> Option<PeerId> {
        None
    }

    /// Whether a receive would return at once.
    fn can_receive(&self) -> bool;

    /// Whether a send would return at once.
    fn can_send(&self) -> bool;
}

/// What becomes of a message that has arrived.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Received {
    /// It is queued for the application.
    Queue,
    /// The rules have consumed it.
    Consumed,
    /// It answers no request: it is dropped and counted.
    NotAsked,
    /// It matches no subscription: it is dropped and counted.
    NotSubscribed,
}

/// Applies the verdict of the rules to a message that has arrived whole.
pub(crate) fn keep<P: Pattern>(
    pattern: &mut P,
    counters: &mut Counters,
    peer: &mut PeerContext<'_>,
    queued: QueuedMessage,
    conflate: bool,
) -> Result<Received, CloseReason> {
    let received = pattern.received(peer, &queued.message)?;
    match received {
        Received::Queue => {
            let prefix = pattern.routing_id(peer.peer).map_or(0, <[u8]>::len);
            counters.messages_received += 1;
            counters.bytes_received += (queued.message.byte_len() - prefix) as u64;
            // With conflation the newest message replaces the queued one.
            match conflate.then(|| peer.incoming.pop()).flatten() {
                Some(_) => counters.dropped.conflated += 1,
                None => pattern.queued(peer.peer),
            }
            peer.incoming.push(queued);
        }
        Received::Consumed => {}
        Received::NotAsked => counters.dropped.not_asked += 1,
        Received::NotSubscribed => counters.dropped.not_subscribed += 1,
    }
    Ok(received)
}
