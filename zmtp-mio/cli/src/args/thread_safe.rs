//! Arguments of the thread-safe types, whose messages have one part.

#![expect(clippy::doc_markdown, reason = "help texts have no ticks")]

use std::ffi::OsString;

use clap::Args;

use super::traffic::{EchoArgs, ReceivingArgs, RunArgs, SendingArgs};
use super::udp::UdpArgs;
use crate::exit::HELP;

/// Send messages of one part to servers in turn, and print received ones
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct ClientArgs {
    #[command(flatten)]
    pub(crate) exchange: EchoArgs,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Receive messages of one part from clients, print them, and send messages to the clients in turn
///
/// With --echo, each message goes back to its client.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct ServerArgs {
    #[command(flatten)]
    pub(crate) exchange: EchoArgs,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Send messages of one part to peers of the same type in turn, and print received ones
///
/// With --echo, each message goes back to its sender.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct PeerArgs {
    #[command(flatten)]
    pub(crate) exchange: EchoArgs,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Send messages of one part to the single peer, and print received ones
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct ChannelArgs {
    #[command(flatten)]
    pub(crate) exchange: EchoArgs,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Distribute messages of one part to gatherers in turn
///
/// Without MESSAGE the message is all of stdin.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct ScatterArgs {
    #[command(flatten)]
    pub(crate) sending: SendingArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Receive scattered messages and print them
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct GatherArgs {
    #[command(flatten)]
    pub(crate) receiving: ReceivingArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Send messages of one part to every dish that joined the group
///
/// Without MESSAGE the message is all of stdin. Sending starts when there is a dish with a group (--peers).
///
/// With `udp://host:port`, or `udp://interface;group:port` for a multicast group, the radio connects and sends at once:
/// nothing shows whether there is a dish. A datagram has at most 8,191 bytes of group and body.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct RadioArgs {
    #[command(flatten)]
    pub(crate) sending: SendingArgs,

    /// The group of the messages, at most 255 bytes
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) group: OsString,

    /// Wait for slow dishes instead of dropping their messages (XPUB_NODROP)
    #[arg(long)]
    pub(crate) no_drop: bool,

    #[command(flatten)]
    pub(crate) udp: UdpArgs,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Join groups, and print their messages: the group, then the message
///
/// With `udp://host:port`, or `udp://interface;group:port` for a multicast group, the dish binds.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct DishArgs {
    #[command(flatten)]
    pub(crate) receiving: ReceivingArgs,

    /// Join this group, of at most 255 bytes; may be repeated
    #[arg(long, value_name = "TEXT", required = true)]
    pub(crate) group: Vec<OsString>,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}
