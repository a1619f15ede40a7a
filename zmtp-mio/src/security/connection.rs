//! The mechanism of one connection.

use core::net::SocketAddr;
use std::io;
use std::sync::Arc;

use zmtp_core::NullOrOlder;
#[cfg(feature = "curve")]
use zmtp_core::mechanism::{CurveClient, CurveServer};
use zmtp_core::mechanism::{PlainClient, PlainServer};

use super::ask::{Ask, Asker};
#[cfg(feature = "curve")]
use super::crypto::Fast;
use super::null::AskedNull;
use super::reply::Question;
use super::{Login, Mechanism, Security, TOO_LONG};
use crate::mechanism::{AnyMechanism, DynMechanism};

impl Security {
    /// The mechanism of a new connection, which asks `asker` about the peer. An error, for example because the system
    /// has no random bytes, must close the connection.
    pub(crate) fn mechanism(
        &self,
        asker: Option<Arc<Asker>>,
        address: Option<SocketAddr>,
    ) -> io::Result<AnyMechanism> {
        let question = asker.is_some().then(Question::new);
        let ask = asker.zip(question.clone());
        let ask = ask.map(|(asker, question)| Ask { asker, question, address });
        // A server without anyone to ask would accept everyone.
        let no_asker = || io::Error::from(io::ErrorKind::InvalidInput);
        let mechanism: Box<dyn DynMechanism> = match (&self.0, ask) {
            (Mechanism::Null, None) => return Ok(AnyMechanism::Null(NullOrOlder::new())),
            (Mechanism::Null, Some(ask)) => Box::new(AskedNull::new(ask)),
            (Mechanism::PlainClient(login), _) => {
                let [username, password] = Login::fields(login);
                let client = PlainClient::new(username, password);
                Box::new(
                    client.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, TOO_LONG))?,
                )
            }
            (Mechanism::PlainServer, ask) => Box::new(PlainServer::new(ask.ok_or_else(no_asker)?)),
            #[cfg(feature = "curve")]
            (Mechanism::CurveClient(keys), _) => {
                Box::new(CurveClient::with(Fast::new(), Arc::clone(keys), &*random()?))
            }
            #[cfg(feature = "curve")]
            (Mechanism::CurveServer(keys), ask) => {
                let ask = ask.ok_or_else(no_asker)?;
                Box::new(CurveServer::with(Fast::new(), Arc::clone(keys), ask, &*random()?))
            }
        };
        Ok(AnyMechanism::Made(mechanism, question))
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

/// Random bytes of the system for a connection.
#[cfg(feature = "curve")]
fn random<const N: usize>() -> io::Result<zeroize::Zeroizing<[u8; N]>> {
    let mut bytes = zeroize::Zeroizing::new([0; N]);
    getrandom::fill(&mut *bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
