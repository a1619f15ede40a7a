//! `zmtp-mio`, with the default context and default options.

use zmtp_mio::{AnySocket, Dealer, Pub, Pull, Push, Rep, Req, Router, Sub};

use super::{Kind, Library, SPIN, Socket};
use crate::Result;
use crate::work::number;

/// `zmtp-mio`.
#[derive(Debug)]
pub struct Ours;

impl Library for Ours {
    type Socket = AnySocket;

    fn start() -> Result<Self> {
        Ok(Self)
    }

    fn open(&self, kind: Kind, spins: bool) -> Result<AnySocket> {
        Ok(match kind {
            Kind::Req if spins => Req::builder().spin(SPIN).build()?.into(),
            Kind::Rep if spins => Rep::builder().spin(SPIN).build()?.into(),
            Kind::Req => Req::new()?.into(),
            Kind::Rep => Rep::new()?.into(),
            Kind::Push => Push::new()?.into(),
            Kind::Pull => Pull::new()?.into(),
            Kind::Dealer => Dealer::new()?.into(),
            Kind::Router => Router::new()?.into(),
            Kind::Pub => Pub::builder().no_drop(true).build()?.into(),
            Kind::Sub => Sub::new()?.into(),
        })
    }
}

impl Socket for AnySocket {
    fn bind(&mut self, endpoint: &str) -> Result<String> {
        Ok(Self::bind(self, endpoint)?.to_string())
    }

    fn connect(&mut self, endpoint: &str) -> Result {
        Ok(Self::connect(self, endpoint)?)
    }

    fn subscribe(&mut self, topic: &[u8]) -> Result {
        Ok(Self::subscribe(self, topic)?)
    }

    fn send(&mut self, body: &[u8]) -> Result {
        Ok(Self::send(self, body)?)
    }

    fn recv(&mut self) -> Result<usize> {
        Ok(Self::recv(self)?.byte_len())
    }

    fn recv_number(&mut self) -> Result<u64> {
        number(Self::recv(self)?.bytes().unwrap_or_default())
    }

    fn echo(&mut self) -> Result {
        let message = Self::recv(self)?;
        Ok(Self::send(self, message)?)
    }
}
