//! A blocking PUB over a UART, for a peer with up to 8 subscriptions.

use embedded_io::{Read, ReadReady, Write, WriteReady};
use zmtp_embedded::blocking::{Polled, Pub, Session, wait_for_silence};
use zmtp_embedded::{Config, Heartbeat, Instant, SocketType, size};

/// Without heartbeats a PUB does not detect that its peer is gone.
static CONFIG: Config =
    Config::new(SocketType::Pub).with_heartbeat(Heartbeat::every(1_000).timeout(2_000));

/// The longest topic of a subscription, in bytes.
const LONGEST: usize = 16;
const TOPICS: usize = size::topics_of(8, LONGEST);

/// Publishes readings: the name of a sensor, then its value. `read` returns the next reading.
pub fn station<'r, U>(
    uart: U,
    now: impl Fn() -> Instant,
    mut read: impl FnMut() -> (&'r [u8], [u8; 4]),
) where
    U: Read + Write + ReadReady + WriteReady,
{
    let mut receive = [0; size::receive_topics(LONGEST)];
    let mut send = [0; size::send(&CONFIG, LONGEST + 4, 2)];
    let publisher = Pub::<_, TOPICS>::new(&CONFIG, &mut receive, &mut send);
    let mut session = Session::new(publisher);
    let mut uart = Polled(uart);
    loop {
        let mut publisher = session.connect(&mut uart, now());
        // Subscriptions are received between the messages.
        while publisher.serve(now().after(10), &now).is_ok() {
            let (name, value) = read();
            if publisher.publish(&[name, &value], now().after(100), &now).is_err() {
                break;
            }
        }
        drop(publisher);
        wait_for_silence(&mut uart, 60, &now);
    }
}
