//! Keys of Curve25519.

use core::fmt;

use zeroize::Zeroize;

use super::{Crypto, Portable, z85};

/// A public key. Its text, also with `Debug`, is Z85 (RFC 32), as in libzmq.
#[derive(Clone, Copy, Eq, Hash, PartialEq)]
pub struct PublicKey([u8; 32]);

impl PublicKey {
    /// A key from its 32 bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key from its 40 characters in Z85 (RFC 32). Returns `None` for any other text.
    pub fn from_z85(text: &str) -> Option<Self> {
        z85::decode(text.as_bytes()).map(Self)
    }

    /// The key as 40 characters in Z85 (RFC 32).
    pub fn to_z85(&self) -> [u8; 40] {
        z85::encode(&self.0)
    }

    /// The bytes of the key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Whether the key has a low order, so that everyone could compute the secret it shares with another key
    /// (RFC 7748 § 6.1). No [`SecretKey`] has such a public key.
    pub fn has_low_order(&self) -> bool {
        Portable.x25519(&[0; 32], &self.0) == [0; 32]
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(core::str::from_utf8(&self.to_z85()).unwrap_or_default())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<[u8; 32]> for PublicKey {
    fn from(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

/// A secret key. It is overwritten when it is dropped, and has no `Debug`, so that it cannot get into a log.
#[derive(Clone)]
#[expect(missing_debug_implementations, reason = "a secret")]
pub struct SecretKey([u8; 32]);

impl SecretKey {
    /// A key from its 32 bytes. They must come from a generator of random numbers for cryptography.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// A key from its 40 characters in Z85 (RFC 32). Returns `None` for any other text.
    pub fn from_z85(text: &str) -> Option<Self> {
        z85::decode(text.as_bytes()).map(Self)
    }

    /// The bytes of the key. Do not print or log them.
    pub const fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// The key as 40 characters in Z85 (RFC 32). Do not print or log them.
    pub fn expose_z85(&self) -> [u8; 40] {
        z85::encode(&self.0)
    }

    /// The public key that belongs to this key.
    pub fn public_key(&self) -> PublicKey {
        PublicKey(Portable.x25519_base(&self.0))
    }
}

impl Drop for SecretKey {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// A secret key and its public key.
#[derive(Clone)]
pub struct KeyPair {
    public: PublicKey,
    secret: SecretKey,
}

impl KeyPair {
    /// The pair of a secret key.
    pub fn new(secret: SecretKey) -> Self {
        Self { public: secret.public_key(), secret }
    }

    /// A pair whose public key is known. If `public` does not belong to `secret`, every handshake fails.
    pub const fn from_parts(public: PublicKey, secret: SecretKey) -> Self {
        Self { public, secret }
    }

    /// The public key.
    pub const fn public(&self) -> &PublicKey {
        &self.public
    }

    /// The secret key.
    pub const fn secret(&self) -> &SecretKey {
        &self.secret
    }
}

impl fmt::Debug for KeyPair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeyPair").field("public", &self.public).finish_non_exhaustive()
    }
}
