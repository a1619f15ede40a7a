//! Peers older than ZMTP 3.0: how they open a connection.
//!
//! There is no handshake, but an identity frame: the first frame in ZMTP 1.0 (RFC 13), and after signature,
//! version and socket type in 2.0 (RFC 15). If the mechanism does not accept such peers
//! ([`Mechanism::OLDER_PEERS`]), the program contains no code for them.

use super::event::{Event, Received};
use super::failure::Failure;
use super::limits::{LONGEST_IDENTITY, exceeds};
use super::send::SendHalf;
use super::state::{Opening, ReceiveHalf, Reply, State};
use crate::config::Config;
use crate::error::Limit;
use crate::mechanism::Mechanism;
use crate::wire::{
    BufferTooSmall, FrameHeader, FrameKind, Framing, Greeting, More, SIGNATURE_LEN, SOCKET_TYPE_AT,
    SocketType, UnsupportedVersion, Version, Writer,
};

/// Whether peers older than ZMTP 3.0 may be accepted, if the version is. RADIO and DISH refuse them.
#[inline(always)]
pub(super) fn are_accepted<M: Mechanism>(config: &Config, mechanism: &M) -> bool {
    M::OLDER_PEERS && mechanism.accepts_older_peers() && !M::socket_type(config).needs_commands()
}

/// The lowest version that is accepted.
pub(super) fn lowest<M: Mechanism>(config: &Config, mechanism: &M) -> Version {
    let version = if are_accepted(config, mechanism) { Version::V1_0 } else { Version::V3_0 };
    config.min_version.max(version)
}

/// Whether the first bytes of a peer are not a signature; `None` if there are too few bytes.
pub(super) fn is_unversioned(bytes: &[u8]) -> Option<bool> {
    match bytes.first()? {
        0xff => bytes.get(SIGNATURE_LEN.saturating_sub(1)).map(|tenth| tenth & 1 == 0),
        _ => Some(true),
    }
}

/// The version of a peer whose major version byte was refused, if it is accepted as an older peer.
pub(super) fn accepted_version(config: &Config, old: UnsupportedVersion) -> Option<Version> {
    let version = match old {
        UnsupportedVersion::Major(0) => Version::V1_0,
        UnsupportedVersion::Major(_) => Version::V2_0,
        UnsupportedVersion::NoSignature(_) => return None,
    };
    (config.min_version <= version).then_some(version)
}

impl ReceiveHalf {
    /// Parses the next step of the opening.
    pub(super) fn legacy<M: Mechanism>(
        &mut self,
        config: &Config,
        opening: Opening,
        input: &[u8],
    ) -> Received {
        let (has_type, input) = match opening {
            Opening::Identity(has_type) => (has_type, input),
            Opening::SocketType => match self.old_socket_type::<M>(config, input) {
                Ok(rest) => (true, rest),
                Err(found) => return found,
            },
        };
        match self.old_identity::<M>(config, has_type, input) {
            Ok(found) => found,
            Err(failure) => self.fail_at(failure, input),
        }
    }

    /// Parses the socket type. Returns the bytes after it, or the event to report instead.
    fn old_socket_type<'i, M: Mechanism>(
        &mut self,
        config: &Config,
        input: &'i [u8],
    ) -> Result<&'i [u8], Received> {
        let Some((&code, rest)) = input.split_first() else { return Err(Received::missing(1)) };
        let peer = SocketType::from_code(code);
        let name = peer.map_or(&[][..], SocketType::bytes);
        self.peer.socket_type = M::socket_type(config).peer_named(name);
        if self.peer.socket_type.is_none() {
            let len = u8::try_from(name.len()).unwrap_or_default();
            return Err(self.fail_at(Failure::SocketType(len), name));
        }
        self.state = State::Legacy(Opening::Identity(true));
        self.take(1);
        Ok(rest)
    }

    fn old_identity<M: Mechanism>(
        &mut self,
        config: &Config,
        has_type: bool,
        bytes: &[u8],
    ) -> Result<Received, Failure> {
        let (header, header_len) = match self.framing::<M>().read(bytes) {
            Ok(None) => return Ok(Received::missing(1)),
            Ok(Some((header, len))) if header.is_final() => (header, len),
            // A peer without a signature must begin with a valid frame. HTTP, TLS and SSH do not.
            _ if !has_type => {
                let shows = match bytes {
                    [0xff, ..] => bytes.get(SIGNATURE_LEN.saturating_sub(1)),
                    _ => bytes.first(),
                };
                let shows = shows.copied().unwrap_or_default();
                return Err(Failure::Old(UnsupportedVersion::NoSignature(shows)));
            }
            Ok(Some(_)) => return Err(Failure::MoreOnIdentity),
            Err(flaw) => return Err(Failure::Header(flaw)),
        };
        let payload = usize::try_from(header.len()).unwrap_or(usize::MAX);
        self.len = header.size();
        if payload > LONGEST_IDENTITY {
            return Err(Failure::RoutingIdTooLong);
        }
        if exceeds(header.size(), config.limits.max_command.into()) {
            return Err(Failure::Limit(Limit::Command));
        }
        if !has_type && config.require_socket_type {
            return Err(Failure::MissingSocketType);
        }
        let taken = header_len.saturating_add(payload);
        if bytes.len() < taken {
            return Ok(Received::missing(1));
        }
        // Subscribers of ZMTP 1.0 send no subscriptions: they filter what they receive.
        let everything = !has_type && M::socket_type(config).accepts_subscriptions();
        self.state = if everything { State::MatchAll } else { State::Traffic };
        self.heard::<M>();
        self.take(taken);
        Ok(Received { event: Event::Ready, payload })
    }
}

impl SendHalf {
    /// The opening for an older peer, in stages. A peer that sent a version byte gets our socket type and an
    /// identity frame. For other peers our signature was the header of that frame, so only the identity is due.
    pub(super) fn old_greeting<M: Mechanism>(
        &mut self,
        config: &Config,
        mechanism: &M,
        framing: Framing,
        reply: Reply,
        mut out: Writer<'_>,
    ) -> Result<usize, BufferTooSmall> {
        let mut bytes = *mechanism.greeting();
        let fields = Greeting::fields(mechanism.as_server(), config.routing_id.len());
        let socket_type = (SOCKET_TYPE_AT, M::socket_type(config).code());
        for (at, byte) in fields.into_iter().chain([socket_type]) {
            if let Some(slot) = bytes.get_mut(at) {
                *slot = byte;
            }
        }
        let id = config.routing_id.bytes();
        let header =
            framing.emit(FrameHeader::new(FrameKind::Message(More::Last), id.len() as u64));
        let (stage, header) = match reply {
            Reply::Identity => (SIGNATURE_LEN, &[][..]),
            Reply::TypeAndIdentity => (SOCKET_TYPE_AT.saturating_add(1), header.as_ref()),
        };
        let sent = usize::from(self.greeting_sent);
        // As many pieces as fit.
        let pieces = [
            (stage, bytes.get(sent..stage).unwrap_or_default()),
            (stage.saturating_add(1), header),
            (Greeting::LEN, id),
        ];
        let mut written = Ok(0);
        for (then, piece) in pieces {
            if usize::from(self.greeting_sent) < then {
                out.put(piece);
                if !out.fits() {
                    return if written == Ok(0) { out.finish() } else { written };
                }
                written = Ok(out.len());
                self.greeting_sent = u8::try_from(then).unwrap_or(u8::MAX);
            }
        }
        written
    }
}
