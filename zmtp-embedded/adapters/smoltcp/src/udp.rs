//! UDP sockets of smoltcp for `zmtp_embedded::udp`.

use core::fmt;

use smoltcp::iface::SocketHandle;
use smoltcp::phy::Device;
use smoltcp::socket::udp::{RecvError, SendError, Socket};
use smoltcp::wire::IpEndpoint;
use zmtp_embedded::Instant;

use crate::{Error, Stack};

/// A UDP socket of a [`Stack`], which sends to one address: that of a peer or of a multicast group.
pub struct Udp<'s, 'a, D, C> {
    stack: &'s Stack<'a, D, C>,
    handle: SocketHandle,
    remote: IpEndpoint,
}

impl<D, C> fmt::Debug for Udp<'_, '_, D, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Udp").field("handle", &self.handle).finish_non_exhaustive()
    }
}

impl<'a, D: Device, C: Fn() -> Instant> Stack<'a, D, C> {
    /// A UDP socket of the set for RADIO and DISH, which sends to `remote`. Bind it before, also to send. To receive the
    /// datagrams of a multicast group, join the group with the interface (see [`Stack::with`]).
    ///
    /// smoltcp panics at its first use if `handle` is not that of a UDP socket of the set.
    pub fn udp(&self, handle: SocketHandle, remote: impl Into<IpEndpoint>) -> Udp<'_, 'a, D, C> {
        Udp { stack: self, handle, remote: remote.into() }
    }
}

impl<D: Device, C: Fn() -> Instant> zmtp_embedded::udp::Udp for Udp<'_, '_, D, C> {
    type Error = Error;

    /// Drops the datagram if the buffer of the socket is full. [`Error::Reset`] if the socket is not bound, or the
    /// address is invalid.
    fn send(&mut self, datagram: &[u8]) -> Result<(), Error> {
        let mut parts = self.stack.parts().ok_or(Error::Reset)?;
        let sent =
            parts.sockets.get_mut::<Socket<'_>>(self.handle).send_slice(datagram, self.remote);
        drop(parts);
        self.stack.poll();
        match sent {
            Ok(()) | Err(SendError::BufferFull) => Ok(()),
            Err(_) => Err(Error::Reset),
        }
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        self.stack.poll();
        let mut parts = self.stack.parts().ok_or(Error::Reset)?;
        let socket = parts.sockets.get_mut::<Socket<'_>>(self.handle);
        match socket.recv_slice(buffer) {
            Ok((len, _)) => Ok(Some(len)),
            Err(RecvError::Truncated) => Ok(Some(buffer.len())),
            Err(RecvError::Exhausted) => Ok(None),
        }
    }
}
