//! The outcome of the reference model for an input: by our rules, and by those of libzmq.
//!
//! libzmq has the same rules, but tolerates some faults. Its outcome is therefore that of the model for other
//! bytes, in which these faults are corrected and ignored bytes are removed (`let_pass`).

use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Error, Limits, Timeout};
use zmtp_tests::driver::LogEntry;
use zmtp_tests::model;

use super::Outcome;
use super::input::Input;
use super::let_pass::put_right;
use super::subject::Kind;

/// The outcome that the model requires for an input.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "what is compared")]
pub struct Reading {
    /// The required outcome.
    pub outcome: Outcome,
    /// The error with which the peer is refused, if it is.
    pub error: Option<Error>,
    /// Whether the outcome may be refused or not, depending on the available memory.
    pub either: bool,
    /// The routing id of the peer in a ROUTER; empty if the ROUTER assigns it.
    pub name: Vec<u8>,
}

/// The required outcome of our socket.
pub fn ours(kind: Kind, input: &Input) -> Reading {
    let mut reading = reading(kind, input, &input.config, input.stream(), |name| {
        name.eq_ignore_ascii_case(b"Identity")
    });
    if input.silence >= input.config.limits.handshake_timeout && reading.error.is_none() {
        reading.error = Some(Error::TimedOut(Timeout::Handshake));
        reading.outcome.refused = true;
    }
    reading
}

/// The required outcome of libzmq's socket.
pub fn libzmq(kind: Kind, input: &Input) -> Reading {
    let mut config = input.config.clone();
    if config.limits == Limits::DEFAULT {
        let limits = config.limits.max_frame(u64::MAX).max_message(u64::MAX);
        config.limits = limits.max_parts(u32::MAX).max_command(u32::MAX);
    }
    let passed = put_right(kind, input.stream());
    let mut reading = reading(kind, input, &config, &passed.bytes, |name| name == b"Identity");
    reading.either = passed.ends_huge;
    if let Some(name) = passed.long_name.filter(|_| kind == Kind::Router) {
        rename(&mut reading, name);
    }
    reading
}

fn reading(
    kind: Kind,
    input: &Input,
    config: &Config,
    bytes: &[u8],
    is_name: impl Fn(&[u8]) -> bool,
) -> Reading {
    let log = model::log(config, bytes);
    let error = log.iter().find_map(|entry| match entry {
        LogEntry::Failed(error) => Some(*error),
        _ => None,
    });
    let ours = kind.names().0;
    let mut received = model::delivered(ours, &log);
    if received.last().is_some_and(|message| input.is_probe(message)) {
        received.pop();
    }
    let mut reading = Reading {
        outcome: Outcome { received, refused: error.is_some() },
        error,
        either: false,
        name: Vec::new(),
    };
    if ours == SocketType::Router {
        reading.outcome.received.iter_mut().for_each(|message| message.insert(0, Vec::new()));
        let properties = log.iter().find_map(|entry| match entry {
            LogEntry::Ready(properties) => Some(properties),
            _ => None,
        });
        let (properties, _) = wire::properties(properties.map_or(&[], Vec::as_slice));
        let name =
            properties.iter().rfind(|(name, _)| is_name(name)).map(|(_, name)| name.to_vec());
        rename(&mut reading, name.unwrap_or_default());
    }
    reading
}

fn rename(reading: &mut Reading, name: Vec<u8>) {
    for message in &mut reading.outcome.received {
        message[0].clone_from(&name);
    }
    super::forget_own_names(&mut reading.outcome);
    reading.name = name;
}
