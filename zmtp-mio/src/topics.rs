//! Topics in a tree: the cost of a message depends on the length of its first part, not on the number of
//! subscriptions that do not match it.

use std::collections::{HashMap, HashSet};

use zmtp_core::pattern::{Added, NoRoom, PeerId, Removed, Slots, Subscriptions, Topics};

use crate::memory::OutOfMemory;
use crate::slots::Table;
use crate::tree::{Tree, Value};

/// Limits: the number of subscriptions of a peer, and the bytes of their topics.
pub(crate) type Share = (usize, usize);

/// The subscribers of a publisher, by topic.
#[derive(Debug)]
pub(crate) struct Subscribers {
    tree: Tree<Vec<PeerId>>,
    peers: Table<Held>,
    share: Share,
    /// Repeated subscriptions of a peer to a topic are counted: each must be removed.
    counts: bool,
    /// The message that named a peer last, so that a message names each peer once.
    named: Vec<u64>,
    message: u64,
    topics: usize,
    /// There was no memory for the last subscription.
    out_of_memory: bool,
}

/// The subscriptions of one peer, as places in the tree.
#[derive(Debug, Default)]
struct Held {
    places: HashSet<u32>,
    bytes: usize,
    /// How often topics were subscribed after the first time, if that is counted.
    repeats: HashMap<u32, u32>,
    /// The sum of these numbers.
    repeated: usize,
}

impl Held {
    /// Counts a repeated subscription.
    fn add_repeat(&mut self, place: u32) -> Result<(), OutOfMemory> {
        self.repeats.try_reserve(1)?;
        *self.repeats.entry(place).or_default() += 1;
        self.repeated += 1;
        Ok(())
    }

    /// Removes a repeated subscription. Returns `false` if there is none.
    fn take_repeat(&mut self, place: u32) -> bool {
        let Some(times) = self.repeats.get_mut(&place) else { return false };
        *times -= 1;
        if *times == 0 {
            self.repeats.remove(&place);
        }
        self.repeated -= 1;
        true
    }
}

impl Value for Vec<PeerId> {
    fn is_empty(&self) -> bool {
        Self::is_empty(self)
    }
}

impl Subscribers {
    pub(crate) fn new(share: Share) -> Self {
        Self {
            tree: Tree::new(),
            peers: Table::new(),
            share,
            counts: false,
            named: Vec::new(),
            message: 0,
            topics: 0,
            out_of_memory: false,
        }
    }

    /// As [`Self::new`]. Repeated subscriptions of a peer to a topic are counted.
    pub(crate) fn counting(share: Share) -> Self {
        Self { counts: true, ..Self::new(share) }
    }

    /// Sets whether repeated subscriptions are counted from now on.
    pub(crate) const fn set_counting(&mut self, counts: bool) {
        self.counts = counts;
    }

    /// The limits of each peer.
    pub(crate) const fn share(&self) -> Share {
        self.share
    }

    /// Whether the last subscription was refused because there is no memory.
    pub(crate) const fn lacks_memory(&self) -> bool {
        self.out_of_memory
    }

    /// How often a peer has subscribed to a topic after the first time; 0 if that is not counted.
    pub(crate) fn repeats(&self, peer: PeerId, topic: &[u8]) -> u32 {
        let Some(held) = self.peers.get(peer).filter(|held| held.repeated > 0) else { return 0 };
        let place = self.tree.find(topic);
        place.and_then(|place| held.repeats.get(&place)).copied().unwrap_or_default()
    }

    /// The number of different topics.
    pub(crate) const fn topic_count(&self) -> usize {
        self.topics
    }

    /// The number of peers with a subscription.
    pub(crate) fn peer_count(&self) -> usize {
        self.peers.iter().count()
    }

    /// The peers that subscribed to exactly this topic.
    pub(crate) fn holders(&self, topic: &[u8]) -> &[PeerId] {
        self.tree.find(topic).map_or(&[], |place| self.tree.value(place))
    }

    /// Removes a peer from a place. `None` if it is not there.
    fn take(&mut self, peer: PeerId, place: u32) -> Option<Removed> {
        let peers = self.tree.value_mut(place);
        let at = peers.binary_search(&peer).ok()?;
        peers.remove(at);
        if !peers.is_empty() {
            return Some(Removed::Left);
        }
        self.topics -= 1;
        Some(Removed::Last)
    }

    /// Adds a subscription of a peer that is known.
    fn add(&mut self, peer: PeerId, topic: &[u8]) -> Result<Added, OutOfMemory> {
        let Some(held) = self.peers.get_mut(peer) else { return Ok(Added::Held) };
        held.places.try_reserve(1)?;
        let place = self.tree.entry(topic)?;
        if held.places.contains(&place) {
            if self.counts {
                held.add_repeat(place)?;
            }
            return Ok(Added::Held);
        }
        let peers = self.tree.value_mut(place);
        let first = peers.is_empty();
        if peers.try_reserve(1).is_err() {
            self.tree.prune(place);
            return Err(OutOfMemory);
        }
        if let Err(at) = peers.binary_search(&peer) {
            peers.insert(at, peer);
        }
        held.places.insert(place);
        held.bytes += topic.len();
        self.topics += usize::from(first);
        Ok(if first { Added::First } else { Added::Another })
    }

    /// Notes that there is no memory.
    fn kept(&mut self, added: Result<Added, OutOfMemory>) -> Result<Added, NoRoom> {
        added.map_err(|OutOfMemory| {
            self.out_of_memory = true;
            NoRoom
        })
    }
}

impl Topics for Subscribers {
    fn insert(&mut self, peer: PeerId, topic: &[u8]) -> Result<Added, NoRoom> {
        self.out_of_memory = false;
        if self.peers.get_mut(peer).is_none() {
            self.peers.insert(peer, Held::default())?;
        }
        let held = self.peers.get_mut(peer).ok_or(NoRoom)?;
        let full = held.places.len() + held.repeated >= self.share.0;
        if full || held.bytes + topic.len() > self.share.1 {
            // A repeated subscription takes no memory, unless it is counted.
            let known = self.tree.find(topic).filter(|place| held.places.contains(place));
            return match known {
                Some(place) if self.counts && !full => {
                    let added = held.add_repeat(place).map(|()| Added::Held);
                    self.kept(added)
                }
                Some(_) if !self.counts => Ok(Added::Held),
                _ => Err(NoRoom),
            };
        }
        let added = self.add(peer, topic);
        self.kept(added)
    }

    fn remove(&mut self, peer: PeerId, topic: &[u8]) -> Removed {
        let Some(place) = self.tree.find(topic) else { return Removed::Unknown };
        if self.peers.get_mut(peer).is_some_and(|held| held.take_repeat(place)) {
            return Removed::Left;
        }
        let Some(removed) = self.take(peer, place) else {
            return match self.tree.value_mut(place).is_empty() {
                true => Removed::Unknown,
                false => Removed::NotHeld,
            };
        };
        self.tree.prune(place);
        if let Some(held) = self.peers.get_mut(peer) {
            held.places.remove(&place);
            held.bytes -= topic.len();
            if held.places.is_empty() {
                self.peers.remove(peer);
            }
        }
        removed
    }

    fn remove_peer(&mut self, peer: PeerId, mut each: impl FnMut(&[u8], Removed)) {
        let Some(held) = self.peers.remove(peer) else { return };
        for place in held.places {
            // Without memory nothing is called.
            let topic = self.tree.topic(place).ok();
            let mut each = |removed| topic.iter().for_each(|topic| each(topic, removed));
            for _ in 0..held.repeats.get(&place).copied().unwrap_or_default() {
                each(Removed::Left);
            }
            if let Some(removed) = self.take(peer, place) {
                each(removed);
                self.tree.prune(place);
            }
        }
    }

    fn matches(&mut self, subject: &[u8], mut each: impl FnMut(PeerId)) {
        self.message += 1;
        let (named, message) = (&mut self.named, self.message);
        self.tree.prefixes(subject, |peers| {
            for &peer in peers {
                let index = peer.index() as usize;
                if index >= named.len() {
                    named.resize(index + 1, 0);
                }
                if core::mem::replace(&mut named[index], message) != message {
                    each(peer);
                }
            }
            true
        });
    }
}

/// The topics of a subscriber, and how often each was subscribed.
#[derive(Debug)]
pub(crate) struct Counted {
    tree: Tree<Count>,
    topics: usize,
}

#[derive(Debug, Default)]
struct Count(u64);

impl Value for Count {
    fn is_empty(&self) -> bool {
        self.0 == 0
    }
}

impl Counted {
    pub(crate) fn new() -> Self {
        Self { tree: Tree::new(), topics: 0 }
    }

    /// The number of different topics.
    pub(crate) const fn topic_count(&self) -> usize {
        self.topics
    }
}

impl Subscriptions for Counted {
    fn add(&mut self, topic: &[u8]) -> Result<(), NoRoom> {
        let place = self.tree.entry(topic).unwrap_or_else(|error| error.abort(topic.len()));
        let count = self.tree.value_mut(place);
        count.0 += 1;
        self.topics += usize::from(count.0 == 1);
        Ok(())
    }

    fn remove(&mut self, topic: &[u8]) -> bool {
        let Some(place) = self.tree.find(topic) else { return false };
        let count = self.tree.value_mut(place);
        let last = count.0 == 1;
        count.0 = count.0.saturating_sub(1);
        if last {
            self.topics -= 1;
            self.tree.prune(place);
        }
        last
    }

    fn matches(&self, subject: &[u8]) -> bool {
        let mut any = false;
        self.tree.prefixes(subject, |_| {
            any = true;
            false
        });
        any
    }

    fn each(&self, mut each: impl FnMut(&[u8])) {
        self.tree.each(|topic, _| each(topic));
    }
}

impl Counted {
    /// How often a topic is subscribed.
    pub(crate) fn times(&self, topic: &[u8]) -> u64 {
        self.tree.find(topic).map_or(0, |place| self.tree.value(place).0)
    }

    /// Calls `each` for every subscription: for a topic that is subscribed several times, as often.
    pub(crate) fn each_subscription(&self, mut each: impl FnMut(&[u8])) {
        self.tree.each(|topic, count| {
            for _ in 0..count.0 {
                each(topic);
            }
        });
    }
}
