//! The differences that are meant.

use zmtp_mio::zmtp_core::wire::Malformed;
use zmtp_mio::zmtp_core::{Config, Error, Limit, PeerError};
use zmtp_tests::driver::Said;
use zmtp_tests::{model, raw};

use super::Outcome;
use super::input::Input;
use super::subject::{Kind, Message};

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

/// An input and what came of it.
struct Case<'a> {
    kind: Kind,
    ours: &'a Outcome,
    theirs: &'a Outcome,
    /// The error with which our end refuses the peer, as its model has it.
    error: Option<Error>,
}

/// The listed difference that explains the case, if one does.
pub fn of(kind: Kind, input: &Input, ours: &Outcome, theirs: &Outcome) -> Option<&'static Listed> {
    let error = error(kind, input);
    let theirs = without_commands(kind, input, theirs);
    // In the middle of a request to a REP it costs the rest, which has no delimiter then.
    let less = kind == Kind::Rep
        && theirs.received.iter().all(|message| ours.received.contains(message))
        && (theirs.refused == ours.refused || ours.refused)
        && !subscriptions(input).is_empty();
    if *ours == theirs || less {
        return Some(&COMMANDS);
    }
    let case = Case { kind, ours, theirs: &theirs, error };
    ALL.iter().find(|listed| (listed.meant)(&case))
}

/// The error with which our end refuses the peer, as its model has it.
pub fn error(kind: Kind, input: &Input) -> Option<Error> {
    let config = Config::new(kind.names().0);
    model::said(&config, input.stream()).iter().find_map(|said| match said {
        Said::Failed(error) => Some(*error),
        _ => None,
    })
}

/// SUBSCRIBE and CANCEL commands are messages to libzmq, with whatever socket.
fn without_commands(kind: Kind, input: &Input, theirs: &Outcome) -> Outcome {
    let commands = subscriptions(input);
    let name = usize::from(kind == Kind::Router);
    let (mut received, mut begun) = (Vec::new(), Message::new());
    for message in &theirs.received {
        let behind = if begun.is_empty() { 0 } else { name };
        begun.extend_from_slice(&message[behind..]);
        if begun.last().is_some_and(|last| commands.contains(last)) {
            // In the middle of a message it even ends that.
            begun.pop();
            if begun.len() <= name {
                begun.clear();
            }
        } else {
            received.push(std::mem::take(&mut begun));
        }
    }
    Outcome { received, refused: theirs.refused }
}

/// The bodies of the SUBSCRIBE and CANCEL commands in an input.
fn subscriptions(input: &Input) -> Vec<Vec<u8>> {
    let (frames, _) = raw::frames(input.stream().get(64..).unwrap_or_default());
    let subscribes = |frame: &raw::Frame| {
        let name = |name: &[u8]| frame.body.starts_with(name);
        frame.is_command() && (name(b"\x09SUBSCRIBE") || name(b"\x06CANCEL"))
    };
    frames.into_iter().filter(subscribes).map(|frame| frame.body).collect()
}

/// The difference that goes with any other.
const COMMANDS: Listed = Listed {
    name: "SUBSCRIBE and CANCEL to a socket that takes none",
    why: "a command is no message: it is ignored and counted; libzmq delivers it as one",
    meant: |_| true,
};

impl Case<'_> {
    /// The messages are the same but for the sender that a ROUTER puts in front.
    fn only_names_differ(&self) -> bool {
        let behind_names = |outcome: &Outcome| {
            let parts = outcome.received.iter().map(|message| message[1..].to_vec());
            (outcome.refused, parts.collect::<Vec<_>>())
        };
        self.kind == Kind::Router && behind_names(self.ours) == behind_names(self.theirs)
    }

    /// We refuse the peer with such an error; what we delivered before, libzmq delivered too.
    fn only_we_refuse(&self, with: impl Fn(Error) -> bool) -> bool {
        let same = self.theirs.received.starts_with(&self.ours.received);
        self.ours.refused && same && self.error.is_some_and(with)
    }
}

/// Every difference that is meant, the likeliest first.
pub const ALL: &[Listed] = &[
    Listed {
        name: "reserved flag bits",
        why: "RFC 37 § Framing forbids them, and what breaks framing is not guessed at",
        meant: |case| {
            case.only_we_refuse(|error| {
                matches!(error, Error::Malformed(Malformed::ReservedFlags(_)))
            })
        },
    },
    Listed {
        name: "MORE on a command",
        why: "RFC 37 § Framing forbids it, and what breaks framing is not guessed at",
        meant: |case| case.only_we_refuse(|error| error == Malformed::MoreOnCommand.into()),
    },
    Listed {
        name: "ZMTP 2.0: MORE on the identity",
        why: "RFC 15: the identity is one frame",
        meant: |case| case.only_we_refuse(|error| error == Malformed::MoreOnIdentity.into()),
    },
    Listed {
        name: "ZMTP 1.0: a frame without its flags",
        why: "RFC 13: the size counts the flags, so that it is at least 1",
        meant: |case| case.only_we_refuse(|error| error == Malformed::EmptyFrame.into()),
    },
    Listed {
        name: "second READY",
        why: "a READY ends the handshake; a second one could change what was agreed",
        meant: |case| case.only_we_refuse(|error| error == PeerError::SecondReady.into()),
    },
    Listed {
        name: "message frame in the handshake",
        why: "RFC 37 forbids it, also where it holds a READY",
        meant: |case| case.only_we_refuse(|error| error == PeerError::MessageInHandshake.into()),
    },
    Listed {
        name: "limits",
        why: "libzmq has none on frames, commands, parts and messages unless it is told",
        meant: |case| {
            case.only_we_refuse(|error| match error {
                Error::Limit(exceeded) => {
                    matches!(
                        exceeded.limit,
                        Limit::Command | Limit::Frame | Limit::Parts | Limit::Message
                    )
                }
                _ => false,
            })
        },
    },
    Listed {
        name: "long routing id",
        why: "RFC 37 § The Identity Property: 0 to 255 octets",
        meant: |case| {
            case.only_we_refuse(|error| {
                matches!(error, Error::Peer(PeerError::RoutingIdTooLong(_)))
            })
        },
    },
    Listed {
        name: "case of property names",
        why: "RFC 37: names of properties are case-insensitive; libzmq's are not",
        meant: |case| {
            case.only_names_differ()
                || case.only_we_refuse(|error| {
                    matches!(
                        error,
                        Error::Peer(
                            PeerError::IncompatibleSocketType { .. } | PeerError::UnknownSocketType
                        )
                    )
                })
        },
    },
    Listed {
        name: "metadata that ends behind a name",
        why: "a property has a name and a value; libzmq takes a last one without",
        meant: |case| case.only_we_refuse(|error| error == Malformed::Metadata.into()),
    },
    Listed {
        name: "messages in front of a protocol error",
        why: "what came whole is delivered; libzmq drops what its application has not taken yet",
        meant: |case| {
            let [ours, theirs] = [&case.ours.received, &case.theirs.received];
            case.ours.refused && case.theirs.refused && ours.starts_with(theirs)
        },
    },
    Listed {
        name: "other protocol or older version",
        why: "whatever does not open like a version that is spoken is closed at once",
        meant: |case| case.only_we_refuse(|error| matches!(error, Error::Peer(PeerError::Old(_)))),
    },
];

/// The table of them, as it stands in `DIFFERENCES.md`.
pub fn table() -> String {
    let mut text = String::from(HEAD);
    for listed in [&COMMANDS].into_iter().chain(ALL) {
        text += &format!("| {} | {} |\n", listed.name, listed.why);
    }
    text
}

const HEAD: &str = "\
# Where our sockets and libzmq's differ on the same octets

REP, ROUTER, PULL and SUB get the same octets as libzmq 4.3.5's over a real connection; what the
application receives and whether the peer is refused is the same but for the rows below. Each is
told by the error with which we refuse, or by what came out, in `src/differential/listed.rs`.
[../MALFORMED.md](../MALFORMED.md) has the single inputs with outcomes.

```sh
cargo run --release -p zmtp-interop --bin differential -- 10000   # as many for each socket type
```

| difference | why |
|---|---|
";
