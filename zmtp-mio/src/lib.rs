#![doc = include_str!("../README.md")]

/// The workspace's front page, whose programs must compile too.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Workspace;

#[cfg(unix)]
mod async_socket;
mod clock;
mod connection_id;
mod context;
mod count;
mod driver;
#[doc = include_str!("../docs/options.md")]
pub mod compared {}
#[doc = include_str!("../docs/coming_from.md")]
pub mod coming_from {}
#[doc = include_str!("../docs/cookbook.md")]
pub mod cookbook {}
#[cfg(feature = "curve")]
#[doc = include_str!("../docs/security.md")]
pub mod securing {}

mod endpoint;
mod engine;
mod error;
mod exchange;
mod groups;
mod inproc;
mod look_up;
mod mechanism;
mod memory;
mod message;
mod monitor;
mod options;
mod pattern;
#[cfg(unix)]
mod poller;
mod process;
#[cfg(unix)]
mod proxy;
mod queue;
mod routing_table;
mod security;
mod signals;
mod slots;
mod socket;
mod socket_kind;
mod sys;
#[cfg(any(test, feature = "testing"))]
#[doc(hidden)]
pub mod testing;
mod topics;
mod transport;
mod tree;

#[cfg(unix)]
pub use async_socket::AsyncSocket;
pub use connection_id::ConnectionId;
pub use context::{Context, ContextBuilder};
pub use endpoint::{Endpoint, EndpointError, Host, Interface, Source};
pub use engine::{Handle, UnsentMessages};
pub use error::{Error, SendError};
#[doc(hidden)]
pub use mechanism::{DynMechanism, MakeMechanism};
pub use message::{IntoMessage, Message, NotOnePart, NotText, Parts, Properties, TextError};
/// The crate `mio`, in the version whose `Poll` and `Registry` accept the sockets of this crate.
pub use mio;
/// The events to wait for: readable, writable, or both.
pub use mio::Interest;
pub use monitor::{
    CloseReason, Counters, DroppedMessages, Event, EventKind, EventReader, PeerStatus,
    RefusedReason,
};
pub use options::{
    AcceptFilter, Device, Heartbeat, HighWaterMark, Keepalive, Limits, Linger, Options,
    ProcessFilter, Reconnect, ReconnectStop, Resolve, Socks, Tcp, Udp,
};
#[cfg(unix)]
pub use poller::{Item, Poller};
#[cfg(unix)]
pub use proxy::{
    ControlSocket, Proxy, ProxyHandle, ProxySide, ProxySocket, ProxyState, ProxyStatistics,
    ProxyTraffic, proxy,
};
pub use security::{
    AddressRange, Addresses, Authenticator, ConnectingClient, NotAnAddressRange, PasswordFile,
    Passwords, Reply, Security, User,
};
#[cfg(feature = "curve")]
pub use security::{AllowedKeys, Certificate, CertificateError, CertificateFolder};
#[doc(hidden)]
pub use socket::libzmq;
pub use socket::{
    AnySocket, Builder, Channel, Client, Dealer, Dgram, Dish, Gather, Pair, Peer, Pub, Pull, Push,
    Radio, Ready, Rep, Req, Router, Scatter, Server, Socket, Stream, Sub, ThreadSafeSocket, Xpub,
    Xsub, kind,
};
pub use socket_kind::SocketKind;
pub use transport::{BoundListener, SocksError};
#[doc(no_inline)]
pub use zmtp_core::mechanism::{Credentials, Status};
#[cfg(feature = "curve")]
#[doc(no_inline)]
pub use zmtp_core::mechanism::{KeyPair, PublicKey, SecretKey};
#[doc(no_inline)]
pub use zmtp_core::{
    Error as ProtocolError, IgnoredCommand, PeerError, PeerInfo, SecurityRole,
    pattern::{OutOfTurn, Reason, Reports},
    wire::{
        DatagramError, GroupError, MechanismName, PropertyError, RoutingId, SocketType,
        UnsupportedVersion, Version,
    },
};
