//! Options of sockets. All limits are finite by default.

mod accept;
mod connection;
mod queue;
mod rules;
mod socks;
mod tcp;
mod udp;

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;

use zmtp_core::wire::{ApplicationMetadata, RoutingId, Version};

pub(crate) use accept::PeerProcess;
pub use accept::{AcceptFilter, ProcessFilter};
pub(crate) use connection::millis;
pub use connection::{Heartbeat, Limits, Reconnect, ReconnectStop};
pub use queue::{HighWaterMark, Linger};
pub use rules::Rules;
pub use socks::Socks;
pub(crate) use socks::SocksLogin;
pub use tcp::{Device, Keepalive, Tcp};
pub use udp::Udp;

use crate::context::Context;
use crate::error::Error;
use crate::mechanism::MakeMechanism;
use crate::security::{Authenticator, Security};
use crate::socket_kind::SocketKind;

/// A function that looks up the addresses of a host name and port.
pub type Resolve = dyn Fn(&str, u16) -> io::Result<Vec<SocketAddr>> + Send + Sync;

/// The options that several kinds of sockets have. They apply to all endpoints of a socket.
///
/// If only some kinds have an option, its documentation lists them. [`Builder::build`] returns
/// [`Error::Option`](crate::Error::Option) if an option is set that the kind does not have;
/// [`Options::for_kind`] resets such options.
///
/// [`Builder::build`]: crate::Builder::build
///
/// ```
/// use zmtp_mio::{AnySocket, Options, SocketKind};
///
/// // The same options for sockets of several kinds.
/// let mut options = Options::default();
/// options.max_bytes = Some(64 << 20);
/// options.tcp.nodelay = false;
/// for kind in [SocketKind::Push, SocketKind::Pull] {
///     let socket = AnySocket::builder(kind).options(options.clone()).build()?;
/// }
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Options {
    /// Limits on the messages, commands and handshake of a peer.
    pub limits: Limits,
    /// How long a closing socket continues to send.
    pub linger: Linger,
    /// The high-water mark of the queue of messages to one peer (`ZMQ_SNDHWM`). Not for GATHER and PULL.
    pub send_mark: HighWaterMark,
    /// The high-water mark of the queue of messages from one peer (`ZMQ_RCVHWM`). While the queue is full, the
    /// socket does not read from the peer. Not for PUB, PUSH, RADIO and SCATTER.
    pub receive_mark: HighWaterMark,
    /// The most bytes of all queued and unfinished messages of the socket. The default is 512 MiB; `None` is no
    /// limit. At the limit, reading pauses until the application receives queued messages. If the limit is exceeded and
    /// unfinished messages have more than a quarter of it, the connection whose message arrives most slowly is closed.
    /// The buffer of a queued message may be twice as large as the message, or have 4 KiB; unused bytes are not counted.
    pub max_bytes: Option<usize>,
    /// The most connections of the socket. The default is 65,536; `None` is no limit. At the limit, accepting pauses.
    pub max_connections: Option<usize>,
    /// The most accepted connections with an unfinished handshake. The default is 4,096; `None` is no limit. At the
    /// limit, the oldest one is closed. One that waits for the authenticator is closed only if the next 64 wait for it
    /// too. Not for DGRAM and STREAM.
    pub max_handshakes: Option<usize>,
    /// The most of these handshakes that one IPv4 address, or one IPv6 network of 64 bits, may have. The default is
    /// 1,024; `None` is no limit. At the limit, the same one is closed as for [`max_handshakes`](Self::max_handshakes).
    /// Not for DGRAM and STREAM.
    pub max_handshakes_per_address: Option<usize>,
    /// The most topics that one peer may subscribe to. The default is 500,000; `None` is no limit. Further
    /// subscriptions of the peer are refused and counted; the connection stays open. A forwarder counts as one peer,
    /// with the topics of all its subscribers. For PUB and XPUB; for a RADIO, the groups that one peer may join.
    pub max_subscriptions: Option<usize>,
    /// The most bytes of the topics that one peer may subscribe to. The default is 64 MiB; `None` is no limit. Further
    /// subscriptions are refused as for [`max_subscriptions`](Self::max_subscriptions). Only for PUB, RADIO and XPUB.
    pub max_subscription_bytes: Option<usize>,
    /// Whether messages are queued only for peers that are connected (`ZMQ_IMMEDIATE`). With `false`, the default,
    /// they are also queued for an endpoint that is not connected yet. Only for CHANNEL, CLIENT, DEALER, PAIR, PUSH and
    /// SCATTER.
    pub immediate: bool,
    /// Whether only the newest message of each queue is kept (`ZMQ_CONFLATE`). The default is `false`. Unlike in
    /// libzmq, multipart messages stay whole. Only for DEALER, PUB, PULL, PUSH and SUB.
    pub conflate: bool,
    /// PINGs to the peers (`ZMQ_HEARTBEAT_IVL`, `_TIMEOUT`, `_TTL`). With `None`, the default, none are sent. Not for
    /// DGRAM and STREAM.
    pub heartbeat: Option<Heartbeat>,
    /// The waits between connection attempts, and when there are no more (`ZMQ_RECONNECT_IVL`, `_MAX`,
    /// `ZMQ_RECONNECT_STOP`).
    pub reconnect: Reconnect,
    /// TCP options.
    pub tcp: Tcp,
    /// UDP options. Only for DGRAM, DISH and RADIO.
    pub udp: Udp,
    /// The proxy through which the socket connects to TCP endpoints (`ZMQ_SOCKS_PROXY`). With `None`, the default, it
    /// connects directly.
    pub socks: Option<Socks>,
    /// Which connections are accepted. The default accepts all.
    pub accept_filter: AcceptFilter,
    /// The routing id to announce (`ZMQ_ROUTING_ID`). The default is the empty id. Only for DEALER, REQ and ROUTER.
    pub routing_id: RoutingId,
    /// Properties to announce to the peers: names, which begin with `X-`, and values (`ZMQ_METADATA`). A peer reads them in
    /// [`Properties::peer_metadata`](crate::Properties::peer_metadata) of each message. Together they have at most 512
    /// bytes, 5 of them for each property. Not over inproc and not to peers older than ZMTP 3.0. Not for DGRAM and STREAM.
    pub metadata: Vec<(String, Vec<u8>)>,
    /// Whether peers that do not announce their socket type are refused. The default is `false`, as in libzmq. Peers
    /// of ZMTP 1.0 never announce it. Not for DGRAM and STREAM.
    pub require_socket_type: bool,
    /// The lowest accepted version of ZMTP. The default is 1.0, which accepts every version, as libzmq does. With 3.0 or
    /// 3.1, the socket sends the whole greeting at once, which saves two round trips per connection. Not for DGRAM and STREAM.
    pub min_version: Version,
    /// A function that looks up host names. With `None`, the default, the system looks them up, in at most eight
    /// threads that the sockets of the process share. The function is called in the thread that drives the socket. If
    /// this is the thread of the driver, no other socket is served meanwhile. A panic of the function counts as a
    /// failed look-up.
    pub resolver: Option<Arc<Resolve>>,
    /// The context of the socket. The default is the default context of the process.
    pub context: Context,
    /// Whether the background driver of the context drives the socket while the application makes no
    /// calls. The default is `true`. With `false`, only calls drive it. See [`Context`].
    pub driver: bool,
    /// How long a call that waits keeps a CPU busy before it sleeps. With zero it sleeps at once. If each end has a CPU
    /// of its own, a busy wait shortens a round trip of 64 bytes to a fraction; if both ends share a CPU, it delays the
    /// other end. With `None`, the default, the socket chooses: it waits busily for up to 50 µs as long as earlier waits
    /// ended within this time. Otherwise it sleeps at once, and tries a busy wait again in one of 1,000 waits. libzmq has
    /// no such option.
    pub spin: Option<Duration>,
    /// The security mechanism. The default is NULL, which neither authenticates nor encrypts. It does not apply to
    /// inproc. Not for DGRAM and STREAM.
    pub security: Security,
    /// Decides whether the clients of a PLAIN or CURVE server, or the peers of a socket with NULL and a
    /// [`zap_domain`](Self::zap_domain), are accepted. With `None`, the default, the ZAP handler of the context decides,
    /// if there is one; [`Security`] describes the rest. With any other [`Options::security`], building the socket fails
    /// with [`Error::Security`](crate::Error::Security). Not for DGRAM and STREAM.
    pub authenticator: Option<Arc<dyn Authenticator>>,
    /// The domain in questions about clients, at most 255 bytes (`ZMQ_ZAP_DOMAIN`). The default is the empty text. With a
    /// domain, peers of a socket with NULL are asked about too, and if there is neither an authenticator nor a ZAP
    /// handler, every peer is refused (`ZMQ_ZAP_ENFORCE_DOMAIN`). Not for DGRAM and STREAM.
    pub zap_domain: String,
    /// The security mechanism of its connections, instead of [`Options::security`]. It may change in any release.
    #[doc(hidden)]
    pub mechanism: Option<MakeMechanism>,
    /// Whether a signal ends a wait with [`Error::Io`](crate::Error::Io) of the kind `Interrupted`. The default is `false`.
    /// It may change in any release.
    #[doc(hidden)]
    pub signals_end_waits: bool,
    /// Rules of libzmq that differ from those of this crate. It may change in any release.
    #[doc(hidden)]
    pub rules: Rules,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            linger: Linger::default(),
            send_mark: HighWaterMark::default(),
            receive_mark: HighWaterMark::default(),
            max_bytes: Some(512 << 20),
            max_connections: Some(65_536),
            max_handshakes: Some(4_096),
            max_handshakes_per_address: Some(1_024),
            max_subscriptions: Some(500_000),
            max_subscription_bytes: Some(64 << 20),
            immediate: false,
            conflate: false,
            heartbeat: None,
            reconnect: Reconnect::default(),
            tcp: Tcp::default(),
            udp: Udp::default(),
            socks: None,
            accept_filter: AcceptFilter::default(),
            routing_id: RoutingId::EMPTY,
            metadata: Vec::new(),
            require_socket_type: false,
            min_version: Version::V1_0,
            resolver: None,
            context: Context::default(),
            driver: true,
            spin: None,
            security: Security::NULL,
            authenticator: None,
            zap_domain: String::new(),
            mechanism: None,
            signals_end_waits: false,
            rules: Rules::default(),
        }
    }
}

impl Options {
    /// Whether someone is asked about new peers.
    pub(crate) const fn asks(&self) -> bool {
        self.security.is_server() || (self.security.is_null() && !self.zap_domain.is_empty())
    }

    /// Resets the options that sockets of this kind do not have to their defaults.
    #[must_use]
    pub fn for_kind(mut self, kind: SocketKind) -> Self {
        let default = Self::default();
        while let Some(option) = self.missing_in(kind) {
            match option {
                "conflate" => self.conflate = default.conflate,
                "heartbeat" => self.heartbeat = default.heartbeat,
                "immediate" => self.immediate = default.immediate,
                "max_handshakes" => self.max_handshakes = default.max_handshakes,
                "max_handshakes_per_address" => {
                    self.max_handshakes_per_address = default.max_handshakes_per_address;
                }
                "max_subscriptions" => self.max_subscriptions = default.max_subscriptions,
                "max_subscription_bytes" => {
                    self.max_subscription_bytes = default.max_subscription_bytes;
                }
                "metadata" => self.metadata = Vec::new(),
                "min_version" => self.min_version = default.min_version,
                "receive_mark" => self.receive_mark = default.receive_mark,
                "require_socket_type" => self.require_socket_type = default.require_socket_type,
                "routing_id" => self.routing_id = default.routing_id,
                "security" => {
                    (self.security, self.authenticator) = (Security::NULL, None);
                    self.zap_domain = String::new();
                }
                "send_mark" => self.send_mark = default.send_mark,
                "udp" => self.udp = default.udp,
                _ => break,
            }
        }
        self
    }

    /// Returns an error for values that no socket can have.
    pub(crate) fn check(&self) -> Result<(), Error> {
        self.check_limits()?;
        self.announced()?;
        self.check_security()
    }

    /// Returns an error for limits that contradict each other. The default of a limit contradicts no other limit.
    fn check_limits(&self) -> Result<(), Error> {
        let max_message = self.limits.max_message.filter(|bytes| *bytes < u64::MAX);
        match (max_message, self.max_bytes) {
            (Some(max_message), Some(max_bytes))
                if max_message > max_bytes as u64
                    && self.limits.max_message != Limits::default().max_message =>
            {
                Err(Error::Limits { max_message, max_bytes })
            }
            _ => Ok(()),
        }
    }

    /// The properties of [`Options::metadata`] as they are announced.
    pub(crate) fn announced(&self) -> Result<ApplicationMetadata, Error> {
        self.metadata.iter().try_fold(ApplicationMetadata::EMPTY, |metadata, (name, value)| {
            let added = metadata.with(name, value);
            added.map_err(|source| Error::Metadata { name: name.clone(), source })
        })
    }

    /// Returns an error for security that no connection could have, or that lets in more peers than the options say.
    fn check_security(&self) -> Result<(), Error> {
        let asks = self.asks() || self.mechanism.is_some();
        let reason = if self.authenticator.is_some() && !asks {
            "an authenticator needs a PLAIN or CURVE server, or NULL with a ZAP domain"
        } else if !self.zap_domain.is_empty() && !asks {
            "a ZAP domain needs NULL, or a PLAIN or CURVE server"
        } else if self.zap_domain.len() > 255 {
            "a ZAP domain has more than 255 bytes"
        } else if self.socks.as_ref().is_some_and(|socks| !socks.is_valid()) {
            "a user name or password for the proxy has more than 255 bytes"
        } else {
            ""
        };
        if !reason.is_empty() {
            return Err(Error::Security { reason });
        }
        self.security.check().map_err(|reason| Error::Security { reason })
    }

    /// Returns the name of an option that differs from its default and that sockets of this kind do
    /// not have, if there is one.
    pub(crate) fn missing_in(&self, kind: SocketKind) -> Option<&'static str> {
        use SocketKind::{
            Channel, Client, Dealer, Dgram, Dish, Gather, Pair, Pub, Pull, Push, Radio, Req,
            Router, Scatter, Stream, Sub,
        };

        let default = Self::default();
        let zmtp = !matches!(kind, Dgram | Stream);
        let options = [
            ("conflate", matches!(kind, Dealer | Pub | Pull | Push | Sub), !self.conflate),
            ("heartbeat", zmtp, self.heartbeat == default.heartbeat),
            (
                "immediate",
                matches!(kind, Channel | Client | Dealer | Pair | Push | Scatter),
                !self.immediate,
            ),
            ("max_handshakes", zmtp, self.max_handshakes == default.max_handshakes),
            (
                "max_handshakes_per_address",
                zmtp,
                self.max_handshakes_per_address == default.max_handshakes_per_address,
            ),
            (
                "max_subscriptions",
                kind.publishes(),
                self.max_subscriptions == default.max_subscriptions,
            ),
            (
                "max_subscription_bytes",
                kind.publishes(),
                self.max_subscription_bytes == default.max_subscription_bytes,
            ),
            ("metadata", zmtp, self.metadata.is_empty()),
            ("min_version", zmtp, self.min_version == default.min_version),
            ("receive_mark", kind.can_receive(), self.receive_mark == default.receive_mark),
            ("require_socket_type", zmtp, !self.require_socket_type),
            ("routing_id", matches!(kind, Dealer | Req | Router), self.routing_id.is_empty()),
            (
                "security",
                zmtp,
                self.security.is_null()
                    && self.authenticator.is_none()
                    && self.zap_domain.is_empty(),
            ),
            ("send_mark", !matches!(kind, Gather | Pull), self.send_mark == default.send_mark),
            ("udp", matches!(kind, Dgram | Dish | Radio), self.udp == default.udp),
        ];
        let missing = options.into_iter().find(|&(_, has, is_default)| !has && !is_default);
        missing.map(|(option, ..)| option)
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("limits", &self.limits)
            .field("linger", &self.linger)
            .field("send_mark", &self.send_mark)
            .field("receive_mark", &self.receive_mark)
            .field("max_bytes", &self.max_bytes)
            .field("max_connections", &self.max_connections)
            .field("max_handshakes", &self.max_handshakes)
            .field("max_handshakes_per_address", &self.max_handshakes_per_address)
            .field("max_subscriptions", &self.max_subscriptions)
            .field("max_subscription_bytes", &self.max_subscription_bytes)
            .field("immediate", &self.immediate)
            .field("conflate", &self.conflate)
            .field("heartbeat", &self.heartbeat)
            .field("reconnect", &self.reconnect)
            .field("tcp", &self.tcp)
            .field("udp", &self.udp)
            .field("socks", &self.socks)
            .field("accept_filter", &self.accept_filter)
            .field("routing_id", &self.routing_id)
            .field("metadata", &self.metadata)
            .field("min_version", &self.min_version)
            .field("driver", &self.driver)
            .field("spin", &self.spin)
            .field("security", &self.security)
            .field("zap_domain", &self.zap_domain)
            .field("require_socket_type", &self.require_socket_type)
            .finish_non_exhaustive()
    }
}
