//! What can go wrong in a call.

use core::fmt;
use std::io;

use zmtp_core::pattern::OutOfTurn;

use crate::endpoint::{Endpoint, EndpointError};
use crate::message::Message;
use crate::text::NotText;

/// Why a call failed. The socket stays usable after each of these.
///
/// What libzmq says by `errno` stands in each line. `ENOTSOCK` cannot occur: a closed socket is
/// gone.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The endpoint is in use, for ipc by a live listener, for inproc in the same context
    /// (`EADDRINUSE`).
    AddressInUse(Endpoint),
    /// The text is no endpoint (`EINVAL`, `ENAMETOOLONG`), of no transport that there is
    /// (`EPROTONOSUPPORT`), or of none for the socket type (`ENOCOMPATPROTO`).
    Endpoint(EndpointError),
    /// A message without a part was to be sent, or one without what its first part must name
    /// (`EINVAL`; libzmq drops a ROUTER's).
    EmptyMessage,
    /// The system refused, with what it was asked to do (its own `errno`: `EADDRNOTAVAIL`,
    /// `ENODEV`, `EACCES`, `EMFILE` and others).
    Io {
        /// What was to be done, with the endpoint.
        doing: String,
        /// What the system said.
        source: io::Error,
    },
    /// The socket's type does not have this operation (`ENOTSUP`).
    NotSupported,
    /// The message that came is not text. libzmq has no such thing.
    NotText(NotText),
    /// The call is not allowed now: REQ and REP take turns (`EFSM`).
    OutOfTurn(OutOfTurn),
    /// The peer that was asked is gone; a new request may be sent. libzmq has no such error and
    /// waits for ever.
    PeerLost,
    /// Another peer is called so (`EADDRINUSE` would be like it; libzmq aborts).
    RoutingIdInUse,
    /// The socket was stopped by its [`Handle`](crate::Handle) (`ETERM`, of a context).
    Stopped,
    /// The socket has no such endpoint (`ENOENT`).
    UnknownEndpoint(String),
    /// Nobody is called as the message's first part says: of a mandatory ROUTER, and of STREAM
    /// (`EHOSTUNREACH`).
    Unroutable,
    /// It cannot be done now, or could not within the timeout (`EAGAIN`).
    WouldBlock,
    /// The call was woken by the socket's [`Handle`](crate::Handle). libzmq has no such thing;
    /// `EINTR` comes closest, and signals are not told here.
    Woken,
}

impl Error {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AddressInUse(endpoint) => write!(f, "{endpoint} is in use"),
            Self::Endpoint(error) => error.fmt(f),
            Self::EmptyMessage => f.write_str(
                "a message needs at least one part, behind the routing id if there is one",
            ),
            Self::Io { doing, source } => write!(f, "{doing}: {source}"),
            Self::NotSupported => f.write_str("the socket type does not have this operation"),
            Self::NotText(error) => error.fmt(f),
            Self::OutOfTurn(error) => error.fmt(f),
            Self::PeerLost => f.write_str("the peer asked is gone, and its reply with it"),
            Self::RoutingIdInUse => f.write_str("another peer has that routing id"),
            Self::Stopped => f.write_str("the socket was stopped"),
            Self::UnknownEndpoint(text) => write!(f, "the socket has no endpoint {text:?}"),
            Self::Unroutable => f.write_str("no peer has that routing id"),
            Self::WouldBlock => f.write_str("not possible now or within the timeout"),
            Self::Woken => f.write_str("woken by another thread"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Endpoint(error) => Some(error),
            Self::Io { source, .. } => Some(source),
            Self::NotText(error) => Some(error),
            Self::OutOfTurn(error) => Some(error),
            _ => None,
        }
    }
}

impl From<EndpointError> for Error {
    fn from(error: EndpointError) -> Self {
        Self::Endpoint(error)
    }
}

impl From<OutOfTurn> for Error {
    fn from(error: OutOfTurn) -> Self {
        Self::OutOfTurn(error)
    }
}

impl From<SendError> for Error {
    fn from(error: SendError) -> Self {
        error.error
    }
}

/// A message that was not sent, and why. Nothing of it went out.
#[derive(Debug)]
pub struct SendError {
    /// Why.
    pub error: Error,
    /// The message, as it was given.
    pub message: Box<Message>,
}

impl SendError {
    pub(crate) fn new(error: Error, message: Message) -> Self {
        Self { error, message: Box::new(message) }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message not sent: {}", self.error)
    }
}

impl core::error::Error for SendError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}
