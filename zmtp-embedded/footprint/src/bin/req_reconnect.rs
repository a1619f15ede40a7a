//! REQ over a UART that retries over new connections: Lazy Pirate.
#![no_std]
#![no_main]

use footprint::{Uart, bytes, look, now, outcome};
use zmtp_core::Config;
use zmtp_core::wire::SocketType;
use zmtp_embedded::blocking::{Req, Retry};

static CONFIG: Config = Config::new(SocketType::Req);
const RETRY: Retry = Retry { timeout: 1_000, tries: 3 };

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut req = Req::new(&CONFIG, bytes(), bytes(), now().as_millis() as u32);
    let mut reconnect = |_: Option<Uart>| Some(Uart);
    loop {
        match req.request_with_retries(&[bytes()], RETRY, &mut reconnect, now) {
            Ok(reply) => look(reply.first()),
            Err(_) => outcome(false),
        }
    }
}
