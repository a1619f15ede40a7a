//! The differences that are meant.

use zmtp_mio::zmtp_core::wire::Malformed;
use zmtp_mio::zmtp_core::{Error, Limit, PeerError};

use super::Outcome;
use super::input::Input;
use super::let_pass::has_subscriptions;
use super::reading::{self, Reading};
use super::subject::Kind;

#[cfg(test)]
mod tests;

/// A difference that is meant.
#[derive(Debug)]
#[non_exhaustive]
pub struct Listed {
    /// What differs.
    pub name: &'static str,
    /// Why.
    pub why: &'static str,
    meant: fn(&Case<'_>) -> bool,
}

/// An input and what came of it, which with us is what had to.
struct Case<'a> {
    input: &'a Input,
    theirs: &'a Outcome,
    /// What had to come of it with us, and did.
    ours: Reading,
    /// What had to come of it with libzmq.
    libzmq: Reading,
}

/// The listed difference that explains the case, if one does. Nothing explains an outcome of ours that
/// is not the model's.
pub fn of(kind: Kind, input: &Input, ours: &Outcome, theirs: &Outcome) -> Option<&'static Listed> {
    let reading = reading::ours(kind, input);
    if reading.outcome != *ours {
        return None;
    }
    let case = Case { input, theirs, ours: reading, libzmq: reading::libzmq(kind, input) };
    ALL.iter().find(|listed| (listed.meant)(&case))
}

impl Case<'_> {
    /// libzmq read on where we refuse the peer with such an error, and made of it what it had to.
    fn they_read_on(&self, over: impl Fn(Error) -> bool) -> bool {
        self.ours.error.is_some_and(over) && self.is_theirs()
    }

    /// The peer opens like an older version, which gives its type, if any, in front of its frames.
    fn is_legacy(&self) -> bool {
        wire::is_legacy(self.input.stream()) == Some(true)
    }

    /// libzmq made of it what it had to, but for messages that it drops as it refuses the peer.
    fn is_theirs(&self) -> bool {
        let Reading { outcome, either, .. } = &self.libzmq;
        let refused = outcome.refused == self.theirs.refused || *either;
        refused && outcome.received == self.theirs.received || self.drops_messages()
    }

    /// Both had to refuse the peer or neither, and libzmq made of it what it had to.
    fn only_messages_differ(&self) -> bool {
        self.ours.outcome.refused == self.libzmq.outcome.refused && self.is_theirs()
    }

    /// libzmq refuses the peer, as it must or for want of memory, before its application has taken
    /// all that came.
    fn drops_messages(&self) -> bool {
        let Reading { outcome, either, .. } = &self.libzmq;
        let shorter = self.theirs.received.len() < outcome.received.len();
        let refused = self.theirs.refused && (outcome.refused || *either);
        refused && shorter && outcome.received.starts_with(&self.theirs.received)
    }
}

/// An error over a socket type.
const fn wrong_type(error: Error) -> bool {
    use PeerError::{IncompatibleSocketType, UnknownSocketType};
    matches!(error, Error::Peer(IncompatibleSocketType { .. } | UnknownSocketType))
}

/// Every difference that is meant, the likeliest first.
pub const ALL: &[Listed] = &[
    Listed {
        name: "reserved flag bits",
        why: "RFC 37 § Framing forbids them, and what breaks framing is not guessed at",
        meant: |case| {
            let reserved = |error| matches!(error, Error::Malformed(Malformed::ReservedFlags(_)));
            case.they_read_on(reserved)
        },
    },
    Listed {
        name: "MORE on a command",
        why: "RFC 37 § Framing forbids it, and what breaks framing is not guessed at",
        meant: |case| case.they_read_on(|error| error == Malformed::MoreOnCommand.into()),
    },
    Listed {
        name: "ZMTP 2.0: MORE on the identity",
        why: "RFC 15: the identity is one frame",
        meant: |case| case.they_read_on(|error| error == Malformed::MoreOnIdentity.into()),
    },
    Listed {
        name: "ZMTP 2.0: socket type",
        why: "a peer of a type that does not fit is refused as in ZMTP 3; libzmq does not look at it",
        meant: |case| case.is_legacy() && case.they_read_on(wrong_type),
    },
    Listed {
        name: "second READY",
        why: "a READY ends the handshake; a second one could change what was agreed",
        meant: |case| case.they_read_on(|error| error == PeerError::SecondReady.into()),
    },
    Listed {
        name: "message frame in the handshake",
        why: "RFC 37 forbids it, also where it holds a READY",
        meant: |case| case.they_read_on(|error| error == PeerError::MessageInHandshake.into()),
    },
    Listed {
        name: "limits",
        why: "libzmq has none on frames, commands, parts and messages unless it is told",
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
        name: "metadata that ends behind a name or a size",
        why: "a property has a name and a value; libzmq takes a last one without its value",
        meant: |case| case.they_read_on(|error| error == Malformed::Metadata.into()),
    },
    Listed {
        name: "messages in front of a protocol error",
        why: "what came whole is delivered; libzmq drops what its application has not taken yet",
        meant: |case| {
            let [ours, theirs] = [&case.ours.outcome, case.theirs];
            ours.refused && case.drops_messages() && ours.received.starts_with(&theirs.received)
        },
    },
    Listed {
        name: "SUBSCRIBE and CANCEL to a socket that takes none",
        why: "a command is no message: it is ignored and counted; libzmq delivers it as one",
        meant: |case| case.only_messages_differ() && has_subscriptions(case.input.stream()),
    },
    Listed {
        name: "greeting, READY and message in one segment",
        why: "a listener takes all three; libzmq closes, as its READY is not out yet",
        meant: |case| {
            let nothing = case.theirs.received.is_empty() && case.theirs.refused;
            case.input.is_burst() && case.ours.error.is_none() && nothing
        },
    },
    Listed {
        name: "other protocol or older version",
        why: "whatever does not open like a version that is spoken is closed at once",
        meant: |case| {
            case.they_read_on(|error| {
                matches!(error, Error::Peer(PeerError::UnsupportedVersion(_)))
            })
        },
    },
];

/// The table of them, as it stands in `DIFFERENCES.md`.
pub fn table() -> String {
    let mut text = String::from(HEAD);
    for listed in ALL {
        text += &format!("| {} | {} |\n", listed.name, listed.why);
    }
    text
}

const HEAD: &str = "\
# Where our sockets and libzmq's differ on the same bytes

REP, ROUTER, PULL and SUB get the same bytes as libzmq 4.3.5's over a real connection; what the
application receives and whether the peer is refused is the same but for the rows below, and with us it
is always what the slow model in `../src/model` says. A difference is one of the rows only if our error
is the row's, and if libzmq's outcome is the model's on the same bytes with what libzmq lets pass put
right (`src/differential/listed.rs`, `let_pass.rs`). [../MALFORMED.md](../MALFORMED.md) has the single inputs
with outcomes. Each type is shown every row of their table, by a peer that dials, but for those that are
about PLAIN, CURVE, ZAP or a socket that takes no messages; the run prints how many.

```sh
cargo run --release -p zmtp-interop --bin differential -- 10000   # as many for each socket type
```

| difference | why |
|---|---|
";
