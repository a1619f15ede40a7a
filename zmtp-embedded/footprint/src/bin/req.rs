//! REQ over a UART.
#![no_std]
#![no_main]

use footprint::{Uart, bytes, look, now, outcome};
use zmtp_core::Config;
use zmtp_core::wire::SocketType;
use zmtp_embedded::blocking::Req;

static CONFIG: Config = Config::new(SocketType::Req);

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut req = Req::new(&CONFIG, bytes(), bytes(), now().as_millis() as u32);
    req.connect(Uart, now());
    loop {
        match req.request(&[bytes()], now().after(1_000), now) {
            Ok(reply) => look(reply.first()),
            Err(_) => {
                outcome(false);
                req.connect(Uart, now());
            }
        }
    }
}
