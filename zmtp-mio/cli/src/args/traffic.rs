//! Arguments of the types that send or receive as they like: all but REQ and REP.

#![expect(clippy::doc_markdown, reason = "help, where ticks would be in the way")]

use core::time::Duration;
use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::{OutputArgs, Payload, PlaceArgs, SocketArgs};
use crate::exit::HELP;
use crate::{duration, size};

/// What to send, how often and how fast.
#[derive(Args, Debug)]
pub(crate) struct SendingArgs {
    #[command(flatten)]
    pub(crate) payload: Payload,

    /// Send the message N times; 1 unless told otherwise
    #[arg(short = 'n', long, value_name = "N", conflicts_with_all = ["lines", "lines_from"],
        value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// Send the message again and again
    #[arg(long, conflicts_with_all = ["count", "lines", "lines_from"])]
    pub(crate) forever: bool,

    /// Time from one message to the next, at least
    #[arg(short, long, value_name = "DURATION", value_parser = duration::parse,
        conflicts_with = "rate")]
    pub(crate) interval: Option<Duration>,

    /// Messages per second: 100, 0.5, 20k
    #[arg(long, value_name = "N", value_parser = size::rate)]
    pub(crate) rate: Option<f64>,

    /// Begin when N peers are there; of pub and xpub: N subscribers
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) peers: usize,
}

/// Where to receive, and how much.
#[derive(Args, Debug)]
pub(crate) struct ReceivingArgs {
    /// Endpoints: `tcp://127.0.0.1:5555`, `ipc:///path`; bound if they have a wildcard
    #[arg(value_name = "ENDPOINT", required_unless_present_any = ["bind", "connect"])]
    pub(crate) endpoints: Vec<String>,

    #[command(flatten)]
    pub(crate) places: PlaceArgs,

    /// End with 0 after N messages
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

    /// End with 0 after N messages came and all were sent; without it, go on. 0 only sends
    #[arg(long, value_name = "N")]
    pub(crate) receive: Option<u64>,

    #[command(flatten)]
    pub(crate) idle: IdleArgs,
}

#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct IdleArgs {
    /// End with 0 when no message has come for this long
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) idle: Option<Duration>,
}

/// What all have.
#[derive(Args, Debug)]
pub(crate) struct RunArgs {
    /// End with 3 if for this long no message comes, or can be sent; for ever if not given
    #[arg(short, long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) timeout: Option<Duration>,

    /// Sum up at the end, on stderr
    #[arg(short, long, help_heading = "Output")]
    pub(crate) stats: bool,

    /// Show progress also if stderr is no terminal
    #[arg(long, help_heading = "Output", conflicts_with_all = ["json", "quiet"])]
    pub(crate) progress: bool,

    #[command(flatten)]
    pub(crate) socket: SocketArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Hand messages out to workers, one each in turn
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

/// Take messages that others push, and print them
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct PullArgs {
    #[command(flatten)]
    pub(crate) receiving: ReceivingArgs,
    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Publish messages: to every subscriber whose topic they begin with
///
/// Without MESSAGE the message is all of stdin. Begins when somebody has subscribed (--peers).
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct PubArgs {
    #[command(flatten)]
    pub(crate) sending: SendingArgs,

    /// Wait for subscribers that are slow instead of dropping their messages (XPUB_NODROP)
    #[arg(long)]
    pub(crate) no_drop: bool,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Subscribe, and print what is published
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct SubArgs {
    #[command(flatten)]
    pub(crate) receiving: ReceivingArgs,

    /// Only messages that begin with this; may be repeated. Everything if not given
    #[arg(long, value_name = "TEXT")]
    pub(crate) topic: Vec<OsString>,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Send messages to peers in turn, and print what they send
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct DealerArgs {
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,

    /// Send back each message that comes
    #[arg(long, conflicts_with_all = ["messages", "file", "hex", "size", "lines", "lines_from"])]
    pub(crate) echo: bool,

    /// Greet each peer with an empty message, for a ROUTER to know us (PROBE_ROUTER)
    #[arg(long)]
    pub(crate) probe: bool,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Send messages to the peers that their first parts name, and print what comes
///
/// The first part of what comes is its sender's routing id.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct RouterArgs {
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,

    /// Send back each message that comes
    #[arg(long, conflicts_with_all = ["messages", "file", "hex", "size", "lines", "lines_from"])]
    pub(crate) echo: bool,

    /// Fail if nobody has the routing id, instead of dropping the message (ROUTER_MANDATORY)
    #[arg(long)]
    pub(crate) mandatory: bool,

    /// Let a new peer take over the routing id of another (ROUTER_HANDOVER)
    #[arg(long)]
    pub(crate) handover: bool,

    /// Tell of peers that come and go: a message of the routing id and an empty part
    #[arg(long)]
    pub(crate) notify: bool,

    /// Greet each peer with an empty message (PROBE_ROUTER)
    #[arg(long)]
    pub(crate) probe: bool,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Send messages to the one peer, and print what it sends
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct PairArgs {
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,

    /// Send back each message that comes
    #[arg(long, conflicts_with_all = ["messages", "file", "hex", "size", "lines", "lines_from"])]
    pub(crate) echo: bool,

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

    /// Wait for subscribers that are slow instead of dropping their messages (XPUB_NODROP)
    #[arg(long)]
    pub(crate) no_drop: bool,

    /// What is told of subscriptions (XPUB_VERBOSE, XPUB_VERBOSER)
    #[arg(long, value_name = "WHICH", default_value = "changes")]
    pub(crate) reports: ReportsArg,

    /// Send this to each new subscriber that wants it (XPUB_WELCOME_MSG)
    #[arg(long, value_name = "TEXT")]
    pub(crate) welcome: Option<OsString>,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

/// Which subscriptions an XPUB tells of.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ReportsArg {
    /// The first subscription to a topic, and the last cancellation
    Changes,
    /// Every subscription, and the last cancellation
    Subscriptions,
    /// Every subscription and every cancellation
    All,
}

/// Subscribe, print what is published, and send messages upstream
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct XsubArgs {
    #[command(flatten)]
    pub(crate) exchange: ExchangeArgs,

    /// Subscribe to this; may be repeated. Without it, only MESSAGEs of the byte 1 and a topic do
    #[arg(long, value_name = "TEXT")]
    pub(crate) topic: Vec<OsString>,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}
