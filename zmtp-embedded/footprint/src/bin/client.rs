//! CLIENT over a UART: sends a message and waits for the next one.
#![no_std]
#![no_main]

use footprint::{Uart, bytes, look, now, outcome};
use zmtp_core::Config;
use zmtp_core::wire::SocketType;
use zmtp_embedded::blocking::Client;

static CONFIG: Config = Config::new(SocketType::Client);

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut client = Client::new(&CONFIG, bytes(), bytes());
    client.connect(Uart, now());
    loop {
        outcome(client.send(bytes(), now().after(1_000), now).is_ok());
        match client.receive(now().after(1_000), now) {
            Ok(message) => look(message.first()),
            Err(_) => {
                outcome(false);
                client.connect(Uart, now());
            }
        }
    }
}
