//! Salsa20: up to eight blocks at a time, with the vector instructions of the machine.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};
use zeroize::Zeroize;

/// The blocks that are made at a time.
pub(super) const BLOCKS: usize = 8;
/// The words of a block.
pub(super) const WORDS: usize = 16;
/// The bytes of a block.
pub(super) const BLOCK: usize = 4 * WORDS;

/// Key stream of eight blocks, one after the other.
pub(super) type Stream = [u32; BLOCKS * WORDS];

/// Words 6 to 9 of the input of eight blocks: the nonces, and the numbers of the blocks.
type Places = [[u32; BLOCKS]; 4];

/// Makes the key stream of eight blocks. `place` returns the nonce and the number of a block.
pub(super) fn make_blocks(
    level: Level,
    key: &[u8; 32],
    place: impl FnMut(usize) -> ([u8; 8], u64),
    stream: &mut Stream,
) {
    let (mut key, places) = (words(key), places(place));
    dispatch!(level, simd => make(simd, &key, &places, stream));
    key.zeroize();
}

/// Combines `data` with the key stream of a nonce, which starts with block number `block`.
pub(super) fn xor_stream(
    level: Level,
    key: &[u8; 32],
    nonce: &[u8; 8],
    block: u64,
    data: &mut [u8],
) {
    let mut key = words(key);
    dispatch!(level, simd => xor_all(simd, &key, nonce, block, data));
    key.zeroize();
}

/// Combines `data` with key stream. Bytes without key stream stay.
#[inline(always)]
pub(super) fn xor(data: &mut [u8], stream: &[u32]) {
    let (words, rest) = data.as_chunks_mut();
    let last = stream.get(words.len()).copied().unwrap_or_default().to_le_bytes();
    for (bytes, word) in words.iter_mut().zip(stream) {
        *bytes = (u32::from_le_bytes(*bytes) ^ word).to_le_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(last) {
        *byte ^= key;
    }
}

#[inline(always)]
fn xor_all<S: Simd>(simd: S, key: &[u32; 8], nonce: &[u8; 8], block: u64, data: &mut [u8]) {
    let mut stream = [0; BLOCKS * WORDS];
    let mut at = block;
    for some in data.chunks_mut(BLOCKS * BLOCK) {
        let places = places(|lane| (*nonce, at.wrapping_add(lane as u64)));
        let used = some.len().div_ceil(BLOCK) * WORDS;
        make(simd, key, &places, &mut stream[..used]);
        xor(some, &stream);
        at = at.wrapping_add(BLOCKS as u64);
    }
    stream.as_mut_slice().zeroize();
}

/// The words of a key.
fn words(key: &[u8; 32]) -> [u32; 8] {
    let mut words = [0; 8];
    for (word, bytes) in words.iter_mut().zip(key.as_chunks().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

#[inline(always)]
fn places(mut place: impl FnMut(usize) -> ([u8; 8], u64)) -> Places {
    let mut places = [[0; BLOCKS]; 4];
    for lane in 0..BLOCKS {
        let (nonce, number) = place(lane);
        let nonce = u64::from_le_bytes(nonce);
        let words = [nonce as u32, (nonce >> 32) as u32, number as u32, (number >> 32) as u32];
        for (place, word) in places.iter_mut().zip(words) {
            place[lane] = word;
        }
    }
    places
}

/// Makes at least as many blocks as `stream` has room for: as many at a time as a vector has words.
// The functions below have loops instead of closures: code in a closure might not get the vector instructions.
#[inline(always)]
fn make<S: Simd>(simd: S, key: &[u32; 8], places: &Places, stream: &mut [u32]) {
    let lanes = <S::u32s as SimdBase<S>>::N;
    for (group, out) in stream.chunks_mut(WORDS * lanes).enumerate() {
        let mut start = [S::u32s::splat(simd, 0); WORDS];
        start[0] = S::u32s::splat(simd, 0x6170_7865);
        start[5] = S::u32s::splat(simd, 0x3320_646e);
        start[10] = S::u32s::splat(simd, 0x7962_2d32);
        start[15] = S::u32s::splat(simd, 0x6b20_6574);
        for at in 0..4 {
            start[1 + at] = S::u32s::splat(simd, key[at]);
            start[6 + at] = S::u32s::from_slice(simd, &places[at][group * lanes..][..lanes]);
            start[11 + at] = S::u32s::splat(simd, key[4 + at]);
        }
        let mut x = start;
        for _ in 0..10 {
            quarter::<S>(&mut x, 0, 4, 8, 12);
            quarter::<S>(&mut x, 5, 9, 13, 1);
            quarter::<S>(&mut x, 10, 14, 2, 6);
            quarter::<S>(&mut x, 15, 3, 7, 11);
            quarter::<S>(&mut x, 0, 1, 2, 3);
            quarter::<S>(&mut x, 5, 6, 7, 4);
            quarter::<S>(&mut x, 10, 11, 8, 9);
            quarter::<S>(&mut x, 15, 12, 13, 14);
        }
        for at in 0..WORDS {
            x[at] += start[at];
        }
        // From one word of all blocks in each vector to one block after the other: 16 = 2^4.
        for _ in 0..4 {
            x = interleave::<S>(x);
        }
        for (vector, out) in x.iter().zip(out.chunks_exact_mut(lanes)) {
            vector.store_slice(out);
        }
    }
}

/// The words of the first half alternate with those of the second half.
#[inline(always)]
fn interleave<S: Simd>(x: [S::u32s; WORDS]) -> [S::u32s; WORDS] {
    let mut y = x;
    for at in 0..WORDS / 2 {
        y[2 * at] = x[at].zip_low(x[at + WORDS / 2]);
        y[2 * at + 1] = x[at].zip_high(x[at + WORDS / 2]);
    }
    y
}

/// The quarter-round of all blocks.
#[inline(always)]
fn quarter<S: Simd>(x: &mut [S::u32s; WORDS], a: usize, b: usize, c: usize, d: usize) {
    step::<S>(x, b, [a, d], 7);
    step::<S>(x, c, [b, a], 9);
    step::<S>(x, d, [c, b], 13);
    step::<S>(x, a, [d, c], 18);
}

/// Combines a word with the rotated sum of two others.
#[inline(always)]
fn step<S: Simd>(x: &mut [S::u32s; WORDS], to: usize, [one, two]: [usize; 2], left: u32) {
    let sum = x[one] + x[two];
    x[to] = x[to] ^ (sum << left) ^ (sum >> (32 - left));
}
