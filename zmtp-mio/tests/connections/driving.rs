//! Driving a socket from the caller's own poll, or by its calls: no lost wake-up, no busy loop.
#![cfg(unix)]

use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crate::harness::echo::endpoint_of;
use crate::harness::processes::{Watch, alone, assert_idle, assert_rests, this_test};
use crate::harness::simulated::{simulated, simulated_time};
use crate::harness::{LIMIT, RawPeer, assert_echo, req};
use zmtp_mio::testing::Simulation;
use zmtp_mio::{Interest, Item, Poller, Rep, Req};

const TOKEN: mio::Token = mio::Token(7);
const SHORT: Duration = Duration::from_millis(200);

/// A REP registered in a poll of the test's own.
struct Own {
    rep: Rep,
    poll: mio::Poll,
    events: mio::Events,
    turns: usize,
}

impl Own {
    fn new(endpoint: &str) -> Self {
        let mut rep = crate::harness::builder::<Rep>().bind(endpoint).unwrap();
        let poll = mio::Poll::new().unwrap();
        poll.registry().register(&mut rep, TOKEN, Interest::READABLE).unwrap();
        Self { rep, poll, events: mio::Events::with_capacity(16), turns: 0 }
    }

    /// Waits in the test's poll, at most until the socket's next deadline.
    fn wait(&mut self, next: Option<Duration>) {
        self.turns += 1;
        match self.poll.poll(&mut self.events, Some(next.unwrap_or(LIMIT).min(LIMIT))) {
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            result => result.unwrap(),
        }
    }

    fn answer(&mut self) -> usize {
        let request = self.rep.try_recv().unwrap().expect("it said it was readable");
        let len = request.byte_len();
        self.rep.send(request).unwrap();
        len
    }
}

/// Clients that each send this many requests, one after the other.
fn clients(endpoint: &str, n: usize, requests: usize) -> Vec<JoinHandle<()>> {
    let ask = |endpoint: String| {
        move || {
            let mut req = req(&endpoint);
            (0..requests).for_each(|round| assert_echo(&mut req, &[round as u8; 100]));
        }
    };
    (0..n).map(|_| thread::spawn(ask(endpoint.into()))).collect()
}

fn join(clients: Vec<JoinHandle<()>>) {
    clients.into_iter().for_each(|client| client.join().unwrap());
}

#[test]
fn a_thousand_requests_are_served_from_a_poll_of_the_callers() {
    for endpoint in crate::harness::transports() {
        let mut own = Own::new(&endpoint);
        let clients = clients(&endpoint_of(&own.rep), 5, 200);
        let (mut served, end) = (0, Instant::now() + 2 * LIMIT);
        while served < 1_000 {
            assert!(Instant::now() < end, "{served} served in {} turns", own.turns);
            let ready = own.rep.step().unwrap();
            if ready.readable {
                own.answer();
                served += 1;
            } else {
                own.wait(ready.next);
            }
        }
        join(clients);
        assert!(own.turns < 20_000, "{} turns", own.turns);
    }
}

/// A loop with one operation per turn that relies on `next`: it must be zero while messages are
/// buffered, because the poll does not report them.
#[test]
fn queued_requests_are_served_one_per_turn_when_next_is_kept() {
    let mut own = Own::new("tcp://127.0.0.1:*");
    let endpoint = endpoint_of(&own.rep);
    let peer = thread::spawn(move || {
        let mut peer = RawPeer::ready(&endpoint, "REQ");
        peer.send(&wire::delimited(b"one of many").repeat(50));
        (0..50).for_each(|_| assert_eq!(peer.read_message()[1], b"one of many"));
    });
    let (mut served, start) = (0, Instant::now());
    while served < 50 {
        assert!(start.elapsed() < LIMIT, "{served} served in {} turns", own.turns);
        let ready = own.rep.step().unwrap();
        if ready.readable {
            own.answer();
            served += 1;
        }
        own.wait(ready.next);
    }
    peer.join().unwrap();
}

#[test]
fn steps_alone_receive_a_large_request() {
    for endpoint in crate::harness::transports() {
        let mut own = Own::new(&endpoint);
        let endpoint = endpoint_of(&own.rep);
        let client = thread::spawn(move || assert_echo(&mut req(&endpoint), &vec![7; 20_000_000]));
        let (mut served, end) = (0, Instant::now() + 2 * LIMIT);
        while !client.is_finished() {
            assert!(Instant::now() < end, "{served} served in {} turns", own.turns);
            let ready = own.rep.step().unwrap();
            if ready.readable {
                assert_eq!(own.answer(), 20_000_000);
                served += 1;
            } else {
                own.wait(Some(ready.next.unwrap_or(SHORT).min(SHORT)));
            }
        }
        client.join().unwrap();
        assert_eq!(served, 1);
        assert!(own.turns < 20_000, "{} turns", own.turns);
    }
}

#[test]
fn an_idle_socket_with_idle_connections_uses_no_cpu() {
    let test = this_test!();
    alone(test, idle_connections_use_no_cpu);
}

fn idle_connections_use_no_cpu() {
    let mut rep = crate::harness::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(&rep);
    let arriving = thread::spawn(move || {
        (0..50).map(|_| RawPeer::ready(&endpoint, "REQ")).collect::<Vec<_>>()
    });
    crate::harness::drive_until!(rep, arriving.is_finished());
    let _peers = arriving.join().unwrap();
    crate::harness::drive_until_still!(rep);
    let watch = Watch::start();
    assert_eq!(rep.recv_timeout(Duration::from_secs(1)).unwrap(), None);
    watch.assert_calm(Duration::from_millis(50));
    assert_eq!(rep.step().unwrap().next, None, "nothing is due");
    assert_rests(&mut rep);
}

#[test]
fn a_full_queue_uses_no_cpu() {
    let test = this_test!();
    alone(test, full_queue);
}

fn full_queue() {
    let mut rep = crate::harness::builder::<Rep>().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(&rep);
    let flood = thread::spawn(move || {
        let mut peer = RawPeer::ready(&endpoint, "REQ");
        peer.send_some(&wire::delimited(&[7; 1_000]).repeat(20_000));
        peer
    });
    crate::harness::drive_until!(rep, flood.is_finished());
    // REP must reply first, so it cannot receive and its caller does not try.
    rep.recv_timeout(LIMIT).unwrap().unwrap();
    let watch = Watch::start();
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        // Queued events would end the wait at once.
        while rep.next_event().is_some() {}
        rep.wait(Duration::from_millis(100)).unwrap();
    }
    watch.assert_calm(Duration::from_millis(200));
    // The application is away: the socket is the driver's, if there is one.
    assert_idle();
    flood.join().unwrap();
}

#[test]
fn timeouts_are_kept() {
    let simulation = Simulation::new();
    let mut rep = simulated::<Rep>(&simulation).bind("tcp://127.0.0.1:*").unwrap();
    let mut req = simulated::<Req>(&simulation).connect(endpoint_of(&rep)).unwrap();
    for timeout in [0, 1, 50, 300_000].map(Duration::from_millis) {
        let time = simulated_time(&simulation, || {
            assert_eq!(rep.recv_timeout(timeout).unwrap(), None);
        });
        assert_eq!(time, timeout);
    }
    req.send("question").unwrap();
    let time = simulated_time(&simulation, || assert_eq!(req.recv_timeout(SHORT).unwrap(), None));
    assert_eq!(time, SHORT);
}

#[test]
fn the_longest_timeout_means_without_limit() {
    let (mut rep, endpoint) = crate::harness::rep();
    let mut req = req(&endpoint);
    req.send("question").unwrap();
    let waiting = thread::spawn(move || req.recv_timeout(Duration::MAX));
    assert!(rep.recv_timeout(Duration::MAX).unwrap().is_some());
    rep.send("answered after all").unwrap();
    assert!(waiting.join().unwrap().unwrap().is_some());
}

#[test]
fn a_poller_keeps_its_timeout_with_nothing_ready() {
    let (mut rep, _) = crate::harness::rep();
    let mut poller = Poller::new().unwrap();
    for timeout in [0, 1, 50, 300].map(Duration::from_millis) {
        let mut items = [Item::socket(&mut rep, Interest::READABLE)];
        let start = Instant::now();
        assert_eq!(poller.wait(&mut items, Some(timeout)).unwrap(), 0);
        assert!((timeout..LIMIT).contains(&start.elapsed()), "{:?}", start.elapsed());
    }
}

#[test]
fn spinning_sockets_exchange_messages_and_keep_their_timeouts() {
    let spin = Duration::from_millis(2);
    let mut rep = crate::harness::builder::<Rep>().spin(spin).bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = endpoint_of(&rep);
    let client = thread::spawn(move || {
        let mut req = crate::harness::builder::<Req>().spin(spin).connect(&endpoint).unwrap();
        (0..100_u8).for_each(|round| assert_echo(&mut req, &[round; 64]));
    });
    for _ in 0..100 {
        let request = rep.recv_timeout(LIMIT).unwrap().expect("a request");
        rep.send(request).unwrap();
    }
    client.join().unwrap();
    for timeout in [Duration::ZERO, spin / 2, 5 * spin] {
        let start = Instant::now();
        assert_eq!(rep.recv_timeout(timeout).unwrap(), None);
        assert!(start.elapsed() >= timeout);
    }
}

#[test]
fn a_socket_without_a_driver_can_be_driven_while_a_message_waits() {
    alone(this_test!(), || {
        let mut rep = Rep::builder().driver(false).bind("tcp://127.0.0.1:*").unwrap();
        let endpoint = endpoint_of(&rep);
        let peer = thread::spawn(move || {
            let mut peer = RawPeer::ready(&endpoint, "REQ");
            peer.send(&wire::delimited(b"waits"));
            peer.send(&wire::ping(b"meanwhile"));
            assert_eq!(peer.read_frame(), (4, b"\x04PONGmeanwhile".to_vec()));
            peer
        });
        let end = Instant::now() + LIMIT;
        while !peer.is_finished() {
            assert!(Instant::now() < end, "no answer to the PING");
            rep.drive(Duration::from_millis(10)).unwrap();
        }
        let mut peer = peer.join().unwrap();
        let watch = Watch::start();
        let start = Instant::now();
        rep.drive(Duration::from_millis(500)).unwrap();
        assert!(start.elapsed() >= Duration::from_millis(500));
        watch.assert_calm(Duration::from_millis(100));
        let request = rep.try_recv().unwrap().expect("the message waits");
        rep.send(request).unwrap();
        assert_eq!(peer.read_message()[1], b"waits");
    });
}
