//! PUB over the UART: `count` numbers, the even ones under another topic than the odd ones.
#![no_std]
#![no_main]

use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Limits};
use zmtp_embedded::blocking::Pub;
use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail, println};

static CONFIG: Config = Config::new(SocketType::Pub).with_limits(Limits::DEFAULT.max_command(247));

/// Milliseconds for each step.
const TIMEOUT: u32 = 20_000;

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let count = host::number("count").unwrap_or(10);
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    let mut publisher = Pub::<_, 64>::new(&CONFIG, &mut receive, &mut send);
    publisher.connect(board.uart, now());

    let end = now().after(TIMEOUT);
    let mut digits = [0; 10];
    for at in 0..count {
        let topic: &[u8] = if at % 2 == 0 { b"even" } else { b"odd" };
        let parts = [topic, host::decimal(at, &mut digits)];
        // Before the first subscription no message is due.
        loop {
            match publisher.publish(&parts, now().after(TIMEOUT), now) {
                Ok(sent) if sent || at > 0 => break,
                Ok(_) if now() >= end => fail("no subscription", &()),
                Ok(_) => {}
                Err(error) => fail("publish", &error),
            }
            if let Err(error) = publisher.serve(now().after(1), now) {
                fail("serve", &error);
            }
        }
    }
    println!("done {count} messages at {:?}", now());
    host::done()
}
