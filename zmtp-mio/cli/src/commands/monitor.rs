//! `zmtp monitor`: prints the events of the connections of a socket.

use std::time::Instant;

use zmtp_mio::{AnySocket, Error, SocketKind};

use crate::args::MonitorArgs;
use crate::device::{Context, LONG, next_event, open};
use crate::exit::Failure;
use crate::output::describe;

/// Receives a message and discards it, because a queued message would end every wait. Returns whether
/// there was one.
fn discard(socket: &mut AnySocket) -> Result<bool, Error> {
    match socket.kind() {
        SocketKind::Req => Ok(false),
        SocketKind::Rep => {
            // Requests get an empty reply: without a reply the next request is not received.
            let Some(_) = socket.try_recv()? else { return Ok(false) };
            socket.send("").map_err(Error::from).map(|()| true)
        }
        kind if kind.can_receive() => Ok(socket.try_recv()?.is_some()),
        _ => Ok(false),
    }
}

/// Prints events until it is stopped.
pub(super) fn run(args: MonitorArgs, context: &Context<'_>) -> Result<u8, Failure> {
    let kind = args.socket_type.kind();
    let options = args.socket.options(kind, false)?;
    let builder = AnySocket::builder(kind).options(options);
    let mut socket = builder.build().map_err(Failure::Socket)?;
    open(&mut socket, &args.endpoints, &args.places, context)?;
    let (mut n, mut early) = (0, None);
    let mut last = Instant::now();
    loop {
        while let Some(event) = early.take().or_else(|| next_event(&mut socket)) {
            context.output.happened(&event)?;
            n += 1;
            last = Instant::now();
            let (name, _) = describe(&event.kind);
            if args.count == Some(n) || args.until.as_deref() == Some(name) {
                return Ok(0);
            }
        }
        // Also while messages arrive without a pause.
        let mut rest = LONG;
        if let Some(within) = args.timeout {
            rest = within.saturating_sub(last.elapsed());
            if rest.is_zero() {
                return Err(Failure::Timeout { awaited: "no event".into(), within, reason: None });
            }
        }
        if discard(&mut socket).map_err(|error| context.failure(error))? {
            continue;
        }
        // `discard` may have queued events, which do not end a wait.
        if let Some(event) = next_event(&mut socket) {
            early = Some(event);
            continue;
        }
        socket.wait(rest).map_err(|error| context.failure(error))?;
    }
}
