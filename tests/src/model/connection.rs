//! The expected events of a connection for a whole stream of bytes.

use zmtp_core::wire::{
    CommandName, FrameHeader, FrameKind, GroupError, Malformed, MechanismName, More, SocketType,
    UnsupportedVersion, Version,
};
use zmtp_core::{Config, Error, IgnoredCommand, Limit, LimitExceeded, PeerError};

use crate::driver::LogEntry;
use wire::Frame;

/// The events of a NULL connection for `bytes`.
pub fn log(config: &Config, bytes: &[u8]) -> Vec<LogEntry> {
    let mut log = Vec::new();
    if let Err(error) = all(config, bytes, &mut log) {
        log.push(LogEntry::Failed(error));
    }
    log
}

/// The framings there are.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Framing {
    V1,
    V2,
    V3,
}

fn all(config: &Config, bytes: &[u8], log: &mut Vec<LogEntry>) -> Result<(), Error> {
    let Some((framing, mut bytes)) = opening(config, bytes, log)? else { return Ok(()) };
    let (mut ready, mut parts, mut total) = (framing != Framing::V3, 0_u64, 0_u64);
    while let Some(frame) = first_frame(framing, bytes)? {
        if framing == Framing::V3 && frame.is_command() {
            exceeded(Limit::Command, config.limits.max_command.into(), frame.len)?;
            if !frame.is_whole() {
                return Ok(());
            }
            if ready {
                log.extend(traffic(config, &frame)?);
            } else {
                ready = handshake(config, &frame, log)?;
            }
        } else if ready {
            (parts, total) = (parts + 1, total.saturating_add(frame.len));
            exceeded(Limit::Frame, config.limits.max_frame, frame.len)?;
            exceeded(Limit::Parts, config.limits.max_parts.into(), parts)?;
            exceeded(Limit::Message, config.limits.max_message, total)?;
            if !frame.is_whole() {
                return Ok(());
            }
            let more = if frame.has_more() { More::Follows } else { More::Last };
            if more == More::Last {
                (parts, total) = (0, 0);
            }
            let header = FrameHeader::new(FrameKind::Message(more), frame.len);
            log.push(LogEntry::Frame(header, frame.body));
        } else {
            return Err(PeerError::MessageInHandshake.into());
        }
        bytes = &bytes[frame.wire_len..];
    }
    Ok(())
}

/// What follows a good greeting, or all that older versions have in its place and that of the
/// handshake; `None` if it is incomplete.
fn opening<'o>(
    config: &Config,
    bytes: &'o [u8],
    log: &mut Vec<LogEntry>,
) -> Result<Option<(Framing, &'o [u8])>, Error> {
    // RADIO and DISH have commands.
    let groups = matches!(config.socket_type, SocketType::Radio | SocketType::Dish);
    let lowest = match config.min_version {
        Version::V1_0 | Version::V2_0 if groups => Version::V3_0,
        version => version,
    };
    let mechanism = MechanismName::NULL;
    let refused =
        |peer| Err(Error::Peer(PeerError::UnsupportedVersion { peer, lowest, mechanism }));
    let below = |version| {
        config.min_version > version
            || (groups && [Version::V1_0, Version::V2_0].contains(&version))
    };
    let shows = match *bytes {
        [first, ..] if first != 0xff => Some(first),
        [_, _, _, _, _, _, _, _, _, tenth, ..] if tenth % 2 == 0 => Some(tenth),
        _ => None,
    };
    if let Some(shows) = shows {
        let unversioned = UnsupportedVersion::NoSignature(shows);
        if below(Version::V1_0) {
            return refused(unversioned);
        }
        let frame = match first_frame(Framing::V1, bytes) {
            Ok(frame) if frame.as_ref().is_none_or(|frame| !frame.has_more()) => frame,
            _ => return refused(unversioned),
        };
        let rest = identity(config, Framing::V1, frame, bytes, config.require_socket_type, log)?;
        let publishes = matches!(config.socket_type, SocketType::Pub | SocketType::Xpub);
        if rest.is_some() && publishes {
            log.push(LogEntry::Subscribe(Vec::new()));
        }
        return Ok(rest);
    }
    if let Some(major @ (0 | 1)) = bytes.get(10).copied() {
        let (framing, version) = match major {
            0 => (Framing::V1, Version::V1_0),
            _ => (Framing::V2, Version::V2_0),
        };
        if below(version) {
            return refused(UnsupportedVersion::Major(major));
        }
        let Some(code) = bytes.get(11) else { return Ok(None) };
        let named = SocketType::all().find(|kind| kind.code() == *code);
        let peer = named.ok_or(PeerError::UnknownSocketType)?;
        let ours = config.socket_type;
        if !ours.accepts(peer) {
            return Err(PeerError::IncompatibleSocketType { ours, peer }.into());
        }
        let bytes = &bytes[12..];
        let frame = first_frame(framing, bytes)?;
        if frame.as_ref().is_some_and(Frame::has_more) {
            return Err(Malformed::MoreOnIdentity.into());
        }
        return identity(config, framing, frame, bytes, false, log);
    }
    let Some(name) = bytes.get(12..32) else { return Ok(None) };
    let peer = MechanismName::new(name);
    if peer != MechanismName::NULL {
        return Err(PeerError::MechanismMismatch { ours: MechanismName::NULL, peer }.into());
    }
    let Some(rest) = bytes.get(64..) else { return Ok(None) };
    if bytes[10..12] == [3, 0] && below(Version::V3_0) {
        return refused(UnsupportedVersion::Major(3));
    }
    Ok(Some((Framing::V3, rest)))
}

/// What follows the identity frame.
fn identity<'o>(
    config: &Config,
    framing: Framing,
    frame: Option<Frame>,
    bytes: &'o [u8],
    lacks_type: bool,
    log: &mut Vec<LogEntry>,
) -> Result<Option<(Framing, &'o [u8])>, Error> {
    let Some(frame) = frame else { return Ok(None) };
    if frame.len > 255 {
        let len = u32::try_from(frame.len).unwrap_or(u32::MAX);
        return Err(PeerError::RoutingIdTooLong(len).into());
    }
    exceeded(Limit::Command, config.limits.max_command.into(), frame.len)?;
    if lacks_type {
        return Err(PeerError::MissingSocketType.into());
    }
    if !frame.is_whole() {
        return Ok(None);
    }
    log.push(LogEntry::Ready(wire::property("Identity", &frame.body)));
    Ok(Some((framing, &bytes[frame.wire_len..])))
}

/// The frame at the front. Flags and sizes are judged before there is a body.
fn first_frame(framing: Framing, bytes: &[u8]) -> Result<Option<Frame>, Error> {
    let Some(first) = bytes.first().copied() else { return Ok(None) };
    let frame = match framing {
        Framing::V1 if first == 0 => return Err(Malformed::EmptyFrame.into()),
        Framing::V1 => Frame::first_of_1_0(bytes),
        Framing::V2 if first & 0xfc != 0 => return Err(Malformed::ReservedFlags(first).into()),
        Framing::V3 if first & 0xf8 != 0 => return Err(Malformed::ReservedFlags(first).into()),
        Framing::V3 if first & 5 == 5 => return Err(Malformed::MoreOnCommand.into()),
        _ => Frame::first(bytes),
    };
    match frame {
        Some(frame) if framing == Framing::V1 && frame.flags > 1 => {
            Err(Malformed::ReservedFlags(frame.flags).into())
        }
        // What counts the flags counted nothing.
        Some(frame) if framing == Framing::V1 && frame.len == u64::MAX => {
            Err(Malformed::EmptyFrame.into())
        }
        Some(frame) if frame.len >= 1 << 63 => {
            let flags = u64::from(framing == Framing::V1);
            Err(Malformed::FrameSize(frame.len + flags).into())
        }
        frame => Ok(frame),
    }
}

/// Whether the handshake is over with this command.
fn handshake(config: &Config, frame: &Frame, log: &mut Vec<LogEntry>) -> Result<bool, Error> {
    let (name, data) = frame.command().ok_or(Malformed::CommandName)?;
    match name {
        b"ERROR" => {
            let len = usize::from(*data.first().ok_or(Malformed::ErrorReason)?);
            let reason = data.get(1..=len).ok_or(Malformed::ErrorReason)?;
            log.push(LogEntry::Refused(reason.to_vec()));
            Err(PeerError::Refused.into())
        }
        b"READY" => {
            metadata(config, data)?;
            log.push(LogEntry::Ready(data.to_vec()));
            Ok(true)
        }
        name => Err(PeerError::UnexpectedCommand(known(name)).into()),
    }
}

fn metadata(config: &Config, data: &[u8]) -> Result<(), Error> {
    let (properties, rest) = wire::properties(data);
    let mut named = false;
    for (name, value) in properties {
        if name.eq_ignore_ascii_case(b"socket-type") {
            let peer = SocketType::from_name(value).ok_or(PeerError::UnknownSocketType)?;
            let ours = config.socket_type;
            if !ours.accepts(peer) {
                return Err(PeerError::IncompatibleSocketType { ours, peer }.into());
            }
            named = true;
        }
        if name.eq_ignore_ascii_case(b"identity") && value.len() > 255 {
            return Err(PeerError::RoutingIdTooLong(value.len() as u32).into());
        }
    }
    if !rest.is_empty() {
        return Err(Malformed::Metadata.into());
    }
    if config.require_socket_type && !named {
        return Err(PeerError::MissingSocketType.into());
    }
    Ok(())
}

fn traffic(config: &Config, frame: &Frame) -> Result<Option<LogEntry>, Error> {
    let Some((name, data)) = frame.command() else {
        return Ok(Some(LogEntry::Ignored(IgnoredCommand::Malformed)));
    };
    let publishes = matches!(config.socket_type, SocketType::Pub | SocketType::Xpub);
    Ok(match name {
        b"READY" => return Err(PeerError::SecondReady.into()),
        b"PING" if data.len() < 2 => Some(LogEntry::Ignored(IgnoredCommand::Malformed)),
        b"PING" | b"PONG" => None,
        b"SUBSCRIBE" if publishes => Some(LogEntry::Subscribe(data.to_vec())),
        b"CANCEL" if publishes => Some(LogEntry::Cancel(data.to_vec())),
        b"JOIN" | b"LEAVE" if config.socket_type == SocketType::Radio => {
            if data.len() > 255 {
                return Err(Malformed::Group(GroupError::TooLong(data.len() as u32)).into());
            }
            if data.contains(&0) {
                return Err(Malformed::Group(GroupError::Zero).into());
            }
            let data = data.to_vec();
            Some(if name == b"JOIN" { LogEntry::Subscribe(data) } else { LogEntry::Cancel(data) })
        }
        name => Some(LogEntry::Ignored(IgnoredCommand::Command(known(name)))),
    })
}

fn exceeded(limit: Limit, allowed: u64, got: u64) -> Result<(), Error> {
    if got > allowed { Err(Error::Limit(LimitExceeded { limit, allowed, got })) } else { Ok(()) }
}

fn known(name: &[u8]) -> CommandName {
    match name {
        b"CANCEL" => CommandName::Cancel,
        b"ERROR" => CommandName::Error,
        b"HELLO" => CommandName::Hello,
        b"INITIATE" => CommandName::Initiate,
        b"JOIN" => CommandName::Join,
        b"LEAVE" => CommandName::Leave,
        b"MESSAGE" => CommandName::Message,
        b"PING" => CommandName::Ping,
        b"PONG" => CommandName::Pong,
        b"READY" => CommandName::Ready,
        b"SUBSCRIBE" => CommandName::Subscribe,
        b"WELCOME" => CommandName::Welcome,
        _ => CommandName::Unknown,
    }
}

/// The messages that an application receives from these log entries, if it asks for nothing
/// itself.
pub fn delivered(ours: SocketType, log: &[LogEntry]) -> Vec<Vec<Vec<u8>>> {
    let all = crate::pair::messages(log);
    match ours {
        // Nothing was asked.
        SocketType::Req => Vec::new(),
        // What follows the delimiter, if anything does.
        SocketType::Rep => all
            .into_iter()
            .filter_map(|mut parts| {
                let delimiter = parts.iter().position(Vec::is_empty)?;
                let body = parts.split_off(delimiter + 1);
                (!body.is_empty()).then_some(body)
            })
            .collect(),
        // Messages of one part.
        SocketType::Channel | SocketType::Client | SocketType::Gather | SocketType::Server => {
            all.into_iter().filter(|parts| parts.len() == 1).collect()
        }
        _ => all,
    }
}
