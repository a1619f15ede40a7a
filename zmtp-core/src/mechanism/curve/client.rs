//! The client's side of the handshake.

use core::borrow::Borrow;
use core::fmt;
use core::mem;

use super::boxes::{self, Key};
use super::fields::{Fields, command};
use super::traffic::{OVERHEAD, Traffic};
use super::two_keys::put_box_of;
use super::{
    COOKIE_LEN, Crypto, HELLO_LEN, INITIATE_LEN, KeyPair, Portable, PublicKey, READY_LEN,
    SecretKey, VERSION, VOUCH_LEN, WELCOME_LEN, nonce,
};
use crate::config::Config;
use crate::mechanism::{
    Consumed, Exhausted, HandshakeError, Mechanism, OpenError, Renew, greeting, metadata,
};
use crate::wire::{CommandName, FrameKind, Greeting, MechanismName, SocketType, Writer};

/// The keys of a client: its own, and the public key of the server. All servers that the socket connects to have the
/// same keys.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_structs, reason = "an argument")]
pub struct ClientKeys {
    /// The server's public key (`ZMQ_CURVE_SERVERKEY`).
    pub server: PublicKey,
    /// The client's own keys (`ZMQ_CURVE_PUBLICKEY`, `ZMQ_CURVE_SECRETKEY`).
    pub own: KeyPair,
}

/// The client's side of CURVE.
///
/// `K` is a pointer to the keys: `&'static ClientKeys` on a microcontroller,
/// `Arc<ClientKeys>` on a server.
pub struct CurveClient<K, X = Portable> {
    keys: K,
    crypto: X,
    step: Step,
}

enum Step {
    Start {
        transient: SecretKey,
        vouch_nonce: [u8; 16],
    },
    /// HELLO is due.
    Hello(Started),
    /// HELLO was sent.
    Welcome(Started),
    /// WELCOME arrived, and INITIATE is due.
    Initiate(Welcomed),
    /// INITIATE was sent.
    Ready {
        key: Key,
    },
    Traffic(Traffic),
    /// The server's public key has a low order, or there is no connection: nothing is sent.
    Failed,
}

/// What HELLO is made of.
struct Started {
    transient: SecretKey,
    public: PublicKey,
    vouch_nonce: [u8; 16],
    /// The key of c' and S.
    key: Key,
}

/// What INITIATE is made of.
struct Welcomed {
    public: PublicKey,
    /// The key of c' and S'.
    key: Key,
    /// S'.
    server: PublicKey,
    cookie: [u8; COOKIE_LEN],
    vouch_nonce: [u8; 16],
}

impl<K: Borrow<ClientKeys>> CurveClient<K> {
    /// Creates the mechanism for a new connection.
    ///
    /// `random` is 48 bytes of a generator of random numbers for cryptography, new for each connection: the secret key
    /// of the connection and a nonce.
    pub fn new(keys: K, random: &[u8; 48]) -> Self {
        Self::with(Portable, keys, random)
    }
}

impl<K: Borrow<ClientKeys>, X: Crypto> CurveClient<K, X> {
    /// As [`CurveClient::new`], with another implementation of the operations.
    pub fn with(crypto: X, keys: K, random: &[u8; 48]) -> Self {
        let (mut transient, mut vouch_nonce) = ([0; 32], [0; 16]);
        if let Some((secret, nonce)) = random.split_at_checked(32) {
            crate::buffer::copy(&mut transient, secret);
            crate::buffer::copy(&mut vouch_nonce, nonce);
        }
        let step = Step::Start { transient: SecretKey::new(transient), vouch_nonce };
        Self { keys, crypto, step }
    }

    /// The mechanism of a socket that has no connection.
    #[doc(hidden)]
    pub const fn unconnected(crypto: X, keys: K) -> Self {
        Self { keys, crypto, step: Step::Failed }
    }

    /// Computes the keys of HELLO, once: its bytes may not fit in the first call.
    fn start(&mut self) {
        let Step::Start { transient, vouch_nonce } = &self.step else { return };
        let (transient, vouch_nonce) = (transient.clone(), *vouch_nonce);
        let public = PublicKey::new(self.crypto.x25519_base(transient.expose()));
        let server = &self.keys.borrow().server;
        self.step = match boxes::shared(&mut self.crypto, &transient, server) {
            Some(key) => Step::Hello(Started { transient, public, vouch_nonce, key }),
            None => Step::Failed,
        };
    }

    fn hello(&mut self, out: &mut Writer<'_>) -> Option<()> {
        let Step::Hello(Started { public, key, .. }) = &self.step else { return None };
        let mut fields = command(out, CommandName::Hello, HELLO_LEN)?;
        fields.put(&VERSION)?;
        fields.put(&[0; 72])?;
        fields.put(public.as_bytes())?;
        let nonce = 1_u64.to_be_bytes();
        fields.put(&nonce)?;
        fields.0.fill(0);
        let subkey = boxes::subkey(&mut self.crypto, key, &nonce::HELLO);
        boxes::seal_boxed(&mut self.crypto, &subkey, &nonce, fields.0);
        let Step::Hello(started) = mem::replace(&mut self.step, Step::Failed) else { return None };
        self.step = Step::Welcome(started);
        Some(())
    }

    fn welcome(&mut self, data: &mut [u8]) -> Result<(), HandshakeError> {
        const LENGTH: HandshakeError = HandshakeError::Length(CommandName::Welcome);
        let Step::Welcome(Started { transient, public, vouch_nonce, key }) = &self.step else {
            return Err(LENGTH);
        };
        if data.len() != WELCOME_LEN {
            return Err(LENGTH);
        }
        let mut fields = Fields(data);
        let nonce = fields.take().ok_or(LENGTH)?;
        let crypto = &mut self.crypto;
        let (subkey, nonce) = boxes::long_subkey(crypto, key, nonce::WELCOME, nonce);
        if !boxes::open_boxed(crypto, &subkey, &nonce, fields.0) {
            return Err(HandshakeError::Forged);
        }
        let _tag = fields.take::<16>();
        let server = PublicKey::new(*fields.take().ok_or(LENGTH)?);
        let cookie = *fields.take().ok_or(LENGTH)?;
        let key = boxes::shared(crypto, transient, &server).ok_or(HandshakeError::WeakKey)?;
        let (public, vouch_nonce) = (*public, *vouch_nonce);
        self.step = Step::Initiate(Welcomed { public, key, server, cookie, vouch_nonce });
        Ok(())
    }

    fn initiate(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) -> Option<()> {
        let Step::Initiate(welcomed) = &self.step else { return None };
        let metadata = metadata(kind, config);
        let len = metadata.iter().fold(INITIATE_LEN, |sum, part| sum.saturating_add(part.len()));
        let mut fields = command(out, CommandName::Initiate, len)?;
        let (crypto, keys) = (&mut self.crypto, self.keys.borrow());
        // The key of the server is not of low order, as WELCOME has shown.
        let vouch_key = boxes::shared(crypto, keys.own.secret(), &welcomed.server)?;
        fields.put(&welcomed.cookie)?;
        let nonce = 2_u64.to_be_bytes();
        fields.put(&nonce)?;
        // The rest is the box.
        let (_tag, content) = fields.0.split_first_chunk_mut::<16>()?;
        let mut content = Fields(content);
        content.put(keys.own.public().as_bytes())?;
        let vouch = content.take::<VOUCH_LEN>()?;
        let vouched = [welcomed.public.as_bytes(), keys.server.as_bytes()];
        put_box_of(crypto, &vouch_key, nonce::VOUCH, &welcomed.vouch_nonce, vouched, vouch)?;
        let mut rest = Writer::new(content.0);
        metadata.iter().for_each(|part| rest.put(part));
        let subkey = boxes::subkey(crypto, &welcomed.key, &nonce::INITIATE);
        boxes::seal_boxed(crypto, &subkey, &nonce, fields.0);
        let Step::Initiate(welcomed) = mem::replace(&mut self.step, Step::Failed) else {
            return None;
        };
        self.step = Step::Ready { key: welcomed.key };
        Some(())
    }

    fn ready(&mut self, data: &mut [u8]) -> Result<usize, HandshakeError> {
        const LENGTH: HandshakeError = HandshakeError::Length(CommandName::Ready);
        let Step::Ready { key } = &self.step else {
            return Err(LENGTH);
        };
        let len = data.len().checked_sub(READY_LEN).ok_or(LENGTH)?;
        let mut fields = Fields(data);
        let nonce = *fields.take().ok_or(LENGTH)?;
        let crypto = &mut self.crypto;
        let subkey = boxes::subkey(crypto, key, &nonce::READY);
        if !boxes::open_boxed(crypto, &subkey, &nonce, fields.0) {
            return Err(HandshakeError::Forged);
        }
        let nonces = [2, u64::from_be_bytes(nonce)];
        self.step = Step::Traffic(Traffic::new(crypto, key, false, nonces));
        Ok(len)
    }
}

impl<K: Borrow<ClientKeys> + Clone, X: Crypto + Clone> Renew for CurveClient<K, X> {
    type Random = [u8; 48];

    fn renew(&self, random: &[u8; 48]) -> Self {
        Self::with(self.crypto.clone(), self.keys.clone(), random)
    }
}

impl<K, X> fmt::Debug for CurveClient<K, X> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CurveClient").finish_non_exhaustive()
    }
}

impl<K: Borrow<ClientKeys>, X: Crypto> Mechanism for CurveClient<K, X> {
    const SEALS: bool = true;

    #[inline(always)]
    fn greeting(&self) -> &'static [u8; Greeting::LEN] {
        const { &greeting(&MechanismName::CURVE) }
    }

    #[inline(always)]
    fn is_client(&self) -> bool {
        true
    }

    fn produce(&mut self, kind: SocketType, config: &Config, out: &mut Writer<'_>) {
        self.start();
        match self.step {
            Step::Hello(_) => self.hello(out),
            Step::Initiate(_) => self.initiate(kind, config, out),
            _ => None,
        };
    }

    fn consume(&mut self, name: &[u8], data: &mut [u8]) -> Consumed {
        let consumed = match self.step {
            Step::Welcome(_) if CommandName::Welcome.names(name) => {
                self.welcome(data).map(|()| Consumed::Pending)
            }
            Step::Ready { .. } if CommandName::Ready.names(name) => {
                self.ready(data).map(Consumed::Ready)
            }
            _ => Ok(Consumed::Unexpected),
        };
        consumed.unwrap_or_else(Consumed::Invalid)
    }

    fn may_send(&self) -> bool {
        matches!(self.step, Step::Ready { .. } | Step::Traffic(_))
    }

    #[inline(always)]
    fn overhead(&self) -> usize {
        OVERHEAD
    }

    fn seal(&mut self, kind: FrameKind, frame: &mut [u8]) -> Result<(), Exhausted> {
        match &mut self.step {
            Step::Traffic(traffic) => traffic.seal(&mut self.crypto, kind, frame),
            _ => Err(Exhausted),
        }
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
        match &mut self.step {
            Step::Traffic(traffic) => traffic.seal_split(&mut self.crypto, kind, head, body),
            _ => Err(Exhausted),
        }
    }

    fn reverse_split(&mut self, head: &[u8], body: &mut [u8]) {
        if let Step::Traffic(traffic) = &self.step {
            traffic.reverse_split(&mut self.crypto, head, body);
        }
    }

    fn open(&mut self, outer: FrameKind, frame: &mut [u8]) -> Result<FrameKind, OpenError> {
        match &mut self.step {
            Step::Traffic(traffic) => traffic.open(&mut self.crypto, outer, frame),
            _ => Err(OpenError::Clear),
        }
    }
}
