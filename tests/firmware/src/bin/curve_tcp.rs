//! CURVE over TCP with smoltcp: exchanges `count` messages in the role `role` of `zmtp_firmware::curve`. Connects to
//! `port` of the host, or accepts a connection to port 5555 if there is no such argument.
#![no_std]
#![no_main]

use smoltcp::iface::{SocketSet, SocketStorage};
use smoltcp::socket::tcp::Socket;
use zmtp_core::Instant;
use zmtp_firmware::board::{Board, now};
use zmtp_firmware::ethernet::{Controller, HOST, interface};
use zmtp_firmware::host::{self, fail, println};
use zmtp_smoltcp::{Stack, socket};

/// Milliseconds for each step.
const TIMEOUT: u32 = 60_000;
const ADDRESS: [u8; 6] = [0x02, 0, 0, 0, 0, 1];
const OWN_PORT: u16 = 5_555;

#[zmtp_firmware::entry]
fn main() -> ! {
    let Some(_board) = Board::take() else { fail("no board", &()) };
    let Ok(mut device) = Controller::start(ADDRESS) else { fail("no Ethernet", &()) };
    let count = host::number("count").unwrap_or(10);
    let role = host::number("role").unwrap_or(0);
    let seed = host::number("seed").unwrap_or(1);
    let interface = interface(&mut device, ADDRESS, seed.into());
    let (mut rx, mut tx) = ([0; 2_048], [0; 2_048]);
    let mut storage = [SocketStorage::EMPTY];
    let mut sockets = SocketSet::new(&mut storage[..]);
    let handle = sockets.add(socket(&mut rx, &mut tx));
    let stack = Stack::new(device, interface, sockets, now as fn() -> Instant);
    let mut tcp = stack.tcp(handle);
    let established = match host::number("port") {
        Some(port) => tcp.connect((HOST, port as u16), 49_152, now().after(TIMEOUT)),
        None => tcp.accept(OWN_PORT, now().after(TIMEOUT)),
    };
    if let Err(error) = established {
        fail("no connection", &error);
    }
    zmtp_firmware::curve::run(role, &mut tcp, count, seed);
    // QEMU ends with the program: the last bytes must have left the board.
    let end = now().after(TIMEOUT);
    while stack.with(|_, sockets| sockets.get::<Socket<'_>>(handle).send_queue()) != Some(0) {
        stack.poll();
        if now() >= end {
            fail("the last bytes are not acknowledged", &());
        }
    }
    println!("done {count} messages at {:?}", now());
    host::done()
}
