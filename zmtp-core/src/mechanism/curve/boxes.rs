//! Boxes: XSalsa20 and Poly1305, as `crypto_box` and `crypto_secretbox` of NaCl. A box is a tag of 16 bytes and the
//! encrypted bytes.

use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::Crypto;
use super::keys::{PublicKey, SecretKey};

/// A key that is overwritten when it is dropped.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// The first 16 bytes of a nonce.
pub(super) type Prefix = [u8; 16];

/// The key that two ends share, before the nonce is known (`crypto_box_beforenm`). `None` if the public key has a low
/// order, so that the shared secret would not depend on the secret key.
pub(super) fn shared(
    crypto: &mut impl Crypto,
    secret: &SecretKey,
    public: &PublicKey,
) -> Option<Key> {
    let point = Zeroizing::new(crypto.x25519(secret.expose(), public.as_bytes()));
    if bool::from(point.ct_eq(&[0; 32])) {
        return None;
    }
    Some(Zeroizing::new(crypto.hsalsa20(&point, &[0; 16])))
}

/// The key of all boxes whose nonces begin with `prefix`: one HSalsa20 serves every message of a direction.
pub(super) fn subkey(crypto: &mut impl Crypto, key: &[u8; 32], prefix: &Prefix) -> Key {
    Zeroizing::new(crypto.hsalsa20(key, prefix))
}

/// As [`subkey`], for a nonce with 16 bytes in the command. Returns the last 8 bytes of the nonce too.
pub(super) fn long_subkey(
    crypto: &mut impl Crypto,
    key: &[u8; 32],
    prefix: [u8; 8],
    nonce: &[u8; 16],
) -> (Key, [u8; 8]) {
    let (first, last) = halves(nonce);
    let mut whole = [0; 16];
    crate::buffer::copy(&mut whole, &prefix);
    if let Some(rest) = whole.last_chunk_mut() {
        *rest = first;
    }
    (subkey(crypto, key, &whole), last)
}

const fn halves(nonce: &[u8; 16]) -> ([u8; 8], [u8; 8]) {
    match (nonce.first_chunk(), nonce.last_chunk()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => ([0; 8], [0; 8]),
    }
}

/// The bytes of the first block of the key stream that are the key of the tag.
const TAG_KEY: usize = 32;

/// Seals the bytes after the first 16, into which the tag is written. Does nothing if there are fewer than 16.
pub(super) fn seal_boxed(
    crypto: &mut impl Crypto,
    subkey: &[u8; 32],
    nonce: &[u8; 8],
    boxed: &mut [u8],
) {
    let Some((tag, body)) = boxed.split_first_chunk_mut() else { return };
    *tag = seal(crypto, subkey, nonce, body);
}

/// Checks the tag in the first 16 bytes and opens the bytes after it. Returns whether the tag is correct; otherwise
/// nothing is changed.
pub(super) fn open_boxed(
    crypto: &mut impl Crypto,
    subkey: &[u8; 32],
    nonce: &[u8; 8],
    boxed: &mut [u8],
) -> bool {
    let Some((tag, body)) = boxed.split_first_chunk_mut() else { return false };
    open(crypto, subkey, nonce, tag, body)
}

/// Encrypts a body, and returns its tag.
pub(super) fn seal<C: Crypto + ?Sized>(
    crypto: &mut C,
    subkey: &[u8; 32],
    nonce: &[u8; 8],
    body: &mut [u8],
) -> [u8; 16] {
    let block = stream(crypto, subkey, nonce);
    apply(crypto, subkey, nonce, &block, body);
    match block.first_chunk() {
        Some(key) => crypto.poly1305(key, body),
        None => [0; 16],
    }
}

/// Decrypts a body if its tag is correct. Returns whether it is.
pub(super) fn open<C: Crypto + ?Sized>(
    crypto: &mut C,
    subkey: &[u8; 32],
    nonce: &[u8; 8],
    tag: &[u8; 16],
    body: &mut [u8],
) -> bool {
    let block = stream(crypto, subkey, nonce);
    let Some(key) = block.first_chunk() else { return false };
    if !bool::from(crypto.poly1305(key, body).ct_eq(tag)) {
        return false;
    }
    apply(crypto, subkey, nonce, &block, body);
    true
}

/// The first block of the key stream.
fn stream<C: Crypto + ?Sized>(
    crypto: &mut C,
    subkey: &[u8; 32],
    nonce: &[u8; 8],
) -> Zeroizing<[u8; 64]> {
    let mut block = Zeroizing::new([0; 64]);
    crypto.salsa20_xor(subkey, nonce, 0, &mut *block);
    block
}

/// Combines a body with the key stream: with the rest of its first block, then with the following blocks.
fn apply<C: Crypto + ?Sized>(
    crypto: &mut C,
    subkey: &[u8; 32],
    nonce: &[u8; 8],
    block: &[u8; 64],
    body: &mut [u8],
) {
    let stream = block.get(TAG_KEY..).unwrap_or_default();
    for (byte, key) in body.iter_mut().zip(stream) {
        *byte ^= key;
    }
    if let Some(rest @ [_, ..]) = body.get_mut(stream.len()..) {
        crypto.salsa20_xor(subkey, nonce, 1, rest);
    }
}

/// Combines `first` followed by `rest` with the key stream of a body.
pub(super) fn apply_split<C: Crypto + ?Sized>(
    crypto: &mut C,
    subkey: &[u8; 32],
    nonce: &[u8; 8],
    first: &mut u8,
    rest: &mut [u8],
) {
    let block = stream(crypto, subkey, nonce);
    let stream = block.get(TAG_KEY..).unwrap_or_default();
    for (byte, key) in core::iter::once(first).chain(rest.iter_mut()).zip(stream) {
        *byte ^= key;
    }
    if let Some(rest @ [_, ..]) = rest.get_mut(stream.len().saturating_sub(1)..) {
        crypto.salsa20_xor(subkey, nonce, 1, rest);
    }
}
