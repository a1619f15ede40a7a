//! Reference models of the groups of RADIO and DISH: sets.

use std::collections::BTreeSet;

use zmtp_core::pattern::{Groups, JoinError, JoinedGroups, NoRoom, PeerId};

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

/// The groups of a DISH.
#[derive(Debug, Default)]
pub struct JoinedModel(BTreeSet<Vec<u8>>);

impl JoinedGroups for JoinedModel {
    fn join(&mut self, group: &[u8]) -> Result<(), JoinError> {
        if self.0.insert(group.to_vec()) { Ok(()) } else { Err(JoinError::Joined) }
    }

    fn leave(&mut self, group: &[u8]) -> bool {
        self.0.remove(group)
    }

    fn contains(&self, group: &[u8]) -> bool {
        self.0.contains(group)
    }

    fn each_group(&self, mut each: impl FnMut(&[u8])) {
        self.0.iter().for_each(|group| each(group));
    }
}
