//! DISH: receives the messages of the groups that it joined (RFC 48).

use zmtp_core::mechanism::{Mechanism, Role};
use zmtp_core::pattern::{JoinError, JoinedGroups as _, Pattern, PeerId, Reason, Verdict};
use zmtp_core::wire::{FrameHeader, Group, SocketType};
use zmtp_core::{Config, Connection};

use super::Kind;
use super::table::Table;
use crate::error::Error;
use crate::inbox::Fate;
use crate::outbox::Outbox;

/// DISH. The table of groups has `GROUPS` bytes; each group takes its length and 4.
#[derive(Debug)]
pub struct Dish<const GROUPS: usize> {
    groups: Table<GROUPS>,
}

/// The number of bytes of the name LEAVE and of its length.
const COMMAND: usize = 6;

impl<const GROUPS: usize> Dish<GROUPS> {
    pub(crate) const fn new() -> Self {
        Self { groups: Table::new() }
    }

    /// Joins a group. The JOIN is sent with the next bytes.
    pub(crate) fn join<E>(&mut self, group: Group<'_>) -> Result<(), Error<E>> {
        match self.groups.names.join(group.bytes()) {
            Ok(()) => Ok(()),
            Err(JoinError::Joined) => Err(Error::Joined),
            Err(JoinError::NoRoom) => Err(Error::NoRoom),
        }
    }

    /// The most bytes that a JOIN or LEAVE takes on the wire.
    pub(crate) fn needs<M: Mechanism>(
        connection: &Connection<M, &Config>,
        group: Group<'_>,
    ) -> usize {
        group.bytes().len().saturating_add(connection.headroom()).saturating_add(COMMAND)
    }

    /// Leaves a group, if the socket is in it. The outbox has room for the LEAVE.
    pub(crate) fn leave<M: Mechanism>(
        &mut self,
        group: Group<'_>,
        connection: &mut Connection<M, &Config>,
        out: &mut Outbox<'_>,
    ) {
        self.groups.remove(group.bytes(), connection, out);
    }
}

impl<const GROUPS: usize> Role for Dish<GROUPS> {
    const SOCKET_TYPE: SocketType = SocketType::Dish;
}

impl<const GROUPS: usize> Pattern for Dish<GROUPS> {
    fn disconnected(&mut self, _peer: PeerId) {
        self.groups.disconnected();
    }

    fn accept(&mut self, _peer: PeerId, frame: FrameHeader, first: bool) -> Verdict {
        match (first, frame.is_final()) {
            (true, false) if frame.len() <= Group::MAX_LEN as u64 => Verdict::Subject,
            (false, true) => Verdict::Deliver,
            _ => Verdict::Reject(Reason::NotGroupAndBody),
        }
    }

    fn check(&mut self, _peer: PeerId, group: &[u8]) -> Verdict {
        match self.groups.names.place(group) {
            Some(_) => Verdict::Deliver,
            None => Verdict::Reject(Reason::NotSubscribed),
        }
    }
}

impl<const GROUPS: usize> Kind for Dish<GROUPS> {
    fn blank() -> Self {
        Self::new()
    }

    fn returns(fate: Fate) -> bool {
        matches!(fate, Fate::Subject | Fate::Deliver | Fate::Reject)
    }

    fn poll_transmit<M: Mechanism>(
        &mut self,
        connection: &mut Connection<M, &Config>,
        out: &mut Outbox<'_>,
    ) -> Result<(), usize> {
        self.groups.poll_transmit(connection, out)
    }
}
