//! Poly1305: of short messages with the field arithmetic of fiat-crypto, whose correctness is proven, and of others with
//! the crate `poly1305`. With AVX2 that takes many instructions to begin and end, and few for each byte between.

use fiat_crypto::poly1305_64::{
    fiat_poly1305_add as add, fiat_poly1305_carry_mul as multiply,
    fiat_poly1305_loose_field_element as Loose, fiat_poly1305_relax as relax,
    fiat_poly1305_tight_field_element as Tight, fiat_poly1305_to_bytes as to_bytes,
};
use poly1305::universal_hash::{KeyInit, UniversalHash};
use poly1305::{Block, Poly1305};
use zeroize::Zeroize;

/// The bits of the first number of the key that are used.
const CLAMP: u128 = 0x0ffffffc_0ffffffc_0ffffffc_0fffffff;
/// The bits of the lower two limbs of a number.
const LIMB: [u32; 2] = [44, 43];

/// The longest data whose tag is faster without vector instructions.
const SHORT: usize = 256;
/// The bytes that the crate takes at a time.
const STEP: usize = 64;

/// The tag of `data`.
pub(super) fn tag(key: &[u8; 32], data: &[u8]) -> [u8; 16] {
    if data.len() <= SHORT { short(key, data) } else { long(key, data) }
}

fn long(key: &[u8; 32], data: &[u8]) -> [u8; 16] {
    let mut poly = Poly1305::new(key.into());
    let (whole, rest) = data.split_at(data.len() - data.len() % STEP);
    poly.update(Block::slice_as_chunks(whole).0);
    poly.compute_unpadded(rest).into()
}

/// The tag of `first` followed by `rest`.
pub(super) fn tag_split(key: &[u8; 32], first: u8, rest: &[u8]) -> [u8; 16] {
    let mut block = [0; 16];
    block[0] = first;
    let (start, rest) = rest.split_at(rest.len().min(15));
    block[1..=start.len()].copy_from_slice(start);
    let mut poly = Poly1305::new(key.into());
    if start.len() < 15 {
        return poly.compute_unpadded(&block[..=start.len()]).into();
    }
    poly.update(&[block.into()]);
    let (whole, rest) = rest.split_at(rest.len() - rest.len() % STEP);
    poly.update(Block::slice_as_chunks(whole).0);
    poly.compute_unpadded(rest).into()
}

fn short(key: &[u8; 32], data: &[u8]) -> [u8; 16] {
    let (halves, _) = key.as_chunks::<16>();
    let mut r = loose(&number(u128::from_le_bytes(halves[0]) & CLAMP, 0));
    let mut sum = Tight([0; 3]);
    let (blocks, rest) = data.as_chunks::<16>();
    for block in blocks {
        step(&mut sum, &number(u128::from_le_bytes(*block), 1), &r);
    }
    if !rest.is_empty() {
        let mut block = [0; 16];
        block[..rest.len()].copy_from_slice(rest);
        block[rest.len()] = 1;
        step(&mut sum, &number(u128::from_le_bytes(block), 0), &r);
    }
    let mut bytes = [0; 17];
    to_bytes(&mut bytes, &sum);
    let (low, _) = bytes.as_chunks();
    let s = u128::from_le_bytes(halves[1]);
    let tag = u128::from_le_bytes(low[0]).wrapping_add(s).to_le_bytes();
    // The sum too: the tag minus the sum is s.
    r.0.zeroize();
    sum.0.zeroize();
    bytes.zeroize();
    tag
}

/// Adds a block, and multiplies by the key.
#[inline(always)]
fn step(sum: &mut Tight, block: &Tight, r: &Loose) {
    let mut added = Loose([0; 3]);
    add(&mut added, sum, block);
    multiply(sum, &added, r);
}

/// The number `low` + `high` · 2^128, in limbs of 44, 43 and 43 bits.
#[inline(always)]
fn number(low: u128, high: u64) -> Tight {
    let mask = |bits: u32| (1_u128 << bits) - 1;
    let [first, second] = LIMB;
    Tight([
        (low & mask(first)) as u64,
        (low >> first & mask(second)) as u64,
        (low >> (first + second)) as u64 | high << (128 - first - second),
    ])
}

#[inline(always)]
fn loose(number: &Tight) -> Loose {
    let mut loose = Loose([0; 3]);
    relax(&mut loose, number);
    loose
}
