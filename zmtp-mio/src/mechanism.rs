//! The security mechanism of a socket's connections, chosen at run time.

use core::fmt::Debug;
use std::io;
use std::sync::Arc;

use zmtp_core::mechanism::{Consumed, Exhausted, Mechanism};
use zmtp_core::wire::{FrameKind, Greeting, SocketType, Writer};
use zmtp_core::{Answer, Config, NullOrOlder, OpenError};

use crate::security::{Question, User};

/// Makes the mechanism of each connection of a socket. After an error the connection is closed.
///
/// It may change in any release.
#[doc(hidden)]
pub type MakeMechanism = Arc<dyn Fn() -> io::Result<Box<dyn DynMechanism>> + Send + Sync>;

/// The mechanism of a connection: NULL, or one that the socket's options make.
#[derive(Debug)]
pub(crate) enum AnyMechanism {
    Null(NullOrOlder),
    /// With the question about the peer, if one may be asked.
    Made(Box<dyn DynMechanism>, Option<Arc<Question>>),
}

impl AnyMechanism {
    /// The question about the peer, if one may be asked.
    pub(crate) const fn question(&self) -> Option<&Arc<Question>> {
        match self {
            Self::Null(_) => None,
            Self::Made(_, question) => question.as_ref(),
        }
    }

    /// The user that the answer names.
    pub(crate) fn user(&self) -> Option<&User> {
        self.question()?.user()
    }

    /// Whether READY is the first command of each end.
    pub(crate) fn begins_with_ready(&self) -> bool {
        Mechanism::greeting(self).get(12..17) == Some(b"NULL\0")
    }
}

/// The methods of a mechanism without its constants.
#[doc(hidden)]
pub trait DynMechanism: Debug + Send {
    fn greeting(&self) -> &'static [u8; Greeting::LEN];
    fn as_server(&self) -> bool;
    fn is_client(&self) -> bool;
    fn produce(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>);
    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed;
    fn may_send(&self) -> bool;
    fn answer(&mut self, answer: Answer<'_>);
    fn denial(&self) -> Option<&[u8]>;
    fn error_name(&self) -> &'static [u8];
    fn overhead(&self) -> usize;
    fn seal(&mut self, kind: FrameKind, frame: &mut [u8]) -> Result<(), Exhausted>;
    fn seals_split(&self) -> bool;
    fn seal_split(
        &mut self,
        kind: FrameKind,
        head: &mut [u8],
        body: &mut [u8],
    ) -> Result<(), Exhausted>;
    fn reverse_split(&mut self, head: &[u8], body: &mut [u8]);
    fn open(&mut self, outer: FrameKind, frame: &mut [u8]) -> Result<FrameKind, OpenError>;
}

impl<M: Mechanism + Debug + Send> DynMechanism for M {
    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        Mechanism::greeting(self)
    }

    fn as_server(&self) -> bool {
        Mechanism::as_server(self)
    }

    fn is_client(&self) -> bool {
        Mechanism::is_client(self)
    }

    fn produce(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        Mechanism::produce(self, kind, config, out);
    }

    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        Mechanism::consume(self, name, data)
    }

    fn may_send(&self) -> bool {
        Mechanism::may_send(self)
    }

    fn answer(&mut self, answer: Answer<'_>) {
        Mechanism::answer(self, answer);
    }

    fn denial(&self) -> Option<&[u8]> {
        Mechanism::denial(self)
    }

    fn error_name(&self) -> &'static [u8] {
        Mechanism::error_name(self)
    }

    fn overhead(&self) -> usize {
        Mechanism::overhead(self)
    }

    fn seal(&mut self, kind: FrameKind, frame: &mut [u8]) -> Result<(), Exhausted> {
        Mechanism::seal(self, kind, frame)
    }

    fn seals_split(&self) -> bool {
        Mechanism::seals_split(self)
    }

    fn seal_split(
        &mut self,
        kind: FrameKind,
        head: &mut [u8],
        body: &mut [u8],
    ) -> Result<(), Exhausted> {
        Mechanism::seal_split(self, kind, head, body)
    }

    fn reverse_split(&mut self, head: &[u8], body: &mut [u8]) {
        Mechanism::reverse_split(self, head, body);
    }

    fn open(&mut self, outer: FrameKind, frame: &mut [u8]) -> Result<FrameKind, OpenError> {
        Mechanism::open(self, outer, frame)
    }
}

impl Mechanism for AnyMechanism {
    const OLDER_PEERS: bool = true;
    const OTHER_ERROR: bool = true;
    const SEALS: bool = true;
    const WAITS: bool = true;

    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        match self {
            Self::Null(null) => Mechanism::greeting(null),
            Self::Made(made, _) => made.greeting(),
        }
    }

    fn as_server(&self) -> bool {
        match self {
            Self::Null(_) => false,
            Self::Made(made, _) => made.as_server(),
        }
    }

    fn is_client(&self) -> bool {
        match self {
            Self::Null(_) => false,
            Self::Made(made, _) => made.is_client(),
        }
    }

    /// A mechanism other than NULL accepts no weaker peer.
    fn accepts_older_peers(&self) -> bool {
        matches!(self, Self::Null(_))
    }

    fn produce(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        match self {
            Self::Null(null) => Mechanism::produce(null, kind, config, out),
            Self::Made(made, _) => made.produce(kind, config, out),
        }
    }

    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        match self {
            Self::Null(null) => Mechanism::consume(null, name, data),
            Self::Made(made, _) => made.consume(name, data),
        }
    }

    fn may_send(&self) -> bool {
        match self {
            Self::Null(null) => Mechanism::may_send(null),
            Self::Made(made, _) => made.may_send(),
        }
    }

    fn answer(&mut self, answer: Answer<'_>) {
        if let Self::Made(made, _) = self {
            made.answer(answer);
        }
    }

    fn denial(&self) -> Option<&[u8]> {
        match self {
            Self::Null(_) => None,
            Self::Made(made, _) => made.denial(),
        }
    }

    fn error_name(&self) -> &'static [u8] {
        match self {
            Self::Null(null) => Mechanism::error_name(null),
            Self::Made(made, _) => made.error_name(),
        }
    }

    fn overhead(&self) -> usize {
        match self {
            Self::Null(_) => 0,
            Self::Made(made, _) => made.overhead(),
        }
    }

    fn seal(&mut self, kind: FrameKind, frame: &mut [u8]) -> Result<(), Exhausted> {
        match self {
            Self::Null(_) => Ok(()),
            Self::Made(made, _) => made.seal(kind, frame),
        }
    }

    fn seals_split(&self) -> bool {
        matches!(self, Self::Made(made, _) if made.seals_split())
    }

    fn seal_split(
        &mut self,
        kind: FrameKind,
        head: &mut [u8],
        body: &mut [u8],
    ) -> Result<(), Exhausted> {
        match self {
            Self::Null(_) => Err(Exhausted),
            Self::Made(made, _) => made.seal_split(kind, head, body),
        }
    }

    fn reverse_split(&mut self, head: &[u8], body: &mut [u8]) {
        if let Self::Made(made, _) = self {
            made.reverse_split(head, body);
        }
    }

    fn open(&mut self, outer: FrameKind, frame: &mut [u8]) -> Result<FrameKind, OpenError> {
        match self {
            Self::Null(_) => Ok(outer),
            Self::Made(made, _) => made.open(outer, frame),
        }
    }
}
