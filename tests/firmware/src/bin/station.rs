//! The PUB of `uart_pub` over the UART: nine sensors in turn. The peer of the test subscribes to eight.
#![no_std]
#![no_main]

#[path = "../../../../zmtp-embedded/examples/uart_pub.rs"]
mod uart_pub;

use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail};

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight"];
    let mut count = 0_u32;
    uart_pub::station(board.uart, now, || {
        count += 1;
        let name = names[count as usize % names.len()];
        (name.as_bytes(), count.to_be_bytes())
    });
    host::done()
}
