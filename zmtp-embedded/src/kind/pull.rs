//! PULL: takes messages (RFC 30).

use zmtp_core::mechanism::Role;
use zmtp_core::wire::SocketType;
use super::Rules;

/// PULL.
#[derive(Debug)]
pub struct Pull(());

impl Pull {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl Role for Pull {
    const SOCKET_TYPE: SocketType = SocketType::Pull;
}

impl Rules for Pull {}
