//! Topics with numbers in an array of bytes.

use heapless::Vec;

use super::NoRoom;

/// The number of bytes of a record besides those of its topic.
const HEAD: usize = 4;

/// The length of the longest topic in bytes.
const MAX_TOPIC: usize = 0xffff;

/// Topics, each with a number: `number number len len topic`, numbers in little-endian order.
///
/// A `heapless::Vec`, whose bytes need not be set before they are used.
#[derive(Debug)]
pub(super) struct Records<const BYTES: usize> {
    bytes: Vec<u8, BYTES>,
}

/// How the topic of a record is compared with the searched bytes.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(super) enum Match {
    /// The searched bytes begin with the topic.
    Prefix,
    /// The searched bytes are the topic.
    Whole,
}

/// The position of the record after the record at `at`, which has this topic.
pub(super) const fn behind(at: usize, topic: &[u8]) -> usize {
    at.wrapping_add(HEAD).wrapping_add(topic.len())
}

/// Whether `subject` begins with a topic, or is the topic. Byte by byte, because `starts_with` brings a
/// `memcmp` of 44 bytes of flash.
fn begins(subject: &[u8], topic: &[u8], how: Match) -> bool {
    let fits = match how {
        Match::Prefix => subject.len() >= topic.len(),
        Match::Whole => subject.len() == topic.len(),
    };
    fits && subject.iter().zip(topic).all(|(byte, other)| byte == other)
}

impl<const BYTES: usize> Records<BYTES> {
    pub(super) const fn new() -> Self {
        Self { bytes: Vec::new() }
    }

    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The topic of the record that begins at `at`.
    pub(super) fn topic(&self, at: usize) -> Option<&[u8]> {
        let ([_, _, a, b], rest) = self.bytes.get(at..)?.split_first_chunk::<HEAD>()?;
        rest.get(..usize::from(u16::from_le_bytes([*a, *b])))
    }

    /// The number of the record at `at`.
    pub(super) fn number(&self, at: usize) -> u16 {
        let number = self.bytes.get(at..).and_then(|rest| rest.first_chunk());
        u16::from_le_bytes(number.copied().unwrap_or_default())
    }

    /// Iterates over the positions of the records, and their topics.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &[u8])> {
        let mut at = 0;
        core::iter::from_fn(move || {
            let (this, topic) = (at, self.topic(at)?);
            at = behind(at, topic);
            Some((this, topic))
        })
    }

    /// The position of the first record whose topic matches, and which has this number if one is given. All searches
    /// use this loop, because each loop takes 100 bytes of flash.
    #[cfg_attr(target_os = "none", inline(never))]
    pub(super) fn find(&self, number: Option<u16>, subject: &[u8], how: Match) -> Option<usize> {
        let mut at = 0;
        loop {
            let topic = self.topic(at)?;
            if number.is_none_or(|number| number == self.number(at)) && begins(subject, topic, how)
            {
                return Some(at);
            }
            at = behind(at, topic);
        }
    }

    pub(super) fn push(&mut self, number: u16, topic: &[u8]) -> Result<(), NoRoom> {
        // Without this check: a table of no more than `MAX_TOPIC` bytes has no room for a longer topic.
        if BYTES > MAX_TOPIC && topic.len() > MAX_TOPIC {
            return Err(NoRoom);
        }
        let [a, b] = number.to_le_bytes();
        let [c, d, ..] = topic.len().to_le_bytes();
        if BYTES.wrapping_sub(self.bytes.len()) < topic.len().saturating_add(HEAD) {
            return Err(NoRoom);
        }
        self.append(&[a, b, c, d]);
        self.append(topic);
        Ok(())
    }

    /// Adds bytes, which fit.
    fn append(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let _ = self.bytes.push(*byte);
        }
    }

    pub(super) fn set_number(&mut self, at: usize, number: u16) {
        let [a, b] = number.to_le_bytes();
        if let Some([x, y, ..]) = self.bytes.get_mut(at..) {
            (*x, *y) = (a, b);
        }
    }

    /// Removes the record at `at`, whose topic is this long. Byte by byte, because `copy_within`
    /// brings a `memmove` of 700 bytes of flash.
    pub(super) fn cut(&mut self, at: usize, topic_len: usize) {
        let mut from = at.wrapping_add(HEAD).wrapping_add(topic_len);
        let mut to = at;
        while let Some(&byte) = self.bytes.get(from)
            && let Some(slot) = self.bytes.get_mut(to)
        {
            *slot = byte;
            to = to.wrapping_add(1);
            from = from.wrapping_add(1);
        }
        self.bytes.truncate(to);
    }
}
