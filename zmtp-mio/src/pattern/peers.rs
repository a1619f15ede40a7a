//! Events of peers (connect, subscribe, disconnect), and the messages that are queued because of them.

use zmtp_core::Subscription;
use zmtp_core::pattern::{AttachError, NoRoom, Pattern, PeerId};
use zmtp_core::wire::SocketType;

use super::any::{OnConflict, Routes};
use super::{AnyPattern, End, PeerContext};
use crate::memory::OutOfMemory;
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::queue::{Envelope, QueuedMessage};

impl AnyPattern {
    /// The socket begins to connect to a peer. If `routing_id` is not empty, the peer of a ROUTER or STREAM gets it.
    /// No other peer has it.
    pub(crate) fn peer_attached(&mut self, peer: PeerId, routing_id: &[u8]) {
        // The tables grow. A second peer of a PAIR is refused when its handshake is complete.
        let _ = match self {
            Self::Router(rules, ..) if !routing_id.is_empty() => rules.attach_as(peer, routing_id),
            // The peer has a routing id from now on, so that messages can be queued for it.
            Self::Stream(rules, _) => rules.attach_as(peer, routing_id),
            _ => self.attached(peer).map_err(AttachError::from),
        };
    }

    /// The handshake with a peer is complete. Queues what a new peer gets: a probe, a welcome message, or
    /// the subscriptions. If another peer loses its routing id to this one, returns that peer: close its
    /// connection.
    pub(crate) fn peer_connected(
        &mut self,
        peer: &mut PeerContext<'_>,
    ) -> Result<Option<PeerId>, CloseReason> {
        let displaced = match self.connected(peer.peer, peer.routing_id) {
            Ok(Some(other)) if self.on_conflict() == Some(OnConflict::Ignore) => {
                self.ignore(other);
                None
            }
            Ok(displaced) => displaced,
            Err(_) if self.on_conflict() == Some(OnConflict::Ignore) => return Ok(None),
            Err(AttachError::SecondPeer) => return Err(CloseReason::PairTaken),
            // The tables grow.
            Err(_) => return Err(CloseReason::RoutingIdInUse),
        };
        match self {
            Self::Client(_, messages) | Self::Server(_, _, messages) => {
                open(peer, messages.hello.as_ref(), false);
            }
            Self::Dealer(_, options) => open(peer, options.hello.as_ref(), options.probe),
            Self::Dish(rules) => rules.replay(|group| {
                let envelope = Envelope::Subscription(Subscription::Subscribe);
                peer.outgoing.push(QueuedMessage { envelope, message: Message::from(group) });
            }),
            Self::Publish(_, own) => {
                if let Some(welcome) = &own.options.welcome {
                    peer.outgoing.push(welcome.clone().into());
                }
            }
            Self::Router(rules, options, _) => {
                open(peer, options.hello.as_ref(), options.probe);
                if options.notify_connect {
                    notify(rules, peer);
                }
            }
            Self::Stream(rules, own) => {
                own.up.insert(peer.peer);
                if !own.options.silent {
                    notify(rules, peer);
                }
            }
            Self::Subscribe(rules, _) => {
                let push = |topic: &[u8]| {
                    let envelope = Envelope::Subscription(Subscription::Subscribe);
                    peer.outgoing.push(QueuedMessage { envelope, message: Message::from(topic) });
                };
                match rules.socket_type() {
                    // The subscriptions of a forwarder's subscribers: an XPUB that reports each of them then counts as
                    // many as before the connection was lost.
                    SocketType::Xsub => rules.topics().each_subscription(push),
                    _ => rules.replay(push),
                }
            }
            _ => {}
        }
        Ok(displaced)
    }

    /// The number of messages that each new peer gets before all others. They are not kept for the next connection, which
    /// begins with them again.
    pub(crate) fn opening_count(&self) -> u64 {
        let (hello, probe) = match self {
            Self::Client(_, messages) | Self::Server(_, _, messages) => {
                (messages.hello.is_some(), false)
            }
            Self::Dealer(_, options) => (options.hello.is_some(), options.probe),
            Self::Router(_, options, _) => (options.hello.is_some(), options.probe),
            _ => (false, false),
        };
        u64::from(hello) + u64::from(probe)
    }

    /// A peer subscribes or cancels. Queues the report of an XPUB.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the peer has as many subscriptions as it may have: this one has no effect. [`OutOfMemory`] if there is
    /// no memory for it, or for its report.
    pub(crate) fn peer_subscription(
        &mut self,
        peer: &mut PeerContext<'_>,
        what: Subscription,
        topic: &[u8],
    ) -> Result<Result<(), NoRoom>, OutOfMemory> {
        let repeats = match (&*self, what) {
            // One cancellation ends all subscriptions of the peer to the topic.
            (Self::Publish(rules, _), Subscription::Cancel) => {
                rules.requested().repeats(peer.peer, topic)
            }
            _ => 0,
        };
        for _ in 0..=repeats {
            match self.subscription(peer.peer, what, topic) {
                Ok(true) => push_report(peer, what, topic)?,
                Ok(false) => {}
                Err(NoRoom) if self.lacks_memory() => return Err(OutOfMemory),
                Err(NoRoom) => return Ok(Err(NoRoom)),
            }
        }
        Ok(Ok(()))
    }

    /// Whether the last subscription of a peer was refused because there is no memory.
    fn lacks_memory(&self) -> bool {
        match self {
            Self::Publish(rules, _) => rules.requested().lacks_memory(),
            Self::Radio(rules, _) => rules.groups().lacks_memory(),
            _ => false,
        }
    }

    /// The connection to an endpoint was lost and is made again. `unsent` messages are queued for it.
    pub(crate) fn peer_disconnected(
        &mut self,
        peer: &mut PeerContext<'_>,
        end: End,
        unsent: usize,
    ) {
        if unsent == 0 {
            self.sent(peer.peer);
        }
        self.announce_end(peer, end);
        self.disconnected(peer.peer);
    }

    /// An accepted peer has disconnected, or an endpoint is not connected to any more. Messages of the
    /// peer may still be queued.
    pub(crate) fn peer_closed(&mut self, peer: &mut PeerContext<'_>, end: End) {
        self.announce_end(peer, end);
        self.closed(peer.peer);
    }

    /// Delivers what the application receives when a connection ends.
    fn announce_end(&mut self, peer: &mut PeerContext<'_>, end: End) {
        match self {
            Self::Client(rules, messages) if end.is_hiccup() => {
                deliver(rules, peer, messages.hiccup.as_ref());
            }
            Self::Dealer(rules, options) if end.is_hiccup() => {
                deliver(rules, peer, options.hiccup.as_ref());
            }
            Self::Publish(rules, _) => rules.cancel_all(peer.peer, |topic| {
                // Without memory for a report, it is lost.
                let _ = push_report(peer, Subscription::Cancel, topic);
            }),
            // Not for a failed connection attempt.
            Self::Router(rules, options, _) if end.ready => {
                if options.notify_disconnect {
                    notify(rules, peer);
                }
                if end.accepted {
                    deliver(rules, peer, options.disconnect.as_ref());
                }
            }
            Self::Server(rules, _, messages) if end.ready && end.accepted => {
                deliver(rules, peer, messages.disconnect.as_ref());
            }
            Self::Server(rules, _, messages) if end.is_hiccup() => {
                deliver(rules, peer, messages.hiccup.as_ref());
            }
            Self::Stream(rules, own) => {
                // Not for a failed connection attempt, and not for a peer that the application closed, whose routing
                // id is hidden.
                let was_up = own.up.remove(&peer.peer);
                let id = rules.routing_id(peer.peer).filter(|id| rules.is_taken(id));
                if was_up && id.is_some() && !own.options.silent {
                    notify(rules, peer);
                }
            }
            _ => {}
        }
    }
}

/// Queues the messages that a new peer gets before all others.
fn open(peer: &mut PeerContext<'_>, hello: Option<&Message>, probe: bool) {
    if probe {
        peer.outgoing.push_front(Message::from("").into());
    }
    if let Some(hello) = hello {
        peer.outgoing.push_front(hello.clone().into());
    }
}

/// Delivers a message that the application chose for the end of a connection. In queues, the routing id of a peer that
/// has one is the first part.
fn deliver(rules: &mut impl Pattern, peer: &mut PeerContext<'_>, message: Option<&Message>) {
    if let Some(message) = message {
        let mut message = message.clone();
        if let Some(id) = rules.routing_id(peer.peer) {
            message.push_front(id);
        }
        peer.incoming.push(message.into());
        rules.received(peer.peer);
    }
}

/// Delivers the message of ROUTER and STREAM for a peer that connects or disconnects: its routing id and
/// an empty part.
fn notify(rules: &mut Routes, peer: &mut PeerContext<'_>) {
    if let Some(id) = rules.routing_id(peer.peer) {
        let mut notice = Message::from_parts([id, b""]);
        notice.set_properties(peer.properties.take());
        peer.incoming.push(notice.into());
        rules.received(peer.peer);
    }
}

/// Queues the message with which the application of an XPUB receives a subscription.
fn push_report(
    peer: &mut PeerContext<'_>,
    what: Subscription,
    topic: &[u8],
) -> Result<(), OutOfMemory> {
    let mut message = Message::new();
    message.try_push(&[what.byte()])?;
    message.try_append(topic)?;
    peer.incoming.try_reserve()?;
    peer.incoming.push(message.into());
    Ok(())
}
