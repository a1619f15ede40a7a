//! The ERROR command of a connection that has failed.

use super::failure::Failure;
use super::state::ReceiveHalf;
use crate::mechanism::Mechanism;
use crate::wire::{CommandName, FrameHeader, FrameKind, Writer};

/// The reason in an ERROR command that a failed connection sends to its peer.
///
/// ERROR is sent only for failures that a retry cannot correct, because libzmq does not reconnect after it receives
/// an ERROR. A client of PLAIN or CURVE sends none if the socket types are not compatible: in these mechanisms only
/// the server sends ERROR (RFC 24, RFC 26).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Refusal {
    /// The mechanisms differ.
    Mechanism,
    /// The socket types are not compatible.
    SocketType,
}

impl Refusal {
    /// The text in the ERROR command.
    pub const fn reason(self) -> &'static str {
        match self.command().split_at_checked(9) {
            Some((_, reason)) => reason,
            None => "",
        }
    }

    /// The ERROR command: the header, then the name and the reason, each preceded by its length.
    const fn command(self) -> &'static str {
        match self {
            Self::Mechanism => "\x04\x19\x05ERROR\x12Mechanism mismatch",
            Self::SocketType => "\x04\x1f\x05ERROR\x18Incompatible Socket-Type",
        }
    }
}

/// Whether a failed connection sends its peer an ERROR. An older peer gets none, because it could not parse
/// it.
pub(super) fn sends_error<M: Mechanism>(mechanism: &M, rx: &ReceiveHalf) -> bool {
    let sends = match rx.failure {
        Some(Failure::Mechanism) => true,
        Some(Failure::SocketType(_)) => !mechanism.is_client(),
        Some(Failure::Denied) => mechanism.denial().is_some(),
        _ => false,
    };
    sends && !rx.is_old::<M>()
}

/// Writes the ERROR command of a failed connection.
#[inline(always)]
pub(super) fn write_error<M: Mechanism>(
    mechanism: &M,
    failure: Option<Failure>,
    out: &mut Writer<'_>,
) {
    match (failure, mechanism.denial()) {
        (Some(Failure::Denied), Some(reason)) => {
            let len = u8::try_from(reason.len()).unwrap_or(u8::MAX);
            let reason = reason.get(..usize::from(len)).unwrap_or_default();
            if M::OTHER_ERROR {
                let name = mechanism.error_name();
                let body = name.len().saturating_add(1).saturating_add(reason.len());
                FrameHeader::new(FrameKind::Command, body as u64).put(out);
                out.put(name);
                out.put(&[len]);
                out.put(reason);
            } else {
                out.command(CommandName::Error, &[&[len], reason]);
            }
        }
        (Some(Failure::Mechanism), _) => out.put(Refusal::Mechanism.command().as_bytes()),
        _ => out.put(Refusal::SocketType.command().as_bytes()),
    }
}
