//! REQ over TCP: smoltcp on a LAN9118. Sends requests in a loop and reconnects by itself. Logs with defmt.
#![no_std]
#![no_main]

use defmt::{info, warn};
use defmt_semihosting as _;
use smoltcp::iface::{SocketSet, SocketStorage};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Instant, Limits};
use zmtp_embedded::Error;
use zmtp_embedded::blocking::{Req, Session};
use zmtp_firmware::board::{Board, now};
use zmtp_firmware::ethernet::{Controller, HOST, interface};
use zmtp_firmware::host;
use zmtp_smoltcp::{Stack, Tcp, socket};

static CONFIG: Config = Config::new(SocketType::Req)
    .with_limits(Limits::DEFAULT.max_command(247).handshake_timeout(TIMEOUT));

const TIMEOUT: u32 = 5_000;
const ADDRESS: [u8; 6] = [0x02, 0, 0, 0, 0, 1];

#[zmtp_firmware::entry]
fn main() -> ! {
    let (Some(_board), Some(port)) = (Board::take(), host::number("port")) else { host::failed() };
    let Ok(mut device) = Controller::start(ADDRESS) else { host::failed() };
    let interface = interface(&mut device, ADDRESS, port.into());
    let (mut rx, mut tx) = ([0; 2_048], [0; 2_048]);
    let mut storage = [SocketStorage::EMPTY];
    let mut sockets = SocketSet::new(&mut storage[..]);
    let handle = sockets.add(socket(&mut rx, &mut tx));
    let stack = Stack::new(device, interface, sockets, now as fn() -> Instant);
    let mut network = Network { tcp: stack.tcp(handle), local: 49_152 + (port % 8_192) as u16 };
    let (mut receive, mut send) = ([0; 512], [0; 512]);
    // The state of REQ outlives its connections.
    let mut session = Session::new(Req::new(&CONFIG, &mut receive, &mut send, port));
    loop {
        network.connect(port as u16);
        let mut req = session.connect(&mut network.tcp, now());
        info!("connected");
        let lost = ask(&mut req);
        warn!("lost: {}", lost);
    }
}

/// A TCP socket on the device with Ethernet.
type Socket<'s, 'a> = Tcp<'s, 'a, Controller, fn() -> Instant>;

/// The socket, and the local port of its last connection.
struct Network<'s, 'a> {
    tcp: Socket<'s, 'a>,
    local: u16,
}

impl Network<'_, '_> {
    /// Retries until the host accepts a connection to this port.
    fn connect(&mut self, port: u16) {
        let mut wait = 100;
        loop {
            // The port of the last connection may still be in use.
            self.local = self.local.checked_add(1).unwrap_or(49_152);
            match self.tcp.connect((HOST, port), self.local, now().after(TIMEOUT)) {
                Ok(()) => return,
                Err(error) => warn!("no peer: {}", error),
            }
            let end = now().after(wait);
            while now() < end {}
            wait = (2 * wait).min(3_000);
        }
    }
}

/// Asks until something goes wrong.
fn ask(req: &mut Req<'_, &mut Socket<'_, '_>>) -> Error<zmtp_smoltcp::Error> {
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
