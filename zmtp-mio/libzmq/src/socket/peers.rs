//! Groups, and single peers of a socket.

use zmtp_mio::{SocketKind, libzmq};

use super::Socket;
use super::endpoint::{Side, parse};
use crate::errno::{Errno, Outcome};

impl Socket {
    /// Lets a DISH join a group.
    pub(crate) fn join(&self, group: &[u8]) -> Outcome<()> {
        Ok(libzmq::join(self.enter()?.inner()?, group)?)
    }

    /// Lets a DISH leave a group.
    pub(crate) fn leave(&self, group: &[u8]) -> Outcome<()> {
        Ok(libzmq::leave(self.enter()?.inner()?, group)?)
    }

    /// Connects a PEER to an endpoint, and returns the routing id of its peer.
    pub(crate) fn connect_peer(&self, text: &str) -> Outcome<u32> {
        if self.kind != SocketKind::Peer {
            return Err(Errno(libc::ENOTSUP));
        }
        let mut state = self.call()?;
        if state.settings.options.immediate {
            // The peer has no routing id before it is connected.
            return Err(Errno::EFAULT);
        }
        let endpoint = parse(text, self.kind, Side::Connect)?;
        let id = libzmq::connect_peer(state.inner()?, endpoint.clone())?;
        state.endpoints.connected(text, endpoint);
        Ok(id)
    }

    /// Ends the connection of a PEER or SERVER to the peer with this routing id.
    pub(crate) fn disconnect_peer(&self, id: u32) -> Outcome<()> {
        Ok(libzmq::disconnect_peer(self.enter()?.inner()?, id)?)
    }

    /// Whether a message to the peer of a ROUTER with this routing id would not wait.
    pub(crate) fn has_room(&self, id: &[u8]) -> Outcome<bool> {
        Ok(libzmq::has_room(self.enter()?.inner()?, id)?)
    }
}
