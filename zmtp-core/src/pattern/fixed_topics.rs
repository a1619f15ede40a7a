//! Tables of topics in an array of fixed size, for microcontrollers.

use super::records::{Match, Records, behind};
use super::{Added, NoRoom, PeerId, Removed, Subscriptions, Topics};

/// A table of the subscriptions of peers, or of their groups, in `BYTES` bytes. Each subscription takes the length
/// of its topic and 4 bytes. A topic has at most 65,535 bytes.
///
/// Peers must have indices below 65,536 and generation 0. [Detach](FixedTopics::detach) a peer before its
/// index is used for another peer.
///
/// The methods of this type are sufficient for PUB. The methods of [`Topics`] also return what changed,
/// which XPUB reports; they take a second search.
#[derive(Debug)]
pub struct FixedTopics<const BYTES: usize>(Records<BYTES>);

impl<const BYTES: usize> FixedTopics<BYTES> {
    /// Creates an empty table.
    pub const fn new() -> Self {
        Self(Records::new())
    }

    /// Adds a subscription of a peer, unless the peer already has it. If the table is for a single peer,
    /// pass `None` as the peer, to this and to the other methods.
    ///
    /// # Errors
    ///
    /// [`NoRoom`] if the table is full, or the topic or the peer is out of range. Nothing has changed
    /// then.
    pub fn subscribe(&mut self, peer: Option<PeerId>, topic: &[u8]) -> Result<(), NoRoom> {
        let number = Self::number(peer)?;
        match self.0.find(number, topic, Match::Whole) {
            Some(_) => Ok(()),
            None => self.0.push(number.unwrap_or_default(), topic),
        }
    }

    /// Removes a subscription of a peer. Returns `false` if the peer did not have it.
    pub fn cancel(&mut self, peer: Option<PeerId>, topic: &[u8]) -> bool {
        let Some(at) = self.held(peer, topic) else { return false };
        self.0.cut(at, topic.len());
        true
    }

    /// Removes all subscriptions of a peer.
    pub fn detach(&mut self, peer: Option<PeerId>) {
        match peer {
            Some(peer) => self.remove_peer(peer, |_, _| {}),
            None => self.0.clear(),
        }
    }

    /// Whether `subject` begins with a topic that the peer has subscribed to.
    pub fn matches(&self, peer: Option<PeerId>, subject: &[u8]) -> bool {
        let found = |number| self.0.find(number, subject, Match::Prefix);
        Self::number(peer).is_ok_and(|number| found(number).is_some())
    }

    /// Whether the peer has subscribed to exactly this topic. For a RADIO: whether it is in this group.
    pub fn contains(&self, peer: Option<PeerId>, topic: &[u8]) -> bool {
        self.held(peer, topic).is_some()
    }

    /// Calls `each` once for every peer that subscribed to exactly this topic.
    pub(super) fn holders(&self, topic: &[u8], mut each: impl FnMut(PeerId)) {
        for (at, _) in self.0.iter().filter(|(_, held)| *held == topic) {
            each(PeerId::new(self.0.number(at).into(), 0));
        }
    }

    /// The position of a peer's subscription to a topic.
    fn held(&self, peer: Option<PeerId>, topic: &[u8]) -> Option<usize> {
        self.0.find(Self::number(peer).ok()?, topic, Match::Whole)
    }

    /// The number of a peer in the table, or of any peer. Inlined, so that a table for a single peer
    /// contains no code for numbers.
    #[inline(always)]
    fn number(peer: Option<PeerId>) -> Result<Option<u16>, NoRoom> {
        let Some(peer) = peer else { return Ok(None) };
        match u16::try_from(peer.index()) {
            Ok(number) if peer.generation() == 0 => Ok(Some(number)),
            _ => Err(NoRoom),
        }
    }
}

impl<const BYTES: usize> Default for FixedTopics<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> Topics for FixedTopics<BYTES> {
    fn insert(&mut self, peer: PeerId, topic: &[u8]) -> Result<Added, NoRoom> {
        if self.held(Some(peer), topic).is_some() {
            return Ok(Added::Held);
        }
        let others = self.0.find(None, topic, Match::Whole).is_some();
        self.subscribe(Some(peer), topic)?;
        Ok(if others { Added::Another } else { Added::First })
    }

    fn remove(&mut self, peer: PeerId, topic: &[u8]) -> Removed {
        let held = self.cancel(Some(peer), topic);
        match (held, self.0.find(None, topic, Match::Whole)) {
            (true, None) => Removed::Last,
            (true, Some(_)) => Removed::Left,
            (false, None) => Removed::Unknown,
            (false, Some(_)) => Removed::NotHeld,
        }
    }

    fn remove_peer(&mut self, peer: PeerId, mut each: impl FnMut(&[u8], Removed)) {
        let mut at = 0;
        while let Some(topic) = self.0.topic(at) {
            if Self::number(Some(peer)) != Ok(Some(self.0.number(at))) {
                at = behind(at, topic);
                continue;
            }
            let others = self.0.iter().any(|(other, its)| other != at && its == topic);
            let len = topic.len();
            each(topic, if others { Removed::Left } else { Removed::Last });
            self.0.cut(at, len);
        }
    }

    fn matches(&mut self, subject: &[u8], mut each: impl FnMut(PeerId)) {
        for (at, _) in self.0.iter().filter(|(_, topic)| subject.starts_with(topic)) {
            let number = self.0.number(at);
            // Once per peer: an earlier record of it may have matched already.
            if self.0.find(Some(number), subject, Match::Prefix) == Some(at) {
                each(PeerId::new(number.into(), 0));
            }
        }
    }
}

/// A table of the topics that a subscriber has subscribed to, or of the groups of a DISH, in `BYTES` bytes.
///
/// Each topic takes its length and 4 bytes. A topic has at most 65,535 bytes and can be subscribed to 65,535 times.
#[derive(Debug)]
pub struct FixedSubscriptions<const BYTES: usize>(Records<BYTES>);

impl<const BYTES: usize> FixedSubscriptions<BYTES> {
    /// Creates an empty table.
    pub const fn new() -> Self {
        Self(Records::new())
    }

    /// Iterates over the topics, each once.
    pub fn topics(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|(_, topic)| topic)
    }

    /// The topic at the position `place`, and the position of the next topic; `None` at the end. The first
    /// topic is at 0. Use this for an iteration that pauses. A new topic is added at the end. When a topic
    /// is removed, the positions of the topics after it decrease by its length and 4.
    pub fn at(&self, place: usize) -> Option<(&[u8], usize)> {
        self.0.topic(place).map(|topic| (topic, behind(place, topic)))
    }

    /// The position of a topic; `None` if it is not in the table.
    pub fn place(&self, topic: &[u8]) -> Option<usize> {
        self.0.find(None, topic, Match::Whole)
    }
}

impl<const BYTES: usize> Default for FixedSubscriptions<BYTES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const BYTES: usize> Subscriptions for FixedSubscriptions<BYTES> {
    fn add(&mut self, topic: &[u8]) -> Result<(), NoRoom> {
        let Some(at) = self.place(topic) else { return self.0.push(1, topic) };
        let number = self.0.number(at).checked_add(1).ok_or(NoRoom)?;
        self.0.set_number(at, number);
        Ok(())
    }

    fn remove(&mut self, topic: &[u8]) -> bool {
        let Some(at) = self.place(topic) else { return false };
        let left = self.0.number(at).saturating_sub(1);
        if left == 0 {
            self.0.cut(at, topic.len());
        } else {
            self.0.set_number(at, left);
        }
        left == 0
    }

    fn matches(&self, subject: &[u8]) -> bool {
        self.0.find(None, subject, Match::Prefix).is_some()
    }

    fn each(&self, mut each: impl FnMut(&[u8])) {
        self.topics().for_each(&mut each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: PeerId = PeerId::new(1, 0);
    const B: PeerId = PeerId::new(2, 0);

    fn matching(topics: &mut FixedTopics<64>, subject: &[u8]) -> Vec<u32> {
        let mut peers = Vec::new();
        topics.matches(subject, |peer| peers.push(peer.index()));
        peers
    }

    #[test]
    fn a_peer_with_several_matching_topics_is_named_once() {
        let mut topics = FixedTopics::<64>::new();
        assert_eq!(topics.insert(A, b"w"), Ok(Added::First));
        assert_eq!(topics.insert(A, b"weather"), Ok(Added::First));
        assert_eq!(topics.insert(B, b"w"), Ok(Added::Another));
        assert_eq!(topics.insert(A, b"w"), Ok(Added::Held));
        assert_eq!(matching(&mut topics, b"weather.berlin"), [1, 2]);
        assert_eq!(matching(&mut topics, b"wind"), [1, 2]);
        assert_eq!(matching(&mut topics, b""), [0; 0]);
        topics.insert(B, b"").unwrap();
        assert_eq!(matching(&mut topics, b""), [2]);
    }

    #[test]
    fn removal_reports_whether_other_peers_have_the_topic() {
        let mut topics = FixedTopics::<64>::new();
        for (peer, topic) in [(A, "x"), (B, "x"), (A, "yy"), (A, "z"), (B, "only")] {
            topics.insert(peer, topic.as_bytes()).unwrap();
        }
        assert_eq!(topics.remove(A, b"none"), Removed::Unknown);
        assert_eq!(topics.remove(A, b"only"), Removed::NotHeld);
        assert_eq!(topics.remove(A, b"z"), Removed::Last);
        let mut gone = Vec::new();
        topics.remove_peer(A, |topic, removed| gone.push((topic.to_vec(), removed)));
        assert_eq!(gone, [(b"x".to_vec(), Removed::Left), (b"yy".to_vec(), Removed::Last)]);
        assert_eq!(topics.remove(B, b"x"), Removed::Last);
        assert_eq!(matching(&mut topics, b"only"), [2]);
    }

    #[test]
    fn a_full_store_refuses_new_topics_and_keeps_the_others() {
        let mut topics = FixedTopics::<12>::new();
        topics.insert(A, b"abcd").unwrap();
        assert_eq!(topics.insert(A, b"e"), Err(NoRoom));
        assert_eq!(topics.insert(A, b""), Ok(Added::First));
        assert_eq!(topics.insert(PeerId::new(1 << 16, 0), b""), Err(NoRoom));
        assert_eq!(topics.remove(A, b"abcd"), Removed::Last);
        assert_eq!(topics.insert(A, b"e"), Ok(Added::First));
    }

    #[test]
    fn a_store_for_one_peer_needs_no_number() {
        let mut topics = FixedTopics::<12>::new();
        assert_eq!(topics.subscribe(None, b"ab"), Ok(()));
        assert_eq!(topics.subscribe(None, b"ab"), Ok(()), "held already, and takes no room");
        assert_eq!(topics.subscribe(None, b"c"), Ok(()));
        assert_eq!(topics.subscribe(None, b""), Err(NoRoom));
        assert!(
            topics.matches(None, b"abc")
                && topics.matches(None, b"c")
                && !topics.matches(None, b"a")
        );
        assert!(topics.cancel(None, b"ab") && !topics.cancel(None, b"ab"));
        assert!(!topics.matches(None, b"abc") && topics.matches(None, b"c"));
        topics.detach(None);
        assert!(!topics.matches(None, b"c"));
    }

    #[test]
    fn subscriptions_are_counted() {
        let mut topics = FixedSubscriptions::<32>::new();
        for topic in ["a", "bb", "a"] {
            topics.add(topic.as_bytes()).unwrap();
        }
        assert_eq!(topics.topics().collect::<Vec<_>>(), [&b"a"[..], b"bb"]);
        assert!(topics.matches(b"abc") && topics.matches(b"bb") && !topics.matches(b"b"));
        assert!(!topics.remove(b"a"));
        assert!(topics.matches(b"a"));
        assert!(topics.remove(b"a"));
        assert!(!topics.matches(b"a") && topics.matches(b"bbb"));
        assert!(!topics.remove(b"a"));
    }
}
