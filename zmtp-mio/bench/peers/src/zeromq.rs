//! `zeromq`, with its default features.

use zeromq::{
    DealerSocket, PubSocket, PullSocket, PushSocket, RepSocket, ReqSocket, RouterSocket,
    Socket as _, SocketRecv as _, SocketSend as _, SubSocket, ZmqMessage,
};
use zmtp_bench::library::Kind;
use zmtp_bench::{Failure, Result};

use crate::loops::{Messages, Peer};

pub(crate) struct Zeromq;

/// A socket: each type has a Rust type of its own.
pub(crate) enum Socket {
    Req(ReqSocket),
    Rep(RepSocket),
    Push(PushSocket),
    Pull(PullSocket),
    Dealer(DealerSocket),
    Router(RouterSocket),
    Pub(PubSocket),
    Sub(SubSocket),
}

impl Peer for Zeromq {
    type Socket = Socket;

    fn start() -> Result<Self> {
        Ok(Self)
    }

    fn open(&self, kind: Kind) -> Result<Socket> {
        Ok(match kind {
            Kind::Req => Socket::Req(ReqSocket::new()),
            Kind::Rep => Socket::Rep(RepSocket::new()),
            Kind::Push => Socket::Push(PushSocket::new()),
            Kind::Pull => Socket::Pull(PullSocket::new()),
            Kind::Dealer => Socket::Dealer(DealerSocket::new()),
            Kind::Router => Socket::Router(RouterSocket::new()),
            Kind::Pub => Socket::Pub(PubSocket::new()),
            Kind::Sub => Socket::Sub(SubSocket::new()),
        })
    }
}

impl Socket {
    async fn take(&mut self) -> Result<ZmqMessage> {
        Ok(match self {
            Self::Req(socket) => socket.recv().await?,
            Self::Rep(socket) => socket.recv().await?,
            Self::Pull(socket) => socket.recv().await?,
            Self::Dealer(socket) => socket.recv().await?,
            Self::Router(socket) => socket.recv().await?,
            Self::Sub(socket) => socket.recv().await?,
            Self::Push(_) | Self::Pub(_) => return Err(Failure::from("it does not receive")),
        })
    }

    async fn give(&mut self, message: ZmqMessage) -> Result {
        match self {
            Self::Req(socket) => socket.send(message).await?,
            Self::Rep(socket) => socket.send(message).await?,
            Self::Push(socket) => socket.send(message).await?,
            Self::Dealer(socket) => socket.send(message).await?,
            Self::Router(socket) => socket.send(message).await?,
            Self::Pub(socket) => socket.send(message).await?,
            Self::Pull(_) | Self::Sub(_) => return Err(Failure::from("it does not send")),
        }
        Ok(())
    }
}

impl Messages for Socket {
    async fn bind(&mut self, endpoint: &str) -> Result<String> {
        let bound = match self {
            Self::Req(socket) => socket.bind(endpoint).await?,
            Self::Rep(socket) => socket.bind(endpoint).await?,
            Self::Push(socket) => socket.bind(endpoint).await?,
            Self::Pull(socket) => socket.bind(endpoint).await?,
            Self::Dealer(socket) => socket.bind(endpoint).await?,
            Self::Router(socket) => socket.bind(endpoint).await?,
            Self::Pub(socket) => socket.bind(endpoint).await?,
            Self::Sub(socket) => socket.bind(endpoint).await?,
        };
        Ok(bound.to_string())
    }

    async fn connect(&mut self, endpoint: &str) -> Result {
        match self {
            Self::Req(socket) => socket.connect(endpoint).await?,
            Self::Rep(socket) => socket.connect(endpoint).await?,
            Self::Push(socket) => socket.connect(endpoint).await?,
            Self::Pull(socket) => socket.connect(endpoint).await?,
            Self::Dealer(socket) => socket.connect(endpoint).await?,
            Self::Router(socket) => socket.connect(endpoint).await?,
            Self::Pub(socket) => socket.connect(endpoint).await?,
            Self::Sub(socket) => socket.connect(endpoint).await?,
        }
        Ok(())
    }

    async fn subscribe(&mut self, topic: &str) -> Result {
        match self {
            Self::Sub(socket) => Ok(socket.subscribe(topic).await?),
            _ => Err(Failure::from("it does not subscribe")),
        }
    }

    async fn send(&mut self, body: &[u8]) -> Result {
        self.give(ZmqMessage::from(body.to_vec())).await
    }

    async fn recv(&mut self) -> Result<usize> {
        Ok(self.take().await?.iter().map(|part| part.len()).sum())
    }

    async fn echo(&mut self) -> Result {
        let message = self.take().await?;
        self.give(message).await
    }
}
