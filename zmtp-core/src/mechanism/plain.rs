//! PLAIN: a user name and a password in the clear (RFC 24). Frames are not protected.

use core::fmt;

use super::authenticate::Standing;
use super::{
    Answer, Authenticate, Consumed, Credentials, HandshakeError, Mechanism, Renew, greeting,
    metadata,
};
use crate::config::Config;
use crate::wire::{CommandName, Greeting, MechanismName, SocketType, Writer};

/// The name of libzmq's ERROR command in PLAIN. Its source has the string `"\x05ERROR"`, in which C reads the escape
/// `\x05E`, so that the command starts with the byte 5e and has no valid name.
const MISSPELT_ERROR: &[u8] = b"\x5eRROR";

/// The client's side of PLAIN.
///
/// The user name and the password are sent in the clear to every server that the socket connects to: use PLAIN only
/// where no other program can read the bytes or impersonate the server.
///
/// As in libzmq, messages can be sent after the server's READY. An ERROR of libzmq, which misspells the name of the
/// command, is recognised too.
pub struct PlainClient<S> {
    username: S,
    password: S,
    step: ClientStep,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ClientStep {
    /// HELLO is due.
    Hello,
    /// HELLO was sent.
    Welcome,
    /// WELCOME arrived, and INITIATE is due.
    Initiate,
    /// INITIATE was sent.
    Done,
}

impl<S: AsRef<[u8]>> PlainClient<S> {
    /// Creates the mechanism for a new connection. Returns `None` if the user name or the password has more than 255
    /// bytes.
    pub fn new(username: S, password: S) -> Option<Self> {
        let fits = |bytes: &S| bytes.as_ref().len() <= usize::from(u8::MAX);
        if !fits(&username) || !fits(&password) {
            return None;
        }
        Some(Self { username, password, step: ClientStep::Hello })
    }
}

impl<S: AsRef<[u8]> + Clone> Renew for PlainClient<S> {
    type Random = ();

    fn renew(&self, _random: &()) -> Self {
        let (username, password) = (self.username.clone(), self.password.clone());
        Self { username, password, step: ClientStep::Hello }
    }
}

impl<S> fmt::Debug for PlainClient<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainClient").field("step", &self.step).finish_non_exhaustive()
    }
}

impl<S: AsRef<[u8]>> Mechanism for PlainClient<S> {
    const OTHER_ERROR: bool = true;

    #[inline(always)]
    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        const { &greeting(&MechanismName::PLAIN) }
    }

    #[inline(always)]
    fn is_client(&self) -> bool {
        true
    }

    fn error_name(&self) -> &'static [u8] {
        MISSPELT_ERROR
    }

    fn produce(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        let next = match self.step {
            ClientStep::Hello => {
                let (username, password) = (self.username.as_ref(), self.password.as_ref());
                let len = |bytes: &[u8]| [u8::try_from(bytes.len()).unwrap_or(u8::MAX)];
                let data: [&[u8]; 4] = [&len(username), username, &len(password), password];
                out.command(CommandName::Hello, &data);
                ClientStep::Welcome
            }
            ClientStep::Initiate => {
                let metadata = metadata(kind, config);
                out.command(CommandName::Initiate, &metadata);
                ClientStep::Done
            }
            ClientStep::Welcome | ClientStep::Done => return,
        };
        if out.fits() {
            self.step = next;
        }
    }

    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        match self.step {
            ClientStep::Welcome if CommandName::Welcome.names(name) => {
                if !data.is_empty() {
                    return Consumed::Invalid(HandshakeError::Length(CommandName::Welcome));
                }
                self.step = ClientStep::Initiate;
                Consumed::Pending
            }
            // It is the same whether INITIATE was sent before READY was read or afterwards.
            ClientStep::Initiate | ClientStep::Done if CommandName::Ready.names(name) => {
                Consumed::Ready(data.len())
            }
            _ => Consumed::Unexpected,
        }
    }

    fn may_send(&self) -> bool {
        self.step == ClientStep::Done
    }
}

/// The server's side of PLAIN.
///
/// A HELLO is decided by an [`Authenticate`]. A refused client gets an ERROR with the name that libzmq gives it, which
/// libzmq's clients recognise as a refusal. They close at an ERROR with the correct name too.
pub struct PlainServer<A> {
    authenticator: A,
    standing: Standing,
    step: ServerStep,
    welcome_due: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum ServerStep {
    Hello,
    Initiate,
    /// INITIATE arrived, and READY is due.
    Ready,
    Done,
}

impl<A: Authenticate> PlainServer<A> {
    /// Creates the mechanism for a new connection.
    pub const fn new(authenticator: A) -> Self {
        Self {
            authenticator,
            standing: Standing::Unknown,
            step: ServerStep::Hello,
            welcome_due: false,
        }
    }

    fn hello(&mut self, data: &[u8]) -> Consumed {
        let Some(credentials) = credentials(data) else {
            return Consumed::Invalid(HandshakeError::Length(CommandName::Hello));
        };
        match self.standing.decide(&mut self.authenticator, credentials) {
            None => Consumed::Waiting,
            Some(false) => Consumed::Denied,
            Some(true) => {
                (self.step, self.welcome_due) = (ServerStep::Initiate, true);
                Consumed::Pending
            }
        }
    }
}

/// The credentials in the data of a HELLO. `None` if the data is too long or too short.
fn credentials(data: &[u8]) -> Option<Credentials<'_>> {
    let (username, rest) = prefixed(data)?;
    let (password, rest) = prefixed(rest)?;
    rest.is_empty().then_some(Credentials::Plain { username, password })
}

/// Bytes preceded by their number, and the bytes after them.
fn prefixed(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*len))
}

impl<A: Authenticate + Clone> Renew for PlainServer<A> {
    type Random = ();

    fn renew(&self, _random: &()) -> Self {
        Self::new(self.authenticator.clone())
    }
}

impl<A> fmt::Debug for PlainServer<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainServer")
            .field("standing", &self.standing)
            .field("step", &self.step)
            .finish_non_exhaustive()
    }
}

impl<A: Authenticate> Mechanism for PlainServer<A> {
    const OTHER_ERROR: bool = true;
    const WAITS: bool = true;

    #[inline(always)]
    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        const { &greeting(&MechanismName::PLAIN) }
    }

    fn as_server(&self) -> bool {
        true
    }

    fn error_name(&self) -> &'static [u8] {
        MISSPELT_ERROR
    }

    fn produce(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        if self.welcome_due {
            out.command(CommandName::Welcome, &[]);
            self.welcome_due = !out.fits();
        } else if self.step == ServerStep::Ready {
            out.command(CommandName::Ready, &metadata(kind, config));
            if out.fits() {
                self.step = ServerStep::Done;
            }
        }
    }

    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        match self.step {
            ServerStep::Hello if CommandName::Hello.names(name) => self.hello(data),
            // It is the same whether WELCOME was sent before INITIATE was read or afterwards.
            ServerStep::Initiate if CommandName::Initiate.names(name) => {
                self.step = ServerStep::Ready;
                Consumed::Ready(data.len())
            }
            _ => Consumed::Unexpected,
        }
    }

    fn may_send(&self) -> bool {
        self.step == ServerStep::Done
    }

    fn answer(&mut self, answer: Answer<'_>) {
        self.standing.answer(answer);
    }

    fn denial(&self) -> Option<&[u8]> {
        self.standing.denial()
    }
}
