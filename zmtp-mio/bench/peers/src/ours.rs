//! `zmtp-mio` in async code: its background driver or the reactor of tokio wakes the tasks.

use zmtp_bench::Result;
use zmtp_bench::library::{self, Kind, Library as _};
use zmtp_mio::AsyncSocket;
use zmtp_mio::kind::Any;

use crate::loops::{Messages, Peer};

/// With `TOKIO`, the reactor of tokio wakes the tasks.
pub(crate) struct Ours<const TOKIO: bool>;

impl<const TOKIO: bool> Peer for Ours<TOKIO> {
    type Socket = AsyncSocket<Any>;

    fn start() -> Result<Self> {
        Ok(Self)
    }

    fn open(&self, kind: Kind) -> Result<Self::Socket> {
        let socket = library::Ours.open(kind, false)?;
        Ok(if TOKIO { socket.into_tokio()? } else { socket.into_async()? })
    }
}

impl Messages for AsyncSocket<Any> {
    async fn bind(&mut self, endpoint: &str) -> Result<String> {
        Ok(self.get_mut().bind(endpoint)?.to_string())
    }

    async fn connect(&mut self, endpoint: &str) -> Result {
        Ok(self.get_mut().connect(endpoint)?)
    }

    async fn subscribe(&mut self, topic: &str) -> Result {
        Ok(self.get_mut().subscribe(topic.as_bytes())?)
    }

    async fn send(&mut self, body: &[u8]) -> Result {
        Ok(AsyncSocket::send(self, body).await?)
    }

    async fn recv(&mut self) -> Result<usize> {
        Ok(AsyncSocket::recv(self).await?.byte_len())
    }

    async fn echo(&mut self) -> Result {
        let message = AsyncSocket::recv(self).await?;
        Ok(AsyncSocket::send(self, message).await?)
    }
}
