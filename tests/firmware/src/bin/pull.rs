//! PULL over the UART: takes `count` messages of a number and as many bytes.
#![no_std]
#![no_main]

use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Limits};
use zmtp_embedded::blocking::Pull;
use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail, println};

static CONFIG: Config = Config::new(SocketType::Pull).with_limits(Limits::DEFAULT.max_command(247));

/// Milliseconds for each step.
const TIMEOUT: u32 = 20_000;

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let count = host::number("count").unwrap_or(10);
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    let mut pull = Pull::new(&CONFIG, &mut receive, &mut send);
    pull.connect(board.uart, now());

    for at in 0..count {
        match pull.receive(now().after(TIMEOUT), now) {
            Ok(message) => {
                let mut parts = message.parts();
                let number = parts.next().and_then(host::parse);
                let body = parts.next().unwrap_or_default();
                if number != Some(at) || body.len() != at as usize {
                    fail("another message", &message);
                }
            }
            Err(error) => fail("receive", &error),
        }
    }
    println!("done {count} messages at {:?}", now());
    host::done()
}
