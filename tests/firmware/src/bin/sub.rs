//! SUB over the UART: takes `count` even numbers, each larger than the last.
#![no_std]
#![no_main]

use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Limits};
use zmtp_embedded::blocking::Sub;
use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail, println};

static CONFIG: Config = Config::new(SocketType::Sub).with_limits(Limits::DEFAULT.max_command(247));

/// Milliseconds for each step.
const TIMEOUT: u32 = 20_000;

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let count = host::number("count").unwrap_or(10);
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    let mut sub = Sub::<_, 64>::new(&CONFIG, &mut receive, &mut send);
    if let Err(error) = sub.subscribe(b"even") {
        fail("subscribe", &error);
    }
    sub.connect(board.uart, now());

    let mut last = None;
    for _ in 0..count {
        match sub.receive(now().after(TIMEOUT), now) {
            Ok(message) => {
                let mut parts = message.parts();
                if parts.next() != Some(b"even") {
                    fail("not subscribed to", &message);
                }
                let number = parts.next().and_then(host::parse);
                if number.is_none() || number <= last {
                    fail("out of order", &message);
                }
                last = number;
            }
            Err(error) => fail("receive", &error),
        }
    }
    println!("done {count} messages at {:?}", now());
    host::done()
}
