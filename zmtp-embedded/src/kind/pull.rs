//! PULL: takes messages (RFC 30).

use super::Rules;
use zmtp_core::mechanism::Role;
use zmtp_core::wire::SocketType;

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
