//! Decisions about clients.

use core::net::SocketAddr;
use std::borrow::Cow;

#[cfg(feature = "curve")]
use core::fmt;
#[cfg(feature = "curve")]
use std::collections::HashMap;

#[cfg(feature = "curve")]
use zmtp_core::mechanism::PublicKey;
use zmtp_core::mechanism::{Credentials, Status};

use super::reply::Reply;

/// Decides whether the clients of a PLAIN or CURVE server, or the peers of a socket with NULL and a
/// [`zap_domain`](crate::Options::zap_domain), are accepted.
///
/// Implemented for functions, which answer at once:
///
/// ```
/// use zmtp_mio::{ConnectingClient, Credentials, Rep, Security, Status};
///
/// # fn main() -> Result<(), zmtp_mio::Error> {
/// let rep = Rep::builder()
///     .plain_server(|client: &ConnectingClient<'_>| match client.credentials {
///         Credentials::Plain { username: b"admin", password: b"secret" } => Ok("admin".into()),
///         _ => Err(Status::Denied),
///     })
///     .bind("tcp://127.0.0.1:*")?;
/// # Ok(())
/// # }
/// ```
///
/// An authenticator that needs time, for example to ask a data base, passes the [`Reply`] to another thread:
///
/// ```
/// use std::sync::{Mutex, mpsc::Sender};
/// use zmtp_mio::{Authenticator, ConnectingClient, Credentials, PublicKey, Reply, Status};
///
/// /// Another thread receives the questions.
/// struct Directory(Mutex<Sender<(PublicKey, Reply)>>);
///
/// impl Authenticator for Directory {
///     fn authenticate(&self, client: &ConnectingClient<'_>, reply: Reply) {
///         match client.credentials {
///             // If the other thread is gone, the reply is dropped, which refuses the client.
///             Credentials::Curve { public_key } => {
///                 let _ = self.0.lock().unwrap().send((*public_key, reply));
///             }
///             _ => reply.refuse(Status::Denied),
///         }
///     }
/// }
/// ```
pub trait Authenticator: Send + Sync {
    /// Answers a question about a client, at once or later, with `reply`. A reply that is dropped without an answer
    /// refuses the client with [`Status::Failed`]; so does a panic. The handshake of the client waits for the answer,
    /// up to [`handshake_timeout`](crate::Limits::handshake_timeout); other connections do not wait.
    ///
    /// It is called in the thread that drives the socket, and must not block, nor use the socket.
    fn authenticate(&self, client: &ConnectingClient<'_>, reply: Reply);
}

impl<F: Fn(&ConnectingClient<'_>) -> Result<User, Status> + Send + Sync> Authenticator for F {
    fn authenticate(&self, client: &ConnectingClient<'_>, reply: Reply) {
        reply.send(self(client));
    }
}

/// A client that an [`Authenticator`] decides about. The type has no `Debug`, because it can contain a password.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "can contain a password")]
#[non_exhaustive]
pub struct ConnectingClient<'c> {
    /// The [`zap_domain`](crate::Options::zap_domain) of this socket; empty if it has none.
    pub domain: &'c str,
    /// The address of the client, if it is a TCP peer.
    pub address: Option<SocketAddr>,
    /// The routing id of this socket, as libzmq has it in ZAP requests. That of the client is not known yet.
    pub routing_id: &'c [u8],
    /// The credentials. The client of CURVE has proved that it has the secret key of the public key.
    pub credentials: Credentials<'c>,
}

impl ConnectingClient<'_> {
    /// The mechanism: `NULL`, `PLAIN` or `CURVE`.
    pub const fn mechanism(&self) -> &'static str {
        match self.credentials {
            #[cfg(feature = "curve")]
            Credentials::Curve { .. } => "CURVE",
            Credentials::Plain { .. } => "PLAIN",
            _ => "NULL",
        }
    }
}

/// An accepted client: the part of the answer that every message of the client has in its
/// [`Properties`](crate::Properties).
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct User {
    /// The user id.
    pub id: String,
    /// Names and values that the application attaches to the client.
    pub metadata: Vec<(String, Vec<u8>)>,
}

impl User {
    /// A user without metadata.
    pub fn new(id: impl Into<String>) -> Self {
        Self { id: id.into(), metadata: Vec::new() }
    }

    /// Adds a name and a value to the metadata.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.metadata.push((name.into(), value.into()));
        self
    }
}

impl From<&str> for User {
    fn from(id: &str) -> Self {
        Self::new(id)
    }
}

impl From<Cow<'_, str>> for User {
    fn from(id: Cow<'_, str>) -> Self {
        Self::new(id)
    }
}

impl From<String> for User {
    fn from(id: String) -> Self {
        Self::new(id)
    }
}

/// An [`Authenticator`] that accepts clients of CURVE by their public keys.
#[cfg(feature = "curve")]
#[derive(Clone, Default)]
pub struct AllowedKeys(HashMap<PublicKey, User>);

#[cfg(feature = "curve")]
impl AllowedKeys {
    /// Accepts no one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts the clients with this public key too, as this user: a user id, or a [`User`] with metadata.
    #[must_use]
    pub fn allow(mut self, key: PublicKey, user: impl Into<User>) -> Self {
        self.0.insert(key, user.into());
        self
    }

    /// The decision about a client.
    pub(super) fn decide(&self, client: &ConnectingClient<'_>) -> Result<User, Status> {
        match client.credentials {
            Credentials::Curve { public_key } => {
                self.0.get(public_key).cloned().ok_or(Status::Denied)
            }
            _ => Err(Status::Denied),
        }
    }
}

#[cfg(feature = "curve")]
impl fmt::Debug for AllowedKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.0).finish()
    }
}

#[cfg(feature = "curve")]
impl Authenticator for AllowedKeys {
    fn authenticate(&self, client: &ConnectingClient<'_>, reply: Reply) {
        reply.send(self.decide(client));
    }
}
