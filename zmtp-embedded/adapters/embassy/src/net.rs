//! TCP with `embassy-net`.

use embassy_net::tcp::{ConnectError, TcpSocket};
use embassy_net::{IpEndpoint, Stack};
use embassy_time::{Duration, with_timeout};

use crate::Connect;

/// Connects to one address, with one socket of the network stack, whose buffers have `RX` and `TX` bytes.
///
/// It disables the algorithm of Nagle, as all sockets of ZeroMQ do. An attempt ends after 10 seconds, and so does a
/// connection whose peer acknowledges no byte for so long.
pub struct Tcp<'s, const RX: usize, const TX: usize> {
    stack: Stack<'s>,
    remote: IpEndpoint,
    receive: [u8; RX],
    send: [u8; TX],
}

const TIMEOUT: Duration = Duration::from_secs(10);

impl<'s, const RX: usize, const TX: usize> Tcp<'s, RX, TX> {
    /// Does not connect yet.
    pub fn new(stack: Stack<'s>, remote: impl Into<IpEndpoint>) -> Self {
        Self { stack, remote: remote.into(), receive: [0; RX], send: [0; TX] }
    }
}

impl<'s, const RX: usize, const TX: usize> Connect for Tcp<'s, RX, TX> {
    type Io<'c>
        = TcpSocket<'c>
    where
        Self: 'c;
    type Error = ConnectError;

    async fn connect(&mut self) -> Result<TcpSocket<'_>, ConnectError> {
        let mut socket = TcpSocket::new(self.stack, &mut self.receive, &mut self.send);
        socket.set_nagle_enabled(false);
        socket.set_timeout(Some(TIMEOUT));
        match with_timeout(TIMEOUT, socket.connect(self.remote)).await {
            Ok(connected) => connected.map(|()| socket),
            Err(_) => Err(ConnectError::TimedOut),
        }
    }
}
