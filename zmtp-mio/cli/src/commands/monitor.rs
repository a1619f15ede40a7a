//! `zmtp monitor`: tells what happens to a socket's connections.

use std::time::Instant;

use zmtp_mio::{Dealer, Error, Pair, Pub, Pull, Push, Rep, Req, Router, Socket, Sub, Xpub, Xsub};

use super::{Context, Device, LONG, open};
use crate::args::{MonitorArgs, TypeName};
use crate::exit::Failure;
use crate::output::describe;

pub(super) fn run(args: MonitorArgs, context: &Context<'_>) -> Result<u8, Failure> {
    match args.socket_type {
        TypeName::Req => watch::<Req>(&args, context, |_| Ok(false)),
        TypeName::Rep => watch::<Rep>(&args, context, |socket| {
            // Requests get an empty reply: without one the next would never come.
            let Some(_) = socket.try_recv()? else { return Ok(false) };
            socket.send("").map_err(Error::from).map(|()| true)
        }),
        TypeName::Dealer => watch::<Dealer>(&args, context, |s| s.try_recv().map(|m| m.is_some())),
        TypeName::Router => watch::<Router>(&args, context, |s| s.try_recv().map(|m| m.is_some())),
        TypeName::Push => watch::<Push>(&args, context, |_| Ok(false)),
        TypeName::Pull => watch::<Pull>(&args, context, |s| s.try_recv().map(|m| m.is_some())),
        TypeName::Pub => watch::<Pub>(&args, context, |_| Ok(false)),
        TypeName::Sub => watch::<Sub>(&args, context, |s| s.try_recv().map(|m| m.is_some())),
        TypeName::Xpub => watch::<Xpub>(&args, context, |s| s.try_recv().map(|m| m.is_some())),
        TypeName::Xsub => watch::<Xsub>(&args, context, |s| s.try_recv().map(|m| m.is_some())),
        TypeName::Pair => watch::<Pair>(&args, context, |s| s.try_recv().map(|m| m.is_some())),
    }
}

/// Prints events until it is stopped. `take` discards one message and returns whether there was one:
/// the socket would not wait for events while messages are queued.
fn watch<S: Socket + Device>(
    args: &MonitorArgs,
    context: &Context<'_>,
    take: fn(&mut S) -> Result<bool, Error>,
) -> Result<u8, Failure> {
    let options = args.socket.options(false).map_err(Failure::Usage)?;
    let builder = zmtp_mio::Builder::<S>::default().options(options);
    let mut socket = builder.build().map_err(Failure::Socket)?;
    open(&mut socket, &args.endpoints, &args.places, context)?;
    let (mut n, mut early) = (0, None);
    let mut last = Instant::now();
    loop {
        while let Some(event) = early.take().or_else(|| socket.event()) {
            context.output.happened(&event)?;
            n += 1;
            last = Instant::now();
            let (name, _) = describe(&event.kind);
            if args.count == Some(n) || args.until.as_deref() == Some(name) {
                return Ok(0);
            }
        }
        if take(&mut socket).map_err(|error| context.failure(error))? {
            continue;
        }
        // Looking for a message may have brought events: a wait would not end for them.
        if let Some(event) = socket.event() {
            early = Some(event);
            continue;
        }
        let mut rest = LONG;
        if let Some(within) = args.timeout {
            rest = within.saturating_sub(last.elapsed());
            if rest.is_zero() {
                return Err(Failure::Timeout { awaited: "event", within, reason: None });
            }
        }
        socket.wait(rest).map_err(|error| context.failure(error))?;
    }
}
