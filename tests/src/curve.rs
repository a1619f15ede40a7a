//! A peer with CURVE, made by hand of boxes: it can send what no connection sends.

use zmtp_core::mechanism::{
    ClientKeys, Crypto, CurveClient, CurveServer, Decision, KeyPair, Portable, PublicKey, SecretKey,
};

/// Keys of the recorded dialogues: of the server, the client, another client, and the raw peer's connection.
pub const SERVER: u8 = 1;
/// See [`SERVER`].
pub const CLIENT: u8 = 2;
/// See [`SERVER`].
pub const OTHER: u8 = 3;
/// See [`SERVER`].
pub const RAW: u8 = 9;
/// The key of the connection of our server.
pub const OURS: u8 = 20;

/// The last bytes of the nonce of the cookie.
pub const COOKIE_NONCE: &[u8; 16] = b"cookie-nonce-16b";
/// The last bytes of the nonce of WELCOME.
pub const WELCOME_NONCE: &[u8; 16] = b"welcome-nonce16b";
/// The last bytes of the nonce of the vouch.
pub const VOUCH_NONCE: &[u8; 16] = b"vouch-nonce-16by";

/// A secret key of the recorded dialogues.
pub fn secret(seed: u8) -> [u8; 32] {
    core::array::from_fn(|at| (seed as usize * 7 + at * 11 + 3) as u8)
}

/// The public key of [`secret`].
pub fn public(seed: u8) -> [u8; 32] {
    Portable.x25519_base(&secret(seed))
}

/// A pair of keys.
pub fn pair(seed: u8) -> KeyPair {
    KeyPair::new(SecretKey::new(secret(seed)))
}

/// The keys of a client.
pub fn client_keys(server: u8, client: u8) -> ClientKeys {
    ClientKeys { server: PublicKey::new(public(server)), own: pair(client) }
}

/// A client whose connection has the secret key `transient`.
pub fn client(keys: ClientKeys, transient: u8) -> CurveClient<Box<ClientKeys>> {
    let mut random = [0; 48];
    random[..32].copy_from_slice(&secret(transient));
    random[32..].copy_from_slice(VOUCH_NONCE);
    CurveClient::new(Box::new(keys), &random)
}

/// A function that decides about clients.
pub type Decide = fn(zmtp_core::mechanism::Credentials<'_>) -> Decision;

/// A server whose connection has the secret key `transient`.
pub fn server(decide: Decide, transient: u8) -> CurveServer<Box<KeyPair>, Decide> {
    let mut random = [0; 96];
    random[..32].copy_from_slice(&secret(transient));
    random[32..64].copy_from_slice(&cookie_key());
    random[64..80].copy_from_slice(COOKIE_NONCE);
    random[80..].copy_from_slice(WELCOME_NONCE);
    CurveServer::new(Box::new(pair(SERVER)), decide, &random)
}

/// The server that [`RawClient`] is made for: it accepts everyone.
pub fn our_server() -> CurveServer<Box<KeyPair>, Decide> {
    server(|_| Decision::Accept, OURS)
}

/// The key of the cookie of each server.
pub fn cookie_key() -> [u8; 32] {
    core::array::from_fn(|at| at as u8)
}

/// A box, as `crypto_box` of NaCl makes it.
pub fn sealed(secret: [u8; 32], public: [u8; 32], nonce: &[&[u8]], content: &[u8]) -> Vec<u8> {
    let key = Portable.hsalsa20(&Portable.x25519(&secret, &public), &[0; 16]);
    secret_sealed(&key, nonce, content)
}

/// A box, as `crypto_secretbox` of NaCl makes it.
pub fn secret_sealed(key: &[u8; 32], nonce: &[&[u8]], content: &[u8]) -> Vec<u8> {
    let nonce: [u8; 24] = nonce.concat().try_into().expect("a nonce has 24 bytes");
    let subkey = Portable.hsalsa20(key, nonce[..16].try_into().expect("16 bytes"));
    let mut stream = [&[0; 32], content].concat();
    Portable.salsa20_xor(&subkey, nonce[16..].try_into().expect("8 bytes"), 0, &mut stream);
    let tag = Portable.poly1305(stream[..32].try_into().expect("32 bytes"), &stream[32..]);
    [&tag, &stream[32..]].concat()
}

/// The cookie of [`our_server`] for the connection key [`RAW`].
pub fn cookie() -> Vec<u8> {
    let content = [public(RAW), secret(OURS)].concat();
    let boxed = secret_sealed(&cookie_key(), &[b"COOKIE--", COOKIE_NONCE], &content);
    [&COOKIE_NONCE[..], &boxed].concat()
}

/// WELCOME of [`our_server`] for the connection key [`RAW`].
pub fn welcome() -> Vec<u8> {
    let content = [&public(OURS)[..], &cookie()].concat();
    let nonces: [&[u8]; 2] = [b"WELCOME-", WELCOME_NONCE];
    let boxed = sealed(secret(SERVER), public(RAW), &nonces, &content);
    wire::command("WELCOME", &[&WELCOME_NONCE[..], &boxed].concat())
}

/// READY of [`our_server`] for the connection key [`RAW`].
pub fn ready(metadata: &[u8]) -> Vec<u8> {
    let nonce = 1_u64.to_be_bytes();
    let nonces: [&[u8]; 2] = [b"CurveZMQREADY---", &nonce];
    let boxed = sealed(secret(OURS), public(RAW), &nonces, metadata);
    wire::command("READY", &[&nonce[..], &boxed].concat())
}

/// The body of a MESSAGE of [`our_server`] for the connection key [`RAW`].
pub fn message_of_server(nonce: u64, flags_and_body: &[u8]) -> Vec<u8> {
    let nonce = nonce.to_be_bytes();
    let nonces: [&[u8]; 2] = [b"CurveZMQMESSAGES", &nonce];
    let boxed = sealed(secret(OURS), public(RAW), &nonces, flags_and_body);
    [b"\x07MESSAGE", &nonce[..], &boxed].concat()
}

/// What a client sends to [`our_server`]. Every field may be changed.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "fields to change")]
pub struct RawClient {
    /// The key of the server that HELLO is for.
    pub server: [u8; 32],
    /// The version in HELLO.
    pub version: [u8; 2],
    /// The padding of HELLO.
    pub padding: [u8; 72],
    /// The content of the box in HELLO.
    pub hello_content: [u8; 64],
    /// The nonce of INITIATE.
    pub nonce: u64,
    /// The cookie.
    pub cookie: Vec<u8>,
    /// The content of the vouch.
    pub vouched: [[u8; 32]; 2],
    /// The key that seals the vouch.
    pub vouches: u8,
    /// The long-term public key in INITIATE.
    pub client: [u8; 32],
    /// The metadata.
    pub metadata: Vec<u8>,
}

impl RawClient {
    /// A client that follows the protocol.
    pub fn new(socket_type: &str) -> Self {
        Self {
            server: public(SERVER),
            version: [1, 0],
            padding: [0; 72],
            hello_content: [0; 64],
            nonce: 2,
            cookie: cookie(),
            vouched: [public(RAW), public(SERVER)],
            vouches: CLIENT,
            client: public(CLIENT),
            metadata: wire::property("Socket-Type", socket_type.as_bytes()),
        }
    }

    /// Changes the client.
    #[must_use]
    pub fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }

    /// HELLO.
    pub fn hello(&self) -> Vec<u8> {
        let nonce = 1_u64.to_be_bytes();
        let nonces: [&[u8]; 2] = [b"CurveZMQHELLO---", &nonce];
        let boxed = sealed(secret(RAW), self.server, &nonces, &self.hello_content);
        let data: [&[u8]; 5] = [&self.version, &self.padding, &public(RAW), &nonce, &boxed];
        wire::command("HELLO", &data.concat())
    }

    /// INITIATE.
    pub fn initiate(&self) -> Vec<u8> {
        let vouch = sealed(
            secret(self.vouches),
            public(OURS),
            &[b"VOUCH---", VOUCH_NONCE],
            &self.vouched.concat(),
        );
        let content: [&[u8]; 4] = [&self.client, VOUCH_NONCE, &vouch, &self.metadata];
        let nonce = self.nonce.to_be_bytes();
        let nonces: [&[u8]; 2] = [b"CurveZMQINITIATE", &nonce];
        let boxed = sealed(secret(RAW), public(OURS), &nonces, &content.concat());
        wire::command("INITIATE", &[&self.cookie, &nonce[..], &boxed].concat())
    }

    /// The body of a MESSAGE with these flags and this body.
    pub fn message(&self, nonce: u64, flags_and_body: &[u8]) -> Vec<u8> {
        let nonce = nonce.to_be_bytes();
        let nonces: [&[u8]; 2] = [b"CurveZMQMESSAGEC", &nonce];
        let boxed = sealed(secret(RAW), public(OURS), &nonces, flags_and_body);
        [b"\x07MESSAGE", &nonce[..], &boxed].concat()
    }
}
