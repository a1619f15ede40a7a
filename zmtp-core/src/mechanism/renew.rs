//! Mechanisms that begin again with each connection, for a socket type that is known at compile time.

use core::marker::PhantomData;

use super::{Answer, Consumed, Exhausted, Mechanism, Null, OpenError};
use crate::config::Config;
use crate::wire::{FrameKind, Greeting, SocketType, Writer};

/// A mechanism with the keys or credentials of a socket, for any number of connections one after the other.
///
/// The trait may change in any release.
pub trait Renew: Mechanism {
    /// The random bytes of a connection: an array of bytes of a generator of random numbers for cryptography, or `()`
    /// if the mechanism has none.
    type Random;

    /// The mechanism for a new connection.
    #[must_use]
    fn renew(&self, random: &Self::Random) -> Self;
}

impl Renew for Null {
    type Random = ();

    #[inline(always)]
    fn renew(&self, _random: &()) -> Self {
        Self::new()
    }
}

/// A type that stands for a socket type, for [`Of`].
pub trait Role {
    /// The socket type.
    const SOCKET_TYPE: SocketType;
}

/// A mechanism for a socket type that is known at compile time. The type replaces
/// [`Config::socket_type`](crate::Config).
#[derive(Debug)]
pub struct Of<R, M>(M, PhantomData<R>);

/// The NULL mechanism for a socket type that is known at compile time.
pub type NullOf<R> = Of<R, Null>;

impl<R, M> Of<R, M> {
    /// This mechanism for the socket type of `R`.
    pub const fn new(mechanism: M) -> Self {
        Self(mechanism, PhantomData)
    }
}

impl<R, M: Default> Default for Of<R, M> {
    fn default() -> Self {
        Self::new(M::default())
    }
}

impl<R: Role, M: Renew> Renew for Of<R, M> {
    type Random = M::Random;

    #[inline(always)]
    fn renew(&self, random: &M::Random) -> Self {
        Self::new(self.0.renew(random))
    }
}

impl<R: Role, M: Mechanism> Mechanism for Of<R, M> {
    const OLDER_PEERS: bool = M::OLDER_PEERS;
    const SEALS: bool = M::SEALS;
    const SOCKET_TYPE: Option<SocketType> = Some(R::SOCKET_TYPE);
    const OTHER_ERROR: bool = M::OTHER_ERROR;
    const WAITS: bool = M::WAITS;

    #[inline(always)]
    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        self.0.greeting()
    }

    #[inline(always)]
    fn as_server(&self) -> bool {
        self.0.as_server()
    }

    #[inline(always)]
    fn is_client(&self) -> bool {
        self.0.is_client()
    }

    #[inline(always)]
    fn accepts_older_peers(&self) -> bool {
        self.0.accepts_older_peers()
    }

    #[inline(always)]
    fn produce(&mut self, _kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        self.0.produce(R::SOCKET_TYPE, config, out);
    }

    #[inline(always)]
    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        self.0.consume(name, data)
    }

    #[inline(always)]
    fn may_send(&self) -> bool {
        self.0.may_send()
    }

    #[inline(always)]
    fn answer(&mut self, answer: Answer<'_>) {
        self.0.answer(answer);
    }

    #[inline(always)]
    fn denial(&self) -> Option<&[u8]> {
        self.0.denial()
    }

    #[inline(always)]
    fn error_name(&self) -> &'static [u8] {
        self.0.error_name()
    }

    #[inline(always)]
    fn overhead(&self) -> usize {
        self.0.overhead()
    }

    #[inline(always)]
    fn seal(&mut self, kind: FrameKind, frame: &mut [u8]) -> Result<(), Exhausted> {
        self.0.seal(kind, frame)
    }

    #[inline(always)]
    fn open(&mut self, outer: FrameKind, frame: &mut [u8]) -> Result<FrameKind, OpenError> {
        self.0.open(outer, frame)
    }
}
