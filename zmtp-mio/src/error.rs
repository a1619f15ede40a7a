//! Errors of calls.

use core::fmt;
use std::io;

use zmtp_core::pattern::OutOfTurn;
use zmtp_core::wire::{DatagramError, GroupError, PropertyError};

use crate::count::{bytes, count};
use crate::endpoint::{Endpoint, EndpointError};
use crate::message::{Message, NotText};

/// The error of a call. The socket can be used after each of these errors, except after
/// [`Error::Stopped`] and [`Error::Forked`].
///
/// The text of an error includes the texts of its causes; its [source](core::error::Error::source) is only a cause
/// whose text is not included. The documentation of each variant names the `errno` of libzmq. `ENOTSOCK` has no
/// variant, because a closed socket cannot be used.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Another socket listens on the endpoint, or another file has the path of an ipc endpoint (`EADDRINUSE`).
    /// Names of inproc are in use only within their context.
    AddressInUse(Endpoint),
    /// The default context is in use or set already. libzmq has no default context.
    DefaultContext,
    /// The DISH is in the group already (`EINVAL`).
    AlreadyJoined,
    /// The first part of the message of a DGRAM is not an address to which its endpoint can send. libzmq drops such a
    /// message, and reports no error.
    Address {
        /// The first part.
        text: String,
        /// What was expected.
        expected: &'static str,
    },
    /// The message cannot be sent as a datagram: a group and a body of a RADIO with a UDP endpoint together have more than
    /// [8,191 bytes](zmtp_core::wire::Datagram::MAX_LEN), the group has more than
    /// [127 bytes](zmtp_core::wire::Datagram::MAX_SENT_GROUP), or the body of a message of a DGRAM has more than 65,507
    /// bytes. libzmq has no such error: it writes beyond its buffer.
    Datagram(DatagramError),
    /// The text is not an endpoint (`EINVAL`, `ENAMETOOLONG`), its transport is unknown
    /// (`EPROTONOSUPPORT`), or the socket type or call cannot use the endpoint (`ENOCOMPATPROTO`).
    Endpoint(EndpointError),
    /// The message has no part; for a ROUTER or STREAM, no part after the routing id (`EINVAL`; libzmq
    /// accepts and drops such a message of a ROUTER).
    EmptyMessage,
    /// The socket was made before a fork, in a parent of this process. It can only be dropped. libzmq has no such
    /// error: a child that uses the socket corrupts the connections of the parent.
    Forked,
    /// The name of a group has more than 255 bytes, or one of them is 0 (`EINVAL`).
    Group(GroupError),
    /// A system call failed (the `errno` of the system call, for example `EADDRNOTAVAIL`, `ENODEV`, `EACCES` or
    /// `EMFILE`).
    Io {
        /// The operation that failed, with its endpoint.
        doing: String,
        /// The error of the system.
        source: io::Error,
    },
    /// [`Limits::max_message`](crate::Limits::max_message) is set to more than
    /// [`Options::max_bytes`](crate::Options::max_bytes): no message of that size could arrive. libzmq has no such
    /// error.
    Limits {
        /// The limit on a message, in bytes.
        max_message: u64,
        /// The limit on all messages of the socket, in bytes.
        max_bytes: usize,
    },
    /// A property of [`Options::metadata`](crate::Options::metadata) cannot be announced (`EINVAL`).
    Metadata {
        /// The name of the property.
        name: String,
        /// What is wrong with it.
        source: PropertyError,
    },
    /// The message of a DGRAM has this number of parts instead of two: an address and a body (`EINVAL`).
    NotAddressAndBody(usize),
    /// The DGRAM is not bound. It sends from its endpoint.
    NotBound,
    /// The DISH is not in the group (`EINVAL`).
    NotJoined,
    /// The socket type does not have this operation (`ENOTSUP`). Only an [`AnySocket`](crate::AnySocket)
    /// returns it.
    NotSupported,
    /// The received message is not text. libzmq has no such error.
    NotText(NotText),
    /// An option is set that the socket type does not have (`EINVAL`).
    Option {
        /// The name of the option, as in [`Options`](crate::Options).
        option: &'static str,
    },
    /// A REQ or REP cannot send, or cannot receive, now: the two must alternate (`EFSM`).
    OutOfTurn(OutOfTurn),
    /// The message has this number of parts instead of one (`EINVAL`). Only the
    /// [thread-safe](crate::SocketKind::is_thread_safe) types return it.
    PartCount(usize),
    /// The connection to the peer of the request was lost. A new request may be sent. libzmq has no such
    /// error and waits without limit.
    PeerLost,
    /// Another peer has the routing id. libzmq has no such error and aborts the process.
    RoutingIdInUse,
    /// The options of the [security](crate::Security) contradict each other, or no connection could have it (`EINVAL`).
    Security {
        /// Why.
        reason: &'static str,
    },
    /// A [`Handle`](crate::Handle) stopped the socket, or [`Context::shutdown`](crate::Context::shutdown) closed it
    /// (`ETERM`), or another thread closed the [thread-safe](crate::ThreadSafeSocket) socket (`ENOTSOCK`).
    Stopped,
    /// The socket is not bound or connected to this endpoint (`ENOENT`).
    UnknownEndpoint(Endpoint),
    /// No peer has the routing id of the message (`EHOSTUNREACH`). A STREAM and a ROUTER with
    /// [`mandatory`](crate::Builder::mandatory) return it for the first part, a SERVER and a PEER for
    /// [`Message::routing_id`](crate::Message::routing_id).
    Unroutable,
    /// The message cannot be queued now, or was not queued before the timeout (`EAGAIN`). Receives return `None`
    /// instead.
    WouldBlock,
    /// A [`Handle`](crate::Handle) woke the call. libzmq returns `EINTR` after a signal; here signals do not end
    /// calls.
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
            Self::AlreadyJoined => f.write_str("the socket is in the group already"),
            Self::Address { text, expected } => {
                write!(f, "bad address {text:?}: expected {expected}")
            }
            Self::AddressInUse(endpoint) => write!(f, "{endpoint} is in use"),
            Self::Datagram(error) => error.fmt(f),
            Self::DefaultContext => {
                f.write_str("the default context is in use already: set it before the first socket")
            }
            Self::Endpoint(error) => error.fmt(f),
            Self::EmptyMessage => {
                f.write_str("the message has no part, or none after the routing id")
            }
            Self::Forked => {
                f.write_str("the socket belongs to the process that this one was forked from")
            }
            Self::Group(error) => error.fmt(f),
            Self::Io { doing, source } => write!(f, "{doing}: {source}"),
            Self::Limits { max_message, max_bytes } => write!(
                f,
                "the option `max_message` ({}) is more than `max_bytes` ({})",
                bytes(*max_message),
                bytes(*max_bytes as u64)
            ),
            Self::NotAddressAndBody(n) => {
                let parts = count(*n as u64, "part", "parts");
                write!(f, "the message has {parts} instead of an address and a body")
            }
            Self::NotBound => f.write_str("the socket is not bound, and sends from its endpoint"),
            Self::NotJoined => f.write_str("the socket is not in the group"),
            Self::NotSupported => f.write_str("the socket type does not have this operation"),
            Self::NotText(error) => error.fmt(f),
            Self::Option { option } => {
                write!(f, "the socket type does not have the option `{option}`")
            }
            Self::OutOfTurn(error) => error.fmt(f),
            Self::PartCount(n) => write!(f, "the message has {n} parts instead of one"),
            Self::PeerLost => f.write_str("the connection to the peer of the request was lost"),
            Self::RoutingIdInUse => f.write_str("another peer has that routing id"),
            Self::Metadata { name, source } => write!(f, "property {name:?}: {source}"),
            Self::Security { reason } => f.write_str(reason),
            Self::Stopped => f.write_str("the socket was stopped"),
            Self::UnknownEndpoint(endpoint) => {
                write!(f, "the socket is not bound or connected to {endpoint}")
            }
            Self::Unroutable => f.write_str("no peer has that routing id"),
            Self::WouldBlock => f.write_str("no peer could take the message in time"),
            Self::Woken => f.write_str("woken by another thread"),
        }
    }
}

impl core::error::Error for Error {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Endpoint(error) => error.source(),
            Self::Io { source, .. } => source.source(),
            Self::NotText(error) => error.source(),
            Self::OutOfTurn(error) => error.source(),
            _ => None,
        }
    }
}

impl From<EndpointError> for Error {
    fn from(error: EndpointError) -> Self {
        Self::Endpoint(error)
    }
}

impl From<NotText> for Error {
    fn from(error: NotText) -> Self {
        Self::NotText(error)
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

/// The conversion of an [`Endpoint`] to itself cannot fail.
impl From<core::convert::Infallible> for Error {
    fn from(never: core::convert::Infallible) -> Self {
        match never {}
    }
}

/// Keeps the kind of [`Error::Io`], and chooses the closest kind for the others.
/// [`io::Error::get_ref`] returns the [`Error`].
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error {
            Error::AddressInUse(_) | Error::RoutingIdInUse => io::ErrorKind::AddrInUse,
            Error::Address { .. }
            | Error::Datagram(_)
            | Error::Endpoint(_)
            | Error::EmptyMessage
            | Error::NotAddressAndBody(_)
            | Error::PartCount(_)
            | Error::Group(_)
            | Error::AlreadyJoined
            | Error::NotJoined
            | Error::Limits { .. }
            | Error::Option { .. }
            | Error::Metadata { .. }
            | Error::Security { .. } => io::ErrorKind::InvalidInput,
            Error::Io { source, .. } => source.kind(),
            Error::NotBound => io::ErrorKind::NotConnected,
            Error::NotSupported => io::ErrorKind::Unsupported,
            Error::NotText(_) => io::ErrorKind::InvalidData,
            Error::PeerLost => io::ErrorKind::ConnectionAborted,
            Error::UnknownEndpoint(_) => io::ErrorKind::NotFound,
            Error::Unroutable => io::ErrorKind::HostUnreachable,
            Error::WouldBlock => io::ErrorKind::WouldBlock,
            Error::Woken => io::ErrorKind::Interrupted,
            Error::DefaultContext | Error::Forked | Error::OutOfTurn(_) | Error::Stopped => {
                io::ErrorKind::Other
            }
        };
        Self::new(kind, error)
    }
}

/// The error of a send, with the message. No part of the message was sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct SendError {
    /// The reason.
    pub error: Error,
    /// The message, unchanged.
    pub message: Box<Message>,
}

impl SendError {
    /// Creates an error with this reason and message.
    pub fn new(error: Error, message: impl Into<Message>) -> Self {
        Self { error, message: Box::new(message.into()) }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "message not sent: {}", self.error)
    }
}

impl core::error::Error for SendError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.error.source()
    }
}

impl From<SendError> for io::Error {
    fn from(error: SendError) -> Self {
        error.error.into()
    }
}

#[cfg(test)]
mod tests {
    use core::error::Error as _;

    use super::*;

    /// All texts of an error and its sources.
    fn chain(error: &dyn core::error::Error) -> String {
        let mut texts = vec![error.to_string()];
        let mut source = error.source();
        while let Some(error) = source {
            texts.push(error.to_string());
            source = error.source();
        }
        texts.join("; ")
    }

    #[test]
    fn the_chain_of_an_error_repeats_no_text() {
        let refused = || Error::io("connect")(io::Error::other("refused by a rule"));
        for error in [refused(), "nonsense".parse::<Endpoint>().unwrap_err().into()] {
            let text = error.to_string();
            assert_eq!(chain(&error), text);
            assert_eq!(chain(&SendError::new(error, "x")), format!("message not sent: {text}"));
        }
        let not_text = Error::from(Message::from(b"\xff").into_string().unwrap_err());
        assert!(not_text.source().unwrap().to_string().starts_with("invalid utf-8"));
        assert_eq!(chain(&not_text).matches("UTF-8").count(), 1);
    }

    #[test]
    fn an_error_becomes_an_io_error_of_its_kind() {
        let denied = Error::io("bind")(io::ErrorKind::PermissionDenied.into());
        for (error, kind) in [
            (denied, io::ErrorKind::PermissionDenied),
            (Error::WouldBlock, io::ErrorKind::WouldBlock),
            (Error::Unroutable, io::ErrorKind::HostUnreachable),
        ] {
            let text = error.to_string();
            let error = io::Error::from(SendError::new(error, "x"));
            assert_eq!((error.kind(), error.to_string()), (kind, text));
        }
    }
}
