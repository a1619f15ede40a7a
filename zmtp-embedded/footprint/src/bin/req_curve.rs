//! REQ with CURVE over a UART.
#![no_std]
#![no_main]

use footprint::{Uart, bytes, look, now, outcome};
use zmtp_core::Config;
use zmtp_core::mechanism::{ClientKeys, KeyPair, PublicKey, SecretKey};
use zmtp_core::wire::SocketType;
use zmtp_embedded::blocking::Req;

static CONFIG: Config = Config::new(SocketType::Req);
static KEYS: ClientKeys = ClientKeys {
    server: PublicKey::new([1; 32]),
    own: KeyPair::from_parts(PublicKey::new([2; 32]), SecretKey::new([3; 32])),
};

/// Bytes of a generator of random numbers.
fn random() -> &'static [u8; 48] {
    bytes().first_chunk().unwrap_or(&[0; 48])
}

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut req = Req::new(&CONFIG, bytes(), bytes(), now().as_millis() as u32).curve_client(&KEYS);
    req.connect_with_random(Uart, random(), now());
    loop {
        match req.request(&[bytes()], now().after(1_000), now) {
            Ok(reply) => look(reply.first()),
            Err(_) => {
                outcome(false);
                req.connect_with_random(Uart, random(), now());
            }
        }
    }
}
