//! The SUB of `uart_sub` over the UART. Prints alarms, and whether the link is alive.
#![no_std]
#![no_main]

#[path = "../../../../zmtp-embedded/examples/uart_sub.rs"]
mod uart_sub;

use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail, println};

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    uart_sub::siren(
        board.uart,
        now,
        |alarm| println!("alarm {}", str::from_utf8(alarm).unwrap_or_default()),
        |alive| println!("alive {alive}"),
    );
    host::done()
}
