//! PUB over a UART to one peer, with room for 8 subscriptions of 12 bytes.
#![no_std]
#![no_main]

use footprint::{Uart, bytes, now, outcome};
use zmtp_core::Config;
use zmtp_core::wire::SocketType;
use zmtp_embedded::blocking::Pub;

static CONFIG: Config = Config::new(SocketType::Pub);

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut publisher = Pub::<_, 128>::new(&CONFIG, bytes(), bytes());
    publisher.connect(Uart, now());
    loop {
        let served = publisher.serve(now().after(1_000), now);
        let published = publisher.publish(&[bytes(), bytes()], now().after(1_000), now);
        if served.is_err() || published.is_err() {
            outcome(false);
            publisher.connect(Uart, now());
        }
    }
}
