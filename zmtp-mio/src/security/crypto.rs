//! The operations of CURVE for computers: four blocks of Salsa20 at a time, and tables for new keys.

use curve25519_dalek::MontgomeryPoint;
use wide::u32x4;
use zeroize::Zeroizing;
use zmtp_core::mechanism::{Crypto, Portable};

/// The blocks that are made at a time.
const LANES: usize = 4;
/// The bytes of a block.
const BLOCK: usize = 64;
/// Fewer bytes are faster block by block.
const FEW: usize = 2 * BLOCK;

/// [`Crypto`] with the vector instructions that every computer of its kind has (SSE2, NEON).
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Wide;

impl Crypto for Wide {
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
        let state = state(key, nonce);
        let mut at = block;
        let mut rest = data;
        while rest.len() > FEW {
            let (some, others) = rest.split_at_mut(rest.len().min(LANES * BLOCK));
            four_blocks(&state, at, some);
            at = at.wrapping_add(LANES as u64);
            rest = others;
        }
        if !rest.is_empty() {
            Portable.salsa20_xor(key, nonce, at, rest);
        }
    }

    fn poly1305(&mut self, key: &[u8; 32], data: &[u8]) -> [u8; 16] {
        Portable.poly1305(key, data)
    }
}

/// The input of the core function, in which the words of the block number are zero.
fn state(key: &[u8; 32], nonce: &[u8; 8]) -> Zeroizing<[u32; 16]> {
    let key = |at: usize| word(key, at);
    let nonce = |at: usize| word(nonce, at);
    let [c0, c1, c2, c3] = [0, 1, 2, 3].map(|at| word(b"expand 32-byte k", at));
    let (head, tail) = ([c0, key(0), key(1), key(2)], [key(5), key(6), key(7), c3]);
    let rows = [head, [key(3), c1, nonce(0), nonce(1)], [0, 0, c2, key(4)], tail];
    let mut state = Zeroizing::new([0; 16]);
    state.copy_from_slice(rows.as_flattened());
    state
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(4 * at..).and_then(<[u8]>::first_chunk);
    four.map_or(0, |four| u32::from_le_bytes(*four))
}

/// Combines up to four blocks with the key stream, from block number `block` on.
fn four_blocks(state: &[u32; 16], block: u64, data: &mut [u8]) {
    let numbers = [0, 1, 2, 3].map(|lane| block.wrapping_add(lane));
    let mut start = state.map(u32x4::splat);
    start[8] = numbers.map(|number| number as u32).into();
    start[9] = numbers.map(|number| (number >> 32) as u32).into();
    let mut x = start;
    for _ in 0..10 {
        quarter(&mut x, 0, 4, 8, 12);
        quarter(&mut x, 5, 9, 13, 1);
        quarter(&mut x, 10, 14, 2, 6);
        quarter(&mut x, 15, 3, 7, 11);
        quarter(&mut x, 0, 1, 2, 3);
        quarter(&mut x, 5, 6, 7, 4);
        quarter(&mut x, 10, 11, 8, 9);
        quarter(&mut x, 15, 12, 13, 14);
    }
    let words: [[u32; LANES]; 16] = core::array::from_fn(|at| (x[at] + start[at]).to_array());
    let words = Zeroizing::new(words);
    for (lane, block) in data.chunks_mut(BLOCK).enumerate() {
        for (word, bytes) in words.iter().zip(block.chunks_mut(4)) {
            for (byte, key) in bytes.iter_mut().zip(word[lane].to_le_bytes()) {
                *byte ^= key;
            }
        }
    }
}

/// The quarter-round of four blocks.
#[inline(always)]
fn quarter(x: &mut [u32x4; 16], a: usize, b: usize, c: usize, d: usize) {
    step::<7, 25>(x, b, a, d);
    step::<9, 23>(x, c, b, a);
    step::<13, 19>(x, d, c, b);
    step::<18, 14>(x, a, d, c);
}

/// Combines a word with the rotated sum of two others.
#[inline(always)]
fn step<const LEFT: i32, const RIGHT: i32>(x: &mut [u32x4; 16], to: usize, one: usize, two: usize) {
    let sum = x[one] + x[two];
    x[to] = x[to] ^ (sum << LEFT) ^ (sum >> RIGHT);
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

    #[test]
    fn the_key_stream_is_that_of_the_portable_code() {
        let (key, nonce) = (array(1), array(2));
        for block in [0, 1, 5, u64::from(u32::MAX) - 1] {
            for len in [0, 1, 63, 64, 65, 128, 129, 191, 192, 255, 256, 257, 385, 1_000, 65_536] {
                let data = bytes(len, len as u64);
                let (mut one, mut other) = (data.clone(), data);
                Wide.salsa20_xor(&key, &nonce, block, &mut one);
                Portable.salsa20_xor(&key, &nonce, block, &mut other);
                assert_eq!(one, other, "{len} bytes from block {block}");
            }
        }
    }

    #[test]
    fn points_are_multiplied_as_by_the_portable_code() {
        for seed in 0..50 {
            let (secret, point) = (array(seed), array(100 + seed));
            assert_eq!(Wide.x25519(&secret, &point), Portable.x25519(&secret, &point));
            assert_eq!(Wide.x25519_base(&secret), Portable.x25519_base(&secret));
        }
        for point in [[0; 32], [0xff; 32]] {
            assert_eq!(Wide.x25519(&array(7), &point), Portable.x25519(&array(7), &point));
        }
    }
}
