//! The command line.

mod decode;
mod install;
mod keygen;
mod monitor;
mod payload;
pub(crate) mod places;
mod proxy;
mod security;
mod socket;
mod stream;
mod tcp;
mod thread_safe;
mod traffic;
mod udp;

use core::time::Duration;
use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

use crate::duration;
use crate::exit::{EXAMPLES, HELP};
use crate::parts::{Reply, Request};

pub(crate) use decode::DecodeArgs;
pub(crate) use install::{CompletionsArgs, ManArgs};
pub(crate) use keygen::KeygenArgs;
pub(crate) use monitor::{MonitorArgs, TypeName};
pub(crate) use payload::{LinesOf, Payload};
use places::PlaceArgs;
pub(crate) use proxy::{EndArg, ProxyArgs};
pub(crate) use security::keys;
pub(crate) use socket::SocketArgs;
pub(crate) use stream::StreamArgs;
pub(crate) use thread_safe::*;
pub(crate) use traffic::*;
pub(crate) use udp::{DgramArgs, UdpArgs};

/// The whole command line.
#[derive(Debug, Parser)]
#[command(name = "zmtp", version, about = "ZeroMQ sockets from the command line",
    after_help = format!("{EXAMPLES}\n\n{HELP}"))]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The commands: one per socket type, and those for bridging, forwarding, monitoring, decoding, keys and installing.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    #[cfg(unix)]
    Bridge(BridgeArgs),
    Rep(RepArgs),
    Req(ReqArgs),
    Push(PushArgs),
    Pull(PullArgs),
    Pub(PubArgs),
    Sub(SubArgs),
    Dealer(DealerArgs),
    Router(RouterArgs),
    Pair(PairArgs),
    Xpub(XpubArgs),
    Xsub(XsubArgs),
    Stream(StreamArgs),
    Client(ClientArgs),
    Server(ServerArgs),
    Scatter(ScatterArgs),
    Gather(GatherArgs),
    Radio(RadioArgs),
    Dish(DishArgs),
    Peer(PeerArgs),
    Channel(ChannelArgs),
    Dgram(DgramArgs),
    Proxy(ProxyArgs),
    Monitor(MonitorArgs),
    Decode(DecodeArgs),
    Keygen(KeygenArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

impl Command {
    pub(crate) const fn output(&self) -> &OutputArgs {
        match self {
            #[cfg(unix)]
            Self::Bridge(args) => &args.output,
            Self::Rep(args) => &args.output,
            Self::Req(args) => &args.output,
            Self::Push(args) => &args.run.output,
            Self::Pull(args) => &args.run.output,
            Self::Pub(args) => &args.run.output,
            Self::Sub(args) => &args.run.output,
            Self::Dealer(args) => &args.run.output,
            Self::Router(args) => &args.run.output,
            Self::Pair(args) => &args.run.output,
            Self::Xpub(args) => &args.run.output,
            Self::Xsub(args) => &args.run.output,
            Self::Stream(args) => &args.run.output,
            Self::Client(args) => &args.run.output,
            Self::Server(args) => &args.run.output,
            Self::Scatter(args) => &args.run.output,
            Self::Gather(args) => &args.run.output,
            Self::Radio(args) => &args.run.output,
            Self::Dish(args) => &args.run.output,
            Self::Peer(args) => &args.run.output,
            Self::Channel(args) => &args.run.output,
            Self::Dgram(args) => &args.run.output,
            Self::Proxy(args) => &args.output,
            Self::Monitor(args) => &args.output,
            Self::Decode(args) => &args.output,
            Self::Keygen(args) => &args.output,
            Self::Completions(args) => &args.output,
            Self::Man(args) => &args.output,
        }
    }
}

/// Connect a serial line with ZMTP firmware to a ZeroMQ endpoint
///
/// Copies bytes in both directions. Each greeting of the firmware starts a new connection to the
/// endpoint. After a connection is lost, the next greeting starts another one. A lost line is opened
/// again. --verbose reports these events. The security is that of the firmware and the peer: the bridge
/// copies their PLAIN or CURVE unchanged, and has no keys.
#[cfg(unix)]
#[derive(Args, Debug)]
#[command(after_help = HELP,
    mut_arg("raw", |arg| arg.hide(true)), mut_arg("hex_output", |arg| arg.hide(true)),
    mut_arg("ascii", |arg| arg.hide(true)), mut_arg("quoted", |arg| arg.hide(true)))]
pub(crate) struct BridgeArgs {
    /// A serial device (`/dev/ttyUSB0`), a pty, or `tcp://host:port` of a serial server or QEMU
    #[arg(value_name = "SERIAL-OR-TCP")]
    pub(crate) serial: String,

    /// The endpoint: `tcp://host:5555`, `ipc:///path`
    ///
    /// An endpoint with a wildcard (`tcp://*:5555`) is bound. It serves one peer at a time.
    #[arg(value_name = "ENDPOINT")]
    pub(crate) endpoint: String,

    /// Listen on ENDPOINT instead of connecting
    #[arg(long)]
    pub(crate) bind: bool,

    /// Speed of a serial device in baud; 8 data bits, no parity, 1 stop bit
    #[arg(long, value_name = "BAUD", default_value_t = 115_200)]
    pub(crate) baud: u32,

    /// During a connection, a greeting starts a new one only if no bytes arrived for this time
    /// before it; otherwise it is part of a message
    #[arg(long, value_name = "DURATION", default_value = "50ms", value_parser = duration::parse)]
    pub(crate) silence: Duration,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Answer requests: with the request itself, the output of a command, or a fixed reply
///
/// Prints each request. The default is --echo.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct RepArgs {
    /// Endpoints to bind: `tcp://127.0.0.1:5555`, `tcp://*:*`, `ipc:///path`
    #[arg(value_name = "ENDPOINT", required_unless_present_any = ["bind", "connect"])]
    pub(crate) endpoints: Vec<String>,

    #[command(flatten)]
    pub(crate) places: PlaceArgs,

    /// Reply with the request itself, part by part (the default)
    #[arg(long, conflicts_with_all = ["exec", "reply", "reply_file", "reply_hex"])]
    pub(crate) echo: bool,

    /// Run `sh -c CMD` for each request and reply with its output, as one part
    ///
    /// The command reads the concatenated parts of the request from stdin. The environment
    /// variable `ZMTP_PART_SIZES` contains their sizes in bytes ("5 0 12"). If the command fails
    /// (exit code other than 0, a signal, --exec-timeout, more than 16 MiB of output), the reply is
    /// one empty part and the reason is printed to stderr.
    #[arg(long, value_name = "CMD", conflicts_with_all = ["reply", "reply_file", "reply_hex"])]
    pub(crate) exec: Option<OsString>,

    /// Kill the command and its child processes if it takes longer than this
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::parse)]
    pub(crate) exec_timeout: Duration,

    #[command(flatten)]
    pub(crate) reply: Reply,

    /// Exit with 0 after N requests
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// Exit with 3 if no request arrives for this time; no limit by default
    #[arg(short, long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) timeout: Option<Duration>,

    /// Print totals at the end, on stderr
    #[arg(short, long, help_heading = "Output")]
    pub(crate) stats: bool,

    #[command(flatten)]
    pub(crate) socket: SocketArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Send a request and print the reply
///
/// The first argument is the endpoint; each further argument is a part of the message. If the
/// endpoints are given by --connect or --bind, every argument is a part. With several endpoints,
/// the requests are sent to them in turn. --file, --hex and `-` (stdin) also add parts, in the
/// order of the command line. Without parts, the message is all of stdin, unchanged.
#[derive(Args, Debug)]
#[command(
    after_help = HELP,
    override_usage = "zmtp req [OPTIONS] ENDPOINT [MESSAGE]...\n       \
                      zmtp req [OPTIONS] --connect ENDPOINT [--connect ENDPOINT]... [MESSAGE]..."
)]
pub(crate) struct ReqArgs {
    #[command(flatten)]
    pub(crate) request: Request,

    /// How long to wait for each reply: 500ms, 5s, 2m
    #[arg(short, long, value_name = "DURATION", default_value = "5s",
        value_parser = duration::parse)]
    pub(crate) timeout: Duration,

    /// Send the message N times, each after the previous reply
    #[arg(short = 'n', long, value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: u64,

    /// Minimum time from one request to the next: 500ms, 5s, 2m
    #[arg(short, long, value_name = "DURATION", default_value = "0s",
        value_parser = duration::parse)]
    pub(crate) interval: Duration,

    /// Continue after a request without a reply; the exit code is that of the first such request
    #[arg(short, long)]
    pub(crate) keep_going: bool,

    /// Print totals at the end, on stderr
    #[arg(short, long, help_heading = "Output")]
    pub(crate) stats: bool,

    #[command(flatten)]
    pub(crate) socket: SocketArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// The format of the output.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct OutputArgs {
    /// Print JSON: messages on stdout, everything else on stderr, one object per line
    #[arg(short, long, help_heading = "Output", conflicts_with_all = ["raw", "hex_output"])]
    pub(crate) json: bool,

    /// Print the bytes unchanged: no separators between parts or after messages
    #[arg(short, long, help_heading = "Output", conflicts_with = "hex_output")]
    pub(crate) raw: bool,

    /// Print the parts in hex, one message per line
    #[arg(short = 'x', long, help_heading = "Output")]
    pub(crate) hex_output: bool,

    /// Print printable ASCII only, and a dot for every other byte, one message per line
    #[arg(short = 'A', long, help_heading = "Output",
        conflicts_with_all = ["json", "raw", "hex_output"])]
    pub(crate) ascii: bool,

    /// Print the parts as strings of C, in quotes, one message per line
    #[arg(short = 'Q', long, help_heading = "Output",
        conflicts_with_all = ["json", "raw", "hex_output", "ascii"])]
    pub(crate) quoted: bool,

    /// Do not print messages; errors and bound endpoints still go to stderr
    #[arg(short, long, help_heading = "Output", conflicts_with = "verbose", alias = "silent")]
    pub(crate) quiet: bool,

    /// Report connection events on stderr as they happen
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,
}
