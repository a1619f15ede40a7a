//! `rzmq`, with its default features: without io-uring.

use rzmq::socket::{LAST_ENDPOINT, SUBSCRIBE};
use rzmq::{Context, Msg, Socket, SocketType};
use zmtp_bench::Result;
use zmtp_bench::library::Kind;

use crate::loops::{Messages, Peer};

pub(crate) struct Rzmq(Context);

impl Peer for Rzmq {
    type Socket = Socket;

    fn start() -> Result<Self> {
        Ok(Self(Context::new()?))
    }

    fn open(&self, kind: Kind) -> Result<Socket> {
        Ok(self.0.socket(match kind {
            Kind::Req => SocketType::Req,
            Kind::Rep => SocketType::Rep,
            Kind::Push => SocketType::Push,
            Kind::Pull => SocketType::Pull,
            Kind::Dealer => SocketType::Dealer,
            Kind::Router => SocketType::Router,
            Kind::Pub => SocketType::Pub,
            Kind::Sub => SocketType::Sub,
        })?)
    }
}

impl Messages for Socket {
    async fn bind(&mut self, endpoint: &str) -> Result<String> {
        Socket::bind(self, endpoint).await?;
        let bound = self.get_option(LAST_ENDPOINT).await?;
        Ok(String::from_utf8(bound)?.trim_end_matches('\0').to_owned())
    }

    async fn connect(&mut self, endpoint: &str) -> Result {
        Ok(Socket::connect(self, endpoint).await?)
    }

    async fn subscribe(&mut self, topic: &str) -> Result {
        Ok(self.set_option_raw(SUBSCRIBE, topic.as_bytes()).await?)
    }

    async fn send(&mut self, body: &[u8]) -> Result {
        Ok(Socket::send(self, Msg::from_vec(body.to_vec())).await?)
    }

    async fn recv(&mut self) -> Result<usize> {
        Ok(Socket::recv(self).await?.size())
    }

    async fn echo(&mut self) -> Result {
        let message = self.recv_multipart().await?;
        Ok(self.send_multipart(message).await?)
    }
}
