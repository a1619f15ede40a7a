//! NULL with a domain: the authenticator is asked before READY, as in libzmq.

use core::fmt;

use zmtp_core::Config;
use zmtp_core::mechanism::{Authenticate, Consumed, Credentials, Decision, Mechanism, Null};
use zmtp_core::wire::{Greeting, SocketType, Writer};

use super::ask::Ask;

/// The NULL mechanism of a socket that asks about its peers. READY is sent when the peer is accepted. Peers older than
/// ZMTP 3.0 are refused.
pub(super) struct AskedNull {
    null: Null,
    ask: Ask,
}

impl AskedNull {
    pub(super) const fn new(ask: Ask) -> Self {
        Self { null: Null::new(), ask }
    }
}

impl Mechanism for AskedNull {
    const WAITS: bool = true;

    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        Mechanism::greeting(&self.null)
    }

    fn produce(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        if self.ask.authenticate(Credentials::Null) == Decision::Accept {
            Mechanism::produce(&mut self.null, kind, config, out);
        }
    }

    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        match self.ask.authenticate(Credentials::Null) {
            Decision::Accept => Mechanism::consume(&mut self.null, name, data),
            Decision::Later => Consumed::Waiting,
            Decision::Refuse(_) => Consumed::Denied,
        }
    }

    fn may_send(&self) -> bool {
        Mechanism::may_send(&self.null)
    }

    fn denial(&self) -> Option<&[u8]> {
        match self.ask.question.decision() {
            Some(Decision::Refuse(status)) => status.reason(),
            _ => None,
        }
    }
}

impl fmt::Debug for AskedNull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AskedNull").field("null", &self.null).finish_non_exhaustive()
    }
}
