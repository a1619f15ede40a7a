//! The mechanism of one connection.

use core::net::SocketAddr;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use zmtp_core::NullOrOlder;
use zmtp_core::mechanism::{Authenticate, Credentials, Decision, PlainClient, PlainServer, Status};
#[cfg(feature = "curve")]
use zmtp_core::mechanism::{CurveClient, CurveServer};

use super::{Authenticator, Client, Login, Mechanism, Security, TOO_LONG};
use crate::mechanism::{AnyMechanism, DynMechanism};

/// The user id of a client, once it is accepted.
pub(crate) type UserId = Arc<OnceLock<String>>;

impl Security {
    /// The mechanism of a new connection. An error, for example because the system has no random bytes, must close
    /// the connection.
    pub(crate) fn mechanism(
        &self,
        authenticator: Option<&Arc<dyn Authenticator>>,
        address: Option<SocketAddr>,
    ) -> io::Result<AnyMechanism> {
        let user_id = UserId::default();
        let ask = |or: Decision| Ask {
            authenticator: authenticator.cloned(),
            or,
            address,
            user_id: Arc::clone(&user_id),
        };
        let mechanism: Box<dyn DynMechanism> = match &self.0 {
            Mechanism::Null => return Ok(AnyMechanism::Null(NullOrOlder::new())),
            Mechanism::PlainClient(login) => {
                let [username, password] = Login::fields(login);
                let client = PlainClient::new(username, password);
                Box::new(
                    client.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, TOO_LONG))?,
                )
            }
            Mechanism::PlainServer => {
                Box::new(PlainServer::new(ask(Decision::Refuse(Status::Denied))))
            }
            #[cfg(feature = "curve")]
            Mechanism::CurveClient(keys) => {
                Box::new(CurveClient::new(Arc::clone(keys), &*random()?))
            }
            #[cfg(feature = "curve")]
            Mechanism::CurveServer(keys) => {
                Box::new(CurveServer::new(Arc::clone(keys), ask(Decision::Accept), &*random()?))
            }
        };
        Ok(AnyMechanism::Made(mechanism, user_id))
    }
}

/// A user name or a password that a connection shares with its socket.
struct Field {
    login: Arc<Login>,
    is_password: bool,
}

impl Login {
    fn fields(login: &Arc<Self>) -> [Field; 2] {
        [false, true].map(|is_password| Field { login: Arc::clone(login), is_password })
    }
}

impl AsRef<[u8]> for Field {
    fn as_ref(&self) -> &[u8] {
        if self.is_password { &self.login.password } else { &self.login.username }
    }
}

/// Asks the authenticator of a socket.
struct Ask {
    authenticator: Option<Arc<dyn Authenticator>>,
    /// The decision without an authenticator.
    or: Decision,
    address: Option<SocketAddr>,
    user_id: UserId,
}

impl Authenticate for Ask {
    fn authenticate(&mut self, credentials: Credentials<'_>) -> Decision {
        let Some(authenticator) = &self.authenticator else { return self.or };
        let client = Client::new(self.address, credentials);
        match catch_unwind(AssertUnwindSafe(|| authenticator.authenticate(&client))) {
            Ok(Ok(user_id)) => {
                let _ = self.user_id.set(user_id);
                Decision::Accept
            }
            Ok(Err(status)) => Decision::Refuse(status),
            Err(_) => Decision::Refuse(Status::Failed),
        }
    }
}

/// Random bytes of the system for a connection.
#[cfg(feature = "curve")]
fn random<const N: usize>() -> io::Result<zeroize::Zeroizing<[u8; N]>> {
    let mut bytes = zeroize::Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
