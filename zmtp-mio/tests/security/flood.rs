//! Clients without keys begin CURVE handshakes while clients with keys are served.

use std::collections::VecDeque;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};

use crate::harness::{LIMIT, RawPeer, RawServer, builder, closes, drive_until, events};
use zmtp_mio::{
    AllowedKeys, Certificate, CloseReason, Endpoint, KeyPair, PublicKey, Push, Rep, Req,
};

fn keys() -> KeyPair {
    Certificate::generate().unwrap().keys().unwrap()
}

/// The greeting and the HELLO of a client that has this key of a server.
fn opening(server: PublicKey) -> Vec<u8> {
    let listener = RawServer::tcp();
    let push = builder::<Push>().curve_client(server, keys()).linger(Duration::ZERO);
    let mut push = push.connect(&*listener.endpoint()).unwrap();
    let reading = thread::spawn(move || {
        let mut peer = listener.accept();
        peer.send(&wire::greeting("CURVE"));
        peer.read_exact(64 + 2 + 200)
    });
    drive_until!(push, reading.is_finished());
    reading.join().unwrap()
}

/// Connects from an address of the loopback network, sends, and stays connected.
fn unknown_client(from: Ipv4Addr, to: SocketAddr, bytes: &[u8]) -> Option<Socket> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    // Closed with a reset, so that the ports are free again.
    socket.set_linger(Some(Duration::ZERO)).unwrap();
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    socket.connect(&to.into()).ok()?;
    socket.send(bytes).ok()?;
    Some(socket)
}

fn address(endpoint: &Endpoint) -> SocketAddr {
    endpoint.to_string().strip_prefix("tcp://").unwrap().parse().unwrap()
}

#[test]
fn clients_with_keys_are_served_during_a_flood_of_hellos_from_many_addresses() {
    const CLIENTS: u64 = 8;
    const HELLOS: u32 = 1_000;
    let (server, client) = (keys(), keys());
    let key = *server.public();
    // Of clients that have the server's key, and of others.
    let openings = [opening(key), opening(*keys().public())];
    let allowed = AllowedKeys::new().allow(*client.public(), "client");
    let rep = builder::<Rep>().curve_server(server).authenticator(allowed);
    let mut rep = rep.bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = rep.last_endpoint().unwrap().clone();
    let over = Arc::new(AtomicBool::new(false));
    let hellos = Arc::new(AtomicU32::new(0));
    let flood = thread::spawn({
        let (over, to) = (Arc::clone(&over), address(&endpoint));
        let hellos = Arc::clone(&hellos);
        move || {
            let (start, mut open, mut count) = (Instant::now(), VecDeque::new(), 0_u32);
            while !over.load(Ordering::Relaxed) {
                for _ in 0..10 {
                    let [_, _, third, fourth] = (count % 500).to_be_bytes();
                    let from = Ipv4Addr::new(127, 1, third, fourth.max(1));
                    open.extend(unknown_client(from, to, &openings[count as usize % 2]));
                    count += 1;
                    // No more than the server has answered, so that a slow machine has no backlog.
                    if open.len() > 100
                        && let Some(oldest) = open.pop_front()
                    {
                        let _ = (&oldest).read(&mut [0]);
                    }
                }
                hellos.store(count, Ordering::Relaxed);
                // At most 1,000 a second.
                let due = start + Duration::from_millis(count.into());
                thread::sleep(due.saturating_duration_since(Instant::now()));
            }
            let rate = f64::from(count) / start.elapsed().as_secs_f64();
            println!("{count} HELLOs, {rate:.0} per second");
        }
    });
    // The flood has arrived.
    drive_until!(rep, rep.counters().accepted > 200);
    let honest = thread::spawn(move || {
        let mut served = 0;
        while served < CLIENTS || hellos.load(Ordering::Relaxed) < HELLOS {
            let begun = Instant::now();
            let req = builder::<Req>().curve_client(key, client.clone());
            let mut req = req.connect(&endpoint).unwrap();
            let reply = req.request("question", LIMIT).unwrap().expect("a reply in time");
            assert_eq!(reply.text(), Ok("question"));
            println!("a client was served in {:?}", begun.elapsed());
            served += 1;
        }
        served
    });
    while !honest.is_finished() {
        if let Some(request) = rep.recv_timeout(Duration::from_millis(10)).unwrap() {
            rep.send(request).unwrap();
        }
    }
    over.store(true, Ordering::Relaxed);
    drive_until!(rep, flood.is_finished());
    let served = honest.join().unwrap();
    flood.join().unwrap();
    assert_eq!(rep.counters().handshakes, served);
}

#[test]
fn one_address_has_a_limit_of_its_own() {
    let server = keys();
    let rep = builder::<Rep>().curve_server(server).max_handshakes_per_address(4);
    let mut rep = rep.bind("tcp://127.0.0.1:*").unwrap();
    let to = address(rep.last_endpoint().unwrap());
    let mut other = RawPeer::connect(&rep.last_endpoint().unwrap().to_string());
    other.send(&wire::greeting("CURVE"));
    drive_until!(rep, rep.counters().accepted == 1);
    let from = Ipv4Addr::new(127, 2, 0, 1);
    let _open: Vec<_> =
        (0..10).filter_map(|_| unknown_client(from, to, &wire::greeting("CURVE"))).collect();
    drive_until!(rep, rep.counters().accepted == 11);
    assert_eq!(closes(&events!(rep)), [CloseReason::TooManyHandshakes; 6]);
    assert!(crate::harness::is_open(&mut other));
}
