//! An async SUB over TCP, as in the README.

use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};
use zmtp_embedded::asynch::{Session, Sub};
use zmtp_embedded::{Config, Instant, SocketType, size};

static CONFIG: Config = Config::new(SocketType::Sub);
const TOPICS: usize = size::topics(&[b"weather."]);

/// Shows published messages. Connects again when a connection ends. `sleep_until(None)` never completes.
pub async fn watch<S: Read + Write>(
    connect: impl AsyncFn() -> S,
    now: impl Fn() -> Instant,
    sleep_until: impl AsyncFn(Option<Instant>),
    show: impl Fn(&[u8]),
) {
    let mut receive = [0; size::receive(SocketType::Sub, 256, 2)];
    let mut send = [0; size::smallest_send(&CONFIG)];
    let sub = Sub::<_, TOPICS>::new(&CONFIG, &mut receive, &mut send);
    let mut session = Session::new(sub);
    let _ = session.subscribe(b"weather."); // It fits. It is sent over every connection.
    loop {
        let mut sub = session.connect(connect().await, now());
        while !sub.is_closed() {
            let deadline = sub.next_deadline();
            match select(sub.receive(&now), sleep_until(deadline)).await {
                Either::First(Ok(message)) => message.parts().for_each(&show),
                Either::First(Err(_)) => break,
                Either::Second(()) => {} // A deadline has passed: the next call handles it.
            }
        }
        // The connection is dropped here, before the next one is established.
    }
}
