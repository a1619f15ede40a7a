//! The REP of `uart_rep` over the UART. Prints the state of the lamp.
#![no_std]
#![no_main]

#[path = "../../../../zmtp-embedded/examples/uart_rep.rs"]
mod uart_rep;

use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail, println};

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    uart_rep::lamp(board.uart, now, |lit| println!("lit {lit}"));
    host::done()
}
