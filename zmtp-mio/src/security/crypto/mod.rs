//! The operations of CURVE for computers: eight blocks of Salsa20 at a time, key stream for several messages at once,
//! and tables for new keys.

mod ahead;
mod poly1305;
mod salsa20;

use core::fmt;

use curve25519_dalek::MontgomeryPoint;
use fearless_simd::Level;
use subtle::ConstantTimeEq;
use zeroize::Zeroize;
use zmtp_core::mechanism::{Crypto, Portable};

use ahead::{Ahead, TAG_KEY};
use salsa20::WORDS;

/// Fewer bytes are faster block by block, without key stream that is made ahead.
const FEW: usize = 128;

/// [`Crypto`] with the vector instructions of the machine, for one connection.
pub(super) struct Fast {
    level: Level,
    sealing: Ahead,
    opening: Ahead,
}

impl Fast {
    pub(super) fn new() -> Self {
        Self::with(Level::new())
    }

    fn with(level: Level) -> Self {
        Self { level, sealing: Ahead::default(), opening: Ahead::default() }
    }
}

/// Without key stream.
impl fmt::Debug for Fast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fast").finish_non_exhaustive()
    }
}

impl Crypto for Fast {
    const SPLITS: bool = true;

    fn x25519(&mut self, secret: &[u8; 32], point: &[u8; 32]) -> [u8; 32] {
        MontgomeryPoint(*point).mul_clamped(*secret).to_bytes()
    }

    fn x25519_base(&mut self, secret: &[u8; 32]) -> [u8; 32] {
        MontgomeryPoint::mul_base_clamped(*secret).to_bytes()
    }

    fn hsalsa20(&mut self, key: &[u8; 32], input: &[u8; 16]) -> [u8; 32] {
        Portable.hsalsa20(key, input)
    }

    fn salsa20_xor(&mut self, key: &[u8; 32], nonce: &[u8; 8], block: u64, data: &mut [u8]) {
        if data.len() <= FEW {
            return Portable.salsa20_xor(key, nonce, block, data);
        }
        salsa20::xor_stream(self.level, key, nonce, block, data);
    }

    fn poly1305(&mut self, key: &[u8; 32], data: &[u8]) -> [u8; 16] {
        poly1305::tag(key, data)
    }

    fn seal(&mut self, key: &[u8; 32], nonce: &[u8; 8], body: &mut [u8]) -> [u8; 16] {
        let level = self.level;
        let stream = self.sealing.stream(level, key, nonce, body.len());
        let mut tag_key = tag_key(stream);
        apply(level, key, nonce, stream, body);
        let tag = poly1305::tag(&tag_key, body);
        tag_key.as_mut_slice().zeroize();
        tag
    }

    fn open(&mut self, key: &[u8; 32], nonce: &[u8; 8], tag: &[u8; 16], body: &mut [u8]) -> bool {
        let level = self.level;
        let stream = self.opening.stream(level, key, nonce, body.len());
        let mut tag_key = tag_key(stream);
        let computed = poly1305::tag(&tag_key, body);
        tag_key.as_mut_slice().zeroize();
        let correct = bool::from(computed.ct_eq(tag));
        if correct {
            apply(level, key, nonce, stream, body);
        }
        correct
    }

    fn seal_split(
        &mut self,
        key: &[u8; 32],
        nonce: &[u8; 8],
        first: &mut u8,
        rest: &mut [u8],
    ) -> Option<[u8; 16]> {
        let mut tag_key = [0; 32];
        self.salsa20_xor(key, nonce, 0, &mut tag_key);
        self.reverse_split(key, nonce, first, rest);
        let tag = poly1305::tag_split(&tag_key, *first, rest);
        tag_key.as_mut_slice().zeroize();
        Some(tag)
    }
}

/// The key of the tag, from the start of the key stream.
fn tag_key(stream: &[u32]) -> [u8; 32] {
    let mut key = [0; 32];
    for (bytes, word) in key.as_chunks_mut().0.iter_mut().zip(stream) {
        *bytes = word.to_le_bytes();
    }
    key
}

/// Combines a body with the key stream that was made ahead, then with the following blocks.
fn apply(level: Level, key: &[u8; 32], nonce: &[u8; 8], stream: &[u32], body: &mut [u8]) {
    let ahead = stream.get(TAG_KEY..).unwrap_or_default();
    salsa20::xor(body, ahead);
    if let Some(rest @ [_, ..]) = body.get_mut(4 * ahead.len()..) {
        let block = (stream.len() / WORDS) as u64;
        salsa20::xor_stream(level, key, nonce, block, rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(len: usize, seed: u64) -> Vec<u8> {
        let mut random = fastrand::Rng::with_seed(seed);
        (0..len).map(|_| random.u8(..)).collect()
    }

    fn array<const N: usize>(seed: u64) -> [u8; N] {
        bytes(N, seed).try_into().unwrap()
    }

    /// Every level of vector instructions that this machine has.
    fn levels() -> Vec<Level> {
        let best = Level::new();
        let mut levels = vec![best, Level::baseline()];
        #[cfg(target_arch = "x86_64")]
        levels.extend(best.as_sse4_2().map(Level::Sse4_2));
        levels
    }

    #[test]
    fn the_key_stream_is_that_of_the_portable_code() {
        let (key, nonce) = (array(1), array(2));
        for level in levels() {
            let mut fast = Fast::with(level);
            for block in [0, 1, 5, u64::from(u32::MAX) - 1] {
                for len in [0, 1, 63, 64, 65, 128, 129, 191, 256, 257, 511, 512, 513, 600, 65_536] {
                    let data = bytes(len, len as u64);
                    let (mut one, mut other) = (data.clone(), data);
                    fast.salsa20_xor(&key, &nonce, block, &mut one);
                    Portable.salsa20_xor(&key, &nonce, block, &mut other);
                    assert_eq!(one, other, "{level:?}: {len} bytes from block {block}");
                }
            }
        }
    }

    #[test]
    fn messages_are_sealed_and_opened_as_by_the_portable_code() {
        for level in levels() {
            let mut random = fastrand::Rng::with_seed(3);
            let (mut fast, mut key) = (Fast::with(level), array(4));
            let mut number = u64::MAX - 300;
            for round in 0..3_000 {
                // Most nonces rise by one, over the highest number too.
                number = number.wrapping_add(if random.u8(..) < 240 { 1 } else { random.u64(..9) });
                if random.u8(..) == 0 {
                    key = array(random.u64(..));
                }
                let longest = if random.u8(..) == 0 { 5_000 } else { 1 << random.usize(..10) };
                let (clear, nonce) = (bytes(random.usize(..=longest), round), number.to_be_bytes());
                let (mut one, mut other) = (clear.clone(), clear.clone());
                let tag = fast.seal(&key, &nonce, &mut one);
                assert_eq!(tag, Portable.seal(&key, &nonce, &mut other));
                assert_eq!(one, other, "{level:?}: {} bytes", clear.len());

                let mut wrong = tag;
                wrong[random.usize(..16)] ^= 1 << random.u8(..8);
                assert!(!fast.open(&key, &nonce, &wrong, &mut one));
                assert_eq!(one, other, "a refused message is not changed");
                assert!(fast.open(&key, &nonce, &tag, &mut one));
                assert_eq!(one, clear);
            }
        }
    }

    #[test]
    fn tags_are_those_of_the_portable_code() {
        let edges = |at: u64| match at % 4 {
            0 => array(at),
            1 => [0xff; 32],
            2 => core::array::from_fn(|byte| if byte < 16 { 0xff } else { 0 }),
            _ => core::array::from_fn(|byte| if byte == 0 { 2 } else { 0xff * (byte / 16) as u8 }),
        };
        for at in 0..4_000 {
            let key = edges(at);
            let len = (at % 700) as usize;
            for data in [bytes(len, at), vec![0xff; len], vec![0; len], vec![0xfb; len]] {
                let tag = poly1305::tag(&key, &data);
                assert_eq!(tag, Portable.poly1305(&key, &data), "{key:?}, {data:?}");
            }
        }
    }

    #[test]
    fn a_body_in_two_places_is_sealed_as_in_one() {
        let (key, nonce) = (array(1), array(2));
        for level in levels() {
            let mut fast = Fast::with(level);
            for len in [0, 1, 14, 15, 16, 30, 31, 32, 47, 48, 255, 256, 1_000, 65_536, 100_003] {
                let whole = bytes(1 + len, len as u64);
                let (mut first, mut rest) = (whole[0], whole[1..].to_vec());
                let tag = fast.seal_split(&key, &nonce, &mut first, &mut rest);
                let mut expected = whole.clone();
                assert_eq!(tag, Some(Portable.seal(&key, &nonce, &mut expected)), "{len} bytes");
                assert_eq!((first, &rest[..]), (expected[0], &expected[1..]));
                fast.reverse_split(&key, &nonce, &mut first, &mut rest);
                assert_eq!((first, &rest[..]), (whole[0], &whole[1..]));
            }
        }
    }

    #[test]
    fn points_are_multiplied_as_by_the_portable_code() {
        let mut fast = Fast::new();
        for seed in 0..50 {
            let (secret, point) = (array(seed), array(100 + seed));
            assert_eq!(fast.x25519(&secret, &point), Portable.x25519(&secret, &point));
            assert_eq!(fast.x25519_base(&secret), Portable.x25519_base(&secret));
        }
        // Points around 0, around the prime 2^255 - 19 and around 2^256, of which bit 255 is ignored.
        for low in 0..=255 {
            for (middle, last) in [(0, 0), (0xff, 0x7f), (0xff, 0xff), (0, 0x80)] {
                let mut point = [middle; 32];
                (point[0], point[31]) = (low, last);
                assert_eq!(fast.x25519(&array(7), &point), Portable.x25519(&array(7), &point));
            }
        }
    }
}
