//! A blocking REQ over a UART, as in the README.

use embedded_io::{Read, ReadReady, Write, WriteReady};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::blocking::{Polled, Req};
use zmtp_embedded::{Error, size};

static CONFIG: Config = Config::new(SocketType::Req);

/// Asks a REP at the other end of `uart` for the temperature, again and again.
pub fn thermometer<U>(uart: U, random: u32, now: impl Fn() -> Instant, mut show: impl FnMut(&[u8]))
where
    U: Read + Write + ReadReady + WriteReady,
{
    let mut receive = [0; size::receive(SocketType::Req, 32, 1)];
    let mut send = [0; size::smallest_send(&CONFIG)];
    let mut req = Req::new(&CONFIG, &mut receive, &mut send, random);
    req.connect(Polled(uart), now());
    loop {
        match req.request(&[b"temperature?"], now().after(1_000), &now) {
            Ok(reply) => show(reply.first()),
            Err(Error::TimedOut) => show(b"no answer"),
            Err(_) => {
                // A broken link. On a network, pause, and look at `req.failure()` first.
                let Some(uart) = req.disconnect() else { return };
                req.connect(uart, now());
            }
        }
    }
}
