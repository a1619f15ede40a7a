//! Reference models of stores: lists of pairs.

use std::collections::{BTreeMap, BTreeSet};

use zmtp_core::pattern::{
    Added, JoinedGroups, NoRoom, PeerId, Removed, RoutingIds, Subscriptions, Topics,
};

/// Subscriptions of peers, in the order in which they came; no more than so many.
#[derive(Debug)]
pub struct TopicsModel {
    held: Vec<(PeerId, Vec<u8>)>,
    room: usize,
}

impl TopicsModel {
    /// None, with room for so many.
    pub const fn new(room: usize) -> Self {
        Self { held: Vec::new(), room }
    }

    fn others(&self, peer: PeerId, topic: &[u8]) -> bool {
        self.held.iter().any(|(other, held)| *other != peer && held == topic)
    }
}

impl Topics for TopicsModel {
    fn insert(&mut self, peer: PeerId, topic: &[u8]) -> Result<Added, NoRoom> {
        if self.held.contains(&(peer, topic.to_vec())) {
            return Ok(Added::Held);
        }
        if self.held.len() == self.room {
            return Err(NoRoom);
        }
        let others = self.others(peer, topic);
        self.held.push((peer, topic.to_vec()));
        Ok(if others { Added::Another } else { Added::First })
    }

    fn remove(&mut self, peer: PeerId, topic: &[u8]) -> Removed {
        let before = self.held.len();
        self.held.retain(|(other, held)| (*other, &held[..]) != (peer, topic));
        match (self.held.len() < before, self.others(peer, topic)) {
            (true, true) => Removed::Left,
            (true, false) => Removed::Last,
            (false, true) => Removed::NotHeld,
            (false, false) => Removed::Unknown,
        }
    }

    fn remove_peer(&mut self, peer: PeerId, mut each: impl FnMut(&[u8], Removed)) {
        for topic in self.held.clone().into_iter().filter(|(other, _)| *other == peer) {
            let removed = self.remove(peer, &topic.1);
            each(&topic.1, removed);
        }
    }

    fn matches(&mut self, subject: &[u8], each: impl FnMut(PeerId)) {
        let matching =
            |(peer, topic): &(PeerId, Vec<u8>)| subject.starts_with(topic).then_some(*peer);
        self.held.iter().filter_map(matching).collect::<BTreeSet<_>>().into_iter().for_each(each);
    }
}

/// The topics of a subscriber, and how often each was subscribed; or the groups of a DISH, each once.
#[derive(Debug, Default)]
pub struct SubscriptionsModel(BTreeMap<Vec<u8>, u32>);

impl Subscriptions for SubscriptionsModel {
    fn add(&mut self, topic: &[u8]) -> Result<(), NoRoom> {
        *self.0.entry(topic.to_vec()).or_default() += 1;
        Ok(())
    }

    fn remove(&mut self, topic: &[u8]) -> bool {
        let Some(count) = self.0.get_mut(topic) else { return false };
        *count -= 1;
        let last = *count == 0;
        if last {
            self.0.remove(topic);
        }
        last
    }

    fn matches(&self, subject: &[u8]) -> bool {
        self.0.keys().any(|topic| subject.starts_with(topic))
    }

    fn each(&self, mut each: impl FnMut(&[u8])) {
        self.0.keys().for_each(|topic| each(topic));
    }
}

impl JoinedGroups for SubscriptionsModel {
    fn contains(&self, group: &[u8]) -> bool {
        self.0.contains_key(group)
    }
}

/// Routing ids in a list, with room for so many.
#[derive(Debug)]
pub struct IdList {
    held: Vec<(PeerId, Vec<u8>, bool)>,
    room: usize,
}

impl IdList {
    /// None, with room for so many.
    pub const fn new(room: usize) -> Self {
        Self { held: Vec::new(), room }
    }
}

impl RoutingIds for IdList {
    fn insert(&mut self, peer: PeerId, id: &[u8]) -> Result<(), NoRoom> {
        if self.held.len() == self.room {
            return Err(NoRoom);
        }
        for (_, held, leads) in &mut self.held {
            *leads &= held != id;
        }
        self.held.push((peer, id.to_vec(), true));
        Ok(())
    }

    fn hide(&mut self, peer: PeerId) {
        for (_, _, leads) in self.held.iter_mut().filter(|(other, ..)| *other == peer) {
            *leads = false;
        }
    }

    fn remove(&mut self, peer: PeerId) {
        self.held.retain(|(other, ..)| *other != peer);
    }

    fn peer(&self, id: &[u8]) -> Option<PeerId> {
        self.held.iter().find(|(_, held, leads)| *leads && held == id).map(|(peer, ..)| *peer)
    }

    fn id(&self, peer: PeerId) -> Option<&[u8]> {
        self.held.iter().find(|(other, ..)| *other == peer).map(|(_, id, _)| &id[..])
    }
}
