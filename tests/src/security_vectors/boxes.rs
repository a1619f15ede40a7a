//! Keys and boxes.

use zmtp_core::mechanism::{PublicKey, SecretKey};

use super::Record;
use crate::curve::{
    CLIENT, COOKIE_NONCE, OTHER, OURS, RAW, SERVER, VOUCH_NONCE, WELCOME_NONCE, cookie, cookie_key,
    public, sealed, secret, secret_sealed,
};

pub(super) fn keys() -> Vec<Record> {
    let all = [
        ("server", SERVER),
        ("client", CLIENT),
        ("other", OTHER),
        ("client-transient", RAW),
        ("server-transient", OURS),
    ];
    all.into_iter()
        .map(|(name, seed)| {
            let z85 = SecretKey::new(secret(seed)).expose_z85();
            Record::new("keys", name)
                .bytes("secret", &secret(seed))
                .bytes("public", &public(seed))
                .text("secret-z85", str::from_utf8(&z85).unwrap_or_default())
                .text("public-z85", &PublicKey::new(public(seed)).to_string())
        })
        .collect()
}

fn boxed(name: &str, from: u8, to: u8, nonce: [&[u8]; 2], plain: &[u8]) -> Record {
    Record::new("box", name)
        .bytes("secret", &secret(from))
        .bytes("public", &public(to))
        .bytes("nonce", &nonce.concat())
        .bytes("plain", plain)
        .bytes("box", &sealed(secret(from), public(to), &nonce, plain))
}

pub(super) fn boxes() -> Vec<Record> {
    let number = u64::to_be_bytes;
    let vouched = [public(RAW), public(SERVER)].concat();
    let welcomed = [&public(OURS)[..], &cookie()].concat();
    let secretbox = [public(RAW), secret(OURS)].concat();
    let nonce: [&[u8]; 2] = [b"COOKIE--", COOKIE_NONCE];
    let mut all = vec![
        boxed("hello", RAW, SERVER, [b"CurveZMQHELLO---", &number(1)], &[0; 64]),
        Record::new("secretbox", "cookie")
            .bytes("key", &cookie_key())
            .bytes("nonce", &nonce.concat())
            .bytes("plain", &secretbox)
            .bytes("box", &secret_sealed(&cookie_key(), &nonce, &secretbox)),
        boxed("welcome", SERVER, RAW, [b"WELCOME-", WELCOME_NONCE], &welcomed),
        boxed("vouch", CLIENT, OURS, [b"VOUCH---", VOUCH_NONCE], &vouched),
    ];
    let ping = b"\x02\x04PING\x00\x0acontext";
    let message = b"CurveZMQMESSAGEC";
    all.push(boxed("ping", RAW, OURS, [message, &number(3)], ping));
    let pong = b"\x02\x04PONGcontext";
    all.push(boxed("pong", OURS, RAW, [b"CurveZMQMESSAGES", &number(2)], pong));
    // Around the blocks of Salsa20, the first of which contains the key of the tag, and those of Poly1305.
    for len in [0, 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 95, 96, 97, 255, 256, 1_000] {
        let plain: Vec<u8> = (0..len).map(|at| (at * 7) as u8).collect();
        let name = format!("message-of-{len}-bytes");
        all.push(boxed(&name, RAW, OURS, [message, &number(4 + len)], &plain));
    }
    all.push(boxed("highest-nonce", RAW, OURS, [message, &number(u64::MAX - 1)], b"\0last"));
    all
}
