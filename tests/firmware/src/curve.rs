//! CURVE over any IO: exchanges messages as REQ or SUB with the keys of a client, or as REP or PUB with those of a
//! server.
//!
//! The random bytes are made from a seed. This is only for tests: a device takes them from its generator.

use embedded_io::{Read, Write};
use zmtp_core::mechanism::{
    ClientKeys, Credentials, Decision, KeyPair, PublicKey, SecretKey, Status,
};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Limits};
use zmtp_embedded::blocking::{Pub, Rep, Req, Sub};
use zmtp_embedded::size;

use crate::board::now;
use crate::host::{decimal, fail};

static CONFIG: Config =
    Config::new(SocketType::Req).with_limits(Limits::DEFAULT.handshake_timeout(TIMEOUT));

/// The secret keys of the server and of the client, also in `tests/interop/tests/firmware/curve.rs`.
const SERVER: [u8; 32] = [0x51; 32];
const CLIENT: [u8; 32] = [0xC1; 32];

/// Milliseconds for each step.
const TIMEOUT: u32 = 60_000;
/// The longest body.
const LARGEST: usize = 300;
const RECEIVE: usize = size::receive_curve_server(SocketType::Rep, LARGEST + 10, 3);
const SEND: usize = size::send_curve(&CONFIG, LARGEST + 10, 3);

/// Exchanges `count` messages in a role: 0 is REQ, 1 REP, 2 SUB, and any other PUB. Ends QEMU after an error.
pub fn run<IO: Read + Write>(role: u32, io: IO, count: u32, seed: u32) {
    let (mut receive, mut send) = ([0; RECEIVE], [0; SEND]);
    let (receive, send) = (&mut receive[..], &mut send[..]);
    let server = KeyPair::new(SecretKey::new(SERVER));
    let own = KeyPair::new(SecretKey::new(CLIENT));
    let client = *own.public();
    let keys = ClientKeys { server: *server.public(), own };
    let only_client = |credentials: Credentials<'_>| decide(credentials, client);
    match role {
        0 => {
            let mut req = Req::new(&CONFIG, receive, send, seed).curve_client(&keys);
            req.connect_with_random(io, &random(seed), now());
            let mut body = [0; LARGEST];
            for at in 0..count {
                let body = &mut body[..at as usize * 7 % (LARGEST + 1)];
                body.fill(at as u8);
                match req.request(&[body], now().after(TIMEOUT), now) {
                    Ok(reply) if reply.only() == Some(body) => {}
                    Ok(reply) => fail("not the request", &reply),
                    Err(error) => fail("request", &(error, req.failure())),
                }
            }
        }
        1 => {
            let mut rep = Rep::new(&CONFIG, receive, send).curve_server(&server, only_client);
            rep.connect_with_random(io, &random(seed), now());
            let mut kept = [0; LARGEST];
            for _ in 0..count {
                let len = match rep.receive(now().after(TIMEOUT), now) {
                    Ok(request) => {
                        let body = request.only().unwrap_or_default();
                        kept[..body.len()].copy_from_slice(body);
                        body.len()
                    }
                    Err(error) => fail("receive", &(error, rep.failure())),
                };
                if let Err(error) = rep.reply(&[&kept[..len], b"!"], now().after(TIMEOUT), now) {
                    fail("reply", &error);
                }
            }
        }
        2 => {
            let mut sub = Sub::<_, 64>::new(&CONFIG, receive, send).curve_client(&keys);
            if let Err(error) = sub.subscribe(b"even") {
                fail("subscribe", &error);
            }
            sub.connect_with_random(io, &random(seed), now());
            for _ in 0..count {
                match sub.receive(now().after(TIMEOUT), now) {
                    Ok(message) if message.parts().next() == Some(b"even") => {}
                    Ok(message) => fail("not subscribed to", &message),
                    Err(error) => fail("receive", &(error, sub.failure())),
                }
            }
        }
        _ => {
            let publisher = Pub::<_, 64>::new(&CONFIG, receive, send);
            let mut publisher = publisher.curve_server(&server, only_client);
            publisher.connect_with_random(io, &random(seed), now());
            let mut digits = [0; 10];
            let mut at = 0;
            while at < count {
                let number = decimal(at, &mut digits);
                match publisher.publish(&[b"even", number], now().after(TIMEOUT), now) {
                    Ok(true) => at += 1,
                    // No subscription has arrived yet.
                    Ok(false) => {
                        let _ = publisher.serve(now().after(10), now);
                    }
                    Err(error) => fail("publish", &(error, publisher.failure())),
                }
            }
            if let Err(error) = publisher.flush(now().after(TIMEOUT), now) {
                fail("flush", &error);
            }
        }
    }
}

/// Accepts the client with this key.
fn decide(credentials: Credentials<'_>, client: PublicKey) -> Decision {
    match credentials {
        Credentials::Curve { public_key } if *public_key == client => Decision::Accept,
        _ => Decision::Refuse(Status::Denied),
    }
}

/// Bytes that differ from seed to seed.
fn random<const N: usize>(seed: u32) -> [u8; N] {
    let mut state = seed | 1;
    core::array::from_fn(|_| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    })
}
