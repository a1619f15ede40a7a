//! Sockets on a simulated clock and network. One thread drives all of them.

use std::io::Write;
use std::time::Duration;

use super::OfKind;
use zmtp_mio::testing::{RawPeer, Simulation};
use zmtp_mio::{Builder, Context};

/// Settings of a socket in a simulation.
pub(crate) fn simulated<S: OfKind>(simulation: &Simulation) -> Builder<S::Kind> {
    Builder::default().context(&Context::simulated(simulation))
}

/// A peer that connects and sends its greeting and READY.
pub(crate) fn simulated_peer(simulation: &Simulation, endpoint: &str, kind: &str) -> RawPeer {
    let mut peer = simulation.connect(&endpoint.parse().unwrap()).unwrap();
    peer.write_all(&wire::burst(kind, &[])).unwrap();
    peer
}

/// Takes turns, a millisecond of simulated time each, until one returns `true`.
pub(crate) fn turns_until(simulation: &Simulation, what: &str, mut turn: impl FnMut() -> bool) {
    for _ in 0..100_000 {
        if turn() {
            return;
        }
        simulation.clock().advance(Duration::from_millis(1));
    }
    panic!("not within 100 s of simulated time: {what}");
}

/// The simulated time that this takes.
pub(crate) fn simulated_time(simulation: &Simulation, work: impl FnOnce()) -> Duration {
    let start = simulation.clock().elapsed();
    work();
    simulation.clock().elapsed() - start
}
