//! Groups of RADIO and DISH, in the tables of topics.

use zmtp_core::pattern::{Groups, JoinError, JoinedGroups, NoRoom, PeerId, Subscriptions, Topics};

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
    fn join(&mut self, group: &[u8]) -> Result<(), JoinError> {
        if self.contains(group) {
            return Err(JoinError::Joined);
        }
        Ok(self.add(group)?)
    }

    fn leave(&mut self, group: &[u8]) -> bool {
        self.remove(group)
    }

    fn contains(&self, group: &[u8]) -> bool {
        self.times(group) > 0
    }

    fn each_group(&self, each: impl FnMut(&[u8])) {
        self.each(each);
    }
}
