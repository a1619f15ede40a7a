//! The mechanisms of security, ZAP, and the SOCKS proxy.

use libc::c_int;
use zmtp_mio::{Certificate, KeyPair, PublicKey, SecretKey, Security, Socks};

use super::value::text;
use super::{Settings as All, Value, int};
use crate::errno::{Errno, Outcome};
use crate::z85;

const MECHANISM: c_int = 43;
const PLAIN_SERVER: c_int = 44;
const PLAIN_USERNAME: c_int = 45;
const PLAIN_PASSWORD: c_int = 46;
const CURVE_SERVER: c_int = 47;
const CURVE_PUBLICKEY: c_int = 48;
const CURVE_SECRETKEY: c_int = 49;
const CURVE_SERVERKEY: c_int = 50;
const ZAP_DOMAIN: c_int = 55;
const SOCKS_PROXY: c_int = 68;
const ZAP_ENFORCE_DOMAIN: c_int = 93;
const SOCKS_USERNAME: c_int = 99;
const SOCKS_PASSWORD: c_int = 100;

/// The number of a mechanism.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mechanism {
    #[default]
    Null = 0,
    Plain = 1,
    Curve = 2,
}

/// Security as the program has set it.
#[derive(Default)]
pub(super) struct Settings {
    mechanism: Mechanism,
    is_server: bool,
    username: Vec<u8>,
    password: Vec<u8>,
    public: [u8; 32],
    secret: [u8; 32],
    server: [u8; 32],
    zap_domain: String,
    enforce_domain: bool,
    proxy: String,
    proxy_username: String,
    proxy_password: String,
}

/// Without keys and passwords.
impl std::fmt::Debug for Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Settings").field("mechanism", &self.mechanism).finish_non_exhaustive()
    }
}

impl Settings {
    /// The security of connections, and the ZAP domain.
    pub(super) fn complete(&self) -> (Security, String) {
        let security = match (self.mechanism, self.is_server) {
            (Mechanism::Null, _) => Security::NULL,
            (Mechanism::Plain, true) => Security::plain_server(),
            (Mechanism::Plain, false) => {
                Security::plain_client(self.username.as_slice(), self.password.as_slice())
            }
            (Mechanism::Curve, true) => {
                Security::curve_server(KeyPair::new(SecretKey::new(self.secret)))
            }
            (Mechanism::Curve, false) => {
                let (public, secret) = (PublicKey::new(self.public), SecretKey::new(self.secret));
                let own = KeyPair::from_parts(public, secret);
                Security::curve_client(self.server_key(), own)
            }
        };
        let asks = self.is_server || self.mechanism == Mechanism::Null;
        (security, if asks { self.zap_domain.clone() } else { String::new() })
    }

    /// The key of the server; until the program sets it, a key that no server has. Handshakes fail then, as in libzmq.
    fn server_key(&self) -> PublicKey {
        let key = PublicKey::new(self.server);
        if !key.has_low_order() {
            return key;
        }
        Certificate::generate().map_or(key, |discarded| *discarded.public_key())
    }

    /// The proxy, if its text is the address of one.
    fn proxy(&self) -> Option<Socks> {
        let socks = Socks::new(&self.proxy).ok()?;
        Some(match self.proxy_username.is_empty() {
            true => socks,
            false => socks.login(self.proxy_username.clone(), self.proxy_password.clone()),
        })
    }

    /// Fails if the text of the proxy is not the address of one. libzmq stores every text, and uses it at a connect.
    pub(super) fn check_proxy(&self) -> Outcome<()> {
        match self.proxy.is_empty() || self.proxy().is_some() {
            true => Ok(()),
            false => Err(Errno::EINVAL),
        }
    }
}

/// The length of the text of a key, with NUL.
const KEY_TEXT: usize = 41;

/// Returns a key in the form for which the program has room: its bytes, or its text.
pub(super) fn key_for(option: c_int, key: Vec<u8>, room: usize) -> Vec<u8> {
    let is_key = matches!(option, CURVE_PUBLICKEY | CURVE_SECRETKEY | CURVE_SERVERKEY);
    match z85::encode(&key) {
        Some(of_key) if is_key && room == KEY_TEXT => text(of_key),
        _ => key,
    }
}

/// A key of 32 bytes, or of 40 characters with or without a NUL.
fn key(value: Value<'_>) -> Outcome<[u8; 32]> {
    let bytes = value.bytes();
    if let Ok(key) = <[u8; 32]>::try_from(bytes) {
        return Ok(key);
    }
    let characters = match bytes {
        [characters @ .., 0] => characters,
        characters => characters,
    };
    if characters.len() != KEY_TEXT - 1 {
        return Err(Errno::EINVAL);
    }
    let text = std::str::from_utf8(characters).map_err(|_| Errno::EINVAL)?;
    PublicKey::from_z85(text).map(|key| *key.as_bytes()).ok_or(Errno::EINVAL)
}

/// A user name or password of 1 to 255 bytes. A NUL at its end does not belong to it.
fn word(value: Value<'_>) -> Outcome<Vec<u8>> {
    let bytes = value.bytes();
    match bytes.strip_suffix(b"\0").unwrap_or(bytes) {
        word @ [_, ..] if word.len() <= 255 => Ok(word.to_vec()),
        _ => Err(Errno::EINVAL),
    }
}

pub(super) fn set(all: &mut All, option: c_int, value: Value<'_>) -> Option<Outcome<()>> {
    let own = &mut all.security;
    let become_client = |own: &mut Settings, mechanism| {
        (own.mechanism, own.is_server) = (mechanism, false);
    };
    let done = match option {
        PLAIN_SERVER | CURVE_SERVER => value.flag().map(|on| {
            let mechanism = match option {
                PLAIN_SERVER => Mechanism::Plain,
                _ => Mechanism::Curve,
            };
            own.is_server = on;
            own.mechanism = if on { mechanism } else { Mechanism::Null };
        }),
        PLAIN_USERNAME | PLAIN_PASSWORD if value.is_null() => {
            own.mechanism = Mechanism::Null;
            Ok(())
        }
        PLAIN_USERNAME => word(value).map(|word| {
            own.username = word;
            become_client(own, Mechanism::Plain);
        }),
        PLAIN_PASSWORD => word(value).map(|word| {
            own.password = word;
            become_client(own, Mechanism::Plain);
        }),
        CURVE_PUBLICKEY => key(value).map(|key| {
            own.public = key;
            own.mechanism = Mechanism::Curve;
        }),
        CURVE_SECRETKEY => key(value).map(|key| {
            own.secret = key;
            own.mechanism = Mechanism::Curve;
        }),
        CURVE_SERVERKEY => key(value).map(|key| {
            own.server = key;
            become_client(own, Mechanism::Curve);
        }),
        ZAP_DOMAIN => value.text(255).map(|domain| own.zap_domain = domain),
        ZAP_ENFORCE_DOMAIN => value.relaxed().map(|on| own.enforce_domain = on),
        SOCKS_PROXY if !value.is_null() && value.bytes().is_empty() => Err(Errno::EINVAL),
        SOCKS_PROXY => value.text(usize::MAX).map(|proxy| own.proxy = proxy),
        SOCKS_USERNAME => value.text(255).map(|word| own.proxy_username = word),
        SOCKS_PASSWORD => value.text(255).map(|word| own.proxy_password = word),
        _ => return None,
    };
    all.options.socks = all.security.proxy();
    all.options.rules.zap_is_optional = !all.security.enforce_domain;
    all.complete_security();
    Some(done)
}

pub(super) fn get(all: &All, option: c_int) -> Option<Vec<u8>> {
    let own = &all.security;
    Some(match option {
        MECHANISM => int(own.mechanism as c_int),
        PLAIN_SERVER => int(own.is_server && own.mechanism == Mechanism::Plain),
        PLAIN_USERNAME => text(own.username.as_slice()),
        PLAIN_PASSWORD => text(own.password.as_slice()),
        CURVE_SERVER => int(own.is_server && own.mechanism == Mechanism::Curve),
        CURVE_PUBLICKEY => own.public.to_vec(),
        CURVE_SECRETKEY => own.secret.to_vec(),
        CURVE_SERVERKEY => own.server.to_vec(),
        ZAP_DOMAIN => text(own.zap_domain.as_str()),
        ZAP_ENFORCE_DOMAIN => int(own.enforce_domain),
        SOCKS_PROXY => text(own.proxy.as_str()),
        SOCKS_USERNAME => text(own.proxy_username.as_str()),
        SOCKS_PASSWORD => text(own.proxy_password.as_str()),
        _ => return None,
    })
}
