//! The mechanism of one connection.

use core::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use zmtp_core::Config;
use zmtp_core::mechanism::{
    Authenticate, Consumed, Credentials, Decision, PlainClient, PlainServer, Status,
};
#[cfg(feature = "curve")]
use zmtp_core::mechanism::{CurveClient, CurveServer, greeting};
#[cfg(feature = "curve")]
use zmtp_core::wire::{Greeting, MechanismName, Writer};

use super::{Authenticator, Client, Login, Mechanism, Security};
use crate::mechanism::DynMechanism;

/// The user id of a client, once it is accepted.
pub(crate) type UserId = Arc<OnceLock<String>>;

impl Security {
    /// The mechanism of a new connection; `None` for NULL.
    pub(crate) fn mechanism(
        &self,
        authenticator: Option<&Arc<dyn Authenticator>>,
        address: Option<SocketAddr>,
    ) -> Option<(Box<dyn DynMechanism>, UserId)> {
        let user_id = UserId::default();
        let ask = |or: Decision| Ask {
            authenticator: authenticator.cloned(),
            or,
            address,
            user_id: Arc::clone(&user_id),
        };
        let mechanism: Box<dyn DynMechanism> = match &self.0 {
            Mechanism::Null => return None,
            Mechanism::PlainClient(login) => {
                let [username, password] = Login::fields(login);
                // The length was checked when the socket was built.
                Box::new(PlainClient::new(username, password)?)
            }
            Mechanism::PlainServer => {
                Box::new(PlainServer::new(ask(Decision::Refuse(Status::Denied))))
            }
            #[cfg(feature = "curve")]
            Mechanism::CurveClient(keys) => match random() {
                Some(random) => Box::new(CurveClient::new(Arc::clone(keys), &random)),
                None => Box::new(NoRandomness),
            },
            #[cfg(feature = "curve")]
            Mechanism::CurveServer(keys) => match random() {
                Some(random) => {
                    let ask = ask(Decision::Accept);
                    Box::new(CurveServer::new(Arc::clone(keys), ask, &random))
                }
                None => Box::new(NoRandomness),
            },
        };
        Some((mechanism, user_id))
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
fn random<const N: usize>() -> Option<zeroize::Zeroizing<[u8; N]>> {
    let mut bytes = zeroize::Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes).ok()?;
    Some(bytes)
}

/// CURVE on a system that returned no random bytes: the handshake does not begin, and times out.
#[cfg(feature = "curve")]
#[derive(Debug)]
struct NoRandomness;

#[cfg(feature = "curve")]
impl zmtp_core::mechanism::Mechanism for NoRandomness {
    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        const { &greeting(&MechanismName::CURVE) }
    }

    fn produce(&mut self, _config: &Config, _out: &mut Writer<'_>) {}

    fn consume(&mut self, _name: &[u8], _data: &mut [u8]) -> Consumed {
        Consumed::Unexpected
    }

    fn may_send(&self) -> bool {
        false
    }
}
