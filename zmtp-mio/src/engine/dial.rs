//! Dialling: names, attempts, and waits between them, for ever.

use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::net::ToSocketAddrs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use mio::Interest;
use zmtp_core::ErrorKind;
use zmtp_core::pattern::PeerId;

use super::link::Link;
use super::pattern::Pattern;
use super::peer::{Origin, Peer, Phase};
use super::roster::Met;
use super::{Engine, Key};
use crate::endpoint::{Endpoint, Host};
use crate::monitor::{CloseReason, EventKind};
use crate::options::Reconnect;
use crate::transport::{Addresses, Stream, Target};

/// The least that a wait can be set to: dialling without any would be a spin.
const LEAST: Duration = Duration::from_millis(10);

/// What a dialled peer remembers from one attempt to the next.
#[derive(Debug)]
pub(super) struct Dialer {
    /// Addresses of the last look-up that were not tried yet.
    targets: Vec<Target>,
    /// How many of them were.
    tried: usize,
    /// Attempts since the peer last proved of use.
    failures: u32,
    /// Counts look-ups, so that a late answer is told from the one awaited.
    look_up: u64,
    last: Option<Instant>,
}

/// The answer of a look-up thread.
pub(super) struct Resolved {
    peer: usize,
    look_up: u64,
    addresses: io::Result<Vec<SocketAddr>>,
}

impl Dialer {
    const fn new() -> Self {
        Self { targets: Vec::new(), tried: 0, failures: 0, look_up: 0, last: None }
    }

    /// The wait before the next attempt.
    fn wait(&mut self, options: Reconnect, reason: CloseReason, now: Instant) -> Duration {
        let first = options.first.min(options.longest).max(LEAST);
        let doubled = first.saturating_mul(1 << self.failures.min(20));
        let base = doubled.min(options.longest.max(LEAST));
        self.failures = self.failures.saturating_add(1);
        // Not sooner after the last dial than the first wait, however short the connection was.
        let since = self.last.map_or(Duration::MAX, |last| now.saturating_duration_since(last));
        let least = first.saturating_sub(since);
        match reason {
            // Our own doing: at once, unless that would be sooner after the last than the first
            // wait.
            CloseReason::Abandoned => {
                self.failures = 0;
                least
            }
            // It will not get better soon.
            CloseReason::Protocol(error) if error.kind() == ErrorKind::Configuration => {
                jitter(options.longest)
            }
            _ => jitter(base).max(least),
        }
    }
}

/// Between half and all of a wait.
fn jitter(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + fastrand::f64() / 2.0)
}

impl Engine {
    /// Starts to dial an endpoint, and goes on until `disconnect`.
    pub(crate) fn connect(&mut self, endpoint: Endpoint) -> PeerId {
        let origin = Origin::Dialled(Box::new(Dialer::new()));
        let index = self.insert(Peer::new(origin, Arc::new(endpoint), Phase::Waiting));
        let peer = self.peers.get(index).map_or(PeerId::NONE, |peer| peer.id);
        self.pattern.dialled(peer);
        self.tick();
        self.dial(index);
        peer
    }

    /// Gives a dialled endpoint up, with what waits to be sent to it. `false` if there is none.
    pub(crate) fn disconnect(&mut self, endpoint: &Endpoint) -> bool {
        let found = self.peers.iter().find(|(_, peer)| {
            matches!(peer.origin, Origin::Dialled(_))
                && !matches!(peer.phase, Phase::Over)
                && *peer.endpoint == *endpoint
        });
        let Some((index, _)) = found else { return false };
        self.forget_inproc(index, endpoint);
        self.flush(index);
        if let Some(peer) = self.peers.get_mut(index) {
            // Nobody dials it again.
            peer.origin = Origin::Accepted;
            peer.known = true;
        }
        self.shut(index, CloseReason::ByUs);
        true
    }

    /// Begins the next attempt.
    pub(super) fn dial(&mut self, index: usize) {
        let now = self.now;
        let Some(peer) = self.peers.get_mut(index) else { return };
        let endpoint = Arc::clone(&peer.endpoint);
        let Origin::Dialled(dialer) = &mut peer.origin else { return };
        dialer.last = Some(now);
        if let Endpoint::Inproc(name) = &*endpoint {
            return self.dial_inproc(index, name);
        }
        if let Some(target) = dialer.targets.pop() {
            dialer.tried += 1;
            self.monitor.counters.dials += 1;
            let dialled = Stream::dial(&target, &self.options).and_then(|mut stream| {
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.register(&mut stream, Key::Peer(index), interest)?;
                Ok(stream)
            });
            let Some(peer) = self.peers.get_mut(index) else { return };
            match dialled {
                Ok(stream) => {
                    peer.phase = Phase::Connecting(stream);
                    let limit = Duration::from_millis(self.options.limits.handshake_timeout.into());
                    let limit = self.options.tcp.connect_timeout.unwrap_or(limit).min(limit);
                    self.timers.set(Key::Peer(index), &mut peer.timer, Some(now + limit));
                    self.connecting(index);
                }
                Err(error) => self.shut(index, CloseReason::Io(error.kind())),
            }
            return;
        }
        match &*endpoint {
            Endpoint::Tcp { host: Host::Name(name), port, .. } if endpoint.numeric().is_none() => {
                peer.phase = Phase::Resolving;
                self.look_ups += 1;
                dialer.look_up = self.look_ups;
                let (name, port, look_up) = (name.clone(), *port, dialer.look_up);
                self.resolve(index, look_up, name, port);
            }
            Endpoint::Tcp { .. } => {
                self.dial_addresses(index, endpoint.numeric().unwrap_or_default());
            }
            #[cfg(unix)]
            _ => self.dial_targets(index, vec![Target::Ipc((*endpoint).clone())]),
            #[cfg(not(unix))]
            _ => self.shut(index, CloseReason::Io(io::ErrorKind::Unsupported)),
        }
    }

    fn dial_addresses(&mut self, index: usize, addresses: Vec<SocketAddr>) {
        let Some(peer) = self.peers.get(index) else { return };
        let from = match &*peer.endpoint {
            Endpoint::Tcp { source, .. } => *source,
            _ => None,
        };
        // From an address of one family there is no way to the other's.
        let targets = addresses
            .into_iter()
            .filter(|to| from.is_none_or(|from| from.is_ipv4() == to.is_ipv4()))
            .map(|to| Target::Tcp { to, from })
            .collect();
        self.dial_targets(index, targets);
    }

    fn dial_targets(&mut self, index: usize, mut targets: Vec<Target>) {
        if targets.is_empty() {
            return self.shut(index, CloseReason::NoAddress);
        }
        // Taken from the end.
        targets.reverse();
        if let Some(peer) = self.peers.get_mut(index)
            && let Origin::Dialled(dialer) = &mut peer.origin
        {
            (dialer.targets, dialer.tried) = (targets, 0);
            self.dial(index);
        }
    }

    /// Looks a name up: by the caller's resolver, else on a thread of its own, because the
    /// system's blocks.
    fn resolve(&mut self, index: usize, look_up: u64, name: String, port: u16) {
        if let Some(resolver) = self.options.resolver.clone() {
            // Its panic must not take the engine, or the driver, with it.
            let look_up = AssertUnwindSafe(|| resolver(&name, port));
            return match catch_unwind(look_up) {
                Ok(Ok(addresses)) => self.dial_addresses(index, addresses),
                _ => self.shut(index, CloseReason::NoAddress),
            };
        }
        let answer = self.resolved.0.clone();
        let started = self.wake().ok().and_then(|wake| {
            let look = move || {
                let addresses =
                    (name.as_str(), port).to_socket_addrs().map(|found| found.collect());
                // The socket may be gone; nobody waits for the answer then.
                let _ = answer.send(Resolved { peer: index, look_up, addresses });
                let _ = wake.wake();
            };
            thread::Builder::new().name("zmtp-resolver".into()).spawn(look).ok()
        });
        if started.is_none() {
            self.shut(index, CloseReason::Io(io::ErrorKind::OutOfMemory));
        }
    }

    pub(super) fn take_resolved(&mut self) {
        while let Ok(answer) = self.resolved.1.try_recv() {
            let awaited = self.peers.get(answer.peer).is_some_and(|peer| {
                matches!(&peer.origin, Origin::Dialled(dialer) if dialer.look_up == answer.look_up)
                    && matches!(peer.phase, Phase::Resolving)
            });
            if awaited {
                self.dial_addresses(answer.peer, answer.addresses.unwrap_or_default());
            }
        }
    }

    /// Looks whether connecting is decided, and opens the link.
    pub(super) fn connecting(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let Phase::Connecting(stream) = &peer.phase else { return };
        match stream.connected() {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(error) => return self.shut(index, CloseReason::Io(error.kind())),
        }
        let core_now = self.core_now();
        let Some(peer) = self.peers.get_mut(index) else { return };
        let Phase::Connecting(stream) = core::mem::replace(&mut peer.phase, Phase::Waiting) else {
            return;
        };
        if let Origin::Dialled(dialer) = &mut peer.origin {
            dialer.targets.clear();
        }
        let at = stream.addresses();
        let now = self.now;
        peer.met = Some(Met::boxed(at, now));
        let mut link = Link::new(stream, &self.config, now, core_now, self.pattern.is_raw());
        link.tx.watching = true;
        peer.phase = Phase::Open(link);
        let endpoint = Arc::clone(&peer.endpoint);
        self.monitor.note(&endpoint, at, EventKind::Connected);
        self.opened(index);
    }

    /// Plans the next attempt after this one ended.
    pub(super) fn redial(&mut self, index: usize, reason: CloseReason, proven: bool) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let Origin::Dialled(dialer) = &mut peer.origin else { return };
        let now = self.now;
        if proven {
            dialer.failures = 0;
        }
        // A name's other addresses are tried at once.
        let failed = matches!(reason, CloseReason::Io(_));
        let wait = match dialer.targets.is_empty() || !failed {
            true => {
                dialer.targets.clear();
                dialer.wait(self.options.reconnect, reason, now)
            }
            false if dialer.tried < 2 => Duration::ZERO,
            false => self.options.reconnect.first.max(LEAST),
        };
        peer.phase = Phase::Waiting;
        self.timers.set(Key::Peer(index), &mut peer.timer, now.checked_add(wait));
        self.monitor.note(
            &Arc::clone(&peer.endpoint),
            Addresses::default(),
            EventKind::Retrying(wait),
        );
    }
}
