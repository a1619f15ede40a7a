//! Why a connection failed, as it is kept: [`Error`] without what the settings know.

use crate::config::Config;
use crate::error::{Error, Exceeded, Limit, PeerError, Timeout};
use crate::wire::{Command, CommandName, Malformed, Size, wide};

#[derive(Clone, Copy, Debug)]
pub(super) enum Cause {
    /// More than a limit allows.
    Limit(Limit, Size),
    Malformed(Malformed),
    Peer(PeerError),
    TimedOut(Timeout),
    /// A command that had no place in the handshake: the front of its body.
    Unexpected([u8; 10]),
}

/// The largest frame and message that any limit allows: what goes past it counts as more.
const LARGEST: u64 = wide(Size::MAX).saturating_sub(1);

impl Cause {
    /// Fails if a limit is passed.
    pub(super) const fn check(limit: Limit, allowed: u64, got: Size) -> Result<(), Self> {
        if wide(got) > allowed || got == Size::MAX { Err(Self::Limit(limit, got)) } else { Ok(()) }
    }

    /// A command that had no place in the handshake.
    pub(super) fn unexpected(body: &[u8]) -> Self {
        let mut front = [0; 10];
        for (slot, octet) in front.iter_mut().zip(body) {
            *slot = *octet;
        }
        Self::Unexpected(front)
    }

    /// The error to show.
    #[cfg_attr(target_os = "none", inline(always))]
    pub(super) fn error(&self, config: &Config) -> Error {
        match *self {
            Self::Limit(limit, got) => {
                let limits = &config.limits;
                let allowed = match limit {
                    Limit::Command => limits.max_command.into(),
                    Limit::Frame => limits.max_frame,
                    Limit::Message => limits.max_message,
                    Limit::Parts => limits.max_parts.into(),
                };
                Error::Limit(Exceeded { limit, allowed: allowed.min(LARGEST), got: wide(got) })
            }
            Self::Malformed(malformed) => Error::Malformed(malformed),
            Self::Peer(error) => Error::Peer(error),
            Self::TimedOut(owed) => Error::TimedOut(owed),
            Self::Unexpected(body) => {
                // A name that ends behind these is none that is known.
                let command = Command::parse(&body);
                let name = command.map_or(CommandName::Unknown, |command| command.name());
                Error::Peer(PeerError::UnexpectedCommand(name))
            }
        }
    }
}
