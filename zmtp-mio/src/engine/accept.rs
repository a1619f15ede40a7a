//! Listening and accepting.

use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::Interest;

use super::peer::{Origin, Peer, PeerDetails, State};
use super::scheduler::Key;
use super::{Engine, SharedEngine};
use crate::endpoint::{Endpoint, EndpointError};
use crate::error::Error;
use crate::monitor::{CloseReason, EventKind};
use crate::options::Options;
use crate::transport::{Addresses, BoundListener, DatagramSocket, Listener, Stream};

/// Connections accepted in a turn.
const BUDGET: usize = 64;
/// How long accepting pauses when the system or the limit allows no more.
const PAUSE: Duration = Duration::from_millis(100);

/// A listening endpoint.
#[derive(Debug)]
pub(super) struct Acceptor {
    listener: Listener,
    endpoint: Arc<Endpoint>,
    /// The time at which accepting continues, if it pauses.
    pub(super) timer: Option<Instant>,
    /// Accepting pauses, and an event was queued.
    paused: bool,
}

impl SharedEngine {
    /// Listens; returns the concrete endpoint. A host name is looked up, and the directory of an ipc file is locked,
    /// without the engine: the driver and other threads may use it meanwhile.
    pub(crate) fn bind(&self, endpoint: &Endpoint) -> Result<Endpoint, Error> {
        let mut engine = self.enter()?;
        engine.check_listen(endpoint)?;
        let mut connecting = Vec::new();
        let bound = match endpoint {
            Endpoint::Inproc(name) => engine.bind_inproc(name, &mut connecting),
            Endpoint::Udp { .. } => {
                let options = engine.options.clone();
                drop(engine);
                let bound = DatagramSocket::bind(endpoint, &options);
                engine = self.enter()?;
                bound.and_then(|(concrete, socket)| engine.bind_udp(concrete, socket))
            }
            _ => {
                let options = engine.options.clone();
                drop(engine);
                let bound = Listener::bind(endpoint, &options);
                engine = self.enter()?;
                bound.and_then(|listener| engine.listen(endpoint, listener))
            }
        };
        engine.note_bound(endpoint, &bound);
        drop(engine);
        // What they have sent before arrives now, also if they are closed and wait for the end of their linger.
        connecting.iter().for_each(|mailbox| mailbox.read());
        bound
    }

    /// Listens with a socket of the application that listens already; returns its endpoint.
    pub(crate) fn bind_listener(&self, listener: BoundListener) -> Result<Endpoint, Error> {
        let (endpoint, listener) = Listener::adopt(listener)?;
        let mut engine = self.enter()?;
        engine.check_listen(&endpoint)?;
        let bound = engine.listen(&endpoint, listener);
        engine.note_bound(&endpoint, &bound);
        bound
    }
}

impl Engine {
    /// Queues the event of a call that binds.
    fn note_bound(&mut self, endpoint: &Endpoint, bound: &Result<Endpoint, Error>) {
        let (at, kind) = match bound {
            Ok(concrete) => (concrete, EventKind::Listening),
            Err(Error::Io { source, .. }) => (endpoint, EventKind::BindFailed(source.kind())),
            Err(Error::AddressInUse(_)) => {
                (endpoint, EventKind::BindFailed(io::ErrorKind::AddrInUse))
            }
            Err(_) => return,
        };
        let addresses = self.listener_addresses(at);
        self.monitor.note(&Arc::new(at.clone()), addresses, kind);
    }

    /// Checks an endpoint to connect to.
    pub(crate) fn check(&self, endpoint: &Endpoint) -> Result<(), Error> {
        self.check_transport(endpoint, false)?;
        DatagramSocket::check_remote(endpoint, &self.options.udp)
    }

    /// Checks an endpoint from code, and that the socket type can use it.
    fn check_transport(&self, endpoint: &Endpoint, binds: bool) -> Result<(), Error> {
        endpoint.check_parts()?;
        self.check_udp(endpoint, binds)?;
        match endpoint {
            Endpoint::Inproc(_) if self.pattern.is_raw() => Err(EndpointError::new(
                endpoint.to_string(),
                "`tcp://` or `ipc://`, where a STREAM's bytes can go",
            )
            .into()),
            _ => Ok(()),
        }
    }

    /// Checks that a socket can listen at an endpoint.
    pub(super) fn check_listen(&self, endpoint: &Endpoint) -> Result<(), Error> {
        self.check_transport(endpoint, true)?;
        self.check_unbound(endpoint)?;
        match endpoint {
            Endpoint::Tcp { source: Some(_), .. } => {
                let text = endpoint.to_string();
                Err(EndpointError::new(text, "no address to connect from, to listen").into())
            }
            _ => Ok(()),
        }
    }

    /// Listens with a listener that is bound; returns the concrete endpoint.
    fn listen(&mut self, endpoint: &Endpoint, mut listener: Listener) -> Result<Endpoint, Error> {
        let concrete = listener.endpoint().map_err(Error::io(format!("bind {endpoint}")))?;
        let index = self.listeners.vacant_key();
        let fail = Error::io(format!("bind {endpoint}"));
        self.watch(&mut listener, Key::Listener(index)).map_err(fail)?;
        self.listeners.insert(Acceptor {
            listener,
            endpoint: Arc::new(concrete.clone()),
            timer: None,
            paused: false,
        });
        Ok(concrete)
    }

    #[cfg_attr(
        not(any(test, feature = "testing")),
        expect(clippy::needless_pass_by_ref_mut, reason = "the network of a test needs it")
    )]
    fn watch(&mut self, listener: &mut Listener, key: Key) -> io::Result<()> {
        #[cfg(any(test, feature = "testing"))]
        self.watch_listener(listener, key)?;
        listener.register(self.descriptors.open(self.mailbox.is_some())?, key.token())
    }

    /// Stops listening. Accepted connections stay. Returns `false` if the socket does not listen on the endpoint.
    pub(crate) fn unbind(&mut self, endpoint: &Endpoint) -> bool {
        let found = self.listeners.iter().find(|(_, held)| *held.endpoint == *endpoint);
        let Some((index, _)) = found else {
            return self.unbind_inproc(endpoint) || self.unbind_udp(endpoint);
        };
        let mut acceptor = self.listeners.remove(index);
        self.scheduler.set_deadline(Key::Listener(index), &mut acceptor.timer, None);
        self.scheduler.unschedule(Key::Listener(index));
        if let Some(registry) = self.descriptors.registry() {
            let _ = acceptor.listener.deregister(registry);
        }
        if self.options.rules.unbind_closes {
            let at = acceptor.listener.addresses();
            self.monitor.note(&acceptor.endpoint, at, EventKind::Unbound);
            self.close_accepted(endpoint);
        }
        true
    }

    /// Closes the connections that were accepted at an endpoint, after what is queued for them is written.
    fn close_accepted(&mut self, endpoint: &Endpoint) {
        let is_there =
            |peer: &Peer| matches!(peer.origin, Origin::Accepted) && *peer.endpoint == *endpoint;
        let accepted = self.peers.iter().filter(|(_, peer)| is_there(peer));
        let accepted: Vec<_> = accepted.map(|(_, peer)| peer.id).collect();
        for peer in accepted {
            self.leave(peer);
        }
        self.note_change();
    }

    /// The address and the descriptor of the listener of an endpoint, if it is one of TCP or IPC that is bound.
    pub(crate) fn listener_addresses(&self, endpoint: &Endpoint) -> Addresses {
        let found = self.listeners.iter().find(|(_, held)| *held.endpoint == *endpoint);
        found.map_or_else(Addresses::default, |(_, held)| held.listener.addresses())
    }

    pub(crate) fn endpoints(&self) -> impl Iterator<Item = &Endpoint> {
        let listeners = self.listeners.iter().map(|(_, acceptor)| &acceptor.endpoint);
        let bound = self.bound_udp().map(|(_, endpoint)| endpoint);
        listeners.chain(&self.names).chain(bound).map(|endpoint| &**endpoint)
    }

    /// Accepts pending connections, within the budget of a turn.
    pub(super) fn accept(&mut self, index: usize) {
        // Each accepted connection is read at least once before the limit of handshakes closes it.
        let Options { max_handshakes, max_handshakes_per_address, .. } = &self.options;
        let limits = [max_handshakes, max_handshakes_per_address].into_iter().flatten();
        let budget = limits.fold(BUDGET, |budget, most| budget.min((*most).max(1)));
        for _ in 0..budget {
            let Some(acceptor) = self.listeners.get(index) else { return };
            let endpoint = Arc::clone(&acceptor.endpoint);
            let result = if self.options.max_connections.is_none_or(|most| self.peers.len() < most)
            {
                acceptor.listener.accept()
            } else {
                Err(io::ErrorKind::QuotaExceeded.into())
            };
            match result {
                Ok(stream) => {
                    self.listeners[index].paused = false;
                    self.accepted(&endpoint, stream);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // The peer has closed the connection before it was accepted.
                Err(error) if is_of_the_peer(error.kind()) => {}
                Err(error) => {
                    return self.pause(index, error.kind());
                }
            }
        }
        self.scheduler.schedule(Key::Listener(index));
    }

    /// Tries again after a short time: the system does not report when descriptors are free again.
    fn pause(&mut self, index: usize, why: io::ErrorKind) {
        let acceptor = &mut self.listeners[index];
        let at = self.now + PAUSE;
        self.scheduler.set_deadline(Key::Listener(index), &mut acceptor.timer, Some(at));
        if !core::mem::replace(&mut acceptor.paused, true) {
            let at = acceptor.listener.addresses();
            self.monitor.note(&acceptor.endpoint, at, EventKind::AcceptPaused(why));
        }
    }

    fn accepted(&mut self, endpoint: &Arc<Endpoint>, stream: Stream) {
        self.monitor.counters.accepted += 1;
        let at = stream.addresses();
        let connection = self.monitor.next_connection();
        self.monitor.note_connection(connection, endpoint, at, EventKind::Accepted);
        if !stream.is_accepted_by(&self.options.accept_filter, at.remote) {
            self.monitor.counters.refused += 1;
            let kind = EventKind::Closed(CloseReason::Filtered);
            return self.monitor.note_connection(connection, endpoint, at, kind);
        }
        let configured = stream.configure(&self.options.tcp);
        let mechanism = match configured.and_then(|()| self.new_mechanism(at.remote)) {
            Ok(mechanism) => mechanism,
            Err(error) => {
                self.monitor.counters.refused += 1;
                let kind = EventKind::Closed(CloseReason::Io(error.kind()));
                return self.monitor.note_connection(connection, endpoint, at, kind);
            }
        };
        self.limit_handshakes(at.remote.map(|address| address.ip()));
        let now = self.now;
        let mut link = self.link(stream, mechanism);
        if self.pattern.may_refuse() {
            link.hold_ready();
        }
        let key = Key::Peer(self.peers.vacant_key());
        let registered = self.register(&mut link.stream, key, Interest::READABLE);
        let mut peer = Peer::new(Origin::Accepted, Arc::clone(endpoint), State::Handshake(link));
        peer.details = Some(Box::new(PeerDetails::new(connection, at, now)));
        let index = self.insert(peer);
        let peer = &self.peers[index];
        self.handshakes.begin(peer.id, peer.ip());
        self.settle_question(index);
        match registered {
            Ok(()) => self.begin_handshake(index),
            Err(error) => self.close(index, CloseReason::Io(error.kind())),
        }
    }
}

const fn is_of_the_peer(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::NotConnected
            | io::ErrorKind::BrokenPipe
    )
}
