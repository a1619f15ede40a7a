//! What every client has: a program that moves octets.
#![no_std]
#![no_main]

use embedded_io::{Read, Write};
use footprint::{Uart, look, now, octets, outcome};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut uart = Uart;
    loop {
        let room = octets();
        outcome(uart.read(room).is_ok() && now().as_millis() > 7);
        look(octets());
        outcome(uart.write(octets()).is_ok());
    }
}
