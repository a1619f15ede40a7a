//! All types except REQ and REP: send messages at the requested rate, print received ones, and end when
//! both are complete.

mod pace;
mod plan;
mod running;
mod sending;
mod source;
mod tally;

use core::time::Duration;

use zmtp_mio::{AnySocket, Error, Message, SocketKind};

use crate::device::{Context, open};
use crate::exit::Failure;
use crate::input;
use crate::loss::{self, Known};
pub(crate) use plan::Plan;
use plan::Wanted;
use running::{Now, Running};
use source::Source;
pub(crate) use tally::Tally;

/// The names of one and of several receivers for which a sender waits.
const fn receivers(kind: SocketKind) -> [&'static str; 2] {
    match kind {
        SocketKind::Radio => ["member of a group", "members of a group"],
        kind if kind.publishes() => ["subscriber", "subscribers"],
        _ => ["peer", "peers"],
    }
}

/// Waits up to `timeout` for `n` connected peers, or subscribers of a publisher. Returns whether there are as many.
fn wait_for_peers(socket: &mut AnySocket, n: usize, timeout: Duration) -> Result<bool, Error> {
    if socket.kind().publishes() {
        return socket.wait_for_subscribers(n, timeout);
    }
    let are_there = |socket: &AnySocket| {
        // There is no handshake.
        if socket.kind() == SocketKind::Stream {
            return socket.peers().len() >= n;
        }
        let counters = socket.counters();
        counters.handshakes - counters.disconnects >= n as u64
    };
    if are_there(socket) {
        return Ok(true);
    }
    socket.wait(timeout)?;
    Ok(are_there(socket))
}

/// Checks what no message of the plan can have, before a wait for peers. `parts` is the number of parts of the message, or
/// of those before each line.
fn check(kind: SocketKind, plan: &Plan, parts: usize) -> Result<(), Error> {
    if kind == SocketKind::Radio {
        Message::new().set_group(&plan.group).map_err(Error::Group)?;
    }
    // A line has at least one.
    let least = parts + usize::from(plan.lines.as_ref().is_some_and(|lines| !lines.json));
    let (is_fixed, sends) = (plan.lines.is_none(), least > 0);
    match kind {
        kind if kind.is_thread_safe() && least > 1 => Err(Error::PartCount(least)),
        SocketKind::Dgram if sends && (least > 2 || is_fixed && least != 2) => {
            Err(Error::NotAddressAndBody(least))
        }
        _ => Ok(()),
    }
}

/// Runs the plan with the socket; returns the exit code.
pub(crate) fn run(mut socket: AnySocket, plan: Plan, context: &Context<'_>) -> Result<u8, Failure> {
    let linger = plan.run.socket.linger();
    let (is_udp, endpoints) = (plan.has_udp(), plan.all_endpoints().count());
    let handle = socket.handle().map_err(Failure::Socket)?;
    if input::is_typed(&plan.parts) {
        context.output.note("type the message, then Ctrl-D");
    }
    // Before the socket has endpoints, because it is not served meanwhile.
    let head = if plan.parts.is_empty() { Message::new() } else { input::read(&plan.parts)? };
    check(socket.kind(), &plan, head.part_count()).map_err(Failure::Socket)?;
    let (source, total) = match plan.lines {
        Some(lines) => (Source::lines(lines, head, socket.kind(), handle)?, None),
        None if head.part_count() == 0 => (Source::nothing(), None),
        None => (Source::same(head, plan.times), plan.times),
    };
    open(&mut socket, &plan.endpoints, &plan.places, context)?;
    let may_end = plan.run.socket.may_stop_connecting() && socket.endpoints().len() == 0;
    let connecting = may_end.then_some(endpoints);
    let total = match plan.wanted {
        Wanted::Messages(n) => Some(n),
        _ => total,
    };
    let shown = plan.run.progress || context.output.shows_progress();
    let tally = Tally::new(plan.run.stats, shown, total);
    let mut traffic = Running {
        kind: socket.kind(),
        socket,
        context,
        source,
        group: plan.group,
        turn: 0,
        pace: plan.pace,
        peers: plan.peers,
        wanted: plan.wanted,
        echo: plan.echo,
        idle: plan.idle,
        timeout: plan.run.timeout,
        linger,
        connecting,
        tally,
        now: Now::default(),
    };
    let result = traffic.run().map(|()| 0);
    if is_udp && traffic.kind.publishes() {
        traffic.settle();
    }
    traffic.events();
    let known = Known {
        unsent: traffic.source.unsent(traffic.now.pending.is_some()),
        discarded: traffic.now.discarded,
        unroutable: traffic.now.unroutable,
        only_sends: traffic.wanted == Wanted::Nothing,
        is_udp,
        trouble: traffic.now.trouble.take(),
    };
    loss::finish(traffic.socket, traffic.linger, known, &traffic.tally, result, context.output)
}
