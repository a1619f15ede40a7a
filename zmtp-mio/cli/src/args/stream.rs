//! Arguments of `zmtp stream`.

use clap::Args;

use super::traffic::{EchoArgs, RunArgs};
use crate::exit::HELP;

/// Exchange bytes with TCP peers that do not use ZMTP
///
/// Each message goes to one connection, in turn; its parts are written one after the other. A received
/// message has two parts: the routing id of the connection, and the bytes of one read. With --raw, only the
/// bytes are printed. With --echo, each message goes back over its connection.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct StreamArgs {
    #[command(flatten)]
    pub(crate) exchange: EchoArgs,

    /// When a connection begins or ends, print a message of its routing id and an empty part
    #[arg(long)]
    pub(crate) notify: bool,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}
