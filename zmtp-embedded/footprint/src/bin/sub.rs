//! SUB over a UART, with 64 bytes of subscriptions.
#![no_std]
#![no_main]

use footprint::{Uart, bytes, look, now, outcome};
use zmtp_core::Config;
use zmtp_core::wire::SocketType;
use zmtp_embedded::blocking::Sub;

static CONFIG: Config = Config::new(SocketType::Sub);

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut sub = Sub::<_, 64>::new(&CONFIG, bytes(), bytes());
    outcome(sub.subscribe(bytes()).is_ok());
    sub.connect(Uart, now());
    loop {
        match sub.receive(now().after(1_000), now) {
            Ok(message) => message.parts().for_each(look),
            Err(_) => {
                outcome(false);
                sub.connect(Uart, now());
            }
        }
    }
}
