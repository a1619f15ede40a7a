//! Arguments of `zmtp decode`.

use std::path::PathBuf;

use clap::Args;

use super::OutputArgs;
use crate::exit::HELP;
use crate::size;

/// Print a captured ZMTP stream frame by frame
///
/// The file contains the bytes of one side, starting with its greeting, or a packet capture from
/// tcpdump or Wireshark (pcap, pcapng). Of a capture, both directions of the TCP connections with
/// ZMTP are printed. Malformed, incomplete or missing bytes are reported with their position, and
/// the exit code is 6.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct DecodeArgs {
    /// The file; stdin if not given or `-`
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// In a capture, use only connections with this TCP port on either side, ZMTP or not
    #[arg(short, long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// Decode as this version; one side alone does not always determine it
    #[arg(long = "as", value_name = "VERSION", value_parser = ["1.0", "2.0", "3.1"])]
    pub(crate) version: Option<String>,

    /// Bytes to print of each body; all with --json and --raw
    #[arg(long, value_name = "SIZE", default_value = "64", value_parser = size::parse)]
    pub(crate) show: u64,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
