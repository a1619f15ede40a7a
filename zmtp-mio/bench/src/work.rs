//! What the two ends of a connection do.

use core::fmt;
use core::str::FromStr;

use crate::Failure;

/// A loop of messages, with its parameters. Its text is that of the command line: `push:64`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Work {
    /// REQ sends requests of this many bytes, REP echoes them.
    Request {
        /// Bytes of a request.
        size: usize,
    },
    /// PUSH sends messages of this many bytes to PULL.
    Push {
        /// Bytes of a message.
        size: usize,
    },
    /// As [`Work::Request`]; both ends keep their CPUs busy for a while before they sleep, if the library has an option
    /// for that.
    Spin {
        /// Bytes of a request.
        size: usize,
    },
    /// PUSH sends two messages of this many bytes, then nothing for some milliseconds. The time ends when PULL has
    /// received the second one.
    Second {
        /// Bytes of a message.
        size: usize,
    },
    /// DEALER keeps a number of requests of 64 bytes outstanding, ROUTER echoes them.
    Window {
        /// Requests without a reply.
        outstanding: usize,
    },
    /// PUB sends messages of 64 bytes to SUBs, which are threads of one process. No message is dropped
    /// (`ZMQ_XPUB_NODROP`).
    Publish {
        /// Number of SUBs.
        subscribers: usize,
        /// Subscriptions of each SUB. One matches every message.
        subscriptions: usize,
    },
    /// REP echoes requests of 64 bytes from plain connections, which all have one request outstanding.
    Clients {
        /// Number of connections.
        connections: usize,
    },
    /// ROUTER has so many plain connections, on which nothing is sent after the handshake.
    Idle {
        /// Number of connections.
        connections: usize,
    },
    /// Sockets without endpoints, all at the server.
    Sockets {
        /// Number of sockets.
        count: usize,
    },
}

/// Bytes of a message where the work has no parameter for it.
pub const SIZE: usize = 64;

/// The number in the first 8 bytes of a message.
///
/// # Errors
///
/// It is shorter.
pub fn number(body: &[u8]) -> Result<u64, Failure> {
    Ok(body.first_chunk().map(|bytes| u64::from_le_bytes(*bytes)).ok_or("a short message")?)
}

/// The end of a connection.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Side {
    /// It binds: REP, PULL, ROUTER, PUB.
    Server,
    /// It connects: REQ, PUSH, DEALER, SUB.
    Client,
}

impl Side {
    /// Server and client.
    pub const BOTH: [Self; 2] = [Self::Server, Self::Client];
}

impl Work {
    /// The side that counts messages and round trips.
    pub const fn counts(self) -> Side {
        match self {
            Self::Push { .. } | Self::Second { .. } | Self::Sockets { .. } => Side::Server,
            _ => Side::Client,
        }
    }

    /// The number of counters at that side.
    pub const fn lanes(self) -> usize {
        match self {
            Self::Publish { subscribers, .. } => subscribers,
            _ => 1,
        }
    }

    /// Bytes of a message.
    pub const fn size(self) -> usize {
        match self {
            Self::Request { size }
            | Self::Push { size }
            | Self::Spin { size }
            | Self::Second { size } => size,
            _ => SIZE,
        }
    }
}

impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request { size } => write!(f, "req:{size}"),
            Self::Push { size } => write!(f, "push:{size}"),
            Self::Spin { size } => write!(f, "spin:{size}"),
            Self::Second { size } => write!(f, "second:{size}"),
            Self::Window { outstanding } => write!(f, "window:{outstanding}"),
            Self::Publish { subscribers, subscriptions } => {
                write!(f, "pub:{subscribers}:{subscriptions}")
            }
            Self::Clients { connections } => write!(f, "clients:{connections}"),
            Self::Idle { connections } => write!(f, "idle:{connections}"),
            Self::Sockets { count } => write!(f, "sockets:{count}"),
        }
    }
}

impl FromStr for Work {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let mut parts = text.split(':');
        let name = parts.next().unwrap_or_default();
        let mut number = || -> Result<usize, Failure> {
            Ok(parts.next().ok_or_else(|| format!("{text} lacks a number"))?.parse()?)
        };
        Ok(match name {
            "req" => Self::Request { size: number()? },
            "push" => Self::Push { size: number()? },
            "spin" => Self::Spin { size: number()? },
            "second" => Self::Second { size: number()? },
            "window" => Self::Window { outstanding: number()? },
            "pub" => Self::Publish { subscribers: number()?, subscriptions: number()? },
            "clients" => Self::Clients { connections: number()? },
            "idle" => Self::Idle { connections: number()? },
            "sockets" => Self::Sockets { count: number()? },
            _ => return Err(format!("there is no work {text}").into()),
        })
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Client => "client",
        })
    }
}

impl FromStr for Side {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        match text {
            "server" => Ok(Self::Server),
            "client" => Ok(Self::Client),
            _ => Err(format!("{text} is no side").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Work;

    #[test]
    fn text_of_a_work_is_read_back() {
        let network = ["req:64", "push:16", "spin:64", "second:64", "window:100", "pub:8:1000"];
        for text in network.into_iter().chain(["clients:100", "idle:1", "sockets:1"]) {
            assert_eq!(text.parse::<Work>().unwrap().to_string(), text);
        }
        for text in ["", "req", "req:x", "pub:8", "pull:1"] {
            assert!(text.parse::<Work>().is_err(), "{text}");
        }
    }
}
