//! REQ over a UART that loses, doubles and invents bytes; never returns.
//!
//! Reports each error and each recovery. After an error it does what firmware on a serial line should do: it is silent
//! for a moment, so that the other end detects a new session, discards what arrives meanwhile, and connects again.
#![no_std]
#![no_main]

use embedded_io::Read;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Limits};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::Req;
use zmtp_firmware::board::{Board, Uart, now};
use zmtp_firmware::host::{self, fail, println};

static CONFIG: Config = Config::new(SocketType::Req)
    .with_limits(Limits::DEFAULT.max_command(247).max_frame(4_096).handshake_timeout(TIMEOUT));

/// Milliseconds for a request and its reply, with the handshake before.
const TIMEOUT: u32 = 200;
/// Milliseconds without bytes either way before a new session.
const SILENCE: u32 = 50;
/// Milliseconds after which a line that is never silent gets a new session all the same.
const BABBLE: u32 = 500;

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
    /// When the first error of a row was met, if the last exchange failed.
    failing: Option<u64>,
}

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(board) = Board::take() else { fail("no board", &()) };
    let seed = host::number("seed").unwrap_or(1);
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    let mut req = Req::new(&CONFIG, &mut receive, &mut send, seed);
    req.connect(board.uart, now());
    let mut tally = Tally::default();
    for at in 0_u32.. {
        let mut body = [0; 64];
        let body = &mut body[..at as usize * 37 % 65];
        for (n, byte) in body.iter_mut().enumerate() {
            *byte = (at as usize ^ n) as u8;
        }
        let start = now().as_millis();
        let name = match req.request(&[body], now().after(TIMEOUT), now) {
            Ok(reply) if reply.only() == Some(body) => None,
            // ZMTP has no checksum, nor has a UART: that is up to what is sent.
            Ok(_) => Some("wrong bytes"),
            Err(error) => Some(name(&error)),
        };
        tally.slowest = tally.slowest.max(now().as_millis() - start);
        match name {
            None => tally.good(),
            Some(name) => {
                tally.bad(name);
                let Some(mut uart) = req.disconnect() else { fail("no UART", &()) };
                be_silent(&mut uart);
                req.connect(uart, now());
            }
        }
    }
    host::done()
}

/// Until nothing comes any more.
fn be_silent(uart: &mut Uart) {
    let end = now().after(BABBLE);
    let mut quiet = now().after(SILENCE);
    while now() < quiet && now() < end {
        if uart.read(&mut [0; 64]).is_ok() {
            quiet = now().after(SILENCE);
        }
    }
}

fn name<E>(error: &Error<E>) -> &'static str {
    match error {
        Error::Closed => "closed",
        Error::Connection => "connection",
        Error::Io(_) => "io",
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
