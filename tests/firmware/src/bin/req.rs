//! REQ over the UART: asks `count` times, with bodies of 0 to 4,096 octets, and checks each reply.
#![no_std]
#![no_main]

use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, println};

#[zmtp_firmware::entry]
fn main() -> ! {
    let board = Board::take();
    let Some(board) = board else { host::failed() };
    println!("hello {:?} {:?}", host::number("count"), now());
    use embedded_io::{Read, Write};
    let mut uart = board.uart; let _ = &mut uart;
    let mut buf = [0; 10];
    let n = loop { if let Ok(n) = uart.read(&mut buf) { break n } };
    uart.write(&buf[..n]).unwrap();
    println!("{n} {:?} {:?}", &buf[..n], now());
    host::done()
}
