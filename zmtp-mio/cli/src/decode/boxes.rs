//! The boxes of CURVE that the server's secret key opens: those of HELLO and WELCOME (RFC 26).

use core::fmt;
use core::net::SocketAddr;
use std::collections::HashMap;

use zmtp_core::mechanism::{Crypto, KeyPair, Portable, PublicKey};

/// Sender and receiver, in a capture.
type Ends = Option<(SocketAddr, SocketAddr)>;

/// The number of clients that are kept: a long capture may have more connections than memory.
const CLIENTS: usize = 65_536;

/// Opens boxes with the keys of a server.
pub(crate) struct Opener {
    server: KeyPair,
    /// The short-term public key in the HELLO of each connection, under the sender and the receiver of WELCOME.
    clients: HashMap<Ends, PublicKey>,
}

impl Opener {
    pub(crate) fn new(server: KeyPair) -> Self {
        Self { server, clients: HashMap::new() }
    }

    /// The text of a HELLO.
    pub(super) fn hello(&mut self, ends: Ends, data: &[u8]) -> Option<String> {
        let (_version_and_padding, rest) = data.split_first_chunk::<74>()?;
        let (client, rest) = rest.split_first_chunk::<32>()?;
        let (number, sealed) = rest.split_first_chunk::<8>()?;
        let nonce = nonce(b"CurveZMQHELLO---", number);
        let client = PublicKey::new(*client);
        let Some(signature) = self.open(&client, &nonce, sealed) else {
            return Some("the box does not open with this key".into());
        };
        if self.clients.len() < CLIENTS {
            self.clients.insert(ends.map(|(from, to)| (to, from)), client);
        }
        let number = u64::from_be_bytes(*number);
        let what = match signature == [0; 64] {
            true => "64 zeros, as in the RFC",
            false => "not 64 zeros",
        };
        Some(format!("short-term key {client} of the client, nonce {number}; in the box: {what}"))
    }

    /// The text of a WELCOME. `None` if the HELLO of the connection was not decoded.
    pub(super) fn welcome(&self, ends: Ends, data: &[u8]) -> Option<String> {
        let client = self.clients.get(&ends)?;
        let (rest, sealed) = data.split_first_chunk::<16>()?;
        let Some(content) = self.open(client, &nonce(b"WELCOME-", rest), sealed) else {
            return Some("the box does not open with this key".into());
        };
        let (key, cookie) = content.split_first_chunk::<32>()?;
        let key = PublicKey::new(*key);
        Some(format!(
            "in the box: short-term key {key} of the server, cookie of {} bytes",
            cookie.len()
        ))
    }

    /// Opens a box of the client's short-term key and the server's key (`crypto_box_open` of NaCl).
    fn open(&self, client: &PublicKey, nonce: &[u8; 24], sealed: &[u8]) -> Option<Vec<u8>> {
        let (tag, body) = sealed.split_first_chunk::<16>()?;
        let (first, last) = nonce.split_first_chunk::<16>()?;
        let last = last.first_chunk()?;
        let point = Portable.x25519(self.server.secret().expose(), client.as_bytes());
        let key = Portable.hsalsa20(&Portable.hsalsa20(&point, &[0; 16]), first);
        // The first 32 bytes of the key stream are the key of the tag.
        let mut stream = [&[0; 32], body].concat();
        Portable.salsa20_xor(&key, last, 0, &mut stream);
        let content = stream.split_off(32);
        let verifies = Portable.poly1305(stream.first_chunk()?, body) == *tag;
        verifies.then_some(content)
    }
}

/// A nonce: a constant, and the bytes in the command.
fn nonce(first: &[u8], rest: &[u8]) -> [u8; 24] {
    let mut nonce = [0; 24];
    let (head, tail) = nonce.split_at_mut(first.len());
    head.copy_from_slice(first);
    tail.copy_from_slice(rest);
    nonce
}

/// Without the keys.
impl fmt::Debug for Opener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opener").field("clients", &self.clients.len()).finish_non_exhaustive()
    }
}
