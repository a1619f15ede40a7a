//! The commands, in a module per command or pattern.

#[cfg(unix)]
mod bridge;
mod decode;
mod install;
mod keygen;
mod monitor;
mod pipeline;
mod proxy;
mod pubsub;
mod rep;
mod req;
mod routing;

use crate::args::Command;
use crate::device::Context;
use crate::exit::Failure;

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
        Command::Keygen(args) => keygen::run(&args, context),
        Command::Completions(args) => install::completions(&args, context),
        Command::Man(args) => install::man(&args),
    }
}
