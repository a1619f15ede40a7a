//! REQ over the UART: asks `count` times, with bodies of 0 to 4,096 bytes, and checks each reply.
#![no_std]
#![no_main]

use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Limits};
use zmtp_embedded::blocking::Req;
use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail, println};

static CONFIG: Config = Config::new(SocketType::Req).with_limits(Limits::DEFAULT.max_command(247));

/// Milliseconds for a request and its reply.
const TIMEOUT: u32 = 10_000;
const LARGEST: usize = 4_096;

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let count = host::number("count").unwrap_or(10);
    // The reply and the headers of its envelope; the request leaves from where it is.
    let (mut receive, mut send) = ([0; LARGEST + 64], [0; 128]);
    let mut body = [0; LARGEST];
    let mut req = Req::new(&CONFIG, &mut receive, &mut send, 1);
    req.connect(board.uart, now());

    for at in 0..count {
        let len = match at {
            0 => 0,
            1 => LARGEST,
            // Edges of framing, then mostly short ones.
            2 => 255,
            3 => 256,
            _ if at % 25 == 0 => at as usize * 977 % (LARGEST + 1),
            _ => at as usize % 100,
        };
        let body = &mut body[..len];
        for (n, byte) in body.iter_mut().enumerate() {
            *byte = (at as usize + n) as u8;
        }
        match req.request(&[body], now().after(TIMEOUT), now) {
            Ok(reply) if reply.only() == Some(body) => {}
            Ok(reply) => fail("not the request", &reply),
            Err(error) => fail("request", &error),
        }
    }
    println!("done {count} requests at {:?}", now());
    host::done()
}
