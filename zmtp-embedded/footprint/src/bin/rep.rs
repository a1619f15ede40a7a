//! REP over a UART.
#![no_std]
#![no_main]

use footprint::{Uart, bytes, look, now, outcome};
use zmtp_core::Config;
use zmtp_core::wire::SocketType;
use zmtp_embedded::blocking::Rep;

static CONFIG: Config = Config::new(SocketType::Rep);

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut rep = Rep::new(&CONFIG, bytes(), bytes());
    rep.connect(Uart, now());
    loop {
        let answered = match rep.receive(now().after(1_000), now) {
            Ok(request) => {
                look(request.first());
                rep.reply(&[bytes()], now().after(1_000), now).is_ok()
            }
            Err(_) => false,
        };
        if !answered {
            outcome(false);
            rep.connect(Uart, now());
        }
    }
}
