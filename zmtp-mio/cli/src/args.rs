//! The command line.

mod decode;
mod monitor;
mod payload;
pub(crate) mod places;
mod proxy;
mod socket;
mod traffic;

use core::time::Duration;
use std::ffi::OsString;

use clap::{Args, Parser, Subcommand};

use crate::duration;
use crate::exit::HELP;
use crate::parts::{Reply, Request};

pub(crate) use decode::DecodeArgs;
pub(crate) use monitor::{MonitorArgs, TypeName};
pub(crate) use payload::{LinesOf, Payload};
use places::PlaceArgs;
pub(crate) use proxy::{EndArg, ProxyArgs};
pub(crate) use socket::SocketArgs;
pub(crate) use traffic::*;

/// The whole of it.
#[derive(Debug, Parser)]
#[command(name = "zmtp", version, about = "ZeroMQ sockets from the command line", after_help = HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// One per socket type, the bridge, and what looks at them.
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
    Proxy(ProxyArgs),
    Monitor(MonitorArgs),
    Decode(DecodeArgs),
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
            Self::Proxy(args) => &args.output,
            Self::Monitor(args) => &args.output,
            Self::Decode(args) => &args.output,
        }
    }
}

/// Connect a serial line with ZMTP firmware to a ZeroMQ endpoint
///
/// Copies bytes both ways. Each greeting of the firmware starts a new connection. After a lost
/// connection the next greeting starts another one; a lost line is opened again. --verbose
/// reports each of these.
#[cfg(unix)]
#[derive(Args, Debug)]
#[command(after_help = HELP,
    mut_arg("raw", |arg| arg.hide(true)), mut_arg("hex_output", |arg| arg.hide(true)))]
pub(crate) struct BridgeArgs {
    /// A serial device (`/dev/ttyUSB0`), a pty, or `tcp://host:port` of a serial server or QEMU
    #[arg(value_name = "SERIAL-OR-TCP")]
    pub(crate) serial: String,

    /// The endpoint: `tcp://host:5555`, `ipc:///path`
    ///
    /// A wildcard (`tcp://*:5555`) is bound, and serves one peer at a time.
    #[arg(value_name = "ENDPOINT")]
    pub(crate) endpoint: String,

    /// Listen on ENDPOINT instead of connecting
    #[arg(long)]
    pub(crate) bind: bool,

    /// Speed of a serial device; 8 data bits, no parity, 1 stop bit
    #[arg(long, value_name = "BAUD", default_value_t = 115_200)]
    pub(crate) baud: u32,

    /// A greeting after this long without bytes starts a new session; after a shorter pause it is
    /// part of a message
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
    /// The command reads the request from stdin, its parts concatenated, and finds their sizes in
    /// `ZMTP_PART_SIZES` ("5 0 12"). If it fails (exit code other than 0, a signal,
    /// --exec-timeout, more than 16 MiB of output), the reply is one empty part and the reason is
    /// printed to stderr.
    #[arg(long, value_name = "CMD", conflicts_with_all = ["reply", "reply_file", "reply_hex"])]
    pub(crate) exec: Option<OsString>,

    /// Kill a command that takes longer, and its child processes
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = duration::parse)]
    pub(crate) exec_timeout: Duration,

    #[command(flatten)]
    pub(crate) reply: Reply,

    /// End with 0 after N requests
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// End with 3 if no request arrives for this long; no limit by default
    #[arg(short, long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) timeout: Option<Duration>,

    #[command(flatten)]
    pub(crate) socket: SocketArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// Send a request and print the reply
///
/// The first argument is the endpoint, each further one a part of the message. If --connect or
/// --bind names endpoints, every argument is a part; several endpoints get the requests in turn.
/// Parts may also come from --file, --hex and `-` (stdin), in the order of the command line.
/// Without any part the message is all of stdin, unchanged.
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

    /// Time from one request to the next
    #[arg(short, long, value_name = "DURATION", default_value = "0s",
        value_parser = duration::parse)]
    pub(crate) interval: Duration,

    /// Continue after a request without reply; the exit code is that of the first such request
    #[arg(short, long)]
    pub(crate) keep_going: bool,

    #[command(flatten)]
    pub(crate) socket: SocketArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// How to print.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct OutputArgs {
    /// Print JSON: messages on stdout, everything else on stderr, one object per line
    #[arg(short, long, help_heading = "Output", conflicts_with_all = ["raw", "hex_output"])]
    pub(crate) json: bool,

    /// Print the bytes unchanged: no separators between parts or after messages
    #[arg(short, long, help_heading = "Output", conflicts_with = "hex_output")]
    pub(crate) raw: bool,

    /// Print parts in hex, a message per line
    #[arg(short = 'x', long, help_heading = "Output")]
    pub(crate) hex_output: bool,

    /// Do not print messages; errors and bound endpoints still go to stderr
    #[arg(short, long, help_heading = "Output", conflicts_with = "verbose")]
    pub(crate) quiet: bool,

    /// Report connection events on stderr as they happen
    #[arg(short, long, help_heading = "Output")]
    pub(crate) verbose: bool,
}
