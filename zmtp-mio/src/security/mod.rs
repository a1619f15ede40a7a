//! PLAIN and CURVE: the security of a socket's connections.

mod addresses;
mod ask;
mod authenticator;
#[cfg(feature = "curve")]
mod certificate;
mod connection;
#[cfg(feature = "curve")]
mod crypto;
mod files;
mod null;
mod passwords;
mod reply;
mod zap;
#[cfg(feature = "curve")]
mod zpl;

use core::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;
use zmtp_core::mechanism::PlainClient;
#[cfg(feature = "curve")]
use zmtp_core::mechanism::{ClientKeys, KeyPair, PublicKey};

pub use addresses::{AddressRange, Addresses, NotAnAddressRange};
pub(crate) use ask::Asker;
#[cfg(feature = "curve")]
pub use authenticator::AllowedKeys;
pub use authenticator::{Authenticator, ConnectingClient, User};
#[cfg(feature = "curve")]
pub use certificate::{Certificate, CertificateError};
#[cfg(feature = "curve")]
pub use files::CertificateFolder;
pub use files::PasswordFile;
pub use passwords::Passwords;
pub(crate) use reply::Question;
pub use reply::Reply;
pub(crate) use zap::Zap;

/// The security mechanism of a socket: NULL, which is the default, PLAIN or CURVE.
///
/// A socket with PLAIN or CURVE refuses peers with another mechanism, and those of ZMTP 2.0 and 1.0. Connections over
/// inproc stay within the process and have no mechanism, as in libzmq.
#[derive(Clone, Default)]
pub struct Security(pub(super) Mechanism);

#[derive(Clone, Default)]
pub(super) enum Mechanism {
    #[default]
    Null,
    PlainClient(Arc<Login>),
    PlainServer,
    #[cfg(feature = "curve")]
    CurveClient(Arc<ClientKeys>),
    #[cfg(feature = "curve")]
    CurveServer(Arc<KeyPair>),
}

/// Why a PLAIN client cannot be built.
const TOO_LONG: &str = "a user name or password has more than 255 bytes";

/// A user name and a password, overwritten when they are dropped.
pub(super) struct Login {
    username: Zeroizing<Vec<u8>>,
    password: Zeroizing<Vec<u8>>,
}

impl Security {
    /// NULL: no authentication and no encryption.
    pub const NULL: Self = Self(Mechanism::Null);

    /// PLAIN as the client (`ZMQ_PLAIN_USERNAME`, `ZMQ_PLAIN_PASSWORD`). The user name and the password are sent in
    /// the clear. Each has at most 255 bytes: a socket with a longer one cannot be built.
    pub fn plain_client(username: impl Into<Vec<u8>>, password: impl Into<Vec<u8>>) -> Self {
        let (username, password) = (username.into().into(), password.into().into());
        Self(Mechanism::PlainClient(Arc::new(Login { username, password })))
    }

    /// PLAIN as the server (`ZMQ_PLAIN_SERVER`). The [`Authenticator`](crate::Authenticator) of the socket decides
    /// about the clients; without one, the ZAP handler of the context; without either, all are refused, as in libzmq.
    pub const fn plain_server() -> Self {
        Self(Mechanism::PlainServer)
    }

    /// CURVE as the client (`ZMQ_CURVE_SERVERKEY`, `ZMQ_CURVE_PUBLICKEY`, `ZMQ_CURVE_SECRETKEY`). `server` is the
    /// public key of the server, and `own` are the keys of this socket. A socket cannot be built with a `server` of low
    /// order ([`PublicKey::has_low_order`]).
    #[cfg(feature = "curve")]
    pub fn curve_client(server: PublicKey, own: KeyPair) -> Self {
        Self(Mechanism::CurveClient(Arc::new(ClientKeys { server, own })))
    }

    /// CURVE as the server (`ZMQ_CURVE_SERVER`, `ZMQ_CURVE_SECRETKEY`). The
    /// [`Authenticator`](crate::Authenticator) of the socket decides about the clients; without one, the ZAP handler of
    /// the context; without either, all clients that have the server's public key are accepted, as in libzmq, unless
    /// the socket has a [`zap_domain`](crate::Options::zap_domain).
    #[cfg(feature = "curve")]
    pub fn curve_server(keys: KeyPair) -> Self {
        Self(Mechanism::CurveServer(Arc::new(keys)))
    }

    /// Whether it is NULL.
    pub const fn is_null(&self) -> bool {
        matches!(self.0, Mechanism::Null)
    }

    /// Returns why no connection could have this security, if so.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        match &self.0 {
            Mechanism::PlainClient(login)
                if PlainClient::new(&login.username[..], &login.password[..]).is_none() =>
            {
                Err(TOO_LONG)
            }
            #[cfg(feature = "curve")]
            Mechanism::CurveClient(keys) if keys.server.has_low_order() => {
                Err("the public key of the server has a low order")
            }
            _ => Ok(()),
        }
    }

    /// Whether an [`Authenticator`](crate::Authenticator) decides about its peers.
    pub(crate) const fn is_server(&self) -> bool {
        match self.0 {
            Mechanism::PlainServer => true,
            #[cfg(feature = "curve")]
            Mechanism::CurveServer(_) => true,
            _ => false,
        }
    }

    const fn name(&self) -> &'static str {
        match self.0 {
            Mechanism::Null => "NULL",
            Mechanism::PlainClient(_) => "PLAIN client",
            Mechanism::PlainServer => "PLAIN server",
            #[cfg(feature = "curve")]
            Mechanism::CurveClient(_) => "CURVE client",
            #[cfg(feature = "curve")]
            Mechanism::CurveServer(_) => "CURVE server",
        }
    }
}

/// Writes the mechanism and the role, and no key or password.
impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
