//! Groups of RADIO and DISH, in the tables of topics.

use zmtp_core::pattern::{Groups, JoinedGroups, NoRoom, PeerId, Topics};

use crate::topics::{Counted, Subscribers};

impl Groups for Subscribers {
    fn join(&mut self, peer: PeerId, group: &[u8]) -> Result<(), NoRoom> {
        self.insert(peer, group).map(drop)
    }

    fn leave(&mut self, peer: PeerId, group: &[u8]) {
        self.remove(peer, group);
    }

    fn leave_all(&mut self, peer: PeerId) {
        self.remove_peer(peer, |_, _| {});
    }

    fn members(&mut self, group: &[u8], each: impl FnMut(PeerId)) {
        self.holders(group).iter().copied().for_each(each);
    }
}

impl JoinedGroups for Counted {
    fn contains(&self, group: &[u8]) -> bool {
        self.times(group) > 0
    }
}
