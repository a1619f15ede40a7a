//! Arguments of `zmtp decode`.

use std::path::PathBuf;

use clap::Args;

use super::OutputArgs;
use crate::exit::HELP;
use crate::size;

/// Print a captured ZMTP stream frame by frame
///
/// The file contains the bytes that one side sent, from its greeting on, or a packet capture of
/// tcpdump or Wireshark (pcap, pcapng). From a capture, both directions of each TCP connection
/// with ZMTP are printed, and with --port the messages that a radio sends over UDP. Malformed,
/// incomplete or missing bytes are reported with their position; the exit code is then 6.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct DecodeArgs {
    /// The file; stdin if not given or `-`
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// From a capture, decode all TCP connections and UDP datagrams with this port on either side, and no others
    ///
    /// A UDP datagram is decoded as a message of a radio: its group and its body.
    #[arg(short, long, value_name = "PORT")]
    pub(crate) port: Option<u16>,

    /// Decode as this version of ZMTP, if the bytes of one side do not determine it
    #[arg(long = "as", value_name = "VERSION", value_parser = ["1.0", "2.0", "3.1"])]
    pub(crate) version: Option<String>,

    /// Number of bytes to print of each body; --json and --raw print all
    #[arg(long, value_name = "SIZE", default_value = "64", value_parser = size::parse)]
    pub(crate) show: u64,

    /// Open HELLO and WELCOME of CURVE with the keys of the server in this file; no key opens the rest
    ///
    /// The boxes of all other commands and of messages are sealed with keys that both ends forget when
    /// the connection ends. WELCOME can be opened only in a capture, which also has the HELLO.
    #[arg(long, value_name = "FILE.key_secret")]
    pub(crate) curve_server: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}
