//! Decisions about clients.

#[cfg(feature = "curve")]
use core::fmt;
use core::net::SocketAddr;
#[cfg(feature = "curve")]
use std::collections::HashMap;

#[cfg(feature = "curve")]
use zmtp_core::mechanism::PublicKey;
use zmtp_core::mechanism::{Credentials, Status};

/// Decides whether the clients of a PLAIN or CURVE server are accepted. Implemented for functions.
///
/// It is called in the thread that drives the socket, and must not block. A panic counts as [`Status::Failed`].
///
/// ```
/// use zmtp_mio::{Client, Credentials, Rep, Security, Status};
///
/// # fn main() -> Result<(), zmtp_mio::Error> {
/// let rep = Rep::builder()
///     .plain_server(|client: &Client<'_>| match client.credentials {
///         Credentials::Plain { username: b"admin", password: b"secret" } => Ok("admin".into()),
///         _ => Err(Status::Denied),
///     })
///     .bind("tcp://127.0.0.1:*")?;
/// # Ok(())
/// # }
/// ```
pub trait Authenticator: Send + Sync {
    /// Returns the user id of an accepted client, which every message of the client has as
    /// [`Properties::user_id`](crate::Properties::user_id).
    ///
    /// # Errors
    ///
    /// The reason to refuse the client.
    fn authenticate(&self, client: &Client<'_>) -> Result<String, Status>;
}

impl<F: Fn(&Client<'_>) -> Result<String, Status> + Send + Sync> Authenticator for F {
    fn authenticate(&self, client: &Client<'_>) -> Result<String, Status> {
        self(client)
    }
}

/// A client that an [`Authenticator`] decides about. The type has no `Debug`, because it can contain a password.
#[derive(Clone, Copy)]
#[expect(missing_debug_implementations, reason = "can contain a password")]
#[non_exhaustive]
pub struct Client<'c> {
    /// The address of the client, if it is a TCP peer.
    pub address: Option<SocketAddr>,
    /// The credentials. The client of CURVE has proved that it has the secret key of the public key.
    pub credentials: Credentials<'c>,
}

impl<'c> Client<'c> {
    pub(super) const fn new(address: Option<SocketAddr>, credentials: Credentials<'c>) -> Self {
        Self { address, credentials }
    }
}

/// An [`Authenticator`] that accepts clients of CURVE by their public keys.
#[cfg(feature = "curve")]
#[derive(Clone, Default)]
pub struct AllowedKeys(HashMap<PublicKey, String>);

#[cfg(feature = "curve")]
impl AllowedKeys {
    /// Accepts no one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts the clients with this public key too, with this user id.
    #[must_use]
    pub fn allow(mut self, key: PublicKey, user_id: impl Into<String>) -> Self {
        self.0.insert(key, user_id.into());
        self
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
    fn authenticate(&self, client: &Client<'_>) -> Result<String, Status> {
        match client.credentials {
            Credentials::Curve { public_key } => {
                self.0.get(public_key).cloned().ok_or(Status::Denied)
            }
            _ => Err(Status::Denied),
        }
    }
}
