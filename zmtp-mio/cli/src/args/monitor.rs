//! Arguments of `zmtp monitor`.

use core::time::Duration;

use clap::{Args, ValueEnum};
use zmtp_mio::SocketKind;

use super::places::PlaceArgs;
use super::{OutputArgs, SocketArgs};
use crate::duration;
use crate::exit::HELP;

/// Open a socket and print its connection events as they happen
///
/// Received messages are discarded. A SUB does not subscribe to any topic, and a DISH
/// does not join any group.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct MonitorArgs {
    /// The type of the socket
    #[arg(value_name = "TYPE")]
    pub(crate) socket_type: TypeName,

    /// Endpoints: bound or connected as usual for the type; bound if they contain a wildcard
    #[arg(value_name = "ENDPOINT", required_unless_present_any = ["bind", "connect"])]
    pub(crate) endpoints: Vec<String>,

    #[command(flatten)]
    pub(crate) places: PlaceArgs,

    /// Exit with 0 after N events
    #[arg(short = 'n', long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,

    /// Exit with 0 after this event
    #[arg(long, value_name = "EVENT", value_parser = ["accepted", "accept_paused", "connected",
        "closed", "retrying", "not_retrying", "ready", "refused", "ignored", "dropped",
        "subscription_refused", "dropped_datagram", "datagram_failed"])]
    pub(crate) until: Option<String>,

    /// Exit with 3 if there is no event for this time; no limit by default
    #[arg(short, long, value_name = "DURATION", value_parser = duration::parse)]
    pub(crate) timeout: Option<Duration>,

    #[command(flatten)]
    pub(crate) socket: SocketArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

impl TypeName {
    /// The kind of the library.
    pub(crate) const fn kind(self) -> SocketKind {
        match self {
            Self::Req => SocketKind::Req,
            Self::Rep => SocketKind::Rep,
            Self::Dealer => SocketKind::Dealer,
            Self::Router => SocketKind::Router,
            Self::Push => SocketKind::Push,
            Self::Pull => SocketKind::Pull,
            Self::Pub => SocketKind::Pub,
            Self::Sub => SocketKind::Sub,
            Self::Xpub => SocketKind::Xpub,
            Self::Xsub => SocketKind::Xsub,
            Self::Pair => SocketKind::Pair,
            Self::Stream => SocketKind::Stream,
            Self::Client => SocketKind::Client,
            Self::Server => SocketKind::Server,
            Self::Scatter => SocketKind::Scatter,
            Self::Gather => SocketKind::Gather,
            Self::Radio => SocketKind::Radio,
            Self::Dish => SocketKind::Dish,
            Self::Peer => SocketKind::Peer,
            Self::Channel => SocketKind::Channel,
            Self::Dgram => SocketKind::Dgram,
        }
    }
}

/// A socket type by name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub(crate) enum TypeName {
    Req,
    Rep,
    Dealer,
    Router,
    Push,
    Pull,
    Pub,
    Sub,
    Xpub,
    Xsub,
    Pair,
    Stream,
    Client,
    Server,
    Scatter,
    Gather,
    Radio,
    Dish,
    Peer,
    Channel,
    Dgram,
}
