//! A module per command or pattern, and what they share.

#[cfg(unix)]
mod bridge;
mod decode;
mod monitor;
mod pipeline;
mod proxy;
mod pubsub;
mod rep;
mod req;
mod routing;

use core::time::Duration;

use zmtp_mio::{
    Dealer, Endpoint, EndpointError, Error, Event, Handle, Host, Pair, Pub, Pull, Push, Rep, Req,
    Router, Sub, Xpub, Xsub,
};

use crate::args::{Command, PlaceArgs};
use crate::exit::Failure;
use crate::interrupt::Interrupt;
use crate::output::Output;

/// How often events are polled during a wait, if they are printed as they happen.
const LIVE: Duration = Duration::from_millis(100);
/// A timeout that is practically unlimited.
const LONG: Duration = Duration::from_secs(3_600);

/// What every command needs.
#[derive(Debug)]
pub(crate) struct Context<'a> {
    pub(crate) output: &'a Output,
    pub(crate) interrupt: &'a Interrupt,
}

/// Runs a command; returns the exit code.
pub(crate) fn run(command: Command, context: &Context<'_>) -> Result<u8, Failure> {
    match command {
        #[cfg(unix)]
        Command::Bridge(args) => bridge::run(args, context),
        Command::Rep(args) => rep::run(args, context),
        Command::Req(args) => req::run(args, context),
        Command::Push(args) => pipeline::push(args, context),
        Command::Pull(args) => pipeline::pull(args, context),
        Command::Pub(args) => pubsub::publish(args, context),
        Command::Sub(args) => pubsub::sub(args, context),
        Command::Dealer(args) => routing::dealer(args, context),
        Command::Router(args) => routing::router(args, context),
        Command::Pair(args) => pipeline::pair(args, context),
        Command::Xpub(args) => pubsub::xpub(args, context),
        Command::Xsub(args) => pubsub::xsub(args, context),
        Command::Proxy(args) => proxy::run(&args, context),
        Command::Monitor(args) => monitor::run(args, context),
        Command::Decode(args) => decode::run(&args, context),
    }
}

impl Context<'_> {
    /// What an error of the socket means for the command.
    pub(crate) fn failure(&self, error: Error) -> Failure {
        match error {
            Error::Stopped => self.interrupt.failure(),
            Error::PeerLost => Failure::PeerLost,
            error => Failure::Socket(error),
        }
    }

    /// Tells what happened on a socket.
    pub(crate) fn events<D: Device>(&self, socket: &mut D) {
        while let Some(event) = socket.event() {
            self.output.event(&event);
        }
    }

    /// How long a wait may take until events are looked at.
    pub(crate) fn slice(&self, rest: Duration) -> Duration {
        rest.min(if self.output.verbose() { LIVE } else { LONG })
    }
}

/// Which end of an endpoint a socket is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Side {
    Bind,
    Connect,
}

/// A socket of any type, as far as commands treat all alike.
pub(crate) trait Device {
    /// The end that its pattern suggests.
    const SIDE: Side;

    fn bind(&mut self, endpoint: &str) -> Result<Endpoint, Error>;
    fn connect(&mut self, endpoint: &str) -> Result<(), Error>;
    fn event(&mut self) -> Option<Event>;
    fn handle(&mut self) -> Result<Handle, Error>;
    /// Waits for anything to happen.
    fn wait(&mut self, timeout: Duration) -> Result<(), Error>;
}

macro_rules! devices {
    ($($socket:ident: $side:ident),*) => {$(
        impl Device for $socket {
            const SIDE: Side = Side::$side;

            fn bind(&mut self, endpoint: &str) -> Result<Endpoint, Error> {
                $socket::bind(self, endpoint)
            }

            fn connect(&mut self, endpoint: &str) -> Result<(), Error> {
                $socket::connect(self, endpoint)
            }

            fn event(&mut self) -> Option<Event> {
                self.next_event()
            }

            fn handle(&mut self) -> Result<Handle, Error> {
                $socket::handle(self)
            }

            fn wait(&mut self, timeout: Duration) -> Result<(), Error> {
                $socket::wait(self, timeout).map(drop)
            }
        }
    )*};
}

devices!(
    Rep: Bind,
    Req: Connect,
    Push: Connect,
    Pull: Bind,
    Pub: Bind,
    Sub: Connect,
    Dealer: Connect,
    Router: Bind,
    Pair: Connect,
    Xpub: Bind,
    Xsub: Connect
);

/// Binds and connects a socket to all its endpoints, and prints those that were bound.
pub(crate) fn open<D: Device>(
    socket: &mut D,
    endpoints: &[String],
    places: &PlaceArgs,
    context: &Context<'_>,
) -> Result<(), Failure> {
    context.interrupt.attach(socket.handle().map_err(Failure::Socket)?);
    let fail = Failure::Endpoint;
    for text in endpoints {
        match side::<D>(text).map_err(|error| fail(error.into()))? {
            Side::Bind => context.output.listening(&socket.bind(text).map_err(fail)?),
            Side::Connect => socket.connect(text).map_err(fail)?,
        }
    }
    for text in &places.bind {
        context.output.listening(&socket.bind(text).map_err(fail)?);
    }
    for text in &places.connect {
        socket.connect(text).map_err(fail)?;
    }
    Ok(())
}

/// Guesses the side: a wildcard can only be bound.
fn side<D: Device>(text: &str) -> Result<Side, EndpointError> {
    Ok(if is_wildcard(&text.parse()?) { Side::Bind } else { D::SIDE })
}

/// Whether it names many places.
const fn is_wildcard(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Tcp { host: Host::Any, .. } | Endpoint::Tcp { port: 0, .. })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_are_guessed_by_pattern_and_wildcard() {
        for (text, req) in [
            ("tcp://127.0.0.1:5555", Side::Connect),
            ("tcp://localhost:5555", Side::Connect),
            ("ipc:///run/app.sock", Side::Connect),
            ("tcp://*:5555", Side::Bind),
            ("tcp://127.0.0.1:*", Side::Bind),
            ("tcp://[::1]:0", Side::Bind),
        ] {
            assert_eq!(side::<Req>(text), Ok(req), "{text}");
            assert_eq!(side::<Rep>(text), Ok(Side::Bind), "{text}");
        }
        assert!(side::<Rep>("5555").unwrap_err().to_string().contains("\"5555\""));
    }
}
