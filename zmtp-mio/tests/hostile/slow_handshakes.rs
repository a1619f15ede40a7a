//! A thousand peers at once that are slow in the handshake, each in its way, in simulated time.

use std::io::Write;
use std::time::Duration;

use crate::harness::echo::endpoint_of;
use crate::harness::processes::{MIB, alone, peak_of_memory, this_test};
use crate::harness::simulated::{simulated, simulated_peer};
use crate::harness::{LIMIT, closes, events};
use zmtp_core::{Error, Timeout};
use zmtp_mio::testing::{RawPeer, Simulation};
use zmtp_mio::{CloseReason, Rep};

const PEERS: usize = 1_000;

#[test]
fn a_thousand_slow_handshakes_run_out_of_time_and_an_honest_peer_is_served() {
    alone(this_test!(), || {
        let before = peak_of_memory();
        let simulation = Simulation::new();
        let mut rep = simulated::<Rep>(&simulation)
            .handshake_timeout(Duration::from_secs(3))
            .bind("tcp://127.0.0.1:*")
            .unwrap();
        let endpoint = endpoint_of(&rep);
        let mut honest = simulated_peer(&simulation, &endpoint, "REQ");
        let whole = wire::burst("REQ", &[]);
        let mut peers: Vec<RawPeer> = (0..PEERS)
            .map(|number| {
                let mut peer = simulation.connect(&endpoint.parse().unwrap()).unwrap();
                // Silence from the start; after the greeting; after half a READY. The other
                // half sends a byte every 200 ms.
                peer.write_all(&whole[..[0, 64, 80, 1, 2, 3][number % 6]]).unwrap();
                rep.step().unwrap();
                peer
            })
            .collect();
        let mut ends = Vec::new();
        for round in 0..17 {
            for (number, peer) in peers.iter_mut().enumerate().filter(|(at, _)| at % 6 > 2) {
                let next = number % 6 - 2 + round;
                let _ = peer.write(&whole[next..=next]);
            }
            honest.write_all(&wire::delimited(b"meanwhile")).unwrap();
            let request = rep.recv_timeout(LIMIT).unwrap().expect("the honest peer is served");
            rep.send(request).unwrap();
            assert_eq!(rep.recv_timeout(Duration::from_millis(200)).unwrap(), None);
            ends.extend(closes(&events!(rep)));
        }
        assert!(honest.read_all().unwrap().ends_with(b"meanwhile"));
        for peer in &mut peers {
            while peer.read_all().is_some() {}
        }
        assert_eq!(rep.counters().refused, PEERS as u64);
        assert_eq!(ends, [CloseReason::Protocol(Error::TimedOut(Timeout::Handshake)); PEERS]);
        let grown = peak_of_memory() - before;
        assert!(grown < 16 * MIB, "memory grew by {grown} bytes");
    });
}
