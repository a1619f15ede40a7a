//! Topics in an array, one after the other: for microcontrollers, which have few.

use super::{Added, NoRoom, PeerId, Removed, Subscriptions, Topics};

/// Octets that a topic takes besides its own.
const HEAD: usize = 4;

/// Topics, each with a number: `number number len len topic`, numbers in little-endian order.
#[derive(Debug)]
struct Records<const OCTETS: usize>(heapless::Vec<u8, OCTETS>);

/// Where a record begins, and what it says.
struct Record<'a> {
    at: usize,
    number: u16,
    topic: &'a [u8],
}

impl Record<'_> {
    const fn next(&self) -> usize {
        self.at.saturating_add(HEAD).saturating_add(self.topic.len())
    }
}

impl<const OCTETS: usize> Records<OCTETS> {
    const fn new() -> Self {
        Self(heapless::Vec::new())
    }

    /// The record at `at`, where one begins.
    fn at(&self, at: usize) -> Option<Record<'_>> {
        let (head, rest) = self.0.get(at..)?.split_first_chunk::<HEAD>()?;
        let [a, b, c, d] = *head;
        let topic = rest.get(..usize::from(u16::from_le_bytes([c, d])))?;
        Some(Record { at, number: u16::from_le_bytes([a, b]), topic })
    }

    fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        let mut at = 0;
        core::iter::from_fn(move || {
            let record = self.at(at)?;
            at = record.next();
            Some(record)
        })
    }

    fn push(&mut self, number: u16, topic: &[u8]) -> Result<(), NoRoom> {
        let len = u16::try_from(topic.len()).map_err(|_| NoRoom)?;
        if OCTETS.saturating_sub(self.0.len()) < topic.len().saturating_add(HEAD) {
            return Err(NoRoom);
        }
        let [a, b] = number.to_le_bytes();
        let [c, d] = len.to_le_bytes();
        self.0.extend_from_slice(&[a, b, c, d]).map_err(|_| NoRoom)?;
        self.0.extend_from_slice(topic).map_err(|_| NoRoom)
    }

    fn set_number(&mut self, at: usize, number: u16) {
        let [a, b] = number.to_le_bytes();
        if let Some([x, y, ..]) = self.0.get_mut(at..) {
            (*x, *y) = (a, b);
        }
    }

    /// Cuts the octets from `at` to `end` out.
    fn cut(&mut self, at: usize, end: usize) {
        let mut to = at;
        let mut from = end;
        while let Some(&octet) = self.0.get(from) {
            if let Some(slot) = self.0.get_mut(to) {
                *slot = octet;
            }
            to = to.saturating_add(1);
            from = from.saturating_add(1);
        }
        self.0.truncate(to);
    }
}

/// Who subscribed to what, in `OCTETS` octets: each subscription takes its topic's and 4. Peers
/// have numbers below 65,536.
#[derive(Debug)]
pub struct FixedTopics<const OCTETS: usize>(Records<OCTETS>);

impl<const OCTETS: usize> FixedTopics<OCTETS> {
    /// No subscription.
    pub const fn new() -> Self {
        Self(Records::new())
    }
}

impl<const OCTETS: usize> Default for FixedTopics<OCTETS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const OCTETS: usize> Topics for FixedTopics<OCTETS> {
    fn insert(&mut self, peer: PeerId, topic: &[u8]) -> Result<Added, NoRoom> {
        let number = u16::try_from(peer.0).map_err(|_| NoRoom)?;
        let mut added = Added::First;
        for record in self.0.iter().filter(|record| record.topic == topic) {
            if record.number == number {
                return Ok(Added::Held);
            }
            added = Added::Another;
        }
        self.0.push(number, topic)?;
        Ok(added)
    }

    fn remove(&mut self, peer: PeerId, topic: &[u8]) -> Removed {
        let mut held = None;
        let mut others = false;
        for record in self.0.iter().filter(|record| record.topic == topic) {
            if u32::from(record.number) == peer.0 {
                held = Some((record.at, record.next()));
            } else {
                others = true;
            }
        }
        match held {
            Some((at, end)) => {
                self.0.cut(at, end);
                if others { Removed::Left } else { Removed::Last }
            }
            None if others => Removed::NotHeld,
            None => Removed::Unknown,
        }
    }

    fn remove_peer(&mut self, peer: PeerId, mut each: impl FnMut(&[u8], Removed)) {
        let mut at = 0;
        while let Some(record) = self.0.at(at) {
            let end = record.next();
            if u32::from(record.number) != peer.0 {
                at = end;
                continue;
            }
            let others = |other: &Record<'_>| other.at != at && other.topic == record.topic;
            let removed = if self.0.iter().any(|other| others(&other)) {
                Removed::Left
            } else {
                Removed::Last
            };
            each(record.topic, removed);
            self.0.cut(at, end);
        }
    }

    fn matches(&mut self, subject: &[u8], mut each: impl FnMut(PeerId)) {
        for record in self.0.iter().filter(|record| subject.starts_with(record.topic)) {
            // Once per peer: an earlier record of it may have matched already.
            let first = self
                .0
                .iter()
                .find(|one| one.number == record.number && subject.starts_with(one.topic));
            if first.is_some_and(|first| first.at == record.at) {
                each(PeerId(record.number.into()));
            }
        }
    }
}

/// What is subscribed to, in `OCTETS` octets: each topic takes its own and 4.
#[derive(Debug)]
pub struct FixedSubscriptions<const OCTETS: usize>(Records<OCTETS>);

impl<const OCTETS: usize> FixedSubscriptions<OCTETS> {
    /// No subscription.
    pub const fn new() -> Self {
        Self(Records::new())
    }

    /// The topics, each once.
    pub fn topics(&self) -> impl Iterator<Item = &[u8]> {
        self.0.iter().map(|record| record.topic)
    }
}

impl<const OCTETS: usize> Default for FixedSubscriptions<OCTETS> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const OCTETS: usize> Subscriptions for FixedSubscriptions<OCTETS> {
    fn add(&mut self, topic: &[u8]) -> Result<(), NoRoom> {
        let held = self.0.iter().find(|record| record.topic == topic);
        match held.map(|record| (record.at, record.number)) {
            Some((at, number)) => {
                self.0.set_number(at, number.checked_add(1).ok_or(NoRoom)?);
                Ok(())
            }
            None => self.0.push(1, topic),
        }
    }

    fn remove(&mut self, topic: &[u8]) -> bool {
        let held = self.0.iter().find(|record| record.topic == topic);
        match held.map(|record| (record.at, record.next(), record.number)) {
            Some((at, end, 0 | 1)) => {
                self.0.cut(at, end);
                true
            }
            Some((at, _, number)) => {
                self.0.set_number(at, number.saturating_sub(1));
                false
            }
            None => false,
        }
    }

    fn matches(&self, subject: &[u8]) -> bool {
        self.0.iter().any(|record| subject.starts_with(record.topic))
    }

    fn each(&self, mut each: impl FnMut(&[u8])) {
        self.topics().for_each(&mut each);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: PeerId = PeerId(1);
    const B: PeerId = PeerId(2);

    fn matching(topics: &mut FixedTopics<64>, subject: &[u8]) -> Vec<u32> {
        let mut peers = Vec::new();
        topics.matches(subject, |peer| peers.push(peer.0));
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
    fn what_leaves_says_who_is_left() {
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
    fn a_full_store_refuses_and_keeps_what_it_has() {
        let mut topics = FixedTopics::<12>::new();
        topics.insert(A, b"abcd").unwrap();
        assert_eq!(topics.insert(A, b"e"), Err(NoRoom));
        assert_eq!(topics.insert(A, b""), Ok(Added::First));
        assert_eq!(topics.insert(PeerId(1 << 16), b""), Err(NoRoom));
        assert_eq!(topics.remove(A, b"abcd"), Removed::Last);
        assert_eq!(topics.insert(A, b"e"), Ok(Added::First));
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
