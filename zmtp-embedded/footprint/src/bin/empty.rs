//! The part that all clients have: a program that moves bytes.
#![no_std]
#![no_main]

use embedded_io::{Read, Write};
use footprint::{Uart, bytes, look, now, outcome};

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut uart = Uart;
    loop {
        let room = bytes();
        outcome(uart.read(room).is_ok() && now().as_millis() > 7);
        look(bytes());
        outcome(uart.write(bytes()).is_ok());
    }
}
