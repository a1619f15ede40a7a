//! Peers older than ZMTP 3.0: how they open, and how they frame what follows.
//!
//! There is no handshake: an identity frame stands for it, at once in ZMTP 1.0 (RFC 13), behind
//! signature, version and socket type in 2.0 (RFC 15). Nothing of this is carried by a connection
//! whose mechanism lets no such peers in ([`Mechanism::OLDER_PEERS`]).

use super::cause::{Cause, exceeds};
use super::commands::LONGEST_IDENTITY;
use super::front::{Front, What};
use super::receive::{Rx, State};
use crate::config::Config;
use crate::error::Limit;
use crate::mechanism::Mechanism;
use crate::wire::{Framing, SIGNATURE_LEN, SocketType, UnsupportedVersion, Version};

/// What an older peer sends before messages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Opening {
    /// The socket type, behind signature and version.
    SocketType,
    /// The identity frame, behind the socket type or (`false`) behind nothing.
    Identity(bool),
}

/// What such a peer gets in the place of a greeting.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    /// Our identity: the signature has been the header of its frame.
    Identity,
    /// Our socket type and an identity frame.
    TypeAndIdentity,
}

/// Whether a peer opens without a signature; `None` if there are too few bytes to tell.
pub(super) fn is_unversioned(bytes: &[u8]) -> Option<bool> {
    match bytes.first()? {
        0xff => bytes.get(SIGNATURE_LEN.saturating_sub(1)).map(|tenth| tenth & 1 == 0),
        _ => Some(true),
    }
}

/// The version of a peer whose major version byte was refused, if it is let in.
pub(super) fn spoken(config: &Config, old: UnsupportedVersion) -> Option<Version> {
    let version = match old {
        UnsupportedVersion::Major(0) => Version::V1_0,
        UnsupportedVersion::Major(_) => Version::V2_0,
        UnsupportedVersion::NoSignature(_) => return None,
    };
    (config.min_version <= version).then_some(version)
}

impl Rx {
    /// Reads on in the opening.
    pub(super) fn older<M: Mechanism>(
        &mut self,
        config: &Config,
        opening: Opening,
        input: &[u8],
    ) -> Front {
        let has_type = match opening {
            Opening::SocketType => return self.old_socket_type::<M>(config, input),
            Opening::Identity(has_type) => has_type,
        };
        match self.old_identity::<M>(config, has_type, input) {
            Ok(front) => front,
            Err(cause) => self.fail_at(cause, input),
        }
    }

    fn old_socket_type<M: Mechanism>(&mut self, config: &Config, input: &[u8]) -> Front {
        let Some(&code) = input.first() else { return Front::missing(1) };
        let peer = SocketType::from_code(code);
        let name = peer.map_or(&[][..], SocketType::bytes);
        self.peer.socket_type = M::socket_type(config).peer_named(name);
        if self.peer.socket_type.is_none() {
            let len = u8::try_from(name.len()).unwrap_or_default();
            return self.fail_at(Cause::SocketType(len), name);
        }
        self.state = State::Older(Opening::Identity(true));
        self.take(1);
        Front::bare(What::Nothing)
    }

    fn old_identity<M: Mechanism>(
        &mut self,
        config: &Config,
        has_type: bool,
        bytes: &[u8],
    ) -> Result<Front, Cause> {
        let (header, header_len) = match self.framing::<M>().read(bytes) {
            Ok(None) => return Ok(Front::missing(1)),
            Ok(Some((header, len))) if header.is_final() => (header, len),
            // A peer that greets with nothing opens with a frame that can be no other. HTTP, TLS
            // and SSH do not.
            _ if !has_type => {
                let shows = match bytes {
                    [0xff, ..] => bytes.get(SIGNATURE_LEN.saturating_sub(1)),
                    _ => bytes.first(),
                };
                let shows = shows.copied().unwrap_or_default();
                return Err(Cause::Old(UnsupportedVersion::NoSignature(shows)));
            }
            Ok(Some(_)) => return Err(Cause::MoreOnIdentity),
            Err(flaw) => return Err(Cause::Header(flaw)),
        };
        let payload = usize::try_from(header.len()).unwrap_or(usize::MAX);
        self.len = header.size();
        if payload > LONGEST_IDENTITY {
            return Err(Cause::RoutingIdTooLong);
        }
        if exceeds(header.size(), config.limits.max_command.into()) {
            return Err(Cause::Limit(Limit::Command));
        }
        if !has_type && config.require_socket_type {
            return Err(Cause::MissingSocketType);
        }
        let taken = header_len.saturating_add(payload);
        if bytes.len() < taken {
            return Ok(Front::missing(1));
        }
        // Subscribers of ZMTP 1.0 send no subscriptions, they choose among all that comes.
        let everything = !has_type && M::socket_type(config).accepts_subscriptions();
        self.state = if everything { State::MatchAll } else { State::Traffic };
        self.heard::<M>();
        self.take(taken);
        Ok(Front { what: What::Ready, payload })
    }

    /// Whether the peer is older than ZMTP 3.0, as far as it has shown.
    pub(super) const fn is_old<M: Mechanism>(&self) -> bool {
        M::OLDER_PEERS
            && matches!(self.peer.version.major, 1 | 2)
            && !matches!(self.state, State::Greeting(_))
    }

    /// How the peer frames messages.
    pub(super) const fn framing<M: Mechanism>(&self) -> Framing {
        if M::OLDER_PEERS { self.peer.version.framing() } else { Framing::V3 }
    }

    /// What an older peer gets in the place of a greeting.
    pub(super) const fn answer<M: Mechanism>(&self) -> Option<Answer> {
        let has_type = self.peer.socket_type.is_some();
        if !self.is_old::<M>() {
            None
        } else if has_type || matches!(self.state, State::Older(Opening::SocketType)) {
            Some(Answer::TypeAndIdentity)
        } else {
            Some(Answer::Identity)
        }
    }
}
