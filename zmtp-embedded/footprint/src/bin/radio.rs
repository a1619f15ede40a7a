//! RADIO over a UART to one peer, with room for 8 groups of 12 bytes.
#![no_std]
#![no_main]

use footprint::{Uart, bytes, now, outcome};
use zmtp_core::Config;
use zmtp_core::wire::{Group, SocketType};
use zmtp_embedded::blocking::Radio;

static CONFIG: Config = Config::new(SocketType::Radio);

#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let mut radio = Radio::<_, 128>::new(&CONFIG, bytes(), bytes());
    radio.connect(Uart, now());
    let group = Group::new(b"weather").unwrap_or(Group::EMPTY);
    loop {
        let served = radio.serve(now().after(1_000), now);
        let sent = radio.send(group, bytes(), now().after(1_000), now);
        if served.is_err() || sent.is_err() {
            outcome(false);
            radio.connect(Uart, now());
        }
    }
}
