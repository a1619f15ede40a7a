//! Key stream that is made ahead: for several messages of one direction at once.
//!
//! A short message needs one or two blocks. The nonces of a direction rise by one, so that the blocks of the next
//! messages can be made together with those of this one.

use fearless_simd::Level;
use zeroize::Zeroize;

use super::salsa20::{BLOCK, BLOCKS, Stream, WORDS, make_blocks};

/// The words at the start of the key stream that are the key of the tag.
pub(super) const TAG_KEY: usize = 8;

/// The key stream of the next messages of a direction. It takes no memory before the first message.
#[derive(Default)]
pub(super) struct Ahead(Option<Box<Made>>);

struct Made {
    key: [u8; 32],
    /// The nonce of the first message.
    first: u64,
    /// The blocks of each message: a power of two, or 0 before the first message.
    each: usize,
    stream: Stream,
}

impl Ahead {
    /// The first blocks of the key stream of a message with a body of `len` bytes. If eight blocks are enough for the
    /// body, it is all that the message needs.
    pub(super) fn stream(
        &mut self,
        level: Level,
        key: &[u8; 32],
        nonce: &[u8; 8],
        len: usize,
    ) -> &[u32] {
        let (nonce, needed) = (u64::from_be_bytes(*nonce), blocks(len));
        let made = self.0.get_or_insert_with(|| Box::new(Made::new()));
        if !made.has(key, nonce, needed) {
            made.make(level, key, nonce, needed);
        }
        let words = made.each * WORDS;
        let at = nonce.wrapping_sub(made.first) as usize * words;
        &made.stream[at..at + words]
    }
}

/// The blocks to make for each message of this length.
fn blocks(len: usize) -> usize {
    let whole = (len + 4 * TAG_KEY).div_ceil(BLOCK);
    if whole <= BLOCKS { whole.next_power_of_two() } else { 1 }
}

impl Made {
    const fn new() -> Self {
        Self { key: [0; 32], first: 0, each: 0, stream: [0; BLOCKS * WORDS] }
    }

    /// Whether it has this many blocks of a message. The time of the comparison shows nothing: both keys are the one of this
    /// direction.
    fn has(&self, key: &[u8; 32], nonce: u64, needed: usize) -> bool {
        self.each >= needed
            && nonce.wrapping_sub(self.first) < (BLOCKS / self.each) as u64
            && self.key == *key
    }

    fn make(&mut self, level: Level, key: &[u8; 32], nonce: u64, each: usize) {
        (self.key, self.first, self.each) = (*key, nonce, each);
        let place = |lane: usize| {
            let nonce = nonce.wrapping_add((lane / each) as u64);
            (nonce.to_be_bytes(), (lane % each) as u64)
        };
        make_blocks(level, key, place, &mut self.stream);
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        self.key.as_mut_slice().zeroize();
        self.stream.as_mut_slice().zeroize();
    }
}
