//! Linger: dropping a socket sends its queued messages, and takes no longer than linger allows.
#![cfg(unix)]

use std::io::Write;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::harness::echo::{endpoint_of, rep_with};
use crate::harness::processes::blocked;
use crate::harness::simulated::{simulated, simulated_peer, simulated_time};
use crate::harness::{
    LIMIT, RawPeer, RawServer, drive_until, eventually, half_ready, ipc, never, req,
};
use zmtp_mio::testing::Simulation;
use zmtp_mio::{
    Dealer, Heartbeat, HighWaterMark, Linger, Options, Pull, Push, Reconnect, Rep, Req,
};

const SIZE: usize = 20_000_000;
const SHORT: Duration = Duration::from_millis(300);

const SECOND: Duration = Duration::from_secs(1);

/// Drops a socket on a thread of its own, and waits for that.
fn assert_dropped<T: Send + 'static>(socket: T) {
    let dropping = thread::spawn(move || drop(socket));
    eventually("the drop ends", || dropping.is_finished());
    dropping.join().unwrap();
}

/// A REP that has just answered one request of a raw peer with [`SIZE`] bytes.
fn with_large_reply(
    endpoint: &str,
    change: impl FnOnce(&mut Options),
    behind: &[u8],
) -> (Rep, RawPeer) {
    let mut options = Options::default();
    // On a busy machine a reader may pause for longer than a second.
    options.linger = Linger::new(LIMIT, 4 * LIMIT);
    change(&mut options);
    let mut rep = crate::harness::builder::<Rep>().options(options).bind(endpoint).unwrap();
    let mut peer = RawPeer::connect(&endpoint_of(&rep));
    peer.send(&wire::burst("REQ", &[b"much, please"]));
    assert!(rep.recv_timeout(LIMIT).unwrap().is_some());
    peer.send_some(behind);
    rep.send(vec![7; SIZE]).unwrap();
    (rep, peer)
}

/// Reads the large reply slowly, in small pieces.
fn read_slowly(mut peer: RawPeer) -> JoinHandle<()> {
    thread::spawn(move || {
        peer.read_exact(64);
        peer.read_frame();
        assert_eq!(peer.read_frame(), (1, vec![]));
        assert_eq!(peer.read_exact(9)[1..], (SIZE as u64).to_be_bytes());
        for n in 0..SIZE / 1_000 {
            let piece = peer.read_exact(1_000);
            assert!(piece.iter().all(|&byte| byte == 7), "piece {n}");
        }
    })
}

#[test]
fn a_request_to_an_absent_server_delays_drop_by_linger_and_no_more() {
    let simulation = Simulation::new();
    let closed_port = simulation.listen().endpoint().to_string();
    for linger in [Duration::ZERO, 20 * SECOND] {
        let mut req = simulated::<Req>(&simulation).linger(linger).connect(&closed_port).unwrap();
        req.send("never").unwrap();
        let time = simulated_time(&simulation, || drop(req));
        assert!((linger..=linger + SECOND).contains(&time), "{time:?}");
    }
}

#[test]
fn a_socket_with_nothing_to_send_drops_at_once() {
    let simulation = Simulation::new();
    let rep = simulated::<Rep>(&simulation).linger(60 * SECOND).bind("tcp://127.0.0.1:*").unwrap();
    let req = simulated::<Req>(&simulation).linger(60 * SECOND).connect(endpoint_of(&rep)).unwrap();
    assert_eq!(simulated_time(&simulation, || drop((rep, req))), Duration::ZERO);
}

/// It does not read the answers, which would fill the buffers until the peer stops reading.
#[test]
fn a_socket_that_lingers_and_does_not_receive_sends_no_pings() {
    const COUNT: usize = 200;
    let mut dealer = crate::harness::builder::<Dealer>()
        .heartbeat(Heartbeat::every(Duration::from_millis(50)).timeout(LIMIT))
        .linger(Linger::new(LIMIT, 4 * LIMIT))
        .send_mark(HighWaterMark::new(2 * COUNT, 2 * SIZE))
        .bind("tcp://127.0.0.1:*")
        .unwrap();
    let mut peer = RawPeer::connect(&dealer.last_endpoint().unwrap().to_string());
    peer.send(&wire::burst("DEALER", &[]));
    drive_until!(dealer, dealer.counters().handshakes == 1);
    for _ in 0..COUNT {
        dealer.send(vec![7; SIZE / COUNT]).unwrap();
    }
    let reading = thread::spawn(move || {
        peer.read_exact(64);
        let (mut messages, mut pings) = (0, 0);
        while messages < COUNT {
            match peer.read_frame() {
                (flags, _) if flags & 4 == 0 => {
                    messages += 1;
                    thread::sleep(Duration::from_millis(10));
                }
                (_, body) if messages > COUNT / 2 && body.starts_with(b"\x04PING") => pings += 1,
                _ => {}
            }
        }
        pings
    });
    assert_dropped(dealer);
    assert_eq!(reading.join().unwrap(), 0);
}

/// libzmq's -1.
#[test]
fn linger_may_be_without_limit() {
    for linger in [
        Linger::from(Duration::MAX),
        Linger::new(Duration::MAX, SHORT),
        Linger::new(SHORT, Duration::MAX),
    ] {
        let mut rep = rep_with(|_| {});
        let mut req =
            crate::harness::builder::<Req>().linger(linger).connect(endpoint_of(&rep)).unwrap();
        req.send("question").unwrap();
        let dropping = thread::spawn(move || drop(req));
        assert!(rep.recv_timeout(LIMIT).unwrap().is_some());
        eventually("the drop ends", || dropping.is_finished());
    }
}

/// libzmq's -1: the socket never reconnects.
#[test]
fn the_wait_before_reconnecting_may_be_without_limit() {
    let simulation = Simulation::new();
    let closed_port = simulation.listen().endpoint().to_string();
    let never = Reconnect::new(Duration::MAX, Duration::MAX);
    let mut req = simulated::<Req>(&simulation).reconnect(never).connect(&closed_port).unwrap();
    while simulation.clock().elapsed() < 1_000_000 * SECOND {
        while req.next_event().is_some() {}
        req.wait(1_000_000 * SECOND).unwrap();
    }
    assert_eq!(req.counters().connection_attempts, 1);
}

#[test]
fn a_request_sent_right_before_the_drop_arrives() {
    for endpoint in crate::harness::transports() {
        let mut rep = crate::harness::builder::<Rep>().bind(&endpoint).unwrap();
        let endpoint = endpoint_of(&rep);
        let asking = thread::spawn(move || {
            for n in 0..50 {
                req(&endpoint).send(format!("{n}")).unwrap();
            }
        });
        for n in 0..50 {
            let request = rep.recv_timeout(LIMIT).unwrap().expect("it was sent");
            assert_eq!(request.text(), Ok(&*format!("{n}")));
            rep.send("").unwrap();
        }
        asking.join().unwrap();
    }
}

#[test]
fn a_request_waits_in_linger_for_a_server_that_comes_late() {
    let place = RawServer::tcp();
    let endpoint = place.endpoint();
    drop(place);
    let mut req = crate::harness::builder::<Req>().linger(2 * LIMIT).connect(&endpoint).unwrap();
    req.send("in time").unwrap();
    let dropping = thread::spawn(move || drop(req));
    never("the drop ends", || dropping.is_finished());
    let mut rep = crate::harness::builder::<Rep>().bind(&endpoint).unwrap();
    assert_eq!(rep.recv_timeout(2 * LIMIT).unwrap().unwrap().text(), Ok("in time"));
    dropping.join().unwrap();
}

#[test]
fn a_large_reply_that_is_read_slowly_arrives_whole_though_the_socket_is_dropped() {
    for endpoint in crate::harness::transports() {
        let (rep, peer) = with_large_reply(&endpoint, |_| {}, b"");
        let reading = read_slowly(peer);
        drop(rep);
        reading.join().unwrap();
    }
}

#[test]
fn a_stopped_socket_lingers() {
    let (mut rep, peer) = with_large_reply("tcp://127.0.0.1:*", |_| {}, b"");
    rep.handle().unwrap().stop().unwrap();
    let reading = read_slowly(peer);
    assert!(rep.step().is_err());
    drop(rep);
    reading.join().unwrap();
}

/// The kernel resets a connection that is closed with unread bytes, and drops the bytes still to be
/// sent.
#[test]
fn unread_requests_do_not_cost_their_sender_the_reply() {
    let behind = wire::delimited(&[1; 1_000]).repeat(1_000);
    let few = HighWaterMark::new(1, 1_000);
    let (rep, peer) =
        with_large_reply("tcp://127.0.0.1:*", |options| options.receive_mark = few, &behind);
    let reading = read_slowly(peer);
    drop(rep);
    reading.join().unwrap();
}

#[test]
fn a_peer_that_reads_nothing_delays_drop_until_linger_sees_no_progress() {
    let simulation = Simulation::new();
    let linger = Linger::new(3 * SECOND, 20 * SECOND);
    let mut rep = simulated::<Rep>(&simulation).linger(linger).bind("tcp://127.0.0.1:*").unwrap();
    let mut peer = simulated_peer(&simulation, &endpoint_of(&rep), "REQ");
    peer.write_all(&wire::delimited(b"much, please")).unwrap();
    assert!(rep.recv_timeout(LIMIT).unwrap().is_some());
    rep.send(vec![7; SIZE]).unwrap();
    let time = simulated_time(&simulation, || drop(rep));
    assert!((3 * SECOND..=4 * SECOND).contains(&time), "{time:?}");
    drop(peer);
}

#[test]
fn a_peer_that_reads_too_slowly_delays_drop_by_linger_and_no_more() {
    let linger = Linger::new(2 * LIMIT, SECOND);
    let (rep, mut peer) =
        with_large_reply("tcp://127.0.0.1:*", |options| options.linger = linger, b"");
    // Byte by byte, which takes longer than linger allows.
    let reading = thread::spawn(move || {
        let mut got = 0;
        while !peer.read_for(1, LIMIT).is_empty() {
            got += 1;
        }
        got
    });
    assert_dropped(rep);
    assert!(reading.join().unwrap() < SIZE);
}

#[test]
fn incoming_pings_do_not_prolong_linger() {
    let linger = Linger::new(SHORT, 12 * LIMIT);
    let (rep, mut peer) =
        with_large_reply("tcp://127.0.0.1:*", |options| options.linger = linger, b"");
    let pinging = thread::spawn(move || while peer.try_send(&wire::ping(b"")).is_ok() {});
    assert_dropped(rep);
    pinging.join().unwrap();
}

#[test]
fn the_death_of_the_peer_ends_linger() {
    let (rep, peer) =
        with_large_reply("tcp://127.0.0.1:*", |options| options.linger = (60 * SECOND).into(), b"");
    let dropping = blocked(move || drop(rep));
    peer.reset();
    eventually("the drop ends", || dropping.is_finished());
    dropping.join().unwrap();
}

#[test]
fn a_disconnect_counts_dropped_messages() {
    let gone = RawServer::tcp().endpoint();
    let mut req = crate::harness::builder::<Req>().connect(&gone).unwrap();
    req.send("never").unwrap();
    req.disconnect(&gone).unwrap();
    assert_eq!(req.counters().dropped.cancelled, 1);
    assert_dropped(req);
}

#[test]
fn dropping_removes_the_own_ipc_file_only() {
    let endpoint = ipc();
    let path = std::path::PathBuf::from(endpoint.strip_prefix("ipc://").unwrap());
    let rep = crate::harness::builder::<Rep>().bind(&endpoint).unwrap();
    assert!(path.exists());
    drop(rep);
    assert!(!path.exists());
    let rep = crate::harness::builder::<Rep>().bind(&endpoint).unwrap();
    std::fs::remove_file(&path).unwrap();
    let other = RawServer::on(&endpoint);
    drop(rep);
    assert!(path.exists(), "it is not ours");
    drop(other);
}

#[test]
fn a_reply_given_right_before_the_drop_arrives() {
    for round in 0..50 {
        let mut rep = rep_with(|_| {});
        let endpoint = endpoint_of(&rep);
        let asking = thread::spawn(move || {
            let mut peer = RawPeer::connect(&endpoint);
            peer.send(&wire::burst("REQ", &[b"one", b"two"]));
            peer.read_exact(64);
            assert_eq!(peer.read_message()[1], b"answer");
        });
        drive_until!(rep, rep.counters().messages_received == 2);
        assert!(rep.recv_timeout(LIMIT).unwrap().is_some(), "round {round}");
        rep.send("answer").unwrap();
        drop(rep);
        asking.join().unwrap();
    }
}

/// PINGs to another peer that does not read are not progress, although the system seems to take bytes back for each.
#[cfg(target_os = "linux")]
#[test]
fn heartbeats_do_not_prolong_linger() {
    const EXCHANGED: usize = 300_000;
    const BEAT: Duration = Duration::from_millis(100);
    let mut push = crate::harness::builder::<Push>()
        .heartbeat(Heartbeat::every(BEAT).timeout(100 * SECOND))
        .linger(Linger::new(SHORT, 60 * SECOND))
        .bind(ipc())
        .unwrap();
    let endpoint = push.last_endpoint().unwrap().to_string();
    let peers = [0; 2].map(|_| half_ready(&endpoint, "PULL"));
    drive_until!(push, push.counters().handshakes == 2);
    let reading = thread::spawn(move || {
        peers.map(|mut peer| {
            peer.read_exact(64);
            assert_eq!(peer.read_message()[0].len(), EXCHANGED);
            peer
        })
    });
    for _ in 0..2 {
        push.send(vec![7; EXCHANGED]).unwrap();
    }
    drive_until!(push, reading.is_finished());
    let _peers = reading.join().unwrap();
    // It blocks one of the connections.
    push.send(vec![7; SIZE]).unwrap();
    assert_dropped(push);
}

/// The system counts more memory than bytes for a small write.
#[test]
fn a_slow_reader_of_small_messages_over_ipc_makes_progress() {
    const MESSAGES: usize = 400;
    let mut push = crate::harness::builder::<Push>().bind(ipc()).unwrap();
    let mut peer = half_ready(&push.last_endpoint().unwrap().to_string(), "PULL");
    drive_until!(push, push.counters().handshakes == 1);
    for _ in 0..MESSAGES {
        push.send("small").unwrap();
        push.flush(Duration::ZERO).unwrap();
    }
    let reading = thread::spawn(move || {
        peer.read_exact(64);
        for _ in 0..MESSAGES {
            assert_eq!(peer.read_message(), [b"small"]);
            thread::sleep(Duration::from_millis(15));
        }
    });
    assert_eq!(push.close(Linger::new(3 * SECOND, 60 * SECOND)).count(), 0);
    reading.join().unwrap();
}

#[test]
fn a_slow_reader_of_empty_messages_over_inproc_makes_progress() {
    // More than the connection holds.
    const MESSAGES: usize = 1_500;
    let builder = crate::harness::builder::<Pull>().receive_mark(HighWaterMark::new(10, 1_000));
    let mut pull = builder.bind("inproc://empty").unwrap();
    let builder = crate::harness::builder::<Push>().send_mark(HighWaterMark::new(MESSAGES, 1_000));
    let mut push = builder.connect("inproc://empty").unwrap();
    assert!(push.wait_for_peers(1, LIMIT).unwrap());
    for _ in 0..MESSAGES {
        push.send("").unwrap();
    }
    let closing = thread::spawn(move || push.close(Linger::new(3 * SECOND, 60 * SECOND)));
    for _ in 0..MESSAGES {
        assert!(pull.recv_timeout(LIMIT).unwrap().is_some());
        if !closing.is_finished() {
            thread::sleep(Duration::from_millis(4));
        }
    }
    assert_eq!(closing.join().unwrap().count(), 0);
}
