//! Which connections a socket accepts.

use core::net::IpAddr;

use crate::security::AddressRange;

/// The connections that a listening socket accepts: over TCP by the address of the peer, over ipc by its process.
///
/// With UDP, the datagrams that a bound socket accepts, by the address of the sender, which can be forged. Others are
/// dropped and counted: [`filtered`](crate::DroppedMessages::filtered).
///
/// Other connections are closed before their handshake, with [`CloseReason::Filtered`](crate::CloseReason::Filtered). Connections
/// within the process are not filtered. The options of libzmq are `ZMQ_TCP_ACCEPT_FILTER`, and `ZMQ_IPC_FILTER_PID`,
/// `_UID` and `_GID`.
///
/// ```
/// use zmtp_mio::{AcceptFilter, Pull};
///
/// let filter = AcceptFilter::default().address("127.0.0.0/8".parse()?).user(0);
/// let pull = Pull::builder().accept_filter(filter).bind("tcp://*:*")?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub struct AcceptFilter {
    /// Addresses of TCP peers and of senders of datagrams. Without any, every address is accepted.
    pub addresses: Vec<AddressRange>,
    /// Users, groups and processes of ipc peers. Without any, every peer is accepted.
    pub processes: Vec<ProcessFilter>,
}

/// Processes whose connections over ipc are accepted. The system reports the credentials that the process had when it
/// connected. Linux only; on other systems no process matches.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ProcessFilter {
    /// The processes with this effective group. libzmq also accepts those of the users that the database of the
    /// system lists as members of the group.
    Group(u32),
    /// The process with this id.
    Process(u32),
    /// The processes of this effective user.
    User(u32),
}

/// A process at the other end of an ipc connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PeerProcess {
    pub(crate) group: u32,
    pub(crate) process: u32,
    pub(crate) user: u32,
}

impl AcceptFilter {
    /// Accepts TCP peers with these addresses, and others only if they are added too.
    #[must_use]
    pub fn address(mut self, range: AddressRange) -> Self {
        self.addresses.push(range);
        self
    }

    /// Accepts ipc peers with this group, as [`ProcessFilter::Group`].
    #[must_use]
    pub fn group(mut self, id: u32) -> Self {
        self.processes.push(ProcessFilter::Group(id));
        self
    }

    /// Accepts the ipc peer with this process id, as [`ProcessFilter::Process`].
    #[must_use]
    pub fn process(mut self, id: u32) -> Self {
        self.processes.push(ProcessFilter::Process(id));
        self
    }

    /// Accepts ipc peers of this user, as [`ProcessFilter::User`].
    #[must_use]
    pub fn user(mut self, id: u32) -> Self {
        self.processes.push(ProcessFilter::User(id));
        self
    }

    /// `address` is `None` if the system does not report it.
    pub(crate) fn accepts_address(&self, address: Option<IpAddr>) -> bool {
        let contains = |address| self.addresses.iter().any(|range| range.contains(address));
        self.addresses.is_empty() || address.is_some_and(contains)
    }

    /// `peer` is `None` if the system does not report the process.
    pub(crate) fn accepts_process(&self, peer: impl FnOnce() -> Option<PeerProcess>) -> bool {
        if self.processes.is_empty() {
            return true;
        }
        let Some(peer) = peer() else { return false };
        self.processes.iter().any(|filter| match *filter {
            ProcessFilter::Group(id) => peer.group == id,
            ProcessFilter::Process(id) => peer.process == id,
            ProcessFilter::User(id) => peer.user == id,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_accepted_by_any_of_its_ids() {
        let peer = PeerProcess { group: 1, process: 2, user: 3 };
        let accepts = |filter: AcceptFilter| filter.accepts_process(|| Some(peer));
        assert!(AcceptFilter::default().accepts_process(|| None));
        assert!(accepts(AcceptFilter::default().group(1)));
        assert!(accepts(AcceptFilter::default().process(2)));
        assert!(accepts(AcceptFilter::default().user(7).user(3)));
        assert!(!accepts(AcceptFilter::default().group(2).process(3).user(1)));
        assert!(!AcceptFilter::default().user(3).accepts_process(|| None));
    }

    #[test]
    fn an_address_is_accepted_if_there_is_no_range_or_one_contains_it() {
        let address = "192.0.2.1".parse().unwrap();
        let accepts = |text: &str| {
            let filter = AcceptFilter::default().address(text.parse().unwrap());
            filter.accepts_address(Some(address))
        };
        assert!(AcceptFilter::default().user(1).accepts_address(Some(address)));
        assert!(accepts("192.0.2.0/24") && !accepts("192.0.3.0/24"));
    }
}
