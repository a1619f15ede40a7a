//! NULL: metadata and nothing else (RFC 37 § The NULL Security Mechanism).

use core::marker::PhantomData;

use super::{Consumed, Mechanism, emit_ready};
use crate::config::Config;
use crate::wire::{Command, CommandName, MechanismName, SocketType, Writer};

/// The NULL mechanism. Both ends send READY as soon as the greetings are over, as libzmq does.
/// Peers older than ZMTP 3.0 are refused; [`NullOrOlder`] lets them in.
#[derive(Clone, Copy, Debug, Default)]
pub struct Null {
    ready_sent: bool,
}

impl Null {
    /// A handshake that has not begun.
    pub const fn new() -> Self {
        Self { ready_sent: false }
    }

    #[inline(always)]
    fn produce_as(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        emit_ready(kind, config, out);
        self.ready_sent = out.fits();
    }
}

impl Mechanism for Null {
    const NAME: MechanismName = MechanismName::NULL;

    fn produce(&mut self, config: &Config, out: &mut Writer<'_>) {
        self.produce_as(config.socket_type, config, out);
    }

    fn consume<'c>(&mut self, command: Command<'c>) -> Consumed<'c> {
        if command.is(CommandName::Ready) {
            Consumed::Ready(command.data)
        } else {
            Consumed::Unexpected
        }
    }

    fn may_send(&self) -> bool {
        self.ready_sent
    }
}

/// The NULL mechanism that also lets peers of ZMTP 2.0 and 1.0 in, down to
/// [`Config::min_version`](crate::Config).
///
/// A type of its own, because their openings and framing are some 2.5 KB of code on a Cortex-M that
/// most firmware has no use for, and a feature could be turned on by somebody else.
#[derive(Clone, Copy, Debug, Default)]
pub struct NullOrOlder(Null);

impl NullOrOlder {
    /// A handshake that has not begun.
    pub const fn new() -> Self {
        Self(Null::new())
    }
}

impl Mechanism for NullOrOlder {
    const NAME: MechanismName = Null::NAME;
    const OLDER_PEERS: bool = true;

    fn produce(&mut self, config: &Config, out: &mut Writer<'_>) {
        self.0.produce(config, out);
    }

    fn consume<'c>(&mut self, command: Command<'c>) -> Consumed<'c> {
        self.0.consume(command)
    }

    fn may_send(&self) -> bool {
        self.0.may_send()
    }
}

/// What has a type of socket.
pub trait Role {
    /// Which.
    const SOCKET_TYPE: SocketType;
}

/// The NULL mechanism of sockets whose type is known when a program is built, whatever
/// [`Config::socket_type`](crate::Config) says.
#[derive(Debug)]
pub struct NullOf<R>(Null, PhantomData<R>);

impl<R> NullOf<R> {
    /// A handshake that has not begun.
    pub const fn new() -> Self {
        Self(Null::new(), PhantomData)
    }
}

impl<R> Default for NullOf<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Role> Mechanism for NullOf<R> {
    const NAME: MechanismName = Null::NAME;
    const SOCKET_TYPE: Option<SocketType> = Some(R::SOCKET_TYPE);

    fn produce(&mut self, config: &Config, out: &mut Writer<'_>) {
        self.0.produce_as(R::SOCKET_TYPE, config, out);
    }

    fn consume<'c>(&mut self, command: Command<'c>) -> Consumed<'c> {
        self.0.consume(command)
    }

    fn may_send(&self) -> bool {
        self.0.may_send()
    }
}
