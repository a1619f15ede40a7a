//! Decisions about clients: their credentials, and the answer of the server.

use super::Answer;

/// Decides whether the clients of a PLAIN or CURVE server are accepted.
///
/// Implemented for closures:
///
/// ```
/// use zmtp_core::mechanism::{Credentials, Decision, PlainServer, Status};
///
/// let server = PlainServer::new(|credentials: Credentials<'_>| match credentials {
///     Credentials::Plain { username: b"admin", password: b"secret" } => Decision::Accept,
///     _ => Decision::Refuse(Status::Denied),
/// });
/// # let _ = server;
/// ```
///
/// A comparison with `==` takes longer the more bytes are equal. If an attacker can measure that time, compare
/// passwords in constant time.
pub trait Authenticate {
    /// Decides about a client with these credentials.
    fn authenticate(&mut self, credentials: Credentials<'_>) -> Decision;
}

impl<F: FnMut(Credentials<'_>) -> Decision> Authenticate for F {
    fn authenticate(&mut self, credentials: Credentials<'_>) -> Decision {
        self(credentials)
    }
}

/// The credentials of a client. The type has no `Debug`, so that no password can get into a log.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "contains a password")]
#[non_exhaustive]
pub enum Credentials<'c> {
    /// A public key. The client has proved that it has the secret key (RFC 26 § The INITIATE Command).
    #[cfg(feature = "curve")]
    Curve {
        /// The client's long-term public key.
        public_key: &'c super::PublicKey,
    },
    /// None: the mechanism is NULL.
    Null,
    /// A user name and a password, 0 to 255 bytes each (RFC 24 § The HELLO Command).
    Plain {
        /// The user name.
        username: &'c [u8],
        /// The password.
        password: &'c [u8],
    },
}

/// The decision about a client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the possible decisions")]
pub enum Decision {
    /// The client is accepted.
    Accept,
    /// The answer comes later: the connection reports [`Event::Waiting`](crate::Event::Waiting).
    Later,
    /// The client is refused.
    Refuse(Status),
}

/// Why a client is refused: a status code of ZAP (RFC 27 § The ZAP Reply).
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "the codes of RFC 27")]
pub enum Status {
    /// 400: the credentials are refused. The client gets an ERROR and should not retry.
    Denied,
    /// 500: the server cannot decide. The client gets an ERROR.
    Failed,
    /// 300: the server cannot decide now. The connection is closed without an ERROR, and the client may retry.
    Temporary,
}

impl Status {
    /// The code, three digits: the reason of an [`Answer::Refuse`], and the status code in a reply of ZAP.
    pub const fn code(self) -> &'static [u8] {
        match self {
            Self::Denied => b"400",
            Self::Failed => b"500",
            Self::Temporary => b"300",
        }
    }

    /// The status with this code; `None` if no client is refused with it.
    pub const fn from_code(code: &[u8]) -> Option<Self> {
        match code {
            b"300" => Some(Self::Temporary),
            b"400" => Some(Self::Denied),
            b"500" => Some(Self::Failed),
            _ => None,
        }
    }

    /// The reason in the ERROR command to the client; `None` if none is sent.
    pub const fn reason(self) -> Option<&'static [u8]> {
        match self {
            Self::Denied | Self::Failed => Some(self.code()),
            Self::Temporary => None,
        }
    }
}

/// What a server has decided about its client.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Standing {
    /// Nothing yet.
    Unknown,
    Accepted,
    Refused(Status),
}

impl Standing {
    /// Asks about the credentials, unless there is a decision already. `None` if the answer comes later.
    pub(super) fn decide(
        &mut self,
        authenticator: &mut impl Authenticate,
        credentials: Credentials<'_>,
    ) -> Option<bool> {
        if *self == Self::Unknown {
            *self = match authenticator.authenticate(credentials) {
                Decision::Accept => Self::Accepted,
                Decision::Later => return None,
                Decision::Refuse(status) => Self::Refused(status),
            };
        }
        Some(*self == Self::Accepted)
    }

    pub(super) const fn answer(&mut self, answer: Answer<'_>) {
        *self = match answer {
            Answer::Accept => Self::Accepted,
            // Any other reason counts as 400.
            Answer::Refuse(reason) => Self::Refused(match Status::from_code(reason) {
                Some(status) => status,
                None => Status::Denied,
            }),
        };
    }

    pub(super) const fn denial(self) -> Option<&'static [u8]> {
        match self {
            Self::Refused(status) => status.reason(),
            _ => None,
        }
    }
}
