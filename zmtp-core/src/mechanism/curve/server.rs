//! The server's side of the handshake.

use core::borrow::Borrow;
use core::fmt;
use core::mem;

use super::boxes::{self, Key};
use super::fields::{Fields, command};
use super::traffic::{OVERHEAD, Traffic};
use super::two_keys::{is_box_of, put_box_of};
use super::{
    COOKIE_LEN, Crypto, HELLO_LEN, INITIATE_LEN, KeyPair, Portable, PublicKey, READY_LEN,
    SecretKey, VERSION, VOUCH_LEN, WELCOME_LEN, nonce,
};
use crate::config::Config;
use crate::mechanism::authenticate::Standing;
use crate::mechanism::{
    Answer, Authenticate, Consumed, Credentials, Exhausted, HandshakeError, Mechanism, OpenError,
    Renew, greeting, metadata,
};
use crate::wire::{CommandName, FrameKind, Greeting, MechanismName, SocketType, Writer};

/// The server's side of CURVE.
///
/// `K` is a pointer to the keys of the server: `&'static KeyPair` on a microcontroller,
/// `Arc<KeyPair>` on a server. `A` decides whether a client is accepted, after it has proved that it has the secret
/// key of its public key.
///
/// Unlike libzmq, it also checks the padding and the content of HELLO, the nonce of INITIATE, and the server's key in
/// the vouch. It refuses keys of low order.
pub struct CurveServer<K, A, X = Portable> {
    keys: K,
    authenticator: A,
    crypto: X,
    standing: Standing,
    step: Step,
}

enum Step {
    Hello(Random),
    /// HELLO arrived, and WELCOME is due. The key is of s and C'.
    Welcome {
        random: Random,
        client: PublicKey,
        key: Key,
        nonce: u64,
    },
    /// WELCOME was sent.
    Initiate {
        transient: SecretKey,
        cookie_key: SecretKey,
        client: PublicKey,
        nonce: u64,
    },
    /// INITIATE was opened and is still in the input, and there is no decision yet. The key is of s' and C'.
    Opened {
        key: Key,
        nonce: u64,
    },
    /// INITIATE was accepted, and READY is due.
    Ready {
        key: Key,
        traffic: Traffic,
    },
    Traffic(Traffic),
    Failed,
}

/// The random bytes of a connection.
struct Random {
    /// s'.
    transient: SecretKey,
    /// The key of the cookie.
    cookie_key: SecretKey,
    cookie_nonce: [u8; 16],
    welcome_nonce: [u8; 16],
}

impl Random {
    fn new(bytes: &[u8; 96]) -> Self {
        let mut rest = &bytes[..];
        let mut take = |to: &mut [u8]| {
            if let Some((field, others)) = rest.split_at_checked(to.len()) {
                crate::buffer::copy(to, field);
                rest = others;
            }
        };
        let (mut transient, mut cookie_key) = ([0; 32], [0; 32]);
        let (mut cookie_nonce, mut welcome_nonce) = ([0; 16], [0; 16]);
        take(&mut transient);
        take(&mut cookie_key);
        take(&mut cookie_nonce);
        take(&mut welcome_nonce);
        let (transient, cookie_key) = (SecretKey::new(transient), SecretKey::new(cookie_key));
        Self { transient, cookie_key, cookie_nonce, welcome_nonce }
    }
}

impl<K: Borrow<KeyPair>, A: Authenticate> CurveServer<K, A> {
    /// Creates the mechanism for a new connection.
    ///
    /// `random` is 96 bytes of a generator of random numbers for cryptography, new for each connection: the secret key
    /// of the connection, the key of its cookie, and two nonces.
    pub fn new(keys: K, authenticator: A, random: &[u8; 96]) -> Self {
        Self::with(Portable, keys, authenticator, random)
    }
}

impl<K: Borrow<KeyPair>, A: Authenticate, X: Crypto> CurveServer<K, A, X> {
    /// As [`CurveServer::new`], with another implementation of the operations.
    pub fn with(crypto: X, keys: K, authenticator: A, random: &[u8; 96]) -> Self {
        let step = Step::Hello(Random::new(random));
        Self { keys, authenticator, crypto, standing: Standing::Unknown, step }
    }

    /// The mechanism of a socket that has no connection.
    #[doc(hidden)]
    pub const fn unconnected(crypto: X, keys: K, authenticator: A) -> Self {
        Self { keys, authenticator, crypto, standing: Standing::Unknown, step: Step::Failed }
    }

    fn hello(&mut self, data: &mut [u8]) -> Result<(), HandshakeError> {
        const LENGTH: HandshakeError = HandshakeError::Length(CommandName::Hello);
        if data.len() != HELLO_LEN {
            return Err(LENGTH);
        }
        let mut fields = Fields(data);
        if fields.take() != Some(&mut { VERSION }) {
            return Err(HandshakeError::Version);
        }
        if fields.take() != Some(&mut [0; 72]) {
            return Err(HandshakeError::Padding);
        }
        let client = PublicKey::new(*fields.take().ok_or(LENGTH)?);
        let nonce = *fields.take().ok_or(LENGTH)?;
        let (crypto, secret) = (&mut self.crypto, self.keys.borrow().secret());
        let key = boxes::shared(crypto, secret, &client).ok_or(HandshakeError::WeakKey)?;
        let subkey = boxes::subkey(crypto, &key, &nonce::HELLO);
        if !boxes::open_boxed(crypto, &subkey, &nonce, fields.0) {
            return Err(HandshakeError::Forged);
        }
        let _tag = fields.take::<16>();
        if fields.take() != Some(&mut [0; 64]) {
            return Err(HandshakeError::Padding);
        }
        let nonce = u64::from_be_bytes(nonce);
        let Step::Hello(random) = mem::replace(&mut self.step, Step::Failed) else {
            return Err(LENGTH);
        };
        self.step = Step::Welcome { random, client, key, nonce };
        Ok(())
    }

    fn welcome(&mut self, out: &mut Writer<'_>) -> Option<()> {
        let Step::Welcome { random, client, key, .. } = &self.step else { return None };
        let mut fields = command(out, CommandName::Welcome, WELCOME_LEN)?;
        let crypto = &mut self.crypto;
        fields.put(&random.welcome_nonce)?;
        let (_tag, content) = fields.0.split_first_chunk_mut::<16>()?;
        let mut content = Fields(content);
        content.put(&crypto.x25519_base(random.transient.expose()))?;
        put_cookie(crypto, random, client, content.take()?)?;
        let (subkey, nonce) =
            boxes::long_subkey(crypto, key, nonce::WELCOME, &random.welcome_nonce);
        boxes::seal_boxed(crypto, &subkey, &nonce, fields.0);
        let Step::Welcome { random, client, nonce, .. } =
            mem::replace(&mut self.step, Step::Failed)
        else {
            return None;
        };
        let Random { transient, cookie_key, .. } = random;
        self.step = Step::Initiate { transient, cookie_key, client, nonce };
        Some(())
    }

    fn initiate(&mut self, data: &mut [u8]) -> Result<(), HandshakeError> {
        const LENGTH: HandshakeError = HandshakeError::Length(CommandName::Initiate);
        let Step::Initiate { transient, cookie_key, client, nonce: hello } = &self.step else {
            return Err(LENGTH);
        };
        if data.len() < INITIATE_LEN {
            return Err(LENGTH);
        }
        let crypto = &mut self.crypto;
        let mut fields = Fields(data);
        let cookie = fields.take().ok_or(LENGTH)?;
        if !is_cookie(crypto, cookie_key, client, transient, cookie) {
            return Err(HandshakeError::Cookie);
        }
        let nonce = *fields.take().ok_or(LENGTH)?;
        let key = boxes::shared(crypto, transient, client).ok_or(HandshakeError::WeakKey)?;
        let subkey = boxes::subkey(crypto, &key, &nonce::INITIATE);
        if !boxes::open_boxed(crypto, &subkey, &nonce, fields.0) {
            return Err(HandshakeError::Forged);
        }
        let number = u64::from_be_bytes(nonce);
        if number <= *hello {
            return Err(HandshakeError::Nonce);
        }
        let _tag = fields.take::<16>();
        let long_term = PublicKey::new(*fields.take().ok_or(LENGTH)?);
        let vouch = fields.take::<VOUCH_LEN>().ok_or(LENGTH)?;
        let vouch_key =
            boxes::shared(crypto, transient, &long_term).ok_or(HandshakeError::WeakKey)?;
        if !is_vouch(crypto, &vouch_key, client, self.keys.borrow().public(), vouch) {
            return Err(HandshakeError::Vouch);
        }
        self.step = Step::Opened { key, nonce: number };
        Ok(())
    }

    /// Decides about the client, whose INITIATE was opened in place.
    fn decide(&mut self, data: &[u8]) -> Result<Consumed, HandshakeError> {
        const LENGTH: HandshakeError = HandshakeError::Length(CommandName::Initiate);
        let Step::Opened { key, nonce } = &self.step else {
            return Err(LENGTH);
        };
        let content = data.get(COOKIE_LEN.saturating_add(READY_LEN)..).unwrap_or_default();
        let public_key = PublicKey::new(*content.first_chunk().ok_or(LENGTH)?);
        let credentials = Credentials::Curve { public_key: &public_key };
        match self.standing.decide(&mut self.authenticator, credentials) {
            None => return Ok(Consumed::Waiting),
            Some(false) => return Ok(Consumed::Denied),
            Some(true) => {}
        }
        // READY has nonce 1.
        let traffic = Traffic::new(&mut self.crypto, key, true, [1, *nonce]);
        self.step = Step::Ready { key: key.clone(), traffic };
        Ok(Consumed::Ready(data.len().saturating_sub(INITIATE_LEN)))
    }

    fn ready(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) -> Option<()> {
        let Step::Ready { key, .. } = &self.step else { return None };
        let metadata = metadata(kind, config);
        let len = metadata.iter().fold(READY_LEN, |sum, part| sum.saturating_add(part.len()));
        let mut fields = command(out, CommandName::Ready, len)?;
        let nonce = 1_u64.to_be_bytes();
        fields.put(&nonce)?;
        let mut content = Writer::new(fields.0.get_mut(16..)?);
        metadata.iter().for_each(|part| content.put(part));
        let subkey = boxes::subkey(&mut self.crypto, key, &nonce::READY);
        boxes::seal_boxed(&mut self.crypto, &subkey, &nonce, fields.0);
        let Step::Ready { traffic, .. } = mem::replace(&mut self.step, Step::Failed) else {
            return None;
        };
        self.step = Step::Traffic(traffic);
        Some(())
    }

    fn traffic(&mut self) -> Option<(&mut Traffic, &mut X)> {
        match &mut self.step {
            // A client may send before it has READY.
            Step::Ready { traffic, .. } | Step::Traffic(traffic) => {
                Some((traffic, &mut self.crypto))
            }
            _ => None,
        }
    }
}

/// Writes the cookie: a box of C' and s' with a key that only this connection has.
fn put_cookie(
    crypto: &mut impl Crypto,
    random: &Random,
    client: &PublicKey,
    cookie: &mut [u8; COOKIE_LEN],
) -> Option<()> {
    let (key, nonce) = (random.cookie_key.expose(), &random.cookie_nonce);
    let content = [client.as_bytes(), random.transient.expose()];
    put_box_of(crypto, key, nonce::COOKIE, nonce, content, cookie)
}

/// Whether this is the cookie of the connection.
fn is_cookie(
    crypto: &mut impl Crypto,
    key: &SecretKey,
    client: &PublicKey,
    transient: &SecretKey,
    cookie: &mut [u8; COOKIE_LEN],
) -> bool {
    let content = [client.as_bytes(), transient.expose()];
    is_box_of(crypto, key.expose(), nonce::COOKIE, content, cookie)
}

/// Whether this is a box of C' and S with this key.
fn is_vouch(
    crypto: &mut impl Crypto,
    key: &Key,
    client: &PublicKey,
    server: &PublicKey,
    vouch: &mut [u8; VOUCH_LEN],
) -> bool {
    is_box_of(crypto, key, nonce::VOUCH, [client.as_bytes(), server.as_bytes()], vouch)
}

impl<K, A, X> Renew for CurveServer<K, A, X>
where
    K: Borrow<KeyPair> + Clone,
    A: Authenticate + Clone,
    X: Crypto + Clone,
{
    type Random = [u8; 96];

    fn renew(&self, random: &[u8; 96]) -> Self {
        let (crypto, authenticator) = (self.crypto.clone(), self.authenticator.clone());
        Self::with(crypto, self.keys.clone(), authenticator, random)
    }
}

impl<K, A, X> fmt::Debug for CurveServer<K, A, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurveServer").field("standing", &self.standing).finish_non_exhaustive()
    }
}

impl<K: Borrow<KeyPair>, A: Authenticate, X: Crypto> Mechanism for CurveServer<K, A, X> {
    const SEALS: bool = true;
    const WAITS: bool = true;

    #[inline(always)]
    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        const { &greeting(&MechanismName::CURVE) }
    }

    fn as_server(&self) -> bool {
        true
    }

    fn produce(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        match self.step {
            Step::Welcome { .. } => self.welcome(out),
            Step::Ready { .. } => self.ready(kind, config, out),
            _ => None,
        };
    }

    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        let consumed = match self.step {
            Step::Hello(_) if CommandName::Hello.names(name) => {
                self.hello(data).map(|()| Consumed::Pending)
            }
            Step::Initiate { .. } if CommandName::Initiate.names(name) => {
                self.initiate(data).and_then(|()| self.decide(data))
            }
            // There is an answer now.
            Step::Opened { .. } if CommandName::Initiate.names(name) => self.decide(data),
            _ => Ok(Consumed::Unexpected),
        };
        consumed.unwrap_or_else(Consumed::Invalid)
    }

    fn may_send(&self) -> bool {
        matches!(self.step, Step::Traffic(_))
    }

    fn answer(&mut self, answer: Answer<'_>) {
        self.standing.answer(answer);
    }

    fn denial(&self) -> Option<&[u8]> {
        self.standing.denial()
    }

    #[inline(always)]
    fn overhead(&self) -> usize {
        OVERHEAD
    }

    fn seal(&mut self, kind: FrameKind, frame: &mut [u8]) -> Result<(), Exhausted> {
        let (traffic, crypto) = self.traffic().ok_or(Exhausted)?;
        traffic.seal(crypto, kind, frame)
    }

    fn seals_split(&self) -> bool {
        X::SPLITS
    }

    fn seal_split(
        &mut self,
        kind: FrameKind,
        head: &mut [u8],
        body: &mut [u8],
    ) -> Result<(), Exhausted> {
        let (traffic, crypto) = self.traffic().ok_or(Exhausted)?;
        traffic.seal_split(crypto, kind, head, body)
    }

    fn reverse_split(&mut self, head: &[u8], body: &mut [u8]) {
        if let Some((traffic, crypto)) = self.traffic() {
            traffic.reverse_split(crypto, head, body);
        }
    }

    fn open(&mut self, outer: FrameKind, frame: &mut [u8]) -> Result<FrameKind, OpenError> {
        let (traffic, crypto) = self.traffic().ok_or(OpenError::Clear)?;
        traffic.open(crypto, outer, frame)
    }
}
