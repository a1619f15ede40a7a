//! A reference model of the groups of the peers of a RADIO: a set.

use std::collections::BTreeSet;

use zmtp_core::pattern::{Groups, NoRoom, PeerId};

/// The groups of the peers of a RADIO; no more than so many.
#[derive(Debug)]
pub struct GroupsModel {
    members: BTreeSet<(PeerId, Vec<u8>)>,
    room: usize,
}

impl GroupsModel {
    /// None, with room for so many.
    pub const fn new(room: usize) -> Self {
        Self { members: BTreeSet::new(), room }
    }
}

impl Groups for GroupsModel {
    fn join(&mut self, peer: PeerId, group: &[u8]) -> Result<(), NoRoom> {
        let member = (peer, group.to_vec());
        if self.members.len() == self.room && !self.members.contains(&member) {
            return Err(NoRoom);
        }
        self.members.insert(member);
        Ok(())
    }

    fn leave(&mut self, peer: PeerId, group: &[u8]) {
        self.members.remove(&(peer, group.to_vec()));
    }

    fn leave_all(&mut self, peer: PeerId) {
        self.members.retain(|(member, _)| *member != peer);
    }

    fn members(&mut self, group: &[u8], mut each: impl FnMut(PeerId)) {
        for (peer, joined) in &self.members {
            if joined == group {
                each(*peer);
            }
        }
    }
}
