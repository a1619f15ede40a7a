//! Every message is accounted for, over random runs with faults.
//!
//! Of each sending socket: accepted = written + dropped by cause + returned by `close`. Of each receiving socket:
//! received <= taken by the application + not received by it when the socket was closed. Of both together: what was
//! written and has not arrived is at most what the senders count as in doubt, and nothing without a fault. No message
//! that `close` returned arrives.

use std::collections::BTreeSet;
use std::time::Duration;

use fastrand::Rng;

use crate::harness::simulated::{simulated, turns_until};
use zmtp_mio::testing::Simulation;
use zmtp_mio::{
    AnySocket, Context, Counters, Endpoint, HighWaterMark, Linger, Message, Options, Pull, Push,
    SocketKind,
};

/// Which end of a topology sends, and which one is bound.
#[derive(Clone, Copy, Debug)]
enum Topology {
    /// PUSH connects to PULL, and the reverse.
    PushToPull,
    PullToPush,
    DealerToRouter,
    DealerToDealer,
    Pair,
}

const TOPOLOGIES: [Topology; 5] = [
    Topology::PushToPull,
    Topology::PullToPush,
    Topology::DealerToRouter,
    Topology::DealerToDealer,
    Topology::Pair,
];

impl Topology {
    /// The kinds of the sender and of the receiver.
    const fn kinds(self) -> (SocketKind, SocketKind) {
        match self {
            Self::PushToPull | Self::PullToPush => (SocketKind::Push, SocketKind::Pull),
            Self::DealerToRouter => (SocketKind::Dealer, SocketKind::Router),
            Self::DealerToDealer => (SocketKind::Dealer, SocketKind::Dealer),
            Self::Pair => (SocketKind::Pair, SocketKind::Pair),
        }
    }

    const fn sender_is_bound(self) -> bool {
        matches!(self, Self::PullToPush)
    }

    /// The number of connecting sockets.
    fn connecting(self, rng: &mut Rng) -> usize {
        if matches!(self, Self::Pair) { 1 } else { rng.usize(1..=3) }
    }
}

/// The sums of all sockets of a run.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    accepted: u64,
    written: u64,
    in_doubt: u64,
    /// By sockets, whether their applications took it or not.
    received: u64,
    faults: u64,
}

struct Run {
    topology: Topology,
    simulation: Simulation,
    rng: Rng,
    mark: HighWaterMark,
    endpoint: Endpoint,
    senders: Vec<(AnySocket, u64)>,
    receivers: Vec<(AnySocket, u64)>,
    next: u32,
    delivered: BTreeSet<u32>,
    returned: BTreeSet<u32>,
    sums: Sums,
}

/// What the application of a sender lost, by the cause that its socket counts.
fn dropped(counters: &Counters) -> u64 {
    let by = &counters.dropped;
    by.unroutable + by.peer_gone + by.high_water_mark + by.half_sent + by.cancelled
}

/// What a receiver rejected. A message that was received in part is not counted as written, or in doubt.
fn rejected(counters: &Counters) -> u64 {
    let by = &counters.dropped;
    by.bad_envelope + by.unsolicited + by.not_subscribed + by.not_received + by.multipart
}

fn number(message: &Message) -> u32 {
    let last = message.part(message.part_count() - 1).unwrap();
    u32::from_be_bytes(last[..4].try_into().unwrap())
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let topology = TOPOLOGIES[rng.usize(..TOPOLOGIES.len())];
        let simulation = Simulation::new();
        let endpoint = simulation.listen().endpoint();
        let mark = HighWaterMark::new(rng.usize(1..20), 1 << rng.usize(10..20));
        let connecting = topology.connecting(&mut rng);
        let mut run = Self {
            topology,
            simulation,
            rng,
            mark,
            endpoint,
            senders: Vec::new(),
            receivers: Vec::new(),
            next: 0,
            delivered: BTreeSet::new(),
            returned: BTreeSet::new(),
            sums: Sums::default(),
        };
        let (senders, receivers) = match topology.sender_is_bound() {
            true => (1, connecting),
            false => (connecting, 1),
        };
        for _ in 0..senders {
            let sender = run.sender();
            run.senders.push((sender, 0));
        }
        for _ in 0..receivers {
            let receiver = run.receiver();
            run.receivers.push((receiver, 0));
        }
        run
    }

    fn build(&self, kind: SocketKind, bound: bool) -> AnySocket {
        let mut options = Options::default();
        options.linger = Linger::from(Duration::ZERO);
        (options.send_mark, options.receive_mark) = (self.mark, self.mark);
        let builder = AnySocket::builder(kind)
            .options(options.for_kind(kind))
            .context(&Context::simulated(&self.simulation));
        let endpoint = self.endpoint.clone();
        let socket = if bound { builder.bind(endpoint) } else { builder.connect(endpoint) };
        socket.unwrap()
    }

    fn sender(&self) -> AnySocket {
        self.build(self.topology.kinds().0, self.topology.sender_is_bound())
    }

    fn receiver(&self) -> AnySocket {
        self.build(self.topology.kinds().1, !self.topology.sender_is_bound())
    }

    /// Lets all sockets take a turn.
    fn turn(&mut self) {
        for (socket, _) in self.senders.iter_mut().chain(&mut self.receivers) {
            socket.step().unwrap();
        }
        self.simulation.clock().advance(Duration::from_millis(1));
    }

    fn send(&mut self) {
        let at = self.rng.usize(..self.senders.len());
        let len =
            if self.rng.u8(..) < 20 { self.rng.usize(..100_000) } else { self.rng.usize(..500) };
        let mut body = vec![7; len + 4];
        body[..4].copy_from_slice(&self.next.to_be_bytes());
        self.next += 1;
        let (socket, accepted) = &mut self.senders[at];
        *accepted += u64::from(socket.send_timeout(body, Duration::ZERO).is_ok());
    }

    fn receive(&mut self) -> bool {
        let at = self.rng.usize(..self.receivers.len());
        let (socket, taken) = &mut self.receivers[at];
        let Some(message) = socket.recv_timeout(Duration::ZERO).unwrap() else { return false };
        *taken += 1;
        assert!(self.delivered.insert(number(&message)), "{message:?} arrived twice");
        true
    }

    fn close_sender(&mut self, at: usize) {
        let (socket, accepted) = self.senders.remove(at);
        let counters = socket.counters();
        let unsent = socket.close(Duration::ZERO);
        let (written, lost) = (counters.messages_sent, dropped(&counters));
        assert_eq!(accepted, written + lost + unsent.count(), "{counters}; {unsent:?}");
        let end = &unsent.counters;
        assert_eq!(accepted, end.messages_sent + end.dropped.unsent(), "{end}");
        assert_eq!(end.in_doubt, counters.in_doubt + unsent.in_doubt, "{end}");
        self.sums.accepted += accepted;
        self.sums.written += written;
        self.sums.in_doubt += counters.in_doubt + unsent.in_doubt;
        self.returned.extend(unsent.messages.iter().map(number));
    }

    fn close_receiver(&mut self, at: usize) {
        let (socket, taken) = self.receivers.remove(at);
        let counters = socket.counters();
        let unsent = socket.close(Duration::ZERO);
        self.sums.received += taken + unsent.unreceived + rejected(&counters);
        assert!(counters.messages_received <= taken + unsent.unreceived, "{counters}; {unsent:?}");
    }

    /// Something that a network or an application does.
    fn fault(&mut self) {
        let happened = match self.rng.u8(..4) {
            0 | 1 => self.simulation.cut(self.rng.usize(..), self.rng.bool()),
            2 => {
                let at = self.rng.usize(..self.senders.len());
                self.close_sender(at);
                let socket = self.sender();
                self.senders.push((socket, 0));
                true
            }
            _ => {
                let at = self.rng.usize(..self.receivers.len());
                self.close_receiver(at);
                let socket = self.receiver();
                self.receivers.push((socket, 0));
                true
            }
        };
        self.sums.faults += u64::from(happened);
    }

    /// Everything that can arrive arrives.
    fn settle(&mut self) {
        for _ in 0..20_000 {
            self.turn();
            let mut more = false;
            for _ in 0..20 {
                more |= self.receive();
            }
            let settled = |(socket, accepted): &(AnySocket, u64)| {
                let counters = socket.counters();
                *accepted == counters.messages_sent + dropped(&counters)
            };
            if !more && self.senders.iter().all(settled) {
                return;
            }
        }
        panic!("messages are left: {:?}", self.sums);
    }

    fn run(mut self) -> Sums {
        let faults = self.rng.bool();
        for _ in 0..self.rng.usize(50..400) {
            match self.rng.u8(..) {
                0..90 => self.send(),
                90..170 => drop(self.receive()),
                170..175 if faults => self.fault(),
                _ => self.turn(),
            }
        }
        self.settle();
        // What is on its way arrives.
        for _ in 0..50 {
            self.turn();
            while self.receive() {}
        }
        while !self.senders.is_empty() {
            self.close_sender(0);
        }
        for _ in 0..50 {
            self.turn();
        }
        while !self.receivers.is_empty() {
            self.close_receiver(0);
        }
        assert!(self.returned.is_disjoint(&self.delivered), "a returned message arrived");
        self.sums
    }
}

/// Runs with these seeds hold.
fn hold(seeds: core::ops::Range<u64>) {
    let mut faults = 0;
    for seed in seeds {
        let run = Run::new(seed);
        let topology = run.topology;
        let sums = run.run();
        let Sums { written, received, in_doubt, .. } = sums;
        let what = || format!("seed {seed}, {topology:?}: {sums:?}");
        let missing = written.checked_sub(received).unwrap_or_else(|| panic!("{}", what()));
        assert!(missing <= in_doubt, "{}", what());
        assert!(sums.faults > 0 || missing == 0, "{}", what());
        faults += sums.faults;
    }
    assert!(faults > 0, "no run had a fault");
}

#[test]
fn every_message_is_accounted_for() {
    hold(0..400);
}

/// The application of the receiver is stopped while it is behind, and started again.
#[test]
fn unread_messages_stay_with_the_sender_when_the_receiver_closes() {
    const MESSAGES: u64 = 133;
    let simulation = Simulation::new();
    let few = HighWaterMark::new(10, 1 << 20);
    let pull = || simulated::<Pull>(&simulation).receive_mark(few);
    let mut first = pull().bind("tcp://127.0.0.1:*").unwrap();
    let endpoint = first.endpoints().next().unwrap().clone();
    let mut push = simulated::<Push>(&simulation).connect(endpoint.clone()).unwrap();
    for n in 0..MESSAGES as u32 {
        push.send([&n.to_be_bytes()[..], &[0; 10_000]].concat()).unwrap();
    }
    turns_until(&simulation, "a full queue", || {
        push.step().unwrap();
        first.step().unwrap();
        first.counters().messages_received == 10
    });
    let unreceived = first.close(Linger::default()).unreceived;
    let mut second = pull().bind(endpoint).unwrap();
    let mut got = 0;
    turns_until(&simulation, "all others", || {
        push.step().unwrap();
        got += u64::from(second.recv_timeout(Duration::ZERO).unwrap().is_some());
        let counters = push.counters();
        got + unreceived + counters.in_doubt + counters.dropped.half_sent == MESSAGES
    });
    // The buffers of the network have room for 64 KiB.
    assert!(unreceived < 20 && got > MESSAGES - 30, "{unreceived} and {got}");
}
