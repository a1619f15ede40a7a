//! Firmware with CURVE over a UART and over TCP, against libzmq as the other end of CURVE, on three instruction sets.

use std::thread;
use std::time::{Duration, Instant};

use zmtp_core::mechanism::{KeyPair, SecretKey};
use zmtp_interop::libzmq::{Kind, Socket, option};

use crate::common::Place;
use crate::qemu::{Board, Qemu, Wire, is_there};
use crate::{LONG, bind, port, socket};

const WITH_UART: [Board; 3] = [Board::Microbit, Board::Mps2, Board::Virt];
const WITH_ETHERNET: [Board; 3] = [Board::Mps2WithCodeOfM0, Board::Mps2, Board::Virt];
const COUNT: u64 = 60;

/// The keys in `tests/firmware/src/curve.rs`.
fn keys(byte: u8) -> KeyPair {
    KeyPair::new(SecretKey::new([byte; 32]))
}

const SERVER: u8 = 0x51;
const CLIENT: u8 = 0xC1;

/// A socket of libzmq with CURVE.
fn secured(kind: Kind, as_server: bool) -> Socket {
    let socket = socket(kind);
    let own = keys(if as_server { SERVER } else { CLIENT });
    if as_server {
        socket.set_i32(option::CURVE_SERVER, 1).unwrap();
    } else {
        let server = keys(SERVER).public().to_z85();
        socket.set_bytes(option::CURVE_SERVERKEY, &server).unwrap();
        socket.set_bytes(option::CURVE_PUBLICKEY, &own.public().to_z85()).unwrap();
    }
    socket.set_bytes(option::CURVE_SECRETKEY, &own.secret().expose_z85()).unwrap();
    socket
}

/// Starts the program in a role on each board, and exchanges messages with it: over the UART, and over TCP, where the
/// clients of CURVE connect, and the servers of CURVE accept a connection.
fn with_each_board(role: u64, kind: Kind, mut exchange: impl FnMut(&Socket, &mut Qemu)) {
    // The roles with odd numbers are servers of CURVE.
    let is_client = role.is_multiple_of(2);
    let mut run = |socket: &Socket, mut qemu: Qemu| {
        exchange(socket, &mut qemu);
        assert!(qemu.finish().starts_with(&format!("done {COUNT} messages")));
    };
    for (seed, board) in (1..).zip(WITH_UART).filter(|(_, board)| is_there(*board)) {
        let socket = secured(kind, is_client);
        let args = [("role", role), ("count", COUNT), ("seed", seed)];
        let qemu = Qemu::start(board, "curve", &args, Wire::Connects(bind(&socket)));
        run(&socket, qemu);
    }
    for (seed, board) in (4..).zip(WITH_ETHERNET).filter(|(_, board)| is_there(*board)) {
        let socket = secured(kind, is_client);
        let mut args = vec![("role", role), ("count", COUNT), ("seed", seed)];
        let wire = if is_client {
            args.push(("port", bind(&socket).into()));
            Wire::Ethernet
        } else {
            let endpoint = &Place::free_port().endpoint;
            socket.connect(endpoint).unwrap();
            Wire::EthernetListens(port(endpoint))
        };
        let qemu = Qemu::start(board, "curve_tcp", &args, wire);
        run(&socket, qemu);
    }
}

#[test]
fn a_req_with_curve_gets_replies_from_libzmq() {
    with_each_board(0, Kind::Rep, |rep, _| {
        for _ in 0..COUNT {
            let request = rep.recv().unwrap();
            let parts: Vec<_> = request.iter().map(Vec::as_slice).collect();
            rep.send(&parts).unwrap();
        }
    });
}

#[test]
fn a_rep_with_curve_replies_to_libzmq() {
    with_each_board(1, Kind::Req, |req, _| {
        for n in 0..COUNT {
            let body = vec![n as u8; n as usize * 5];
            req.send(&[&body]).unwrap();
            assert_eq!(req.recv().unwrap(), [&body[..], b"!"]);
        }
    });
}

#[test]
fn a_sub_with_curve_receives_from_libzmq() {
    with_each_board(2, Kind::Pub, |publisher, qemu| {
        let end = Instant::now() + LONG;
        // Until it has enough: messages before its subscription are lost.
        while qemu.is_running() {
            assert!(Instant::now() < end, "it has not received {COUNT} messages");
            publisher.send(&[b"odd", b"1"]).unwrap();
            publisher.send(&[b"even", b"2"]).unwrap();
            thread::sleep(Duration::from_micros(500));
        }
    });
}

#[test]
fn a_pub_with_curve_publishes_to_libzmq() {
    with_each_board(3, Kind::Sub, |sub, _| {
        sub.set_bytes(option::SUBSCRIBE, b"even").unwrap();
        for n in 0..COUNT {
            assert_eq!(sub.recv().unwrap(), [&b"even"[..], n.to_string().as_bytes()]);
        }
    });
}
