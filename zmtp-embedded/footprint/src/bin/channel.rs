//! CHANNEL over a UART: sends a message and waits for the next one.
#![no_std]
#![no_main]

use footprint::{Uart, bytes, look, now, outcome};
use zmtp_core::Config;
use zmtp_core::wire::SocketType;
use zmtp_embedded::blocking::Channel;

static CONFIG: Config = Config::new(SocketType::Channel);

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut channel = Channel::new(&CONFIG, bytes(), bytes());
    channel.connect(Uart, now());
    loop {
        outcome(channel.send(bytes(), now().after(1_000), now).is_ok());
        match channel.receive(now().after(1_000), now) {
            Ok(message) => look(message.first()),
            Err(_) => {
                outcome(false);
                channel.connect(Uart, now());
            }
        }
    }
}
