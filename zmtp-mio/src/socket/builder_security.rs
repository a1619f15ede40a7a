//! The options of builders for security.

use std::sync::Arc;

#[cfg(feature = "curve")]
use zmtp_core::mechanism::{KeyPair, PublicKey};

use super::Builder;
use super::kind::UsesZmtp;
use crate::security::{Authenticator, Security};

/// The security of kinds that use ZMTP.
impl<K: UsesZmtp, S> Builder<K, S> {
    /// Sets [`Options::security`].
    ///
    /// [`Options::security`]: crate::Options::security
    #[must_use]
    pub fn security(mut self, security: Security) -> Self {
        self.options.security = security;
        self
    }

    /// Sets [`Options::authenticator`], which decides about the clients of a PLAIN or CURVE server, or about the peers
    /// of a socket with NULL and a [`Builder::zap_domain`]. [`Builder::build`] returns [`Error::Security`] if the socket
    /// is none of these.
    ///
    /// [`Error::Security`]: crate::Error::Security
    /// [`Options::authenticator`]: crate::Options::authenticator
    #[must_use]
    pub fn authenticator(mut self, authenticator: impl Authenticator + 'static) -> Self {
        self.options.authenticator = Some(Arc::new(authenticator));
        self
    }

    /// Sets [`Options::zap_domain`] (`ZMQ_ZAP_DOMAIN`).
    ///
    /// [`Options::zap_domain`]: crate::Options::zap_domain
    #[must_use]
    pub fn zap_domain(mut self, domain: impl Into<String>) -> Self {
        self.options.zap_domain = domain.into();
        self
    }

    /// Uses PLAIN as the client; see [`Security::plain_client`]. [`Builder::build`] returns [`Error::Security`] if the
    /// user name or the password has more than 255 bytes.
    ///
    /// [`Error::Security`]: crate::Error::Security
    #[must_use]
    pub fn plain_client(self, username: impl Into<Vec<u8>>, password: impl Into<Vec<u8>>) -> Self {
        self.security(Security::plain_client(username, password))
    }

    /// Uses PLAIN as the server; see [`Security::plain_server`]. The authenticator, for example
    /// [`Passwords`](crate::Passwords), decides about the clients.
    #[must_use]
    pub fn plain_server(self, authenticator: impl Authenticator + 'static) -> Self {
        self.security(Security::plain_server()).authenticator(authenticator)
    }

    /// Uses CURVE as the client; see [`Security::curve_client`]. [`Builder::build`] returns [`Error::Security`] if the
    /// public key of the server has a low order.
    ///
    /// [`Error::Security`]: crate::Error::Security
    #[cfg(feature = "curve")]
    #[must_use]
    pub fn curve_client(self, server: PublicKey, own: KeyPair) -> Self {
        self.security(Security::curve_client(server, own))
    }

    /// Uses CURVE as the server; see [`Security::curve_server`]. Without an [`Builder::authenticator`], for example
    /// [`AllowedKeys`](crate::AllowedKeys), every client is accepted that has the server's public key.
    #[cfg(feature = "curve")]
    #[must_use]
    pub fn curve_server(self, keys: KeyPair) -> Self {
        self.security(Security::curve_server(keys))
    }
}
