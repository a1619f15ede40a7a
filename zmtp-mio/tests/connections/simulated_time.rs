//! Timeouts on the simulated clock and network.

use std::io::Write;
use std::time::Duration;

use zmtp_core::{Error, Timeout};
use zmtp_mio::Heartbeat;
use zmtp_mio::testing::{RawPeer, Simulation};
use zmtp_mio::{CloseReason, Context, Dealer, Event, EventKind, Push, Router};

const SECOND: Duration = Duration::from_secs(1);

/// A peer that connects to a port of the simulation and sends its greeting and READY.
fn half_ready(simulation: &Simulation, endpoint: &zmtp_mio::Endpoint, kind: &str) -> RawPeer {
    let mut peer = simulation.connect(endpoint).unwrap();
    peer.write_all(&[wire::greeting("NULL"), wire::ready(kind)].concat()).unwrap();
    peer
}

/// The kinds of the events that the calls to `next` return.
fn kinds(next: impl FnMut() -> Option<Event>) -> Vec<EventKind> {
    std::iter::from_fn(next).map(|event| event.kind).collect()
}

#[test]
fn a_peer_that_does_not_answer_pings_is_closed_after_its_timeout() {
    let simulation = Simulation::new();
    let mut router = Router::builder()
        .context(&Context::simulated(&simulation))
        .heartbeat(
            Heartbeat::every(Duration::from_millis(10_000)).timeout(Duration::from_millis(30_000)),
        )
        .build()
        .unwrap();
    let endpoint = router.bind("tcp://127.0.0.1:*").unwrap();
    let mut silent = half_ready(&simulation, &endpoint, "DEALER");
    assert!(router.wait_for_peers(1, SECOND).unwrap());
    let begun = simulation.clock().elapsed();
    // Waiting moves the clock from deadline to deadline.
    while router.counters().disconnects == 0 {
        assert_eq!(router.recv_timeout(SECOND).unwrap(), None);
    }
    let took = simulation.clock().elapsed() - begun;
    assert!((40 * SECOND..=42 * SECOND).contains(&took), "{took:?}");
    let last = kinds(|| router.next_event()).pop();
    let silence = CloseReason::Protocol(Error::TimedOut(Timeout::Heartbeat));
    assert_eq!(last, Some(EventKind::Closed(silence)));
    let sent = silent.read_all().unwrap();
    assert!(sent.windows(5).any(|bytes| bytes == b"\x04PING"));
}

#[test]
fn a_handshake_that_does_not_begin_times_out() {
    let simulation = Simulation::new();
    let mut router = Router::builder()
        .context(&Context::simulated(&simulation))
        .handshake_timeout(30 * SECOND)
        .build()
        .unwrap();
    let endpoint = router.bind("tcp://127.0.0.1:*").unwrap();
    let _silent = simulation.connect(&endpoint).unwrap();
    assert_eq!(router.recv_timeout(29 * SECOND).unwrap(), None);
    assert_eq!(router.counters().refused, 0);
    assert_eq!(router.recv_timeout(2 * SECOND).unwrap(), None);
    assert_eq!(router.counters().refused, 1);
}

#[test]
fn the_waits_between_connection_attempts_double_up_to_the_longest() {
    let simulation = Simulation::new();
    let closed_port = simulation.listen().endpoint();
    let mut dealer = Dealer::builder()
        .context(&Context::simulated(&simulation))
        .connect(closed_port.to_string())
        .unwrap();
    // With the default options: 100 ms at first, 3 s at most, less up to half of it.
    assert_eq!(dealer.recv_timeout(60 * SECOND).unwrap(), None);
    let waits: Vec<_> = kinds(|| dealer.next_event())
        .into_iter()
        .filter_map(|kind| match kind {
            EventKind::Retrying(wait) => Some(wait),
            _ => None,
        })
        .collect();
    for (attempt, wait) in waits.iter().enumerate() {
        let full = Duration::from_millis(100 << attempt.min(5)).min(3 * SECOND);
        assert!((full / 2..=full).contains(wait), "attempt {attempt}: {wait:?}");
    }
    assert!((20..=42).contains(&waits.len()), "{}", waits.len());
}

#[test]
fn closing_ends_after_linger() {
    let simulation = Simulation::new();
    let mut push = Push::builder()
        .context(&Context::simulated(&simulation))
        .linger(20 * SECOND)
        .build()
        .unwrap();
    let endpoint = push.bind("tcp://127.0.0.1:*").unwrap();
    let _does_not_read = half_ready(&simulation, &endpoint, "PULL");
    assert!(push.wait_for_peers(1, SECOND).unwrap());
    for _ in 0..10 {
        push.send(vec![0; 64 << 10]).unwrap();
    }
    let begun = simulation.clock().elapsed();
    drop(push);
    let took = simulation.clock().elapsed() - begun;
    assert!((20 * SECOND..21 * SECOND).contains(&took), "{took:?}");
}

#[test]
fn sockets_of_one_simulation_talk() {
    let simulation = Simulation::new();
    let context = Context::simulated(&simulation);
    let mut router = Router::builder().context(&context).build().unwrap();
    let endpoint = router.bind("tcp://127.0.0.1:*").unwrap();
    let mut dealer = Dealer::builder().context(&context).connect(endpoint.to_string()).unwrap();
    dealer.send(vec![7; 1 << 20]).unwrap();
    let message = loop {
        dealer.step().unwrap();
        if let Some(message) = router.try_recv().unwrap() {
            break message;
        }
    };
    assert_eq!(message.part(1).map(<[u8]>::len), Some(1 << 20));
    assert_eq!(simulation.clock().elapsed(), Duration::ZERO);
}
