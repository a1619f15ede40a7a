//! A blocking REQ over a UART, as in the README.

use embedded_io::{Read, ReadReady, Write, WriteReady};
use zmtp_embedded::blocking::{Polled, Req, Session, wait_for_silence};
use zmtp_embedded::{Config, Error, Instant, SocketType, size};

static CONFIG: Config = Config::new(SocketType::Req);

/// Milliseconds of silence before a connection. `zmtp bridge` needs 50.
const SILENCE: u32 = 60;

/// Requests the temperature from a REP at the other end of `uart`, in a loop.
pub fn thermometer<U>(uart: U, random: u32, now: impl Fn() -> Instant, mut show: impl FnMut(&[u8]))
where
    U: Read + Write + ReadReady + WriteReady,
{
    let mut receive = [0; size::receive(SocketType::Req, 32, 1)];
    let mut send = [0; size::smallest_send(&CONFIG)];
    let req = Req::new(&CONFIG, &mut receive, &mut send, random);
    let mut session = Session::new(req);
    let mut uart = Polled(uart);
    loop {
        let mut req = session.connect(&mut uart, now());
        let error = loop {
            match req.request(&[b"temperature?"], now().after(1_000), &now) {
                Ok(reply) => show(reply.first()),
                Err(error) => break error,
            }
        };
        drop(req);
        if matches!(error, Error::TimedOut | Error::NoReply) {
            show(b"no answer");
        }
        // A UART does not report that the other end has restarted: both ends start anew after silence.
        wait_for_silence(&mut uart, SILENCE, &now);
    }
}
