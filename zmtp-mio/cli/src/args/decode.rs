//! Arguments of `zmtp decode`.

use std::path::PathBuf;

use clap::Args;

use super::OutputArgs;
use crate::exit::HELP;
use crate::size;

/// Print a captured ZMTP stream frame by frame
///
/// The file is what one side sent, from its greeting on, or a capture of packets as tcpdump and
/// Wireshark write them (pcap, pcapng), of which the TCP connections that speak ZMTP are shown,
/// both directions. What is malformed, cut short or missing is told with its place, and the exit
/// code is 6.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct DecodeArgs {
    /// The file; stdin if not given or `-`
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Of a capture, only connections with this TCP port on either side, ZMTP or not
    #[arg(short, long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// Take it for this version, whatever it begins with: one side alone does not always tell
    #[arg(long = "as", value_name = "VERSION", value_parser = ["1.0", "2.0", "3.1"])]
    pub(crate) version: Option<String>,

    /// Bytes of each body that are shown; all of them with --json and --raw
    #[arg(long, value_name = "SIZE", default_value = "64", value_parser = size::parse)]
    pub(crate) show: u64,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
