//! The REQ of the README over the UART. Prints every twentieth answer, and each request without one.
#![no_std]
#![no_main]

#[path = "../../../../zmtp-embedded/examples/uart_req.rs"]
mod uart_req;

use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail, println};

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let mut answers = 0_u32;
    uart_req::thermometer(board.uart, 1, now, |answer| {
        if answer == b"no answer" {
            println!("no answer");
            return;
        }
        answers += 1;
        if answers.is_multiple_of(20) {
            println!("{answers} answers");
        }
    });
    host::done()
}
