//! CURVE: authentication and encryption with elliptic curves (RFC 25 and RFC 26), as libzmq implements it.
//!
//! ```text
//! client                                server
//!   │ HELLO: C', box of zeros (C' → S)    │
//!   │ ───────────────────────────────────►│
//!   │    WELCOME: box of S', cookie (S → C')
//!   │ ◄───────────────────────────────────│
//!   │ INITIATE: cookie, box (C' → S') of C, vouch, metadata
//!   │ ───────────────────────────────────►│
//!   │       READY: box of metadata (S' → C')
//!   │ ◄───────────────────────────────────│
//!   │ MESSAGE: box of flags and body      │
//!   │ ◄──────────────────────────────────►│
//! ```
//!
//! S and C are the long-term public keys; S' and C' are the keys of one connection. Recorded bytes cannot be
//! decrypted later, even with the long-term secret keys (forward secrecy).
//!
//! Keys and random bytes are arguments. The operations that an accelerator may provide are in [`Crypto`].

mod boxes;
mod client;
mod crypto;
mod fields;
mod keys;
mod server;
mod traffic;
mod two_keys;
mod x25519;
mod z85;

pub use client::{ClientKeys, CurveClient};
pub use crypto::{Crypto, Portable};
pub use keys::{KeyPair, PublicKey, SecretKey};
pub use server::CurveServer;

use boxes::Prefix;

/// The nonces of the boxes (RFC 26). The rest of a nonce is in the command.
mod nonce {
    use super::Prefix;

    pub(super) const HELLO: Prefix = *b"CurveZMQHELLO---";
    pub(super) const INITIATE: Prefix = *b"CurveZMQINITIATE";
    pub(super) const READY: Prefix = *b"CurveZMQREADY---";
    pub(super) const FROM_CLIENT: Prefix = *b"CurveZMQMESSAGEC";
    pub(super) const FROM_SERVER: Prefix = *b"CurveZMQMESSAGES";
    pub(super) const WELCOME: [u8; 8] = *b"WELCOME-";
    pub(super) const COOKIE: [u8; 8] = *b"COOKIE--";
    pub(super) const VOUCH: [u8; 8] = *b"VOUCH---";
}

/// The version of CURVE in HELLO.
const VERSION: [u8; 2] = [1, 0];
/// The length of the data of HELLO, after the name of the command.
const HELLO_LEN: usize = 2 + 72 + 32 + 8 + 80;
/// The length of the data of WELCOME.
const WELCOME_LEN: usize = 16 + 16 + 32 + COOKIE_LEN;
const COOKIE_LEN: usize = two_keys::LEN;
/// The length of the data of INITIATE without metadata.
const INITIATE_LEN: usize = COOKIE_LEN + 8 + 16 + 32 + VOUCH_LEN;
const VOUCH_LEN: usize = two_keys::LEN;
/// The length of the data of READY without metadata.
const READY_LEN: usize = 8 + 16;
