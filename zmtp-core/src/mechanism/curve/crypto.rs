//! The cryptographic operations of CURVE.

use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::SalsaCore;
use salsa20::cipher::StreamCipherCore;
use salsa20::cipher::consts::U10;
use zeroize::Zeroizing;

use super::{boxes, x25519};

/// The operations that CURVE needs. [`Portable`] implements them in Rust; firmware can implement them with an
/// accelerator or in assembly. Each must take a time that does not depend on keys and data.
pub trait Crypto {
    /// Whether [`Crypto::seal_split`] is implemented. Without it, large bodies are copied before they are sealed.
    const SPLITS: bool = false;

    /// Multiplies a point of Curve25519 by the scalar `secret`, of which RFC 7748 § 5 sets and clears some bits.
    fn x25519(&mut self, secret: &[u8; 32], point: &[u8; 32]) -> [u8; 32];

    /// The public key of a secret key: [`Crypto::x25519`] with the base point.
    fn x25519_base(&mut self, secret: &[u8; 32]) -> [u8; 32] {
        let mut base = [0; 32];
        let [first, ..] = &mut base;
        *first = 9;
        self.x25519(secret, &base)
    }

    /// HSalsa20 with 20 rounds: a key from a key and the first 16 bytes of a nonce.
    fn hsalsa20(&mut self, key: &[u8; 32], input: &[u8; 16]) -> [u8; 32];

    /// Combines `data` with the key stream of Salsa20 with 20 rounds by XOR. The stream starts with block number
    /// `block` of 64 bytes.
    fn salsa20_xor(&mut self, key: &[u8; 32], nonce: &[u8; 8], block: u64, data: &mut [u8]);

    /// The tag of Poly1305 over `data`.
    fn poly1305(&mut self, key: &[u8; 32], data: &[u8]) -> [u8; 16];

    /// Encrypts the body of a message in place, and returns its tag: `crypto_secretbox` of NaCl after its HSalsa20.
    ///
    /// The nonce is a number, the highest byte first. From call to call it rises by one, and the key stays the same: an
    /// implementation can compute the key stream of later messages ahead.
    fn seal(&mut self, key: &[u8; 32], nonce: &[u8; 8], body: &mut [u8]) -> [u8; 16] {
        boxes::seal(self, key, nonce, body)
    }

    /// Checks the tag of a message and decrypts its body in place. Returns whether the tag is correct; otherwise the body
    /// must not be changed. The nonces are those of the peer's [`Crypto::seal`].
    fn open(&mut self, key: &[u8; 32], nonce: &[u8; 8], tag: &[u8; 16], body: &mut [u8]) -> bool {
        boxes::open(self, key, nonce, tag, body)
    }

    /// [`Crypto::seal`] of `first` followed by `rest`, which are not contiguous in memory. Returns `None` if it is not
    /// implemented.
    fn seal_split(
        &mut self,
        _key: &[u8; 32],
        _nonce: &[u8; 8],
        _first: &mut u8,
        _rest: &mut [u8],
    ) -> Option<[u8; 16]> {
        None
    }

    /// Decrypts what [`Crypto::seal_split`] has encrypted, without a tag.
    fn reverse_split(&mut self, key: &[u8; 32], nonce: &[u8; 8], first: &mut u8, rest: &mut [u8]) {
        boxes::apply_split(self, key, nonce, first, rest);
    }
}

/// [`Crypto`] in portable Rust, with the crates `fiat-crypto`, `salsa20` and `poly1305`, for little flash.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "has no state")]
pub struct Portable;

impl Crypto for Portable {
    fn x25519(&mut self, secret: &[u8; 32], point: &[u8; 32]) -> [u8; 32] {
        let mut scalar = Zeroizing::new(*secret);
        let [first, .., last] = &mut *scalar;
        *first &= 0xf8;
        *last = (*last & 0x7f) | 0x40;
        x25519::x25519(&scalar, point)
    }

    fn hsalsa20(&mut self, key: &[u8; 32], input: &[u8; 16]) -> [u8; 32] {
        let state = state(key, words(input));
        // The core function adds the state at the end; HSalsa20 does not.
        let mut core = SalsaCore::<U10>::from_raw_state(*state);
        let mut block = Zeroizing::new([0; 64]);
        core.write_keystream_block((&mut *block).into());
        let (sums, _) = block.as_chunks();
        let mut out = [0; 32];
        let (slots, _) = out.as_chunks_mut();
        for (slot, at) in slots.iter_mut().zip(OUTPUT) {
            if let (Some(sum), Some(word)) = (sums.get(at), state.get(at)) {
                *slot = u32::from_le_bytes(*sum).wrapping_sub(*word).to_le_bytes();
            }
        }
        out
    }

    fn salsa20_xor(&mut self, key: &[u8; 32], nonce: &[u8; 8], block: u64, data: &mut [u8]) {
        let [a, b] = words(nonce);
        let [c, d] = words(&block.to_le_bytes());
        let mut core = SalsaCore::<U10>::from_raw_state(*state(key, [a, b, c, d]));
        for chunk in data.chunks_mut(64) {
            let mut stream = Zeroizing::new([0; 64]);
            core.write_keystream_block((&mut *stream).into());
            for (byte, key) in chunk.iter_mut().zip(stream.iter()) {
                *byte ^= key;
            }
        }
    }

    fn poly1305(&mut self, key: &[u8; 32], data: &[u8]) -> [u8; 16] {
        Poly1305::new(key.into()).compute_unpadded(data).into()
    }
}

/// The input of the core function: constants, a key, and 4 words between its halves.
fn state(key: &[u8; 32], middle: [u32; 4]) -> Zeroizing<[u32; 16]> {
    let [a, b, c, d, e, f, g, h] = words(key);
    let [m, n, o, p] = middle;
    Zeroizing::new([
        0x6170_7865,
        a,
        b,
        c, //
        d,
        0x3320_646e,
        m,
        n, //
        o,
        p,
        0x7962_2d32,
        e, //
        f,
        g,
        h,
        0x6b20_6574,
    ])
}

/// Words of 4 bytes, the lowest byte first.
fn words<const N: usize>(bytes: &[u8]) -> [u32; N] {
    let mut words = [0; N];
    let (chunks, _) = bytes.as_chunks();
    for (word, bytes) in words.iter_mut().zip(chunks) {
        *word = u32::from_le_bytes(*bytes);
    }
    words
}

/// The words of a state that HSalsa20 returns: those of the constants, then those of the input.
const OUTPUT: [usize; 8] = [0, 5, 10, 15, 6, 7, 8, 9];

#[cfg(test)]
mod tests {
    use super::*;

    fn hex<const N: usize>(text: &str) -> [u8; N] {
        let mut bytes = [0; N];
        for (at, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        }
        bytes
    }

    /// RFC 7748 § 5.2.
    #[test]
    fn x25519_has_the_results_of_rfc_7748() {
        let secret = hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
        let point = hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
        let product = hex("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
        assert_eq!(Portable.x25519(&secret, &point), product);
        // A pair that libsodium made.
        let secret = hex("111c27323d48535e69747f8a95a0abb6c1ccd7e2edf8030e19242f3a45505b66");
        let public = hex("5274ad4a6d37cebe5d9fd8eac17d95d3691e5f1ee598710c6aaab0d28cfb6835");
        assert_eq!(Portable.x25519_base(&secret), public);
    }

    /// Bernstein, "Cryptography in NaCl", sections 7 and 8: the first and the second key.
    #[test]
    fn hsalsa20_has_the_results_of_the_paper_on_nacl() {
        let shared = hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742");
        let first = hex("1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389");
        assert_eq!(Portable.hsalsa20(&shared, &[0; 16]), first);
        let nonce = hex("69696ee955b62b73cd62bda875fc73d6");
        let second = hex("dc908dda0b9344a953629b733820778880f3ceb421bb61b91cbd4c3e66256ce4");
        assert_eq!(Portable.hsalsa20(&first, &nonce), second);
    }

    #[test]
    fn the_key_stream_is_the_same_from_every_block() {
        let mut whole = [0; 300];
        Portable.salsa20_xor(&[7; 32], &[3; 8], u64::from(u32::MAX), &mut whole);
        for block in 0..5 {
            let mut rest = [0; 300];
            let at = block * 64;
            let first = u64::from(u32::MAX) + block as u64;
            Portable.salsa20_xor(&[7; 32], &[3; 8], first, &mut rest[at..]);
            assert_eq!(rest[at..], whole[at..]);
        }
    }
}
