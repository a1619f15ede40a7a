//! A thousand peers at once that dawdle in the handshake, each in its way.
#![cfg(unix)]

use std::time::{Duration, Instant};

use crate::harness::arena::Arena;
use crate::harness::processes::{MIB, alone_with, this_test};
use crate::harness::{LIMIT, RawPeer};
use zmtp_mio::CloseReason;
use zmtp_mio::zmtp_core::{Error, Timeout};

const PEERS: usize = 1_000;

#[test]
fn a_thousand_slow_handshakes_hold_up_nobody_and_run_out_of_time() {
    let test = this_test!();
    alone_with(test, 4_096, || {
        let arena = Arena::with(|options| options.limits = options.limits.handshake_timeout(3_000));
        let whole = wire::burst("REQ", &[]);
        let mut peers: Vec<RawPeer> = (0..PEERS)
            .map(|number| {
                let mut peer = RawPeer::connect(&arena.endpoint);
                // Silence from the start; after the greeting; after half a READY. The other
                // half will send a byte every 200 ms.
                let said = [0, 64, 80, 1, 2, 3][number % 6];
                peer.send(&whole[..said]);
                peer
            })
            .collect();
        let start = Instant::now();
        for round in 0..17 {
            for (number, peer) in peers.iter_mut().enumerate().filter(|(at, _)| at % 6 > 2) {
                let next = number % 6 - 2 + round;
                let _ = peer.try_send(&whole[next..=next]);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        peers.iter_mut().for_each(RawPeer::assert_closed);
        assert!(start.elapsed() < 4 * LIMIT, "{:?}", start.elapsed());
        drop(peers);
        let (counters, closes) = arena.end(16 * MIB);
        let late = CloseReason::Protocol(Error::TimedOut(Timeout::Handshake));
        assert_eq!(counters.refused, PEERS as u64);
        assert_eq!(closes.iter().filter(|close| **close == late).count(), PEERS, "{closes:?}");
    });
}
