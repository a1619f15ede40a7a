//! Arguments of `zmtp proxy`.

use core::str::FromStr;
use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::{OutputArgs, SocketArgs, TypeName};
use crate::exit::HELP;

/// Forward messages between two sockets in both directions, until Ctrl-C
///
/// A socket is given as TYPE=ENDPOINT to bind it, or TYPE=connect:ENDPOINT to connect it. Several
/// endpoints are separated by commas. Usual pairs: `xsub=... xpub=...` for publishers and subscribers,
/// `router=... dealer=...` for requests and services, `pull=... push=...` for work,
/// `gather=... scatter=...`, `dish=... radio=...` (with --group), `pair=... pair=...` and
/// `channel=... channel=...`. Refused are pairs between which nothing can be forwarded: rep and req; two types that only
/// send, or only receive; server or peer with a type that receives, because a reply has no routing id; router, stream or
/// dgram with a type whose messages have one part. A SUB subscribes to everything. With --verbose, connection events are printed at the end. Files of keys
/// and passwords are read once for each socket, so that a pipe in place of a file does not work.
#[derive(Args, Debug)]
#[command(after_help = HELP)]
pub(crate) struct ProxyArgs {
    /// One side, for example xsub=tcp://*:5555
    #[arg(value_name = "FRONTEND")]
    pub(crate) frontend: EndArg,

    /// The other side, for example xpub=tcp://*:5556
    #[arg(value_name = "BACKEND")]
    pub(crate) backend: EndArg,

    /// Send a copy of every message to this socket: a pub, push, pair or dealer
    #[arg(long, value_name = "SOCKET")]
    pub(crate) capture: Option<EndArg>,

    /// Receive the commands PAUSE, RESUME, TERMINATE and STATISTICS on this socket: a pair or rep
    #[arg(long, value_name = "SOCKET")]
    pub(crate) control: Option<EndArg>,

    /// The group that a dish joins; may be repeated
    #[arg(long, value_name = "TEXT")]
    pub(crate) group: Vec<OsString>,

    /// Print totals at the end, on stderr
    #[arg(short, long, help_heading = "Output")]
    pub(crate) stats: bool,

    #[command(flatten)]
    pub(crate) socket: SocketArgs,

    #[command(flatten)]
    pub(crate) output: OutputArgs,
}

/// A socket with its endpoints.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct EndArg {
    pub(crate) socket_type: TypeName,
    pub(crate) bind: Vec<String>,
    pub(crate) connect: Vec<String>,
}

impl EndArg {
    /// Whether an endpoint is one of UDP.
    pub(crate) fn has_udp(&self) -> bool {
        self.bind.iter().chain(&self.connect).any(|endpoint| endpoint.starts_with("udp://"))
    }
}

impl FromStr for EndArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        const EXPECTED: &str = "expected TYPE=ENDPOINT or TYPE=connect:ENDPOINT";
        let (name, endpoints) = text.split_once('=').ok_or(EXPECTED)?;
        let socket_type = TypeName::from_str(name, true)
            .map_err(|_| format!("{EXPECTED}; {name:?} is not a socket type"))?;
        let mut end = Self { socket_type, bind: Vec::new(), connect: Vec::new() };
        for endpoint in endpoints.split(',') {
            match endpoint.strip_prefix("connect:") {
                Some(endpoint) => end.connect.push(endpoint.into()),
                None => end.bind.push(endpoint.into()),
            }
        }
        Ok(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_type_and_its_endpoints() {
        let end: EndArg = "xsub=tcp://*:1,connect:ipc:///a,tcp://*:2".parse().unwrap();
        assert_eq!(end.socket_type, TypeName::Xsub);
        assert_eq!(end.bind, ["tcp://*:1", "tcp://*:2"]);
        assert_eq!(end.connect, ["ipc:///a"]);
        for text in ["", "xsub", "tcp://*:1", "xbus=tcp://*:1"] {
            assert!(text.parse::<EndArg>().unwrap_err().contains("TYPE=ENDPOINT"), "{text}");
        }
    }
}
