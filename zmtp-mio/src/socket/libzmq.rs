//! What only the package `zmtp-libzmq` uses of this crate. It may change in any release.

mod calls;
mod shared;

pub use calls::*;
use shared::engine;
pub use shared::*;

use super::kind::Any;
use super::{AnySocket, Builder};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::exchange;
use crate::options::Options;
pub use crate::options::Rules;
pub use crate::pattern::{
    DealerOptions, KindOptions, PeerMessages, PublishOptions, RouterOptions, StreamOptions,
    SubscribeOptions,
};
use crate::socket_kind::SocketKind;
pub use zmtp_core::HandshakeError;
pub use zmtp_core::pattern::Mode;
pub use zmtp_core::wire::CommandName;
use zmtp_core::wire::RoutingId;

/// Creates a socket without endpoints. Options that the kind does not have are ignored.
///
/// # Errors
///
/// As [`Builder::build`].
pub fn build(kind: SocketKind, options: Options, own: KindOptions) -> Result<AnySocket, Error> {
    let mut builder = Builder::<Any>::of(kind);
    (builder.options, builder.own) = (options.for_kind(kind), own);
    builder.build_exclusive()
}

/// Replaces the options of a socket.
///
/// Its context, its driver, [`Options::max_bytes`], [`Rules::shares_unreached`] and the topics of [`SubscribeOptions`]
/// stay. Options that the kind does not have are ignored. High-water marks, the linger, and the rules for messages apply
/// at once; options of connections and messages to new peers apply to later connections.
///
/// # Errors
///
/// As [`Builder::build`]; [`Error::Stopped`], [`Error::Forked`].
pub fn set_options(socket: &impl AnyForm, options: Options, own: KindOptions) -> Result<(), Error> {
    let options = options.for_kind(engine(socket).kind());
    options.check()?;
    engine(socket).enter()?.set_options(options, own);
    Ok(())
}

/// Adds a topic to the peer whose request an XPUB has received last, if it is manual (`ZMQ_SUBSCRIBE`). Returns `false`
/// if there is no such peer.
///
/// # Errors
///
/// [`Error::NotSupported`] for other kinds than PUB and XPUB; [`Error::Stopped`], [`Error::Forked`].
pub fn grant(socket: &impl AnyForm, topic: &[u8]) -> Result<bool, Error> {
    exchange::grant(engine(socket), topic)
}

/// Removes a topic from that peer (`ZMQ_UNSUBSCRIBE`), as [`grant`].
///
/// # Errors
///
/// As [`grant`].
pub fn revoke(socket: &impl AnyForm, topic: &[u8]) -> Result<bool, Error> {
    exchange::revoke(engine(socket), topic)
}

/// Connects a ROUTER or STREAM to an endpoint, whose peer gets this routing id (`ZMQ_CONNECT_ROUTING_ID`).
///
/// # Errors
///
/// [`Error::RoutingIdInUse`], [`Error::NotSupported`] for other kinds, and those of
/// [`Socket::connect`](crate::Socket::connect).
pub fn connect_as(socket: &impl AnyForm, endpoint: Endpoint, id: RoutingId) -> Result<(), Error> {
    endpoint.check_remote()?;
    exchange::connect_as(engine(socket), endpoint, id)
}

/// The number of different topics (`ZMQ_TOPICS_COUNT`), or groups.
pub fn topic_count(socket: &impl AnyForm) -> usize {
    engine(socket).look().map_or(0, |engine| engine.pattern.topic_count())
}
