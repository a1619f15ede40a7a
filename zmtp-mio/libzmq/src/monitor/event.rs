//! Events as the C API has them.

use std::collections::HashSet;
use std::io;

use libc::c_int;
use zmtp_mio::libzmq::{self, CommandName, HandshakeError};
use zmtp_mio::{
    CloseReason, ConnectionId, Endpoint, Event, EventKind, Message, PeerError, ProtocolError,
};

use super::Format;

pub(super) const CONNECTED: u64 = 0x0001;
const CONNECT_DELAYED: u64 = 0x0002;
const CONNECT_RETRIED: u64 = 0x0004;
pub(super) const LISTENING: u64 = 0x0008;
const BIND_FAILED: u64 = 0x0010;
pub(super) const ACCEPTED: u64 = 0x0020;
const ACCEPT_FAILED: u64 = 0x0040;
pub(super) const CLOSED: u64 = 0x0080;
pub(super) const DISCONNECTED: u64 = 0x0200;
pub(super) const PIPES_STATS: u64 = 0x10000;
pub(super) const STOPPED: u64 = 0x0400;
const HANDSHAKE_FAILED_NO_DETAIL: u64 = 0x0800;
const HANDSHAKE_SUCCEEDED: u64 = 0x1000;
const HANDSHAKE_FAILED_PROTOCOL: u64 = 0x2000;
const HANDSHAKE_FAILED_AUTH: u64 = 0x4000;

/// Values of failed handshakes: an error that has no other number, another mechanism, and a refusal.
const ZMTP_UNSPECIFIED: u64 = 0x1000_0000;
const ZMTP_UNEXPECTED_COMMAND: u64 = 0x1000_0001;
const ZMTP_MALFORMED_HELLO: u64 = 0x1000_0013;
const ZMTP_MALFORMED_INITIATE: u64 = 0x1000_0014;
const ZMTP_MALFORMED_READY: u64 = 0x1000_0016;
const ZMTP_MALFORMED_WELCOME: u64 = 0x1000_0017;
const ZMTP_CRYPTOGRAPHIC: u64 = 0x1100_0001;
const ZMTP_MECHANISM_MISMATCH: u64 = 0x1100_0002;
const REFUSED: u64 = 400;

/// Makes messages of events.
#[derive(Debug)]
pub(super) struct Encoder {
    mask: u64,
    format: Format,
    /// The connections whose handshake is complete.
    ready: HashSet<ConnectionId>,
    /// Those that were accepted.
    accepted: HashSet<ConnectionId>,
    /// Those whose failed handshake was reported.
    failed: HashSet<ConnectionId>,
}

/// An event of the C API: its number and its value.
type Pair = (u64, u64);

impl Encoder {
    pub(super) fn new(mask: u64, format: Format) -> Self {
        let (ready, accepted, failed) = (HashSet::new(), HashSet::new(), HashSet::new());
        Self { mask, format, ready, accepted, failed }
    }

    /// The messages of an event. libzmq has several events for some of ours, and none for others.
    pub(super) fn encode(&mut self, event: &Event) -> Vec<Message> {
        if matches!(*event.endpoint, Endpoint::Inproc(_)) {
            return Vec::new();
        }
        if event.kind == EventKind::Accepted {
            self.accepted.extend(event.connection);
        }
        let is_accepted = event.connection.is_some_and(|id| self.accepted.contains(&id));
        let (mut local, mut remote) = addresses(event, is_accepted);
        if event.connection.is_some() && !matches!(*event.endpoint, Endpoint::Tcp { .. }) {
            // The end that connects has no path.
            let unnamed = if is_accepted { &mut remote } else { &mut local };
            "ipc://".clone_into(unnamed);
        }
        if self.format == Format::V1 && !is_accepted && !remote.is_empty() {
            // It has one address: that of the endpoint, at this end if it is bound, otherwise at the other.
            local.clear();
        }
        let pairs = self.pairs(event);
        if let EventKind::Queued { to_send, to_receive } = event.kind {
            let values = [to_send as u64, to_receive as u64];
            return self.message(PIPES_STATS, &values, &local, &remote).into_iter().collect();
        }
        let message = |&(number, value): &Pair| self.message(number, &[value], &local, &remote);
        pairs.iter().filter_map(message).collect()
    }

    fn pairs(&mut self, event: &Event) -> Vec<Pair> {
        let is_tcp = matches!(*event.endpoint, Endpoint::Tcp { .. });
        let descriptor = descriptor(libzmq::event_descriptor(event));
        match (event.kind, event.connection) {
            (EventKind::Listening, _) => vec![(LISTENING, descriptor)],
            (EventKind::BindFailed(kind), _) => vec![(BIND_FAILED, number(kind))],
            (EventKind::Unbound, _) => vec![(CLOSED, descriptor)],
            (EventKind::Accepted, _) => vec![(ACCEPTED, descriptor)],
            (EventKind::AcceptPaused(kind), _) => vec![(ACCEPT_FAILED, number(kind))],
            (EventKind::Connected, _) if is_tcp => {
                vec![(CONNECT_DELAYED, in_progress()), (CONNECTED, descriptor)]
            }
            (EventKind::Connected, _) => vec![(CONNECTED, descriptor)],
            (EventKind::Ready(_), connection) => {
                self.ready.extend(connection);
                vec![(HANDSHAKE_SUCCEEDED, 0)]
            }
            (EventKind::Refused(reason), connection) => {
                self.failed.extend(connection);
                let code =
                    std::str::from_utf8(reason.bytes()).ok().and_then(|text| text.parse().ok());
                match code {
                    Some(code) => vec![(HANDSHAKE_FAILED_AUTH, code)],
                    None => vec![(HANDSHAKE_FAILED_PROTOCOL, ZMTP_UNSPECIFIED)],
                }
            }
            (EventKind::ZapFailed(code), connection) => {
                self.failed.extend(connection);
                vec![match code {
                    0 => (HANDSHAKE_FAILED_NO_DETAIL, libc::EFAULT as u64),
                    300..=599 => (HANDSHAKE_FAILED_AUTH, code.into()),
                    _ => (HANDSHAKE_FAILED_PROTOCOL, code.into()),
                }]
            }
            (EventKind::Retrying(wait), _) => {
                vec![(CONNECT_RETRIED, u64::try_from(wait.as_millis()).unwrap_or(u64::MAX))]
            }
            (EventKind::Closed(reason), Some(connection)) => {
                let failed = self.closed(reason, connection);
                failed.into_iter().chain([(DISCONNECTED, descriptor)]).collect()
            }
            (EventKind::Closed(_), None) if is_tcp => {
                vec![(CONNECT_DELAYED, in_progress()), (CLOSED, descriptor)]
            }
            (EventKind::Closed(_), None) => vec![(CLOSED, descriptor)],
            _ => Vec::new(),
        }
    }

    /// The failure of the handshake with which a connection ended, unless it was reported.
    fn closed(&mut self, reason: CloseReason, connection: ConnectionId) -> Option<Pair> {
        self.accepted.remove(&connection);
        let was_reported = self.failed.remove(&connection);
        if self.ready.remove(&connection) || was_reported {
            return None;
        }
        Some(match reason {
            CloseReason::Protocol(ProtocolError::Peer(PeerError::Denied)) => {
                (HANDSHAKE_FAILED_AUTH, REFUSED)
            }
            CloseReason::Protocol(ProtocolError::Peer(PeerError::MechanismMismatch { .. })) => {
                (HANDSHAKE_FAILED_PROTOCOL, ZMTP_MECHANISM_MISMATCH)
            }
            CloseReason::Protocol(ProtocolError::TimedOut(_)) => {
                (HANDSHAKE_FAILED_NO_DETAIL, libc::ETIMEDOUT as u64)
            }
            CloseReason::Protocol(error) => (HANDSHAKE_FAILED_PROTOCOL, fault(error)),
            CloseReason::Io(kind) => (HANDSHAKE_FAILED_NO_DETAIL, number(kind)),
            _ => (HANDSHAKE_FAILED_NO_DETAIL, libc::EPIPE as u64),
        })
    }

    /// The message of an event; `None` if the program has not asked for it.
    pub(super) fn message(
        &self,
        event: u64,
        values: &[u64],
        local: &str,
        remote: &str,
    ) -> Option<Message> {
        if self.mask & event == 0 {
            return None;
        }
        Some(match self.format {
            Format::V1 => {
                let mut head = [0; 6];
                head[..2].copy_from_slice(&(event as u16).to_ne_bytes());
                let value = values.first().map_or(0, |&value| value as u32);
                head[2..].copy_from_slice(&value.to_ne_bytes());
                let address = if local.is_empty() { remote } else { local };
                Message::from_parts([&head[..], address.as_bytes()])
            }
            Format::V2 => {
                let count = values.len() as u64;
                let mut message = Message::from_parts([event.to_ne_bytes(), count.to_ne_bytes()]);
                values.iter().for_each(|value| message.push(value.to_ne_bytes()));
                message.push(local);
                message.push(remote);
                message
            }
        })
    }
}

/// The number of an error of the protocol.
fn fault(error: ProtocolError) -> u64 {
    match error {
        ProtocolError::Peer(PeerError::UnexpectedCommand(_)) => ZMTP_UNEXPECTED_COMMAND,
        ProtocolError::Peer(PeerError::Handshake(error)) => match error {
            HandshakeError::Padding | HandshakeError::Version => ZMTP_MALFORMED_HELLO,
            HandshakeError::Length(CommandName::Hello) => ZMTP_MALFORMED_HELLO,
            HandshakeError::Length(CommandName::Initiate) => ZMTP_MALFORMED_INITIATE,
            HandshakeError::Length(CommandName::Ready) => ZMTP_MALFORMED_READY,
            HandshakeError::Length(CommandName::Welcome) => ZMTP_MALFORMED_WELCOME,
            _ => ZMTP_CRYPTOGRAPHIC,
        },
        _ => ZMTP_UNSPECIFIED,
    }
}

/// A descriptor as the value of an event; −1 if there is none.
pub(super) fn descriptor(descriptor: Option<c_int>) -> u64 {
    i64::from(descriptor.unwrap_or(-1)).cast_unsigned()
}

/// A connection attempt that goes on.
const fn in_progress() -> u64 {
    libc::EINPROGRESS as u64
}

/// The local and the remote endpoint of an event, as texts. Of an endpoint that is connected, the local one is empty
/// before there is a connection; of one that is bound, the remote one.
fn addresses(event: &Event, is_accepted: bool) -> (String, String) {
    let text = event.endpoint.to_string();
    let of = |address: Option<std::net::SocketAddr>| {
        address.map_or_else(String::new, |address| format!("tcp://{address}"))
    };
    match event.kind {
        EventKind::Listening | EventKind::Unbound if event.local.is_some() => {
            (of(event.local), String::new())
        }
        EventKind::Listening
        | EventKind::Unbound
        | EventKind::BindFailed(_)
        | EventKind::AcceptPaused(_) => (text, String::new()),
        _ if event.remote.is_some() && event.local.is_some() => (of(event.local), of(event.remote)),
        _ if is_accepted => (text, String::new()),
        _ => (String::new(), text),
    }
}

/// The number of an error of the system.
fn number(kind: io::ErrorKind) -> u64 {
    let number = match kind {
        io::ErrorKind::AddrInUse => libc::EADDRINUSE,
        io::ErrorKind::AddrNotAvailable => libc::EADDRNOTAVAIL,
        io::ErrorKind::BrokenPipe => libc::EPIPE,
        io::ErrorKind::ConnectionAborted => libc::ECONNABORTED,
        io::ErrorKind::ConnectionRefused => libc::ECONNREFUSED,
        io::ErrorKind::ConnectionReset => libc::ECONNRESET,
        io::ErrorKind::NotFound => libc::ENOENT,
        io::ErrorKind::PermissionDenied => libc::EACCES,
        io::ErrorKind::TimedOut => libc::ETIMEDOUT,
        io::ErrorKind::QuotaExceeded => libc::EMFILE,
        _ => libc::EIO,
    };
    number as u64
}
