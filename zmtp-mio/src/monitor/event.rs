//! Events of a socket and its peers.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use zmtp_core::pattern::Reason;
use zmtp_core::wire::{DatagramError, SocketType, Version};
use zmtp_core::{IgnoredCommand, PeerInfo};

use super::reason::{CloseReason, RefusedReason};
use crate::connection_id::ConnectionId;
use crate::count::count;
use crate::endpoint::Endpoint;
use crate::security::User;

/// An event of a socket.
///
/// ```
/// use zmtp_mio::{EventKind, Pull};
///
/// let mut pull = Pull::builder().bind("tcp://127.0.0.1:*")?;
/// let event = pull.next_event().unwrap();
/// assert_eq!(event.kind, EventKind::Listening);
/// assert!(event.to_string().ends_with(": listening"));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The endpoint that was bound or connected.
    pub endpoint: Arc<Endpoint>,
    /// The connection; `None` for an event of the endpoint. All events of a connection, its
    /// [`PeerStatus`] and the [properties](crate::Properties) of its messages have the same id, with
    /// every transport.
    pub connection: Option<ConnectionId>,
    /// The address of the peer; `None` without a TCP connection. For an endpoint of UDP, where a RADIO sends, or the sender
    /// of the datagram.
    pub remote: Option<SocketAddr>,
    /// The local address of the connection, or of the bound endpoint; `None` if the transport has no addresses, or if the
    /// event is about an endpoint that the socket connects to.
    pub local: Option<SocketAddr>,
    /// The number of the descriptor of the connection or the listener.
    pub(crate) descriptor: Option<i32>,
    /// What happened.
    pub kind: EventKind,
}

/// Writes one line: the endpoint, the connection, the address of the peer, and what happened.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.endpoint)?;
        if let Some(connection) = self.connection {
            write!(f, " {connection}")?;
        }
        if let Some(remote) = self.remote {
            write!(f, " {remote}")?;
        }
        write!(f, ": {}", self.kind)
    }
}

/// The kinds of events.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum EventKind {
    /// The socket listens on the endpoint. The endpoint of the event has the port that the system chose.
    Listening,
    /// Listening on the endpoint failed with this error.
    BindFailed(io::ErrorKind),
    /// A connection was accepted. Its handshake begins.
    Accepted,
    /// Accepting pauses with this error: the system has no descriptor left, or, as `QuotaExceeded`, the socket
    /// has [`max_connections`](crate::Options::max_connections). The socket tries again every 100 ms.
    AcceptPaused(io::ErrorKind),
    /// A connection to the endpoint was established. Its handshake begins. With UDP, which has no handshake: datagrams can
    /// be sent to the endpoint.
    Connected,
    /// A connection ended, or a connection attempt failed.
    Closed(CloseReason),
    /// The next connection attempt begins after this time.
    Retrying(Duration),
    /// The socket does not connect to the endpoint again, because of [`ReconnectStop`](crate::ReconnectStop).
    NotRetrying,
    /// The handshake succeeded.
    Ready(PeerInfo),
    /// The peer refused the connection: it sent an ERROR command with this reason.
    Refused(RefusedReason),
    /// A command of the peer was ignored. Only the first one of a connection is an event;
    /// [`Counters::ignored_commands`](crate::Counters::ignored_commands) counts all of them.
    Ignored(IgnoredCommand),
    /// A message of the peer was dropped for this reason. Only the first one of a connection is an event;
    /// [`Counters::dropped`](crate::Counters::dropped) counts all of them. Messages over inproc are counted
    /// without an event.
    Dropped(Reason),
    /// A datagram was dropped, because it is not a message of a RADIO, or is too long. Only the first one of an endpoint is
    /// an event, with the address of its sender; [`DroppedMessages::malformed`](crate::DroppedMessages::malformed) and
    /// [`too_long`](crate::DroppedMessages::too_long) count all of them.
    DroppedDatagram(DatagramError),
    /// The system returned this error for a datagram to or from an endpoint of UDP, which was dropped. Only the first of
    /// successive errors is an event;
    /// [`DroppedMessages::refused_datagrams`](crate::DroppedMessages::refused_datagrams) counts those to be sent.
    DatagramFailed(io::ErrorKind),
    /// A subscription of the peer was refused, because the peer has
    /// [`max_subscriptions`](crate::Options::max_subscriptions) or
    /// [`max_subscription_bytes`](crate::Options::max_subscription_bytes). Only the first one of a connection is an
    /// event; [`Counters::refused_subscriptions`](crate::Counters::refused_subscriptions) counts all of them.
    SubscriptionRefused,
    /// The socket was closed or dropped before this number of messages to the peer was sent.
    UnsentMessages(u64),
    /// The socket no longer listens on the endpoint. Only with a hidden option.
    #[doc(hidden)]
    Unbound,
    /// ZAP refused the peer: a status code, or the number that libzmq has for a fault of the reply; 0 without a handler.
    /// Only with a hidden option.
    #[doc(hidden)]
    ZapFailed(u32),
    /// The numbers of messages that are queued for the peer, and from it for the application. Only on request of
    /// `zmtp-libzmq`.
    #[doc(hidden)]
    Queued {
        /// To the peer.
        to_send: usize,
        /// From the peer.
        to_receive: usize,
    },
}

impl EventKind {
    /// The name of the kind, for metrics and logs: lower-case letters and `_`, the same in later versions.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Listening => "listening",
            Self::BindFailed(_) => "bind_failed",
            Self::Accepted => "accepted",
            Self::AcceptPaused(_) => "accept_paused",
            Self::Connected => "connected",
            Self::Closed(_) => "closed",
            Self::Retrying(_) => "retrying",
            Self::NotRetrying => "not_retrying",
            Self::Ready(_) => "ready",
            Self::Refused(_) => "refused",
            Self::Ignored(_) => "ignored",
            Self::Dropped(_) => "dropped",
            Self::DroppedDatagram(_) => "dropped_datagram",
            Self::DatagramFailed(_) => "datagram_failed",
            Self::SubscriptionRefused => "subscription_refused",
            Self::UnsentMessages(_) => "unsent_messages",
            Self::Unbound => "unbound",
            Self::ZapFailed(_) => "zap_failed",
            Self::Queued { .. } => "queued",
        }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listening => f.write_str("listening"),
            Self::BindFailed(error) => write!(f, "cannot listen: {error}"),
            Self::Accepted => f.write_str("accepted"),
            Self::AcceptPaused(error) => write!(f, "accepting paused: {error}"),
            Self::Connected => f.write_str("connected"),
            Self::Closed(reason) => write!(f, "closed: {reason}"),
            Self::Retrying(wait) => write!(f, "connecting again in {} ms", wait.as_millis()),
            Self::NotRetrying => f.write_str("not connecting again"),
            Self::Ready(PeerInfo { version, socket_type: Some(socket_type), .. }) => {
                write!(f, "ready: {socket_type}, ZMTP {version}")
            }
            Self::Ready(PeerInfo { version, .. }) => {
                write!(f, "ready: unknown socket type, ZMTP {version}")
            }
            Self::Refused(reason) => write!(f, "refused by the peer: {reason}"),
            Self::Ignored(command) => write!(f, "ignored {command}"),
            Self::Dropped(reason) => write!(f, "dropped a message: {reason}"),
            Self::DroppedDatagram(error) => write!(f, "dropped a datagram: {error}"),
            Self::DatagramFailed(error) => write!(f, "a datagram failed: {error}"),
            Self::Unbound => f.write_str("not listening any more"),
            Self::ZapFailed(code) => write!(f, "refused by ZAP: {code}"),
            Self::Queued { to_send, to_receive } => {
                write!(f, "queued: {to_send} to the peer, {to_receive} from it")
            }
            Self::SubscriptionRefused => f.write_str("refused a subscription: too many"),
            Self::UnsentMessages(n) => {
                write!(f, "closed before {} sent", count(*n, "message was", "messages were"))
            }
        }
    }
}

/// A connected peer and the state of its queues.
///
/// With UDP, each endpoint that is bound or connected is one peer, for all senders and receivers of its datagrams.
///
/// ```
/// use core::time::Duration;
/// use zmtp_mio::{Pull, Push, SocketType};
///
/// let mut pull = Pull::builder().bind("inproc://status")?;
/// let mut push = Push::builder().connect("inproc://status")?;
/// pull.wait_for_peers(1, Duration::from_secs(5))?;
/// let peer = pull.peers().next().unwrap();
/// assert_eq!((peer.socket_type, peer.accepted), (Some(SocketType::Push), true));
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PeerStatus {
    /// The endpoint that was bound or connected.
    pub endpoint: Arc<Endpoint>,
    /// The id of the connection, as in its [events](Event::connection).
    pub connection: ConnectionId,
    /// Whether the peer connected to this socket.
    pub accepted: bool,
    /// The address of the peer (libzmq's property `Peer-Address`); `None` without a TCP connection. For an endpoint of UDP,
    /// where a RADIO sends; `None` if it is bound.
    pub remote: Option<SocketAddr>,
    /// The local address of the connection, or of a bound endpoint of UDP; otherwise `None`.
    pub local: Option<SocketAddr>,
    /// The version of ZMTP that the peer announced; `None` for a [`Stream`](crate::Stream) and with UDP.
    pub version: Option<Version>,
    /// The socket type that the peer announced (`Socket-Type`), if any.
    pub socket_type: Option<SocketType>,
    /// The routing id that a ROUTER or STREAM uses for the peer. For other socket types, the routing id that
    /// the peer announced (`Identity`), which may be empty.
    pub routing_id: Vec<u8>,
    /// The user that the [`Authenticator`](crate::Authenticator) or ZAP handler of this socket named; `None` if none
    /// was asked, or for a peer within the process.
    pub user: Option<User>,
    /// When the connection was established.
    pub since: Instant,
    /// The number of messages from the peer that are queued for the application.
    pub to_receive: usize,
    /// The number of messages to the peer that are not written yet.
    pub to_send: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_shown_in_one_line() {
        let mut event = Event {
            endpoint: Arc::new("tcp://127.0.0.1:5555".parse().unwrap()),
            connection: None,
            remote: None,
            local: None,
            descriptor: None,
            kind: EventKind::Listening,
        };
        assert_eq!(event.to_string(), "tcp://127.0.0.1:5555: listening");
        event.connection = Some(ConnectionId(7));
        event.remote = "127.0.0.1:40000".parse().ok();
        event.kind = EventKind::Closed(CloseReason::ByPeer);
        assert_eq!(
            event.to_string(),
            "tcp://127.0.0.1:5555 #7 127.0.0.1:40000: closed: closed by peer"
        );
        event.kind = EventKind::Refused(RefusedReason::new(b"no\n"));
        assert!(event.to_string().ends_with(": refused by the peer: no\\n"), "{event}");
        for (n, text) in [(1, "1 message was"), (2, "2 messages were")] {
            let text = format!("closed before {text} sent");
            assert_eq!(EventKind::UnsentMessages(n).to_string(), text);
        }
    }
}
