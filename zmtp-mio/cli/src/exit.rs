//! How the program ends: failures and their exit codes.

use core::fmt;
use core::time::Duration;
use std::io;

use zmtp_mio::Error;

use crate::text::count;

/// The end of the help text of the program.
pub(crate) const EXAMPLES: &str = "\
Examples:
  zmtp rep tcp://127.0.0.1:5555 --reply hi      answers every request with hi
  zmtp req tcp://127.0.0.1:5555 hello           sends a request, prints the reply
  zmtp pub tcp://127.0.0.1:5556 --lines         publishes each line of stdin
  zmtp sub tcp://127.0.0.1:5556 --topic news    prints messages that begin with news
  zmtp pull ipc://work.sock --count 3           prints three messages
  zmtp push ipc://work.sock --file report.txt   sends a file as a message

The type of the socket is the command, and the endpoint its first argument. --bind (--listen) and
--connect (--dial) take more endpoints. `zmtp COMMAND --help` lists the options.";

/// The end of every help text.
pub(crate) const HELP: &str = "\
Exit codes:
  0    success, or the reader of the output has closed it
  1    a file, stdin, stdout or the system failed
  2    wrong usage
  3    nothing was received, or nothing could be sent, within --timeout
  4    an endpoint is invalid, in use, or cannot be bound, or its interface, --device or --source does
       not exist or may not be used
  5    messages were lost, the connection to the peer of a request was lost, or no endpoint is
       connected again (--no-reconnect)
  6    the decoded bytes are malformed or incomplete
  130  interrupted by Ctrl-C (143: by SIGTERM, 129: SIGHUP, 131: SIGQUIT)

The code is that of the reason why the command ended. Lost messages are reported on stderr in any
case, and change only 0, to 5.";

/// The exit code if messages were lost.
pub(crate) const LOST: u8 = 5;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An endpoint could not be opened.
    Endpoint(Error),
    /// An inproc endpoint, which no other process can reach.
    Inproc(String),
    /// A signal of this number ended the command.
    Interrupted(u8),
    /// The device or the address of this option cannot be used on this machine.
    Local { option: String, error: Error },
    /// Reading or writing failed.
    Io { doing: String, source: io::Error },
    /// The decoded bytes have this many faults, each reported with its position.
    Malformed { faults: u64 },
    /// The reader of the output has closed it. This is not an error.
    OutputClosed,
    /// The connection to the peer of the request was lost.
    PeerLost,
    /// The socket failed otherwise.
    Socket(Error),
    /// All connections have ended, and none is established again; the last error, if it is known.
    Unconnected { reason: Option<String> },
    /// What was awaited did not happen in time: `no reply`; the reason, if it is known.
    Timeout { awaited: String, within: Duration, reason: Option<String> },
    /// The arguments contradict each other or their bounds.
    Usage(&'static str),
}

impl Failure {
    pub(crate) fn io(doing: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let doing = doing.into();
        move |source| Self::Io { doing, source }
    }

    /// The exit code.
    pub(crate) const fn code(&self) -> u8 {
        match self {
            Self::OutputClosed => 0,
            Self::Socket(error) if is_usage(error) => 2,
            Self::Io { .. } | Self::Socket(_) => 1,
            Self::Usage(_) => 2,
            Self::Timeout { .. } => 3,
            Self::Endpoint(_) | Self::Inproc(_) | Self::Local { .. } => 4,
            Self::PeerLost | Self::Unconnected { .. } => LOST,
            Self::Malformed { .. } => 6,
            Self::Interrupted(signal) => 128 + *signal,
        }
    }

    /// A short name for programs.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Endpoint(_) | Self::Inproc(_) | Self::Local { .. } => "endpoint",
            Self::Interrupted(_) => "interrupted",
            Self::Io { .. } => "io",
            Self::Malformed { .. } => "malformed",
            Self::OutputClosed => "output_closed",
            Self::PeerLost => "peer_lost",
            Self::Socket(error) if is_usage(error) => "usage",
            Self::Socket(_) => "socket",
            Self::Timeout { .. } => "timeout",
            Self::Unconnected { .. } => "unconnected",
            Self::Usage(_) => "usage",
        }
    }

    /// Whether no text is printed.
    pub(crate) const fn is_silent(&self) -> bool {
        matches!(self, Self::Interrupted(_) | Self::OutputClosed)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Endpoint(error) | Self::Socket(error) => error.fmt(f),
            Self::Inproc(endpoint) => {
                write!(
                    f,
                    "{endpoint} connects sockets of one process; this process has no other socket"
                )
            }
            Self::Interrupted(signal) => write!(f, "interrupted by signal {signal}"),
            Self::Io { doing, source } => write!(f, "{doing}: {source}"),
            Self::Local { option, error: Error::Io { source, .. } } => {
                write!(f, "{option}: {source}")
            }
            Self::Local { option, error } => write!(f, "{option}: {error}"),
            Self::Malformed { faults } => {
                write!(f, "{} found", count(*faults, "fault was", "faults were"))
            }
            Self::Usage(text) => f.write_str(text),
            Self::OutputClosed => f.write_str("the output was closed"),
            Self::PeerLost => Error::PeerLost.fmt(f),
            Self::Timeout { awaited, within, reason } => {
                write!(f, "{awaited} within {within:?}")?;
                in_parentheses(f, reason.as_deref())
            }
            Self::Unconnected { reason } => {
                f.write_str("no endpoint is connected again")?;
                in_parentheses(f, reason.as_deref())
            }
        }
    }
}

/// Whether the error is one of the command line: an option, a group, an address or a message that can never be used.
const fn is_usage(error: &Error) -> bool {
    matches!(
        error,
        Error::Address { .. }
            | Error::AlreadyJoined
            | Error::Datagram(_)
            | Error::EmptyMessage
            | Error::Group(_)
            | Error::Limits { .. }
            | Error::Metadata { .. }
            | Error::NotAddressAndBody(_)
            | Error::Option { .. }
            | Error::PartCount(_)
    )
}

fn in_parentheses(f: &mut fmt::Formatter<'_>, reason: Option<&str>) -> fmt::Result {
    reason.map_or(Ok(()), |reason| write!(f, " ({reason})"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_distinct_and_in_the_help() {
        let timeout = Failure::Timeout {
            awaited: "no reply".into(),
            within: Duration::from_millis(500),
            reason: None,
        };
        assert_eq!(timeout.to_string(), "no reply within 500ms");
        let endpoint = Failure::Endpoint(Error::WouldBlock);
        let malformed = Failure::Malformed { faults: 1 };
        let all = [timeout, endpoint, Failure::PeerLost, malformed, Failure::Interrupted(2)];
        let codes: Vec<_> = all.iter().map(Failure::code).collect();
        assert_eq!(codes, [3, 4, 5, 6, 130]);
        for code in codes {
            assert!(HELP.contains(&format!("\n  {code} ")), "{code}");
        }
    }
}
