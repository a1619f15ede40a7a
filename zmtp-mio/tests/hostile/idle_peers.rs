//! Ten thousand idle peers, and crowds that connect and close: what they cost, and that closing frees
//! it.
#![cfg(unix)]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crate::harness::processes::{
    KIB, alone_with, assert_idle, descriptors, finish, part, start, this_test,
};
use crate::harness::{LIMIT, RawPeer, assert_echo, builder, drive_until, req, resident};
use socket2::{Domain, Socket, Type};
use zmtp_mio::{Rep, Router};

const PEERS: usize = 10_000;
/// Bytes of resident memory that an idle peer may cost. libzmq 4.3.5: 23.6 KiB.
const EACH: usize = 1_536;
const DESCRIPTORS: u32 = 12_000;
/// Bytes on the heap that 4,000 peers may leave behind when they are gone: four for each.
/// A thread keeps up to 64 buffers of 2,000 bytes, the most that were ever queued at a time.
const LEFT: usize = 16 << 10;

/// A connection from one of many addresses, so that ports do not run out.
fn connect(address: SocketAddr, number: usize) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let from = Ipv4Addr::new(127, 0, 0, 2 + (number % 50) as u8);
    socket.bind(&SocketAddr::from((from, 0)).into()).unwrap();
    socket.connect(&address.into()).unwrap();
    let stream: TcpStream = socket.into();
    stream.set_read_timeout(Some(LIMIT)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// The process of the clients: all handshake; then each sends one request and gets its reply within
/// [`LIMIT`]; then all close.
fn clients(endpoint: &str) {
    let address = endpoint.strip_prefix("tcp://").unwrap().parse().unwrap();
    let mut control = req(endpoint);
    let mut peers: Vec<TcpStream> = Vec::with_capacity(PEERS);
    while peers.len() < PEERS {
        // Not all at once: at 4,096 unfinished handshakes the oldest is closed.
        let new = peers.len()..peers.len() + 1_000;
        for number in new.clone() {
            let mut peer = connect(address, number);
            peer.write_all(&wire::burst("REQ", &[])).unwrap();
            peers.push(peer);
        }
        for peer in &mut peers[new] {
            // Greeting and READY.
            let mut bytes = [0; 64 + 2];
            peer.read_exact(&mut bytes).unwrap();
            let mut rest = vec![0; usize::from(bytes[65])];
            peer.read_exact(&mut rest).unwrap();
        }
    }
    let mut tell = |what: &str| control.request(what, 16 * LIMIT).unwrap().expect("an answer");
    tell("all are there");
    let mut longest = Duration::ZERO;
    for some in peers.chunks_mut(1_000) {
        let start = Instant::now();
        for peer in &mut *some {
            peer.write_all(&wire::delimited(b"served?")).unwrap();
        }
        for peer in some {
            let mut bytes = [0; 11];
            peer.read_exact(&mut bytes).unwrap();
            assert!(bytes.ends_with(b"served?"));
        }
        longest = longest.max(start.elapsed());
    }
    println!("a thousand of them were answered within {longest:?}");
    assert!(longest < LIMIT, "an answer took as long as {longest:?}");
    tell("all were served");
    for peer in peers {
        // Otherwise ten thousand ports would be in use for a minute, which affects other tests.
        socket2::SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    }
    tell("all are gone");
}

/// The test for a socket type that replies by sending the request back.
macro_rules! idle_peers {
    ($test:ident, $socket:ident) => {
        #[test]
        fn $test() {
            let test = this_test!();
            if let Some(endpoint) = part(test).filter(|part| part != "main") {
                return clients(&endpoint);
            }
            alone_with(test, DESCRIPTORS, || {
                let mut rep = builder::<$socket>().bind("tcp://127.0.0.1:*").unwrap();
                let endpoint = rep.endpoints().next().unwrap().to_string();
                let mut first = RawPeer::connect(&endpoint);
                first.send(&wire::burst("REQ", &[]));
                drive_until!(rep, rep.counters().handshakes == 1);
                first.read_exact(64);
                first.read_frame();
                // The clients' standard output is one more.
                let (before, open) = (resident(), descriptors() + 1);
                let child = start(test, Some(DESCRIPTORS), &endpoint);
                let (mut asked, mut was_answered) = (None, false);
                loop {
                    let request = rep.recv_timeout(24 * LIMIT).unwrap().expect("the clients speak");
                    let grown = resident().saturating_sub(before);
                    // After the routing id and the delimiter, if there are any.
                    let said = request.parts().last().unwrap_or_default().to_vec();
                    let said = String::from_utf8(said).unwrap();
                    match said.as_str() {
                        "all are there" => {
                            assert_eq!(rep.counters().handshakes, 2 + PEERS as u64);
                            println!("{PEERS} idle peers: {} bytes each", grown / PEERS);
                            assert!(grown / PEERS < EACH, "{} bytes per idle peer", grown / PEERS);
                            assert_idle();
                        }
                        "all were served" => {
                            println!("after a round trip each: {} bytes each", grown / PEERS);
                            assert!(grown / PEERS < EACH, "{} bytes per idle peer", grown / PEERS);
                        }
                        _ => {}
                    }
                    rep.send(request).unwrap();
                    match said.as_str() {
                        "all are there" => {
                            // The first peer sends its request among them.
                            asked = Some(Instant::now());
                            first.send(&wire::delimited(b"first"));
                        }
                        "first" => {
                            assert_eq!(first.read_message()[1], b"first");
                            let waited = asked.take().expect("asked once").elapsed();
                            assert!(waited < LIMIT, "answered after {waited:?}");
                            was_answered = true;
                        }
                        "all were served" => assert!(was_answered, "the first peer was not"),
                        "all are gone" => break,
                        _ => {}
                    }
                }
                // The controlling client closes too.
                let end = Instant::now() + 4 * LIMIT;
                while descriptors() > open {
                    assert!(Instant::now() < end, "{} descriptors stay", descriptors() - open);
                    rep.wait(Duration::from_millis(10)).unwrap();
                }
                first.send(&wire::delimited(b"still here"));
                let request =
                    rep.recv_timeout(LIMIT).unwrap().expect("the first peer is still there");
                rep.send(request).unwrap();
                drive_until!(rep, rep.counters().messages_sent == 5 + PEERS as u64);
                assert_eq!(first.read_message()[1], b"still here");
                finish(child);
            });
        }
    };
}

idle_peers!(ten_thousand_idle_peers_of_a_rep_cost_little_and_all_are_served, Rep);
idle_peers!(ten_thousand_idle_peers_of_a_router_cost_little_and_all_are_served, Router);

/// A crowd closes, by FIN or by RST. After a FIN the ports are in use for a minute, which affects
/// other tests.
fn leave(crowd: Vec<RawPeer>, round: usize) {
    match round {
        0 => drop(crowd),
        _ => crowd.into_iter().for_each(RawPeer::reset),
    }
}

#[test]
fn closed_crowds_leave_no_memory_behind() {
    alone_with(this_test!(), 4_096, || {
        let echo = crate::harness::Echo::new();
        let mut honest = req(&echo.endpoint);
        assert_echo(&mut honest, b"before");
        let open = descriptors();
        let (mut heap, mut pages) = (Vec::new(), Vec::new());
        for round in 0..12 {
            let mut crowd: Vec<RawPeer> =
                (0..1_000).map(|_| RawPeer::connect(&echo.endpoint)).collect();
            for peer in &mut crowd {
                peer.send(&wire::burst("REQ", &[&[7; 2_000]]));
            }
            for peer in &mut crowd {
                peer.read_exact(64);
                assert_eq!(peer.read_message()[1].len(), 2_000);
            }
            leave(crowd, round);
            crate::harness::eventually("all are gone", || descriptors() <= open);
            assert_echo(&mut honest, b"between crowds");
            // A new client too, because lists are tidied then.
            assert_echo(&mut req(&echo.endpoint), b"between crowds");
            crate::harness::eventually("it is gone too", || descriptors() <= open);
            heap.push(crate::heap::in_use());
            pages.push(resident() / KIB);
        }
        println!("bytes on the heap after each crowd: {heap:?}; resident, in KiB: {pages:?}");
        // A list may grow once, in any round, and the allocator takes pages at any time. What each peer leaves behind grows
        // in all rounds.
        let least = |sizes: &[usize]| {
            sizes[2..].windows(5).map(|sizes| sizes[4].saturating_sub(sizes[0])).min().unwrap()
        };
        let grown = least(&heap);
        assert!(grown < LEFT, "{grown} bytes were left behind by 4,000 peers: {heap:?}");
        let grown = least(&pages);
        assert!(grown < 1_024, "{grown} KiB more are resident after 4,000 peers: {pages:?}");
        assert_idle();
    });
}
