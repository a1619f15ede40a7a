//! REQ over a UART that loses, doubles and invents bytes; never returns.
//!
//! Reports each error and each recovery. After each error it drops the connection, waits for silence, so that the other
//! end detects a new connection, and connects again.
#![no_std]
#![no_main]

use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Limits};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::{Req, Session, wait_for_silence};
use zmtp_firmware::board::{Board, Uart, now};
use zmtp_firmware::host::{self, fail, println};

static CONFIG: Config = Config::new(SocketType::Req)
    .with_limits(Limits::DEFAULT.max_command(247).max_frame(4_096).handshake_timeout(TIMEOUT));

/// Milliseconds for a request and its reply, with the handshake before.
const TIMEOUT: u32 = 200;
/// Milliseconds without bytes either way before a connection.
const SILENCE: u32 = 50;

/// What happened so far.
#[derive(Default)]
struct Tally {
    ok: u32,
    errors: u32,
    recoveries: u32,
    /// Milliseconds of the longest call.
    slowest: u64,
    /// Good exchanges since the last error.
    in_a_row: u32,
    /// The time of the first error since the last good exchange.
    failing: Option<u64>,
}

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let seed = host::number("seed").unwrap_or(1);
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    let req = Req::new(&CONFIG, &mut receive, &mut send, seed);
    let mut session = Session::new(req);
    let mut uart = board.uart;
    let mut tally = Tally::default();
    let mut at = 0;
    loop {
        let mut req = session.connect(&mut uart, now());
        while exchange(&mut req, at, &mut tally) {
            at += 1;
        }
        at += 1;
        drop(req);
        wait_for_silence(&mut uart, SILENCE, now);
    }
}

/// Sends request number `at` and compares its reply. Returns whether it was right.
fn exchange(req: &mut Req<'_, &mut Uart>, at: u32, tally: &mut Tally) -> bool {
    let mut body = [0; 64];
    let body = &mut body[..at as usize * 37 % 65];
    for (n, byte) in body.iter_mut().enumerate() {
        *byte = (at as usize ^ n) as u8;
    }
    let start = now().as_millis();
    let name = match req.request(&[body], now().after(TIMEOUT), now) {
        Ok(reply) if reply.only() == Some(body) => None,
        // Neither ZMTP nor a UART has a checksum: it would be a part of the message.
        Ok(_) => Some("wrong bytes"),
        Err(error) => Some(name(&error)),
    };
    tally.slowest = tally.slowest.max(now().as_millis() - start);
    match name {
        None => tally.good(),
        Some(name) => tally.bad(name),
    }
    name.is_none()
}

fn name<E>(error: &Error<E>) -> &'static str {
    match error {
        Error::Closed => "closed",
        Error::Connection => "connection",
        Error::Io(_) => "io",
        Error::NoReply => "no reply",
        Error::PeerLost => "peer lost",
        Error::ReceiveBuffer => "receive buffer",
        Error::TimedOut => "timed out",
        _ => "other",
    }
}

impl Tally {
    fn good(&mut self) {
        self.ok += 1;
        self.in_a_row += 1;
        if let Some(since) = self.failing.take() {
            self.recoveries += 1;
            println!("recovered after {} ms", now().as_millis() - since);
        }
        if self.in_a_row.is_multiple_of(100) {
            let Self { ok, errors, recoveries, slowest, .. } = self;
            println!("steady ok={ok} errors={errors} recoveries={recoveries} slowest={slowest}");
        }
    }

    fn bad(&mut self, name: &str) {
        self.errors += 1;
        self.in_a_row = 0;
        self.failing.get_or_insert(now().as_millis());
        println!("error {name}");
    }
}
