//! An async SUB over TCP, as in the README.

use embassy_futures::select::{Either, select};
use embedded_io_async::{Read, Write};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant};
use zmtp_embedded::asynch::Sub;
use zmtp_embedded::size;

static CONFIG: Config = Config::new(SocketType::Sub);

/// Shows what is published, over one connection after the other.
pub async fn watch<S: Read + Write>(
    connect: impl AsyncFn() -> S,
    now: impl Fn() -> Instant,
    sleep_until: impl AsyncFn(Instant),
    show: impl Fn(&[u8]),
) {
    let mut receive = [0; size::receive(SocketType::Sub, 256, 2)];
    let mut send = [0; size::smallest_send(&CONFIG)];
    let mut sub = Sub::<_, 64>::new(&CONFIG, &mut receive, &mut send);
    let _ = sub.subscribe(b"weather."); // it fits, and is sent over every connection
    loop {
        sub.connect(connect().await, now());
        while !sub.is_closed() {
            let deadline = sub.next_deadline().unwrap_or(Instant::NEVER);
            match select(sub.receive(&now), sleep_until(deadline)).await {
                Either::First(Ok(message)) => message.parts().for_each(&show),
                Either::First(Err(_)) => break,
                Either::Second(()) => {} // a deadline of the connection: the next call acts on it
            }
        }
    }
}
