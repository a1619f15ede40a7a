//! All types except REQ and REP: send messages at the requested rate, print received ones, and end when
//! both are complete.

mod loss;
mod pace;
mod plan;
mod running;
mod sending;
mod source;
mod tally;

use core::time::Duration;

use zmtp_mio::{AnySocket, Error, Message, SocketKind};

use crate::device::{Context, open};
use crate::exit::{Failure, LOST};
use crate::input;
use crate::text::count;
pub(crate) use plan::Plan;
use plan::Wanted;
use running::{Now, Running};
use source::Source;
pub(crate) use tally::Tally;

/// Whether a message is sent to several peers.
const fn fans_out(kind: SocketKind) -> bool {
    kind.publishes() || matches!(kind, SocketKind::Xsub)
}

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
    let linger = plan.run.socket.linger().total.unwrap_or(Duration::MAX);
    let (is_udp, endpoints) = (plan.has_udp(), plan.all_endpoints().count());
    let handle = socket.handle().map_err(Failure::Socket)?;
    if input::is_typed(&plan.parts) {
        context.output.note("type the message, then Ctrl-D");
    }
    // Before the socket has endpoints, because it is not served meanwhile.
    let head = if plan.parts.is_empty() { Message::new() } else { input::read(&plan.parts)? };
    check(socket.kind(), &plan, head.part_count()).map_err(Failure::Socket)?;
    let (source, total) = match plan.lines {
        Some(lines) => (Source::lines(lines, head, handle)?, None),
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
    let result = traffic.run();
    if is_udp && traffic.kind.publishes() {
        traffic.socket.uncork();
        traffic.settle();
    }
    traffic.events();
    let Running { socket, tally, linger, now, .. } = traffic;
    if fans_out(socket.kind()) {
        let linger = plan.run.socket.linger();
        return loss::finish(socket, linger, is_udp, result, &tally, now.trouble, context);
    }
    let counters = socket.counters();
    tally.finish(&counters, context.output);
    let missed = counters.dropped.overflow;
    if missed > 0 {
        let what = count(missed, "datagram was", "datagrams were");
        let text = "dropped: the receive buffer was full (--receive-buffer)";
        context.output.note(&format!("{what} {text}"));
    }
    if matches!(result, Err(Failure::Interrupted(_))) {
        let unsent = socket.close(linger).count();
        if unsent > 0 {
            let what = count(unsent, "message was", "messages were");
            context.output.note(&format!("{what} not sent"));
        }
    }
    result.map(|()| if missed > 0 { LOST } else { 0 })
}
