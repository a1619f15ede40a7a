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
mod thread_safe;

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
        Command::Stream(args) => routing::stream(args, context),
        Command::Client(args) => thread_safe::client(args, context),
        Command::Server(args) => thread_safe::server(args, context),
        Command::Scatter(args) => thread_safe::scatter(args, context),
        Command::Gather(args) => thread_safe::gather(args, context),
        Command::Radio(args) => thread_safe::radio(args, context),
        Command::Dish(args) => thread_safe::dish(args, context),
        Command::Peer(args) => thread_safe::peer(args, context),
        Command::Channel(args) => thread_safe::channel(args, context),
        Command::Dgram(args) => routing::dgram(args, context),
        Command::Proxy(args) => proxy::run(&args, context),
        Command::Monitor(args) => monitor::run(args, context),
        Command::Decode(args) => decode::run(&args, context),
        Command::Keygen(args) => keygen::run(&args, context),
        Command::Completions(args) => install::completions(&args, context),
        Command::Man(args) => install::man(&args),
    }
}
