//! Arguments of the types that send and receive independently: all except REQ and REP.

#![expect(clippy::doc_markdown, reason = "help texts have no ticks")]

use core::time::Duration;
use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::places::PlaceArgs;
use super::{OutputArgs, Payload, SocketArgs};
use crate::exit::HELP;
use crate::{duration, size};

/// The message, how often and how fast to send it.
#[derive(Args, Debug)]
pub(crate) struct SendingArgs {
    #[command(flatten)]
    pub(crate) payload: Payload,

    /// Send the message N times; default 1
    #[arg(short = 'n', long, value_name = "N", conflicts_with_all = ["lines", "lines_from", "json_lines"],
        value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// Send the message repeatedly without end
    #[arg(long, conflicts_with_all = ["count", "lines", "lines_from", "json_lines"])]
    pub(crate) forever: bool,

    /// Minimum time between messages
    #[arg(short, long, value_name = "DURATION", value_parser = duration::parse,
        conflicts_with = "rate")]
    pub(crate) interval: Option<Duration>,

    /// Messages per second: 100, 0.5, 20k
    #[arg(long, value_name = "N", value_parser = size::rate)]
    pub(crate) rate: Option<f64>,

    /// Start to send when N peers are connected; for pub and xpub, when there are N
    /// subscribers; for radio, when there are N dishes with a group
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) peers: usize,
}

/// The endpoints to receive from, and how many messages.
#[derive(Args, Debug)]
pub(crate) struct ReceivingArgs {
    /// Endpoints: `tcp://127.0.0.1:5555`, `ipc:///path`; bound if they contain a wildcard
    #[arg(value_name = "ENDPOINT", required_unless_present_any = ["bind", "connect"])]
    pub(crate) endpoints: Vec<String>,

    #[command(flatten)]
    pub(crate) places: PlaceArgs,

    /// Exit with 0 after N messages, or with 5 if more have arrived; a sub or dish discards these with 0
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    #[command(flatten)]
    pub(crate) idle: IdleArgs,
}

/// Sending and receiving at the same time.
#[derive(Args, Debug)]
pub(crate) struct ExchangeArgs {
    #[command(flatten)]
    pub(crate) sending: SendingArgs,

    /// Exit with 0 when all messages are sent and N are received, or with 5 if more have arrived; 0 only
    /// sends, and discards what arrives. Without this option, continue to receive
    #[arg(long, value_name = "N")]
    pub(crate) receive: Option<u64>,

    #[command(flatten)]
    pub(crate) idle: IdleArgs,
}

/// Sending and receiving at the same time, or sending back.
#[derive(Args, Debug)]
pub(crate) struct EchoArgs {
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,

    /// Send back each received message
    #[arg(long, conflicts_with_all = ["messages", "data", "file", "hex", "size", "lines", "lines_from",
        "json_lines"])]
    pub(crate) echo: bool,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct IdleArgs {
    /// Exit when no message arrives for this time: with 0, or with 3 if none arrived, a connection failed and no peer is
    /// ready
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) idle: Option<Duration>,
}

/// Options of all types.
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// Exit with 3 if no message arrives, or can be sent, for this time; no limit by default
    #[arg(short, long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) timeout: Option<Duration>,

    /// Print totals at the end, on stderr
    #[arg(short, long, help_heading = "Output")]
    pub(crate) stats: bool,

    /// Show progress even if stderr is not a terminal
    #[arg(long, help_heading = "Output", conflicts_with_all = ["json", "quiet"])]
    pub(crate) progress: bool,

    #[command(flatten)]
    pub(crate) socket: SocketArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Distribute messages to workers in turn
///
/// Without MESSAGE the message is all of stdin.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct PushArgs {
    #[command(flatten)]
    pub(crate) sending: SendingArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Receive pushed messages and print them
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    pub(crate) receiving: ReceivingArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Publish messages to every subscriber with a matching topic
///
/// Without MESSAGE the message is all of stdin. Sending starts when there is a subscriber (--peers).
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct PubArgs {
    #[command(flatten)]
    pub(crate) sending: SendingArgs,

    /// Wait for slow subscribers instead of dropping their messages (XPUB_NODROP)
    #[arg(long)]
    pub(crate) no_drop: bool,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Subscribe, and print published messages
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct SubArgs {
    #[command(flatten)]
    pub(crate) receiving: ReceivingArgs,

    /// Receive messages that begin with this topic; may be repeated. Without this option, receive
    /// all messages
    #[arg(long, value_name = "TEXT", alias = "subscribe")]
    pub(crate) topic: Vec<OsString>,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Send messages to peers in turn, and print received ones
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct DealerArgs {
    #[command(flatten)]
    pub(crate) exchange: EchoArgs,

    /// Send an empty message to each new peer, so that a ROUTER receives our routing id (PROBE_ROUTER)
    #[arg(long)]
    pub(crate) probe: bool,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Send messages to the peer with the routing id in the first part, and print received ones
///
/// The first part of a received message is the routing id of its sender.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct RouterArgs {
    #[command(flatten)]
    pub(crate) exchange: EchoArgs,

    /// Fail if no peer has the routing id, instead of dropping the message (ROUTER_MANDATORY)
    #[arg(long)]
    pub(crate) mandatory: bool,

    /// Allow a new peer to take over the routing id of another peer (ROUTER_HANDOVER)
    #[arg(long)]
    pub(crate) handover: bool,

    /// When a peer connects or disconnects, print a message of its routing id and an empty part
    #[arg(long)]
    pub(crate) notify: bool,

    /// Send an empty message to each new peer (PROBE_ROUTER)
    #[arg(long)]
    pub(crate) probe: bool,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Send messages to the single peer, and print received ones
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct PairArgs {
    #[command(flatten)]
    pub(crate) exchange: EchoArgs,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Publish messages, and print subscriptions
///
/// A subscription is the byte 1 and its topic, a cancellation the byte 0 and its topic.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct XpubArgs {
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,

    /// Wait for slow subscribers instead of dropping their messages (XPUB_NODROP)
    #[arg(long)]
    pub(crate) no_drop: bool,

    /// Subscriptions to report (XPUB_VERBOSE, XPUB_VERBOSER)
    #[arg(long, value_name = "WHICH", default_value = "changes")]
    pub(crate) reports: ReportsArg,

    /// Send this message to each new peer (XPUB_WELCOME_MSG); a SUB drops it unless a topic matches
    #[arg(long, value_name = "TEXT")]
    pub(crate) welcome: Option<OsString>,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Which subscriptions an XPUB reports.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReportsArg {
    /// The first subscription to a topic, and the last cancellation
    Changes,
    /// Every subscription, and the last cancellation
    Subscriptions,
    /// Every subscription and every cancellation
    All,
}

/// Subscribe, print published messages, and send messages upstream
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct XsubArgs {
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,

    /// Subscribe to this topic; may be repeated. A MESSAGE of the byte 1 and a topic subscribes too
    #[arg(long, value_name = "TEXT", alias = "subscribe")]
    pub(crate) topic: Vec<OsString>,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}
