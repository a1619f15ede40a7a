//! What a connection must say to a whole stream of octets.

use zmtp_core::wire::{
    CommandName, FrameHeader, Kind, Malformed, MechanismName, More, OldPeer, SocketType,
};
use zmtp_core::{Config, Error, Exceeded, Ignored, Limit, PeerError};

use crate::driver::Said;
use crate::raw::{self, Frame};

/// Everything that a NULL connection says to `octets`.
pub fn said(config: &Config, octets: &[u8]) -> Vec<Said> {
    let mut log = Vec::new();
    if let Err(error) = all(config, octets, &mut log) {
        log.push(Said::Failed(error));
    }
    log
}

fn all(config: &Config, octets: &[u8], log: &mut Vec<Said>) -> Result<(), Error> {
    let Some(mut octets) = greeting(octets)? else { return Ok(()) };
    let (mut ready, mut parts, mut total) = (false, 0_u64, 0_u64);
    while let Some(frame) = first_frame(octets)? {
        if frame.is_command() {
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
            let header = FrameHeader::new(Kind::Message(more), frame.len);
            log.push(Said::Frame(header, frame.body));
        } else {
            return Err(PeerError::MessageInHandshake.into());
        }
        octets = &octets[frame.wire_len..];
    }
    Ok(())
}

/// What follows a good greeting; `None` if it is incomplete.
fn greeting(octets: &[u8]) -> Result<Option<&[u8]>, Error> {
    let old = |old| Err(Error::Peer(PeerError::Old(old)));
    match *octets {
        [first, ..] if first != 0xff => return old(OldPeer::Unversioned(first)),
        [_, _, _, _, _, _, _, _, _, tenth, ..] if tenth % 2 == 0 => {
            return old(OldPeer::Unversioned(tenth));
        }
        _ => {}
    }
    match octets.get(10) {
        Some(major) if *major < 2 => return old(OldPeer::Version(*major)),
        _ => {}
    }
    let Some(name) = octets.get(12..32) else { return Ok(None) };
    let peer = MechanismName::new(name);
    if peer != MechanismName::NULL {
        return Err(PeerError::MechanismMismatch { peer }.into());
    }
    Ok(octets.get(64..))
}

/// The frame at the front. Flags and sizes are judged before there is a body.
fn first_frame(octets: &[u8]) -> Result<Option<Frame>, Error> {
    match octets.first() {
        Some(flags) if flags & 0xf8 != 0 => return Err(Malformed::ReservedFlags(*flags).into()),
        Some(flags) if flags & 5 == 5 => return Err(Malformed::MoreOnCommand.into()),
        _ => {}
    }
    match Frame::first(octets) {
        Some(frame) if frame.len >= 1 << 63 => Err(Malformed::FrameSize(frame.len).into()),
        frame => Ok(frame),
    }
}

/// Whether the handshake is over with this command.
fn handshake(config: &Config, frame: &Frame, log: &mut Vec<Said>) -> Result<bool, Error> {
    let (name, data) = frame.command().ok_or(Malformed::CommandName)?;
    match name {
        b"ERROR" => {
            let len = usize::from(*data.first().ok_or(Malformed::ErrorReason)?);
            let reason = data.get(1..=len).ok_or(Malformed::ErrorReason)?;
            log.push(Said::Refused(reason.to_vec()));
            Err(PeerError::Refused.into())
        }
        b"READY" => {
            metadata(config, data)?;
            log.push(Said::Ready(data.to_vec()));
            Ok(true)
        }
        name => Err(PeerError::UnexpectedCommand(known(name)).into()),
    }
}

fn metadata(config: &Config, data: &[u8]) -> Result<(), Error> {
    let (properties, rest) = raw::properties(data);
    if !rest.is_empty() {
        return Err(Malformed::Metadata.into());
    }
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
    if config.require_socket_type && !named {
        return Err(PeerError::MissingSocketType.into());
    }
    Ok(())
}

fn traffic(config: &Config, frame: &Frame) -> Result<Option<Said>, Error> {
    let Some((name, data)) = frame.command() else {
        return Ok(Some(Said::Ignored(Ignored::Malformed)));
    };
    let publishes = matches!(config.socket_type, SocketType::Pub | SocketType::Xpub);
    Ok(match name {
        b"READY" => return Err(PeerError::SecondReady.into()),
        b"PING" if data.len() < 2 => Some(Said::Ignored(Ignored::Malformed)),
        b"PING" | b"PONG" => None,
        b"SUBSCRIBE" if publishes => Some(Said::Subscribe(data.to_vec())),
        b"CANCEL" if publishes => Some(Said::Cancel(data.to_vec())),
        name => Some(Said::Ignored(Ignored::Command(known(name)))),
    })
}

fn exceeded(limit: Limit, allowed: u64, got: u64) -> Result<(), Error> {
    if got > allowed { Err(Error::Limit(Exceeded { limit, allowed, got })) } else { Ok(()) }
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

/// The messages that an application gets of what its connection said, if it asks for nothing
/// itself.
pub fn delivered(ours: SocketType, log: &[Said]) -> Vec<Vec<Vec<u8>>> {
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
        _ => all,
    }
}
