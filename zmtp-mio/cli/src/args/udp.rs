//! Arguments of the types that have UDP.

#![expect(clippy::doc_markdown, reason = "help texts have no ticks")]

use clap::Args;
use zmtp_mio::Udp;

use super::traffic::{EchoArgs, RunArgs};
use crate::exit::HELP;

/// Options of multicast, with their names in ZeroMQ. Further options of UDP are those of TCP with the same names.
#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = "UDP")]
pub(crate) struct UdpArgs {
    /// Routers that a datagram to a multicast group may pass, plus 1 (MULTICAST_HOPS); default 1, the local network
    #[arg(long, value_name = "N")]
    multicast_hops: Option<u8>,

    /// Sockets of this machine do not receive what is sent to a multicast group (MULTICAST_LOOP of 0)
    #[arg(long)]
    no_multicast_loop: bool,
}

impl UdpArgs {
    /// Adds these options.
    pub(crate) fn apply(self, udp: &mut Udp) {
        udp.multicast_hops = self.multicast_hops.unwrap_or(udp.multicast_hops);
        udp.multicast_loop &= !self.no_multicast_loop;
    }
}

/// Send UDP datagrams to the address in the first part, and print received ones
///
/// The endpoint is `udp://host:port`, and is always bound; with a multicast group, `udp://interface;group:port`.
/// A message has two parts: an address, for example 192.0.2.1:5555, and the body of the datagram. A received message
/// begins with the address of its sender. The other end may be any program that uses UDP. The options --ipv6, --device,
/// --tos, --send-buffer, --receive-buffer and --accept-from apply to UDP too.
#[derive(Args, Debug)]
#[command(after_help = HELP, mut_arg("peers", |arg| arg.hide(true)),
    mut_arg("connect", |arg| arg.hide(true)), mut_arg("source", |arg| arg.hide(true)))]
pub(crate) struct DgramArgs {
    #[command(flatten)]
    pub(crate) exchange: EchoArgs,

    #[command(flatten)]
    pub(crate) udp: UdpArgs,

    #[command(flatten)]
    pub(crate) run: RunArgs,
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        udp: UdpArgs,
    }

    fn options(line: &[&str]) -> Udp {
        let line = Line::try_parse_from([&["zmtp"], line].concat());
        let mut udp = Udp::default();
        line.unwrap_or_else(|error| panic!("{error}")).udp.apply(&mut udp);
        udp
    }

    #[test]
    fn each_flag_reaches_its_option() {
        let expected = Udp::default().multicast_hops(4).multicast_loop(false);
        assert_eq!(options(&["--multicast-hops", "4", "--no-multicast-loop"]), expected);
        assert_eq!(options(&[]), Udp::default());
    }
}
