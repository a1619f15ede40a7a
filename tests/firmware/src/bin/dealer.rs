//! DEALER over the UART: `count` messages, four under way at a time, and their answers in order.
#![no_std]
#![no_main]

use zmtp_core::wire::{RoutingId, SocketType};
use zmtp_core::{Config, Limits};
use zmtp_embedded::blocking::Dealer;
use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail, println};

static CONFIG: Config = match RoutingId::new(b"m3") {
    Some(id) => Config::new(SocketType::Dealer)
        .with_limits(Limits::DEFAULT.max_command(247))
        .with_routing_id(id),
    None => panic!("too long"),
};

/// Milliseconds for each step.
const TIMEOUT: u32 = 20_000;

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let count = host::number("count").unwrap_or(10);
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    let mut dealer = Dealer::new(&CONFIG, &mut receive, &mut send);
    dealer.connect(board.uart, now());

    let mut digits = [0; 10];
    for at in 0..count {
        let parts = [host::decimal(at, &mut digits), b"question"];
        if let Err(error) = dealer.send(&parts, now().after(TIMEOUT), now) {
            fail("send", &error);
        }
        if at % 4 != 3 {
            continue;
        }
        for expected in at - 3..=at {
            match dealer.receive(now().after(TIMEOUT), now) {
                Ok(message) => {
                    if message.parts().next().and_then(host::parse) != Some(expected) {
                        fail("another answer", &message);
                    }
                }
                Err(error) => fail("receive", &error),
            }
        }
    }
    println!("done {count} messages at {:?}", now());
    host::done()
}
