//! Binding, connecting, and what ends that.

use zmtp_mio::libzmq::{self, SharedSocket};
use zmtp_mio::{Endpoint, Host, RoutingId, SocketKind};

use super::endpoint::{Side, bound, parse, read};
use super::{Socket, State};
use crate::errno::{Errno, Outcome};
use crate::monitor::Bound;

/// The endpoints of a socket: the text that the program has passed, the text that libzmq reports, and the endpoint.
#[derive(Debug, Default)]
pub(super) struct Endpoints {
    bound: Vec<Entry>,
    connected: Vec<Entry>,
    last: String,
}

#[derive(Debug)]
struct Entry {
    given: String,
    reported: String,
    endpoint: Endpoint,
}

impl Entry {
    fn is(&self, text: &str) -> bool {
        self.given == text || self.reported == text
    }
}

impl Endpoints {
    /// The endpoint that was bound or connected last.
    pub(super) fn last(&self) -> &str {
        &self.last
    }

    /// Whether an endpoint was bound or connected.
    pub(super) const fn is_used(&self) -> bool {
        !self.last.is_empty()
    }

    /// The endpoints of TCP and IPC that the socket listens on.
    pub(super) fn bound(&self, socket: &SharedSocket) -> Vec<Bound> {
        let listens = |entry: &&Entry| !matches!(entry.endpoint, Endpoint::Inproc(_));
        let bound = |entry: &Entry| {
            (entry.reported.clone(), libzmq::listener_descriptor(socket, &entry.endpoint))
        };
        self.bound.iter().filter(listens).map(bound).collect()
    }

    /// The socket connects to an endpoint that the program has written so.
    pub(super) fn connected(&mut self, text: &str, endpoint: Endpoint) {
        let reported = endpoint.to_string();
        self.last.clone_from(&reported);
        self.connected.push(Entry { given: text.to_owned(), reported, endpoint });
    }

    fn take(list: &mut Vec<Entry>, text: &str) -> Option<Endpoint> {
        let read = read(text);
        let same = |entry: &Entry| match &read {
            // They stand for an endpoint that the system chose.
            Some(Endpoint::IpcAny | Endpoint::Tcp { port: 0, .. }) => false,
            Some(read) => entry.is(text) || *read == entry.endpoint,
            None => false,
        };
        let index = list.iter().rposition(same)?;
        Some(list.remove(index).endpoint)
    }
}

impl Socket {
    /// Listens on an endpoint.
    pub(crate) fn bind(&self, text: &str) -> Outcome<()> {
        let mut state = self.call()?;
        let endpoint = parse(text, self.kind, Side::Bind)?;
        let ipv6 = state.settings.options.tcp.ipv6;
        let endpoint = match state.settings.use_fd {
            -1 => state.inner()?.bind(endpoint)?,
            descriptor => {
                let listener = crate::ffi::listener(descriptor, &endpoint)?;
                state.inner()?.bind_listener(listener)?
            }
        };
        let reported = bound(&endpoint, ipv6);
        state.endpoints.last.clone_from(&reported);
        state.endpoints.bound.push(Entry { given: text.to_owned(), reported, endpoint });
        state.end_call();
        Ok(())
    }

    /// Connects to an endpoint.
    pub(crate) fn connect(&self, text: &str) -> Outcome<()> {
        let mut state = self.call()?;
        let endpoint = parse(text, self.kind, Side::Connect)?;
        if let Endpoint::Tcp { host, .. } = &endpoint {
            if *host == Host::Any {
                return Err(Errno::EINVAL);
            }
            state.settings.check_proxy()?;
        }
        let once = matches!(
            self.kind,
            SocketKind::Dealer | SocketKind::Req | SocketKind::Sub | SocketKind::Pub
        );
        let is_inproc = matches!(endpoint, Endpoint::Inproc(_));
        if once && !is_inproc && state.endpoints.connected.iter().any(|entry| entry.is(text)) {
            return Ok(());
        }
        let id = state.settings.connect_routing_id.take();
        let inner = state.inner()?;
        match id.and_then(|id| RoutingId::new(&id)) {
            Some(id) => libzmq::connect_as(inner, endpoint.clone(), id)?,
            None if state.settings.inner_kind() == SocketKind::Stream => {
                let id = libzmq::connect_for_id(inner, endpoint.clone())?;
                if self.kind == SocketKind::Stream {
                    state.settings.options.routing_id = id;
                }
            }
            None => inner.connect(endpoint.clone())?,
        }
        state.endpoints.connected(text, endpoint);
        state.end_call();
        Ok(())
    }

    /// Ends what a bind or a connect of this endpoint began.
    pub(crate) fn end_endpoint(&self, text: &str) -> Outcome<()> {
        let mut state = self.call()?;
        // Without a transport it is not an endpoint.
        text.split_once("://").filter(|(_, address)| !address.is_empty()).ok_or(Errno::EINVAL)?;
        let State { endpoints, inner, .. } = &mut *state;
        let inner = inner.as_ref().ok_or(Errno::ENOTSOCK)?;
        if let Some(endpoint) = Endpoints::take(&mut endpoints.bound, text) {
            inner.unbind(endpoint)?;
        } else if let Some(endpoint) = Endpoints::take(&mut endpoints.connected, text) {
            inner.disconnect(endpoint)?;
        } else {
            return Err(Errno(libc::ENOENT));
        }
        state.end_call();
        Ok(())
    }
}
