//! A blocking REP over a UART that dispatches commands.

use embedded_io::{Read, ReadReady, Write, WriteReady};
use zmtp_embedded::blocking::{Polled, Rep, Session, wait_for_silence};
use zmtp_embedded::{Config, Error, Heartbeat, Instant, SocketType, size};

/// Without heartbeats a REP does not detect that its peer is gone.
static CONFIG: Config =
    Config::new(SocketType::Rep).with_heartbeat(Heartbeat::every(1_000).timeout(2_000));

/// The parts of the envelope of a request: a request id of 4 bytes, and an empty part.
const ENVELOPE: (usize, usize) = (4, 2);

/// Handles the commands `led on`, `led off` and `led?`.
pub fn lamp<U>(uart: U, now: impl Fn() -> Instant, mut set: impl FnMut(bool))
where
    U: Read + Write + ReadReady + WriteReady,
{
    let mut receive = [0; size::receive(SocketType::Rep, 16 + ENVELOPE.0, 1 + ENVELOPE.1)];
    let mut send = [0; size::send(&CONFIG, 16 + ENVELOPE.0, 1 + ENVELOPE.1)];
    let rep = Rep::new(&CONFIG, &mut receive, &mut send);
    let mut session = Session::new(rep);
    let mut uart = Polled(uart);
    let mut lit = false;
    loop {
        let mut rep = session.connect(&mut uart, now());
        loop {
            let answer: &[u8] = match rep.receive(now().after(1_000), &now) {
                Ok(request) => match request.first() {
                    b"led on" => {
                        lit = true;
                        b"done"
                    }
                    b"led off" => {
                        lit = false;
                        b"done"
                    }
                    b"led?" if lit => b"on",
                    b"led?" => b"off",
                    _ => b"unknown command",
                },
                // No request has arrived, or it was too large and is dropped.
                Err(Error::TimedOut | Error::ReceiveBuffer) => continue,
                Err(_) => break,
            };
            set(lit);
            if rep.reply(&[answer], now().after(1_000), &now).is_err() {
                break;
            }
        }
        drop(rep);
        wait_for_silence(&mut uart, 60, &now);
    }
}
