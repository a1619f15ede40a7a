//! PUSH over the UART: `count` messages of a number and as many bytes.
#![no_std]
#![no_main]

use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Limits};
use zmtp_embedded::blocking::Push;
use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail, println};

static CONFIG: Config = Config::new(SocketType::Push).with_limits(Limits::DEFAULT.max_command(247));

/// Milliseconds for each step.
const TIMEOUT: u32 = 20_000;

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let count = host::number("count").unwrap_or(10);
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    let mut push = Push::new(&CONFIG, &mut receive, &mut send);
    push.connect(board.uart, now());

    let mut digits = [0; 10];
    let body = [b'x'; 1_000];
    for at in 0..count {
        let parts = [host::decimal(at, &mut digits), &body[..at as usize]];
        if let Err(error) = push.send(&parts, now().after(TIMEOUT), now) {
            fail("send", &error);
        }
    }
    println!("done {count} messages at {:?}", now());
    host::done()
}
