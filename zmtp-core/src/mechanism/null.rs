//! NULL: a handshake of metadata only (RFC 37 § The NULL Security Mechanism).

use super::{Consumed, Mechanism, emit_ready, greeting};
use crate::config::Config;
use crate::wire::{CommandName, Greeting, MechanismName, SocketType, Writer};

/// The NULL mechanism. Both ends send READY right after the greetings, as in libzmq. Peers older than ZMTP 3.0
/// are refused; [`NullOrOlder`] accepts them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Null {
    ready_sent: bool,
}

impl Null {
    /// Creates the mechanism for a new connection.
    pub const fn new() -> Self {
        Self { ready_sent: false }
    }
}

impl Mechanism for Null {
    #[inline(always)]
    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        const { &greeting(&MechanismName::NULL) }
    }

    #[inline(always)]
    fn produce(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        emit_ready(kind, config, out);
        self.ready_sent = out.fits();
    }

    #[inline(always)]
    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        if CommandName::Ready.names(name) {
            Consumed::Ready(data.len())
        } else {
            Consumed::Unexpected
        }
    }

    #[inline(always)]
    fn may_send(&self) -> bool {
        self.ready_sent
    }
}

/// The NULL mechanism that also accepts peers of ZMTP 2.0 and 1.0, down to
/// [`Config::min_version`](crate::Config).
///
/// It is a separate type because support for these versions takes about 2.5 KB of code on a Cortex-M, and
/// most firmware does not need it. It is not a cargo feature, because any crate in the program could enable
/// the feature for all others.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullOrOlder(Null);

impl NullOrOlder {
    /// Creates the mechanism for a new connection.
    pub const fn new() -> Self {
        Self(Null::new())
    }
}

impl Mechanism for NullOrOlder {
    const OLDER_PEERS: bool = true;

    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        self.0.greeting()
    }

    fn produce(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        self.0.produce(kind, config, out);
    }

    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        self.0.consume(name, data)
    }

    fn may_send(&self) -> bool {
        self.0.may_send()
    }
}
