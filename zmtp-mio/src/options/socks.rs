//! The SOCKS5 proxy of a socket.

use core::fmt;
use std::sync::Arc;

use zeroize::Zeroizing;

use crate::endpoint::{Endpoint, EndpointError, Source};

/// A SOCKS5 proxy (RFC 1928), through which a socket connects to its TCP endpoints (`ZMQ_SOCKS_PROXY`).
///
/// Host names, also `localhost`, are sent to the proxy, which looks them up. The events and properties of a connection
/// have the address of the proxy.
///
/// ```no_run
/// use zmtp_mio::{Push, Socks};
///
/// let proxy = Socks::new("127.0.0.1:1080")?.login("me", "secret");
/// let push = Push::builder().socks(proxy).connect("tcp://server.example:5555")?;
/// # Ok::<(), zmtp_mio::Error>(())
/// ```
#[derive(Clone)]
pub struct Socks {
    proxy: Endpoint,
    login: Option<Arc<SocksLogin>>,
}

/// A user name and a password (RFC 1929), overwritten when they are dropped.
pub(crate) struct SocksLogin {
    pub(crate) username: Zeroizing<Vec<u8>>,
    pub(crate) password: Zeroizing<Vec<u8>>,
}

impl Socks {
    /// Creates the setting from the address of the proxy: `host:port`, where the host may be a name. As in an endpoint,
    /// `address:port;` before it is where to connect from, for example `192.168.0.17:*;proxy.example:1080`. It has
    /// precedence over the one of the endpoint.
    ///
    /// # Errors
    ///
    /// The text is not an address to connect to.
    pub fn new(address: &str) -> Result<Self, EndpointError> {
        let proxy: Endpoint = format!("tcp://{address}").parse()?;
        proxy.check_remote()?;
        Ok(Self { proxy, login: None })
    }

    /// Sets a user name and a password, for a proxy that requires them (`ZMQ_SOCKS_USERNAME`, `ZMQ_SOCKS_PASSWORD`). They
    /// are sent in the clear. Each has at most 255 bytes: a socket with a longer one cannot be built.
    #[must_use]
    pub fn login(mut self, username: impl Into<Vec<u8>>, password: impl Into<Vec<u8>>) -> Self {
        let (username, password) = (username.into().into(), password.into().into());
        self.login = Some(Arc::new(SocksLogin { username, password }));
        self
    }

    /// The address of the proxy.
    pub(crate) const fn proxy(&self) -> &Endpoint {
        &self.proxy
    }

    /// The address to connect to the proxy from, if it has one.
    pub(crate) const fn source(&self) -> Option<&Source> {
        match &self.proxy {
            Endpoint::Tcp { source, .. } => source.as_ref(),
            _ => None,
        }
    }

    pub(crate) fn credentials(&self) -> Option<&SocksLogin> {
        self.login.as_deref()
    }

    /// Whether the user name and the password can be sent.
    pub(crate) fn is_valid(&self) -> bool {
        self.login.as_ref().is_none_or(|login| {
            login.username.len().max(login.password.len()) <= usize::from(u8::MAX)
        })
    }
}

/// Without the user name and the password.
impl fmt::Debug for Socks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socks").field("proxy", &self.proxy).finish_non_exhaustive()
    }
}
