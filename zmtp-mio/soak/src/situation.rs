//! What happens in one situation: its sockets, its link, and its faults.

use core::fmt;
use core::time::Duration;

use fastrand::Rng;
use zmtp_mio::SocketKind;

use crate::message::{HEADER, Sizes};
use crate::setup::{Setup, is_exclusive};

/// The sockets of a situation: of `connecting` there may be several.
#[derive(Clone, Copy, Debug)]
struct Topology {
    bound: SocketKind,
    connecting: SocketKind,
    /// Which of the two sends of its own accord.
    bound_sends: bool,
    answers: bool,
}

const fn topology(
    connecting: SocketKind,
    bound: SocketKind,
    bound_sends: bool,
    answers: bool,
) -> Topology {
    Topology { bound, connecting, bound_sends, answers }
}

const TOPOLOGIES: [Topology; 16] = [
    topology(SocketKind::Push, SocketKind::Pull, false, false),
    topology(SocketKind::Pull, SocketKind::Push, true, false),
    topology(SocketKind::Dealer, SocketKind::Router, false, false),
    topology(SocketKind::Dealer, SocketKind::Router, false, true),
    topology(SocketKind::Dealer, SocketKind::Dealer, false, true),
    topology(SocketKind::Pair, SocketKind::Pair, false, true),
    topology(SocketKind::Pair, SocketKind::Pair, true, false),
    topology(SocketKind::Req, SocketKind::Rep, false, true),
    topology(SocketKind::Sub, SocketKind::Pub, true, false),
    topology(SocketKind::Client, SocketKind::Server, false, false),
    topology(SocketKind::Client, SocketKind::Server, false, true),
    topology(SocketKind::Peer, SocketKind::Peer, false, true),
    topology(SocketKind::Channel, SocketKind::Channel, false, true),
    topology(SocketKind::Scatter, SocketKind::Gather, false, false),
    topology(SocketKind::Gather, SocketKind::Scatter, true, false),
    topology(SocketKind::Dish, SocketKind::Radio, true, false),
];

/// The faults that can occur.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    /// Processes are killed and replaced.
    pub(crate) kills: bool,
    /// Processes are stopped for a while.
    pub(crate) stops: bool,
    /// Sockets are closed in an orderly way and replaced.
    pub(crate) reopens: bool,
    /// Peers send rubbish to the bound socket.
    pub(crate) rubbish: bool,
    /// A link has a changing rate and delay.
    pub(crate) throttles: bool,
    /// The link is cut.
    pub(crate) cuts: bool,
}

/// One situation.
#[derive(Clone, Debug)]
pub(crate) struct Situation {
    topology: Topology,
    pub(crate) ipc: bool,
    /// The number of connecting sockets.
    pub(crate) connecting: usize,
    pub(crate) faults: Faults,
    pub(crate) mark: (usize, usize),
    pub(crate) heartbeat: bool,
    pub(crate) sizes: Sizes,
    rate: u64,
    pub(crate) time: Duration,
}

impl Situation {
    /// A random situation. With `kills` false, all processes live until its end.
    pub(crate) fn random(rng: &mut Rng, kills: bool) -> Self {
        let topology = TOPOLOGIES[rng.usize(..TOPOLOGIES.len())];
        let pair = is_exclusive(topology.bound);
        let throttles = rng.u8(..3) == 0;
        // Larger ones, where a fault can destroy some: it destroys bytes.
        let least = HEADER + if kills { rng.usize(1_000..3_000) } else { rng.usize(..400) };
        Self {
            topology,
            ipc: rng.bool(),
            connecting: if pair { 1 } else { rng.usize(1..=3) },
            faults: Faults {
                kills: kills && rng.u8(..4) > 0,
                stops: rng.bool(),
                reopens: rng.u8(..3) == 0,
                rubbish: rng.bool(),
                throttles,
                cuts: kills && throttles && rng.bool(),
            },
            mark: (rng.usize(2..60), 1 << rng.u32(13..19)),
            heartbeat: rng.u8(..3) == 0,
            sizes: Sizes { least, most: least + (1 << rng.u32(8..17)) },
            rate: rng.u64(30..300),
            time: Duration::from_millis(rng.u64(3_000..8_000)),
        }
    }

    /// The setup of a new socket.
    pub(crate) fn setup(&self, rng: &mut Rng, origin: u32, binds: bool, endpoint: &str) -> Setup {
        let Topology { bound, connecting, bound_sends, answers } = self.topology;
        let sends = binds == bound_sends;
        Setup {
            origin,
            kind: if binds { bound } else { connecting },
            binds,
            endpoint: endpoint.into(),
            driver: rng.bool(),
            mark: self.mark,
            heartbeat: self.heartbeat,
            sizes: self.sizes,
            rate: if sends { self.rate } else { 0 },
            answers: answers && !sends,
        }
    }

    /// The kind of the socket that is bound.
    pub(crate) const fn bound(&self) -> SocketKind {
        self.topology.bound
    }
}

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Topology { bound, connecting, bound_sends, answers } = self.topology;
        let arrow = match (answers, bound_sends) {
            (true, _) => "<->",
            (false, true) => "<-",
            (false, false) => "->",
        };
        let transport = if self.ipc { "ipc" } else { "tcp" };
        write!(f, "{} {connecting:?} {arrow} {bound:?}, {transport}", self.connecting)?;
        let Faults { kills, stops, reopens, rubbish, throttles, cuts } = self.faults;
        for (is_set, name) in [
            (self.heartbeat, "heartbeats"),
            (kills, "kills"),
            (stops, "stops"),
            (reopens, "closes"),
            (rubbish, "rubbish"),
            (throttles, "slow link"),
            (cuts, "cuts"),
        ] {
            if is_set {
                write!(f, ", {name}")?;
            }
        }
        Ok(())
    }
}
