//! Boxes of two keys: the cookie and the vouch. Both are the last 16 bytes of a nonce and a box.

use subtle::ConstantTimeEq;

use super::Crypto;
use super::boxes;
use super::fields::Fields;

/// The length of the nonce and the box.
pub(super) const LEN: usize = 16 + 16 + 64;

/// Writes the nonce and the box.
pub(super) fn put_box_of(
    crypto: &mut impl Crypto,
    key: &[u8; 32],
    prefix: [u8; 8],
    nonce: &[u8; 16],
    [first, second]: [&[u8; 32]; 2],
    boxed: &mut [u8; LEN],
) -> Option<()> {
    let mut fields = Fields(boxed);
    fields.put(nonce)?;
    let (_tag, content) = fields.0.split_first_chunk_mut::<16>()?;
    let mut content = Fields(content);
    content.put(first)?;
    content.put(second)?;
    let (subkey, nonce) = boxes::long_subkey(crypto, key, prefix, nonce);
    boxes::seal_boxed(crypto, &subkey, &nonce, fields.0);
    Some(())
}

/// Whether these are a nonce and a box of the two keys. Opens it in place, and overwrites what it contained.
pub(super) fn is_box_of(
    crypto: &mut impl Crypto,
    key: &[u8; 32],
    prefix: [u8; 8],
    [first, second]: [&[u8; 32]; 2],
    boxed: &mut [u8; LEN],
) -> bool {
    let mut fields = Fields(boxed);
    let Some(nonce) = fields.take() else { return false };
    let (subkey, nonce) = boxes::long_subkey(crypto, key, prefix, nonce);
    let opens = boxes::open_boxed(crypto, &subkey, &nonce, fields.0);
    let _tag = fields.take::<16>();
    let same = match (fields.take::<32>(), fields.take::<32>()) {
        (Some(one), Some(other)) => {
            let same = one.ct_eq(first) & other.ct_eq(second);
            *one = [0; 32];
            *other = [0; 32];
            same.into()
        }
        _ => false,
    };
    opens && same
}
