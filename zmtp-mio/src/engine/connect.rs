//! Connecting: attempts, and the waits between them.

use core::net::SocketAddr;
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::Interest;
use zmtp_core::ErrorKind;
use zmtp_core::pattern::{Pattern, PeerId};

use super::Engine;
use super::peer::{Connector, Origin, Peer, PeerDetails, State};
use super::queue::Inbox;
use super::scheduler::Key;
use crate::endpoint::{Endpoint, Host, Source};
use crate::monitor::{CloseReason, EventKind};
use crate::options::{Reconnect, Socks};
use crate::transport::socks::{self, Negotiation};
use crate::transport::{SocksError, Stream, Target};

/// The shortest wait: attempts without a wait would keep a CPU busy.
const LEAST: Duration = Duration::from_millis(10);

/// The shortest time to connect to one of several addresses: TCP repeats its first packet after a second.
const SHARE: Duration = Duration::from_millis(1_500);

impl Connector {
    /// The wait before the next attempt.
    fn wait(&mut self, options: Reconnect, reason: CloseReason, now: Instant) -> Duration {
        let first = options.first.min(options.longest).max(LEAST);
        let doubled = first.saturating_mul(1 << self.failures.min(20));
        let base = doubled.min(options.longest.max(LEAST));
        self.failures = self.failures.saturating_add(1);
        // At least the first wait after the start of the last attempt.
        let since = self.last.map_or(Duration::MAX, |last| now.saturating_duration_since(last));
        let least = first.saturating_sub(since);
        match reason {
            // The application closed the connection: the next attempt need not back off.
            CloseReason::RequestCancelled => {
                self.failures = 0;
                least
            }
            // A wrong configuration is usually not corrected soon.
            reason if is_configuration(reason) => jitter(options.longest),
            _ => jitter(base).max(least),
        }
    }
}

/// Between half and all of a wait.
fn jitter(wait: Duration) -> Duration {
    wait.mul_f64(0.5 + fastrand::f64() / 2.0)
}

impl Engine {
    /// Connects to an endpoint, and reconnects until `disconnect`.
    pub(crate) fn connect(&mut self, endpoint: Endpoint) -> PeerId {
        self.connect_as(endpoint, &[])
    }

    /// As [`Engine::connect`]. If `routing_id` is not empty, the peer gets this routing id
    /// (`ZMQ_CONNECT_ROUTING_ID`).
    pub(crate) fn connect_as(&mut self, endpoint: Endpoint, routing_id: &[u8]) -> PeerId {
        let origin = Origin::Connect(Box::default());
        let is_udp = matches!(endpoint, Endpoint::Udp { .. });
        let index = self.insert(Peer::new(origin, Arc::new(endpoint), State::Waiting));
        let peer = self.peers.get(index).map_or(PeerId::NONE, |peer| peer.id);
        self.pattern.peer_attached(peer, routing_id);
        if is_udp {
            self.pattern.joins_all(peer);
        }
        self.tick();
        self.connect_next(index);
        self.carry_out_closes();
        self.note_change();
        peer
    }

    /// Stops connecting to an endpoint, and drops the messages queued for it. Returns `false` if the socket does
    /// not connect to it.
    pub(crate) fn disconnect(&mut self, endpoint: &Endpoint) -> bool {
        let found = self.peers.iter().find(|(_, peer)| {
            peer.reconnects() && !matches!(peer.state, State::Closed) && *peer.endpoint == *endpoint
        });
        let Some((index, _)) = found else { return false };
        self.forget_inproc(index, endpoint);
        self.flush(index);
        if let Some(peer) = self.peers.get_mut(index) {
            peer.stop_connecting();
        }
        self.close(index, CloseReason::ByUs);
        self.carry_out_closes();
        if self.options.rules.disconnect_drops {
            self.drop_incoming(index);
        }
        self.note_change();
        true
    }

    /// Drops the messages of a closed peer that the application has not received. No cause is for them: only the C library
    /// drops them, and it has no counters.
    fn drop_incoming(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        if peer.incoming.is_empty() || !matches!(peer.state, State::Closed) {
            return;
        }
        self.monitor.counters.dropped.unsolicited += peer.incoming.len() as u64;
        peer.incoming = Inbox::new();
        self.pattern.detached(peer.id);
        self.report(index);
        self.free_slots.push(index);
    }

    /// Begins the next attempt.
    pub(super) fn connect_next(&mut self, index: usize) {
        let now = self.now;
        let Some(peer) = self.peers.get_mut(index) else { return };
        let endpoint = Arc::clone(&peer.endpoint);
        let Origin::Connect(connector) = &mut peer.origin else { return };
        connector.last = Some(now);
        if let Endpoint::Inproc(name) = &*endpoint {
            return self.connect_inproc(index, name);
        }
        if let Some(target) = connector.targets.pop() {
            connector.tried += 1;
            self.monitor.counters.connection_attempts += 1;
            let dialled = Stream::dial(&target, &self.options).and_then(|mut stream| {
                let interest = Interest::READABLE | Interest::WRITABLE;
                self.register(&mut stream, Key::Peer(index), interest)?;
                Ok(stream)
            });
            let Some(peer) = self.peers.get_mut(index) else { return };
            match dialled {
                Ok(stream) => {
                    peer.state = State::Connecting(stream);
                    self.limit_attempt(index);
                    self.finish_connecting(index);
                }
                Err(error) => self.close(index, CloseReason::Io(error.kind())),
            }
            return;
        }
        let proxy = self.options.socks.as_ref().map(|socks| socks.proxy().clone());
        let hop = match (&*endpoint, &proxy) {
            (Endpoint::Tcp { .. }, Some(proxy)) => proxy,
            _ => &*endpoint,
        };
        match hop {
            Endpoint::Tcp { host: Host::Name(name), port, .. }
            | Endpoint::Udp { host: Host::Name(name), port, .. }
                if hop.numeric().is_none() =>
            {
                peer.state = State::Resolving;
                self.resolve(index, name, *port);
            }
            Endpoint::Tcp { .. } | Endpoint::Udp { .. } => {
                self.connect_to(index, hop.numeric().unwrap_or_default());
            }
            #[cfg(unix)]
            _ => self.connect_targets(index, vec![Target::Ipc((*endpoint).clone())]),
            #[cfg(not(unix))]
            _ => self.close(index, CloseReason::Io(io::ErrorKind::Unsupported)),
        }
    }

    pub(super) fn connect_to(&mut self, index: usize, addresses: Vec<SocketAddr>) {
        let Some(peer) = self.peers.get(index) else { return };
        let from = match &*peer.endpoint {
            Endpoint::Udp { .. } => return self.connect_udp(index, &addresses),
            Endpoint::Tcp { source, .. } => {
                let of_proxy = self.options.socks.as_ref().and_then(Socks::source);
                of_proxy.or(source.as_ref()).map(Source::addresses)
            }
            _ => None,
        };
        let target = |to: SocketAddr| match &from {
            None => Some(Target::Tcp { to, from: None }),
            // A source address can reach only addresses of its family.
            Some(all) => all
                .iter()
                .find(|from| from.is_ipv4() == to.is_ipv4())
                .map(|from| Target::Tcp { to, from: Some(*from) }),
        };
        let targets = addresses.into_iter().filter_map(target).collect();
        self.connect_targets(index, targets);
    }

    fn connect_targets(&mut self, index: usize, mut targets: Vec<Target>) {
        if targets.is_empty() {
            return self.close(index, CloseReason::NoAddress);
        }
        // They are taken from the end.
        targets.reverse();
        if let Some(peer) = self.peers.get_mut(index)
            && let Origin::Connect(connector) = &mut peer.origin
        {
            (connector.targets, connector.tried, connector.look_up) = (targets, 0, None);
            self.connect_next(index);
        }
    }

    /// Limits the time of a look-up, or of connecting to one of several addresses: those that do not answer take no
    /// longer together than one, but at least [`SHARE`] each.
    pub(super) fn limit_attempt(&mut self, index: usize) {
        let limits = [self.options.limits.handshake_timeout, self.options.tcp.connect_timeout];
        let mut limit = limits.into_iter().flatten().min();
        if let Some(peer) = self.peers.get(index)
            && let Origin::Connect(connector) = &peer.origin
            && matches!(peer.state, State::Connecting(_))
        {
            let count = (connector.targets.len() + connector.tried).max(1) as u32;
            limit = limit.map(|limit| (limit / count).max(SHARE.min(limit)));
        }
        self.set_timer(index, limit.and_then(|limit| self.now.checked_add(limit)));
    }

    /// Begins the handshake, or the negotiation with a proxy, if the system has connected.
    pub(super) fn finish_connecting(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let State::Connecting(stream) = &peer.state else { return };
        match stream.connected() {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
            Err(error) => return self.close(index, CloseReason::Io(error.kind())),
        }
        let endpoint = Arc::clone(&peer.endpoint);
        let Some(target) = self.options.socks.as_ref().and_then(|_| socks::Target::of(&endpoint))
        else {
            return self.begin_connection(index);
        };
        let login = self.options.socks.as_ref().and_then(Socks::credentials);
        let Some(negotiation) = Negotiation::new(target, login) else {
            return self.close(index, CloseReason::NoAddress);
        };
        let Some(peer) = self.peers.get_mut(index) else { return };
        if let State::Connecting(stream) = core::mem::replace(&mut peer.state, State::Waiting) {
            peer.state = State::Negotiating(stream, Box::new(negotiation));
            self.negotiate(index);
        }
    }

    /// Continues the negotiation with a proxy.
    pub(super) fn negotiate(&mut self, index: usize) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let State::Negotiating(stream, negotiation) = &mut peer.state else { return };
        match socks::negotiate(stream, negotiation) {
            Ok(true) => {
                self.begin_connection(index);
                // The first bytes of the peer may have arrived with the last ones of the proxy.
                self.schedule(index);
            }
            Ok(false) => {}
            Err(reason) => self.close(index, reason),
        }
    }

    /// Begins the handshake over the stream of an attempt.
    fn begin_connection(&mut self, index: usize) {
        let Some(peer) = self.peers.get(index) else { return };
        let (State::Connecting(stream) | State::Negotiating(stream, _)) = &peer.state else {
            return;
        };
        let at = stream.addresses();
        let mechanism = match self.new_mechanism(at.remote) {
            Ok(mechanism) => mechanism,
            Err(error) => return self.close(index, CloseReason::Io(error.kind())),
        };
        let Some(peer) = self.peers.get_mut(index) else { return };
        let state = core::mem::replace(&mut peer.state, State::Waiting);
        let (State::Connecting(stream) | State::Negotiating(stream, _)) = state else { return };
        let now = self.now;
        let connection = self.monitor.next_connection();
        peer.details = Some(Box::new(PeerDetails::new(connection, at, now)));
        let mut link = self.link(stream, mechanism);
        // The attempt was registered for it.
        link.send.watching = true;
        if let Some(peer) = self.peers.get_mut(index) {
            peer.state = State::Handshake(link);
        }
        self.settle_question(index);
        self.connection_event(index, EventKind::Connected);
        if self.peers.get(index).is_some_and(|peer| self.pattern.refuses(peer.id)) {
            // Before our READY, so that the other end writes nothing.
            return self.close(index, CloseReason::PairTaken);
        }
        self.begin_handshake(index);
    }

    /// Whether this end of a connection or an attempt is one after which no attempt follows.
    pub(super) fn stops_connecting(
        &self,
        index: usize,
        reason: CloseReason,
        was_connected: bool,
        was_ready: bool,
    ) -> bool {
        use io::ErrorKind::{ConnectionRefused, NotFound};

        let stop = self.options.reconnect.stop;
        let has_refused = !was_connected
            && matches!(reason, CloseReason::Io(ConnectionRefused | NotFound))
            || reason == CloseReason::Proxy(SocksError::CONNECTION_REFUSED);
        let has_failed = was_connected && !was_ready;
        let stops =
            stop.always || (stop.refused && has_refused) || (stop.handshake_failed && has_failed);
        // This socket closed it to connect again.
        let is_reset = matches!(reason, CloseReason::RequestCancelled | CloseReason::HighWaterMark);
        let Some(peer) = self.peers.get(index).filter(|peer| peer.reconnects()) else {
            return false;
        };
        let is_last = is_ours(reason)
            || matches!(&peer.origin, Origin::Connect(connector) if connector.targets.is_empty());
        stops && is_last && !is_reset
    }

    /// Ends the attempts to connect to an endpoint.
    pub(super) fn stop_connecting(&mut self, index: usize) {
        if let Some(peer) = self.peers.get_mut(index) {
            peer.stop_connecting();
        }
        self.endpoint_event(index, EventKind::NotRetrying);
    }

    /// Plans the next attempt after this one ended.
    pub(super) fn plan_attempt(&mut self, index: usize, reason: CloseReason, useful: bool) {
        let Some(peer) = self.peers.get_mut(index) else { return };
        let Origin::Connect(connector) = &mut peer.origin else { return };
        connector.look_up = None;
        let now = self.now;
        if useful {
            connector.failures = 0;
        }
        // The addresses of a name are tried until one reaches READY, which removes the others. The second one is tried
        // at once.
        let is_ours = is_ours(reason);
        let wait = match connector.targets.is_empty() || is_ours {
            true => {
                connector.targets.clear();
                let mut options = self.options.reconnect;
                if self.options.rules.waits_after_refusal && is_configuration(reason) {
                    options.longest = options.longest.max(Reconnect::default().longest);
                }
                connector.wait(options, reason, now)
            }
            false if connector.tried < 2 => Duration::ZERO,
            false => self.options.reconnect.first.max(LEAST),
        };
        peer.state = State::Waiting;
        self.scheduler.set_deadline(Key::Peer(index), &mut peer.timer, now.checked_add(wait));
        self.endpoint_event(index, EventKind::Retrying(wait));
    }
}

/// Whether the configurations of the two ends do not match, or one refused the other.
const fn is_configuration(reason: CloseReason) -> bool {
    matches!(reason, CloseReason::Protocol(error) if matches!(error.kind(), ErrorKind::Configuration))
}

/// Whether this socket closed the connection itself: the other addresses of the name are not tried.
const fn is_ours(reason: CloseReason) -> bool {
    matches!(reason, CloseReason::ByUs | CloseReason::PairTaken | CloseReason::RequestCancelled)
}
