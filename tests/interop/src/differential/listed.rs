//! The intended differences.

use zmtp_core::wire::Malformed;
use zmtp_core::{Error, Limit, PeerError};

use super::Outcome;
use super::input::Input;
use super::let_pass::has_subscriptions;
use super::reading::{self, Reading};
use super::subject::Kind;

#[cfg(test)]
mod tests;

/// An intended difference.
#[derive(Debug)]
#[non_exhaustive]
pub struct Listed {
    /// The inputs that have different outcomes.
    pub name: &'static str,
    /// The reason for the difference.
    pub why: &'static str,
    meant: fn(&Case<'_>) -> bool,
}

/// An input and its outcomes. Our outcome equals that of the model.
struct Case<'a> {
    input: &'a Input,
    theirs: &'a Outcome,
    /// The outcome of the model for our socket.
    ours: Reading,
    /// The outcome of the model for the socket of libzmq.
    libzmq: Reading,
}

/// The listed difference that explains the case, if there is one. `None` if our outcome differs from
/// the model's.
pub fn of(kind: Kind, input: &Input, ours: &Outcome, theirs: &Outcome) -> Option<&'static Listed> {
    let reading = reading::ours(kind, input);
    if reading.outcome != *ours {
        return None;
    }
    let case = Case { input, theirs, ours: reading, libzmq: reading::libzmq(kind, input) };
    ALL.iter().find(|listed| (listed.meant)(&case))
}

impl Case<'_> {
    /// Our socket refuses the peer with such an error; libzmq continues to read, with the model's outcome.
    fn they_read_on(&self, over: impl Fn(Error) -> bool) -> bool {
        self.ours.error.is_some_and(over) && self.is_theirs()
    }

    /// The peer opens the connection as a version before 3.0, whose socket type, if any, precedes its frames.
    fn is_legacy(&self) -> bool {
        wire::is_legacy(self.input.stream()) == Some(true)
    }

    /// libzmq's outcome is the model's, except for messages that it drops when it refuses the peer.
    fn is_theirs(&self) -> bool {
        let Reading { outcome, either, .. } = &self.libzmq;
        let refused = outcome.refused == self.theirs.refused || *either;
        refused && outcome.received == self.theirs.received || self.drops_messages()
    }

    /// The model refuses the peer for both sockets or for none, and libzmq's outcome is the model's.
    fn only_messages_differ(&self) -> bool {
        self.ours.outcome.refused == self.libzmq.outcome.refused && self.is_theirs()
    }

    /// libzmq refuses the peer, by the rules or for lack of memory, before its application has received
    /// every message.
    fn drops_messages(&self) -> bool {
        let Reading { outcome, either, .. } = &self.libzmq;
        let shorter = self.theirs.received.len() < outcome.received.len();
        let refused = self.theirs.refused && (outcome.refused || *either);
        refused && shorter && outcome.received.starts_with(&self.theirs.received)
    }
}

/// An error about a socket type.
const fn wrong_type(error: Error) -> bool {
    use PeerError::{IncompatibleSocketType, UnknownSocketType};
    matches!(error, Error::Peer(IncompatibleSocketType { .. } | UnknownSocketType))
}

/// Every intended difference, the most frequent first.
pub const ALL: &[Listed] = &[
    Listed {
        name: "reserved flag bits",
        why: "RFC 37 § Framing forbids them; after a framing error the rest cannot be parsed",
        meant: |case| {
            let reserved = |error| matches!(error, Error::Malformed(Malformed::ReservedFlags(_)));
            case.they_read_on(reserved)
        },
    },
    Listed {
        name: "MORE on a command",
        why: "RFC 37 § Framing forbids it; after a framing error the rest cannot be parsed",
        meant: |case| case.they_read_on(|error| error == Malformed::MoreOnCommand.into()),
    },
    Listed {
        name: "ZMTP 2.0: MORE on the identity",
        why: "RFC 15: the identity is one frame",
        meant: |case| case.they_read_on(|error| error == Malformed::MoreOnIdentity.into()),
    },
    Listed {
        name: "ZMTP 2.0: socket type",
        why: "an incompatible socket type is refused as in ZMTP 3; libzmq ignores the type",
        meant: |case| case.is_legacy() && case.they_read_on(wrong_type),
    },
    Listed {
        name: "second READY",
        why: "READY completes the handshake; a second one could change what was agreed",
        meant: |case| case.they_read_on(|error| error == PeerError::SecondReady.into()),
    },
    Listed {
        name: "message frame in the handshake",
        why: "RFC 37 forbids it, even if the frame contains a READY",
        meant: |case| case.they_read_on(|error| error == PeerError::MessageInHandshake.into()),
    },
    Listed {
        name: "limits",
        why: "libzmq has no limits on frames, commands, parts and messages by default",
        meant: |case| {
            let limit = |error| match error {
                Error::Limit(exceeded) => matches!(
                    exceeded.limit,
                    Limit::Command | Limit::Frame | Limit::Parts | Limit::Message
                ),
                _ => false,
            };
            case.they_read_on(limit)
        },
    },
    Listed {
        name: "long routing id",
        why: "RFC 37 § The Identity Property: 0 to 255 bytes",
        meant: |case| {
            let long = |error| matches!(error, Error::Peer(PeerError::RoutingIdTooLong(_)));
            case.they_read_on(long)
        },
    },
    Listed {
        name: "case of property names",
        why: "RFC 37: names of properties are case-insensitive; libzmq's are not",
        meant: |case| {
            case.only_messages_differ() && case.libzmq.name != case.ours.name
                || !case.is_legacy() && case.they_read_on(wrong_type)
        },
    },
    Listed {
        name: "metadata that ends after a name or a size",
        why: "a property has a name and a value; libzmq accepts a last one without a value",
        meant: |case| case.they_read_on(|error| error == Malformed::Metadata.into()),
    },
    Listed {
        name: "messages before a protocol error",
        why: "whole messages are delivered; libzmq drops those that its application has not received yet",
        meant: |case| {
            let [ours, theirs] = [&case.ours.outcome, case.theirs];
            ours.refused && case.drops_messages() && ours.received.starts_with(&theirs.received)
        },
    },
    Listed {
        name: "SUBSCRIBE and CANCEL to a socket without subscriptions",
        why: "a command is not a message: it is ignored and counted; libzmq delivers it as a message",
        meant: |case| case.only_messages_differ() && has_subscriptions(case.input.stream()),
    },
    Listed {
        name: "greeting, READY and message in one segment",
        why: "a listener accepts all three; libzmq closes, because it has not sent its READY yet",
        meant: |case| {
            let nothing = case.theirs.received.is_empty() && case.theirs.refused;
            case.input.is_burst() && case.ours.error.is_none() && nothing
        },
    },
    Listed {
        name: "other protocol or older version",
        why: "a connection that does not open like an accepted version is closed at once",
        meant: |case| {
            case.they_read_on(|error| {
                matches!(error, Error::Peer(PeerError::UnsupportedVersion { .. }))
            })
        },
    },
];

/// The table of the differences, as in `DIFFERENCES.md`.
pub fn table() -> String {
    let mut text = String::from(HEAD);
    for listed in ALL {
        text += &format!("| {} | {} |\n", listed.name, listed.why);
    }
    text
}

const HEAD: &str = "\
# Differences between our sockets and libzmq's on the same bytes

The test sends the same bytes to our REP, ROUTER, PULL, SUB, SERVER, GATHER and CHANNEL and to those of libzmq 4.3.5,
over real connections. It compares the messages that the application receives, and whether the peer is refused. These
outcomes are equal except for the rows below, and our outcome always equals that of the reference model in
`../src/model`.

A difference is accepted as one of the rows only under two conditions: our error is that of the row, and the
outcome of libzmq equals that of the model after the faults that libzmq tolerates are corrected in the input
(`src/differential/listed.rs`, `let_pass.rs`).

[../MALFORMED.md](../MALFORMED.md) lists single inputs with their outcomes. The test also sends every input of
that table to each type, from a peer that connects. It omits inputs that concern PLAIN, CURVE, ZAP or sockets
that receive no messages, and prints their number.

```sh
cargo run --release -p zmtp-interop --bin differential -- 10000   # as many for each socket type
```

| difference | reason |
|---|---|
";
