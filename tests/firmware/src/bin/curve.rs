//! CURVE over the UART: exchanges `count` messages in the role `role` of `zmtp_firmware::curve`.
#![no_std]
#![no_main]

use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail, println};

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let count = host::number("count").unwrap_or(10);
    let role = host::number("role").unwrap_or(0);
    zmtp_firmware::curve::run(role, board.uart, count, host::number("seed").unwrap_or(1));
    println!("done {count} messages at {:?}", now());
    host::done()
}
