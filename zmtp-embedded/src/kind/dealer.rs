//! DEALER: messages both ways, as they are (RFC 28).

use super::Rules;
use zmtp_core::mechanism::Role;
use zmtp_core::wire::SocketType;

/// DEALER with one peer. Who talks to a REP adds the empty delimiter.
#[derive(Debug)]
pub struct Dealer(());

impl Dealer {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl Role for Dealer {
    const SOCKET_TYPE: SocketType = SocketType::Dealer;
}

impl Rules for Dealer {}
