//! Operations on the socket of every command: endpoints, events, signals.

use core::time::Duration;
use std::io;
use std::net::UdpSocket;

use zmtp_mio::kind::Kind;
use zmtp_mio::{
    Endpoint, EndpointError, Error, Event, EventKind, Host, Radio, Socket, SocketKind, Source,
};

use crate::args::places::PlaceArgs;
use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;

/// How often events are read during a wait, if they are printed as they happen.
const LIVE: Duration = Duration::from_millis(100);
/// A wait without limit, in practice.
pub(crate) const LONG: Duration = Duration::from_secs(3_600);

/// The context of every command.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) output: &'a Output,
    pub(crate) interrupt: &'a Interrupt,
}

impl Context<'_> {
    /// Converts an error of the socket into the failure of the command.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        match error {
            Error::Stopped => self.interrupt.failure(),
            Error::PeerLost => Failure::PeerLost,
            error => Failure::Socket(error),
        }
    }

    /// Prints the events of a socket.
    pub(crate) fn events<K: Kind>(&self, socket: &mut Socket<K>) {
        while let Some(event) = next_event(socket) {
            self.output.event(&event);
        }
    }

    /// The part of a wait after which events are read.
    pub(crate) fn slice(&self, rest: Duration) -> Duration {
        rest.min(if self.output.verbose() { LIVE } else { LONG })
    }
}

/// The next event of a connection. Events of listening are not printed: the endpoints are.
pub(crate) fn next_event<K: Kind>(socket: &mut Socket<K>) -> Option<Event> {
    loop {
        let event = socket.next_event()?;
        if !matches!(event.kind, EventKind::Listening | EventKind::BindFailed(_)) {
            return Some(event);
        }
    }
}

/// Whether an endpoint is bound or connected.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Bind,
    Connect,
}

/// Binds and connects a socket to all its endpoints, and prints those that were bound.
pub(crate) fn open<K: Kind>(
    socket: &mut Socket<K>,
    endpoints: &[String],
    places: &PlaceArgs,
    context: &Context<'_>,
) -> Result<(), Failure> {
    context.interrupt.attach(socket.handle().map_err(Failure::Socket)?);
    let kind = socket.kind();
    let fail = Failure::Endpoint;
    let mut all = endpoints.iter().chain(&places.bind).chain(&places.connect);
    if let Some(endpoint) = all.find(|text| text.starts_with("inproc://")) {
        return Err(Failure::Inproc(endpoint.clone()));
    }
    for text in endpoints {
        match side(kind, text).map_err(|error| fail(error.into()))? {
            Side::Bind => context.output.listening(&socket.bind(text).map_err(fail)?),
            Side::Connect => connect(socket, text, places)?,
        }
    }
    for text in &places.bind {
        context.output.listening(&socket.bind(text).map_err(fail)?);
    }
    for text in &places.connect {
        connect(socket, text, places)?;
    }
    Ok(())
}

/// Connects to an endpoint. Fails if its local address cannot be used: a connection would be attempted again without end.
fn connect<K: Kind>(socket: &mut Socket<K>, text: &str, places: &PlaceArgs) -> Result<(), Failure> {
    let endpoint = places.with_source(text);
    if let Ok(Endpoint::Tcp { source: Some(source), .. }) = endpoint.parse() {
        let option = || match &places.source {
            Some(source) if endpoint != text => format!("--source {source}"),
            _ => endpoint.clone(),
        };
        check(&source).map_err(|error| Failure::Local { option: option(), error })?;
    }
    socket.connect(&*endpoint).map_err(Failure::Endpoint)
}

/// Whether a socket can have this local address, or an address of this interface.
fn check(source: &Source) -> Result<(), Error> {
    match source {
        Source::Address(address) => match UdpSocket::bind(address) {
            // Another protocol may use the port.
            Err(source) if source.kind() != io::ErrorKind::AddrInUse => {
                Err(Error::Io { doing: format!("bind {address}"), source })
            }
            _ => Ok(()),
        },
        // A socket that sends nothing, with a group of hosts of this machine.
        Source::Interface(name, _) => {
            Radio::builder().connect(&*format!("udp://{name};239.255.0.1:9")).map(drop)
        }
        _ => Ok(()),
    }
}

/// Chooses the side of an endpoint: a wildcard can only be bound, otherwise the kind decides. With UDP, only a RADIO
/// connects.
fn side(kind: SocketKind, text: &str) -> Result<Side, EndpointError> {
    use SocketKind::{Gather, Pub, Pull, Radio, Rep, Router, Server, Xpub};

    let endpoint = text.parse()?;
    let binds = match &endpoint {
        Endpoint::Udp { .. } => kind != Radio,
        _ => matches!(kind, Gather | Pub | Pull | Radio | Rep | Router | Server | Xpub),
    };
    Ok(if binds || is_wildcard(&endpoint) { Side::Bind } else { Side::Connect })
}

/// Whether an endpoint has a wildcard.
pub(crate) const fn is_wildcard(endpoint: &Endpoint) -> bool {
    matches!(
        endpoint,
        Endpoint::Tcp { host: Host::Any, .. } | Endpoint::Tcp { port: 0, .. } | Endpoint::IpcAny
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_chosen_by_kind_and_wildcard() {
        for (text, req) in [
            ("tcp://127.0.0.1:5555", Side::Connect),
            ("tcp://localhost:5555", Side::Connect),
            ("ipc:///run/app.sock", Side::Connect),
            ("tcp://*:5555", Side::Bind),
            ("tcp://127.0.0.1:*", Side::Bind),
            ("ipc://*", Side::Bind),
            ("tcp://[::1]:0", Side::Bind),
        ] {
            assert_eq!(side(SocketKind::Req, text), Ok(req), "{text}");
            assert_eq!(side(SocketKind::Rep, text), Ok(Side::Bind), "{text}");
        }
        for text in ["udp://127.0.0.1:5555", "udp://eth0;239.0.0.1:5555"] {
            assert_eq!(side(SocketKind::Radio, text), Ok(Side::Connect));
            assert_eq!(side(SocketKind::Dish, text), Ok(Side::Bind));
            assert_eq!(side(SocketKind::Dgram, text), Ok(Side::Bind));
        }
        assert!(side(SocketKind::Req, "5555").unwrap_err().to_string().contains("\"5555\""));
    }
}
