//! REP over the UART: sends `count` requests back, whatever their parts.
#![no_std]
#![no_main]

use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Limits};
use zmtp_embedded::blocking::Rep;
use zmtp_firmware::board::{Board, now};
use zmtp_firmware::host::{self, fail, println};

static CONFIG: Config = Config::new(SocketType::Rep).with_limits(Limits::DEFAULT.max_command(247));

/// Milliseconds from one request to the next, and for sending a reply.
const TIMEOUT: u32 = 20_000;

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let count = host::number("count").unwrap_or(10);
    let (mut receive, mut send) = ([0; 4_096 + 64], [0; 128]);
    let mut kept = [0; 4_096];
    let mut rep = Rep::new(&CONFIG, &mut receive, &mut send);
    rep.connect(board.uart, now());

    for _ in 0..count {
        // A request is borrowed from the socket, so what is to be sent back is copied.
        let mut parts: [&[u8]; 4] = [&[]; 4];
        let mut number = 0;
        match rep.receive(now().after(TIMEOUT), now) {
            Ok(request) => {
                let mut rest = &mut kept[..];
                for part in request {
                    let Some((to, left)) = rest.split_at_mut_checked(part.len()) else {
                        fail("too long", &request)
                    };
                    to.copy_from_slice(part);
                    rest = left;
                    parts[number] = to;
                    number += 1;
                }
            }
            Err(error) => fail("receive", &error),
        }
        if let Err(error) = rep.reply(&parts[..number], now().after(TIMEOUT), now) {
            fail("reply", &error);
        }
    }
    println!("done {count} replies at {:?}", now());
    host::done()
}
