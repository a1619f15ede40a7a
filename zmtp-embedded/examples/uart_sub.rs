//! A blocking SUB over a UART with heartbeats, which detect a dead link.

use embedded_io::{Read, ReadReady, Write, WriteReady};
use zmtp_embedded::blocking::{Polled, Session, Sub, wait_for_silence};
use zmtp_embedded::{Config, Error, Heartbeat, Instant, Limits, SocketType, size};

/// A PING is sent every 500 ms. The link is dead if no byte arrives within 1,000 ms after a PING.
static CONFIG: Config = Config::new(SocketType::Sub)
    .with_heartbeat(Heartbeat::every(500).timeout(1_000))
    .with_limits(Limits::DEFAULT.handshake_timeout(1_000));
const TOPICS: usize = size::topics(&[b"alarm"]);

/// Passes on alarms, and whether the link is alive.
pub fn siren<U>(
    uart: U,
    now: impl Fn() -> Instant,
    mut alarm: impl FnMut(&[u8]),
    mut alive: impl FnMut(bool),
) where
    U: Read + Write + ReadReady + WriteReady,
{
    let mut receive = [0; size::receive(SocketType::Sub, 64, 2)];
    let mut send = [0; size::send_topics(&CONFIG, 5)];
    let sub = Sub::<_, TOPICS>::new(&CONFIG, &mut receive, &mut send);
    let mut session = Session::new(sub);
    let _ = session.subscribe(b"alarm"); // It fits. It is sent over every connection.
    let mut uart = Polled(uart);
    loop {
        let mut sub = session.connect(&mut uart, now());
        if sub.handshake(now().after(1_000), &now).is_ok() {
            alive(true);
            loop {
                match sub.receive(now().after(1_000), &now) {
                    Ok(message) => message.parts().skip(1).for_each(&mut alarm),
                    // No message, or one that was too large and is dropped.
                    Err(Error::TimedOut | Error::ReceiveBuffer) => {}
                    Err(_) => break,
                }
            }
            alive(false);
        }
        drop(sub);
        wait_for_silence(&mut uart, 60, &now);
    }
}
