//! All types except REQ and REP: send messages at the requested rate, print received ones, and end when
//! both are complete.

mod pace;
mod plan;
mod running;
mod source;
mod tally;

use core::time::Duration;

use zmtp_mio::{Counters, Error, Message, SendError};

use crate::commands::{Context, Device, open};
use crate::exit::Failure;
use crate::input;
pub(crate) use plan::Plan;
use plan::Wanted;
use running::{Now, Running};
use source::Source;
use tally::Tally;

/// A socket that sends and receives independently. Unsupported operations of a type are not called.
pub(crate) trait Traffic: Device {
    /// A copy goes to each of several peers, or to none.
    const FANS_OUT: bool = false;
    /// It goes to subscribers only.
    const PUBLISHES: bool = false;

    fn counters(&self) -> Counters;

    /// Batches sent messages until the socket waits.
    fn cork(&mut self) {}

    /// Sends the batch.
    fn uncork(&mut self) {}

    fn send(&mut self, message: Message, _: Duration) -> Result<(), SendError> {
        Err(SendError::new(Error::NotSupported, message))
    }

    /// Takes a queued message.
    fn receive(&mut self) -> Result<Option<Message>, Error> {
        Ok(None)
    }

    /// Whether this many peers are connected, after a wait of up to `timeout`.
    fn peers(&mut self, n: usize, timeout: Duration) -> Result<bool, Error> {
        let there = |counters: Counters| counters.handshakes - counters.disconnects >= n as u64;
        if there(self.counters()) {
            return Ok(true);
        }
        self.wait(timeout)?;
        Ok(there(self.counters()))
    }
}

/// Implements [`Traffic`] from the abilities of a type: `send`, `receive`, `cork`, `publish`, `fan`.
macro_rules! traffic {
    (@send) => {
        fn send(&mut self, message: Message, timeout: Duration) -> Result<(), SendError> {
            self.send_timeout(message, timeout)
        }
    };
    (@receive) => {
        fn receive(&mut self) -> Result<Option<Message>, Error> {
            self.try_recv()
        }
    };
    (@cork) => {
        fn cork(&mut self) {
            Self::cork(self);
        }

        fn uncork(&mut self) {
            Self::uncork(self);
        }
    };
    (@fan) => {
        const FANS_OUT: bool = true;
    };
    (@publish) => {
        const FANS_OUT: bool = true;
        const PUBLISHES: bool = true;

        fn peers(&mut self, n: usize, timeout: Duration) -> Result<bool, Error> {
            self.wait_for_subscribers(n, timeout)
        }
    };
    ($socket:ident: $($what:ident)*) => {
        impl Traffic for $socket {
            fn counters(&self) -> Counters {
                Self::counters(self)
            }

            $(traffic!(@$what);)*
        }
    };
}

pub(crate) use traffic;

/// Runs the plan with the socket; returns the exit code.
pub(crate) fn run<T: Traffic>(
    mut socket: T,
    plan: Plan,
    context: &Context<'_>,
) -> Result<u8, Failure> {
    let linger = plan.options(true)?.linger.total;
    let handle = socket.handle().map_err(Failure::Socket)?;
    if input::is_typed(&plan.parts) {
        context.output.note("type the message, then Ctrl-D");
    }
    // Before the socket has endpoints, because it is not served meanwhile.
    let head = if plan.parts.is_empty() { Message::new() } else { input::read(&plan.parts)? };
    let (source, total) = match plan.lines {
        Some(lines) => (Source::lines(lines, head, handle)?, None),
        None if head.part_count() == 0 => (Source::nothing(), None),
        None => (Source::same(head, plan.times), plan.times),
    };
    open(&mut socket, &plan.endpoints, &plan.places, context)?;
    let total = match plan.wanted {
        Wanted::Messages(n) => Some(n),
        _ => total,
    };
    let tally = Tally::new(&plan.run, total, context.output);
    let mut traffic = Running {
        socket,
        context,
        source,
        pace: plan.pace,
        peers: plan.peers,
        wanted: plan.wanted,
        echo: plan.echo,
        idle: plan.idle,
        timeout: plan.run.timeout,
        linger,
        tally,
        now: Now::default(),
    };
    let result = traffic.run();
    traffic.events();
    let Running { socket, tally, .. } = traffic;
    tally.finish(&socket.counters(), context.output);
    if T::PUBLISHES {
        let dropped = socket.counters().dropped.high_water_mark;
        if dropped > 0 {
            let text = format!("{dropped} messages were dropped: subscribers were too slow");
            context.output.note(&text);
        }
    }
    result.map(|()| 0)
}
