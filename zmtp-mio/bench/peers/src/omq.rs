//! `omq-tokio`, with sockets of its `Context`, which owns the threads for IO.

use omq_tokio::{Context, Message, Options, Socket, SocketType};
use zmtp_bench::Result;
use zmtp_bench::library::Kind;

use crate::loops::{Messages, Peer};

pub(crate) struct Omq(Context);

impl Peer for Omq {
    type Socket = Socket;

    fn start() -> Result<Self> {
        Ok(Self(Context::new()))
    }

    fn open(&self, kind: Kind) -> Result<Socket> {
        let kind = match kind {
            Kind::Req => SocketType::Req,
            Kind::Rep => SocketType::Rep,
            Kind::Push => SocketType::Push,
            Kind::Pull => SocketType::Pull,
            Kind::Dealer => SocketType::Dealer,
            Kind::Router => SocketType::Router,
            Kind::Pub => SocketType::Pub,
            Kind::Sub => SocketType::Sub,
        };
        Ok(self.0.socket(kind, Options::default()))
    }
}

impl Messages for Socket {
    async fn bind(&mut self, endpoint: &str) -> Result<String> {
        Ok(Socket::bind(self, endpoint).await?.to_string())
    }

    async fn connect(&mut self, endpoint: &str) -> Result {
        Ok(Socket::connect(self, endpoint).await.map(drop)?)
    }

    async fn subscribe(&mut self, topic: &str) -> Result {
        Ok(Socket::subscribe(self, topic.as_bytes().to_vec()).await?)
    }

    async fn send(&mut self, body: &[u8]) -> Result {
        Ok(Socket::send(self, Message::from_slice(body)).await?)
    }

    async fn recv(&mut self) -> Result<usize> {
        Ok(Socket::recv(self).await?.byte_len())
    }

    async fn echo(&mut self) -> Result {
        let message = Socket::recv(self).await?;
        Ok(Socket::send(self, message).await?)
    }
}
