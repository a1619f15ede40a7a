//! REQ over TCP: smoltcp on a LAN9118. Sends requests in a loop and reconnects by itself. Logs with defmt.
#![no_std]
#![no_main]

use defmt::{info, warn};
use defmt_semihosting as _;
use embedded_io::ErrorType;
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Limits};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::Req;
use zmtp_firmware::board::{Board, now};
use zmtp_firmware::ethernet::{Lan9118, Network, Tcp};
use zmtp_firmware::host;

static CONFIG: Config = Config::new(SocketType::Req)
    .with_limits(Limits::DEFAULT.max_command(247).handshake_timeout(TIMEOUT));

const TIMEOUT: u32 = 5_000;
const ADDRESS: [u8; 6] = [0x02, 0, 0, 0, 0, 1];

#[zmtp_firmware::entry]
fn main() -> ! {
    let (Some(_board), Some(port)) = (Board::take(), host::number("port")) else { host::failed() };
    let Ok(device) = Lan9118::start(ADDRESS) else { host::failed() };
    let mut memory = Network::default();
    let mut tcp = Tcp::new(device, ADDRESS, port.into(), &mut memory);
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    let mut req = Req::new(&CONFIG, &mut receive, &mut send, port);
    loop {
        connect(&mut tcp, port as u16);
        // The state of REQ outlives its connections.
        req.connect(tcp, now());
        info!("connected");
        let lost = ask(&mut req);
        warn!("lost: {}", lost);
        let Some(last) = req.disconnect() else { host::failed() };
        tcp = last;
    }
}

/// Retries until a peer accepts the connection.
fn connect(tcp: &mut Tcp<'_>, port: u16) {
    let mut wait = 100;
    while let Err(error) = tcp.connect(port, TIMEOUT) {
        warn!("no peer: {}", error);
        let end = now().after(wait);
        while now() < end {}
        wait = (2 * wait).min(3_000);
    }
}

/// Asks until something goes wrong.
fn ask<'a>(req: &mut Req<'_, Tcp<'a>>) -> Error<<Tcp<'a> as ErrorType>::Error> {
    let mut at = 0_u32;
    loop {
        at += 1;
        let body = at.to_be_bytes();
        match req.request(&[&body, b"?"], now().after(TIMEOUT), now) {
            Ok(reply) if reply.parts().eq([&body[..], b"?"]) => {}
            Ok(_) => host::failed(),
            Err(error) => return error,
        }
        if at.is_multiple_of(50) {
            info!("{} replies", at);
        }
    }
}
