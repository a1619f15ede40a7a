//! Malformed inputs: our outcome for each, and the differences from libzmq.
//!
//! `vectors/malformed.md` lists the outcomes of libzmq; [`cases`] has an entry for each of its rows.

mod curve;
mod greeting;
mod handshake;
mod older;
mod plain;
mod table;
mod traffic;
mod zap;

use core::fmt::Write;

use zmtp_core::mechanism::{Credentials, Decision, Mechanism, PlainClient, PlainServer};
use zmtp_core::pattern::{Mode, Reason};
use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Error, IgnoredCommand, NullOrOlder};

use crate::endpoint::Endpoint;
pub use table::{Row, libzmq};

/// The reason why a frame or command is refused that libzmq accepts.
const STRICT: &str = "RFC 37 forbids it; after a framing error the rest cannot be parsed";
/// The reason why we send an ERROR and libzmq does not.
const ERROR_SENT: &str = "a retry cannot succeed, so the peer gets an ERROR";

/// A malformed input and our outcome.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a row of a table")]
pub struct Case {
    /// The section of the table.
    pub section: &'static str,
    /// The input in the words of the table.
    pub input: &'static str,
    /// What to do with it.
    pub what: What,
}

/// How a malformed input is tested.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "tests handle each")]
pub enum What {
    /// It concerns sockets.
    Elsewhere {
        /// The file of the tests that run it.
        file: &'static str,
        /// What it is about.
        about: &'static str,
    },
    /// It is run.
    Run(Box<Run>),
}

/// A malformed input that is run against a socket, and the expected outcome.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "a row of a table")]
pub struct Run {
    /// Our end.
    pub config: Config,
    /// Our mechanism.
    pub security: Security,
    /// What the peer sends.
    pub pieces: Vec<Vec<u8>>,
    /// How long the peer is silent afterwards, in milliseconds.
    pub silence: u32,
    /// The error that ends the connection, if one does.
    pub error: Option<Error>,
    /// Commands that are ignored.
    pub ignored: Vec<IgnoredCommand>,
    /// Messages that the pattern rejects.
    pub rejected: Vec<Reason>,
    /// What we send, if libzmq sends something else.
    pub sent: Option<&'static str>,
    /// What the application receives, if libzmq delivers something else.
    pub delivered: Option<&'static str>,
    /// The reason for a difference from libzmq, if there is one.
    pub differs: Option<&'static str>,
}

/// The security mechanism of our end.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_enums, reason = "tests handle each")]
pub enum Security {
    /// A server of CURVE that accepts everyone.
    CurveServer,
    /// NULL.
    Null,
    /// The client of PLAIN.
    PlainClient,
    /// A server of PLAIN that accepts everyone.
    PlainServer,
}

/// An outcome in the words of the table.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "columns of a table")]
pub struct Outcome {
    /// Whether the connection is closed.
    pub closes: bool,
    /// Commands sent.
    pub sent: String,
    /// Messages delivered.
    pub delivered: String,
}

/// Every case, in the order of the table.
pub fn cases() -> Vec<Case> {
    [greeting::cases(), handshake::cases(), traffic::cases(), older::cases()]
        .into_iter()
        .chain([plain::server_cases(), plain::client_cases(), zap::cases(), curve::cases()])
        .flatten()
        .collect()
}

impl Run {
    /// Whether our end has the mechanism NULL.
    pub const fn is_null(&self) -> bool {
        matches!(self.security, Security::Null)
    }

    fn new(ours: SocketType, pieces: impl IntoIterator<Item = Vec<u8>>) -> Self {
        Self {
            config: Config::new(ours),
            security: Security::Null,
            pieces: pieces.into_iter().collect(),
            silence: 0,
            error: None,
            ignored: Vec::new(),
            rejected: Vec::new(),
            sent: None,
            delivered: None,
            differs: None,
        }
    }

    const fn secured(mut self, security: Security) -> Self {
        self.security = security;
        self
    }

    fn limits(mut self, change: impl FnOnce(zmtp_core::Limits) -> zmtp_core::Limits) -> Self {
        self.config.limits = change(self.config.limits);
        self
    }

    const fn silent(mut self, ms: u32) -> Self {
        self.silence = ms;
        self
    }

    fn fails(mut self, error: impl Into<Error>) -> Self {
        self.error = Some(error.into());
        self
    }

    fn ignores(mut self, ignored: IgnoredCommand) -> Self {
        self.ignored.push(ignored);
        self
    }

    fn rejects(mut self, reason: Reason) -> Self {
        self.rejected.push(reason);
        self
    }

    const fn sends(mut self, sent: &'static str) -> Self {
        self.sent = Some(sent);
        self
    }

    const fn delivers(mut self, delivered: &'static str) -> Self {
        self.delivered = Some(delivered);
        self
    }

    const fn differs(mut self, why: &'static str) -> Self {
        self.differs = Some(why);
        self
    }

    const fn named(self, section: &'static str, input: &'static str) -> (Self, [&'static str; 2]) {
        (self, [section, input])
    }

    /// The expected outcome, given that of libzmq.
    pub fn stated(&self, libzmq: &Outcome) -> Outcome {
        Outcome {
            closes: self.error.is_some(),
            sent: self.sent.unwrap_or(&libzmq.sent).into(),
            delivered: self.delivered.unwrap_or(&libzmq.delivered).into(),
        }
    }

    /// Runs the input against the core and checks error, ignored commands and rejected messages.
    ///
    /// # Panics
    ///
    /// If they differ from the expected ones.
    pub fn outcome(&self) -> Outcome {
        let accepts = |_: Credentials<'_>| Decision::Accept;
        match self.security {
            Security::CurveServer => self.outcome_with(crate::curve::our_server()),
            Security::Null => self.outcome_with(NullOrOlder::new()),
            Security::PlainClient => self.outcome_with(PlainClient::new("a", "b").expect("short")),
            Security::PlainServer => self.outcome_with(PlainServer::new(accepts)),
        }
    }

    fn outcome_with(&self, mechanism: impl Mechanism) -> Outcome {
        let mut endpoint = Endpoint::secured(mechanism, &self.config, Mode::default(), 0);
        for piece in &self.pieces {
            endpoint.arrive(piece);
        }
        if self.silence > 0 {
            endpoint.driver().wait(self.silence - 1);
            assert_eq!(endpoint.error(), None, "too early");
            endpoint.driver().wait(1);
        }
        assert_eq!(endpoint.error(), self.error);
        assert_eq!(endpoint.ignored(), self.ignored);
        assert_eq!(endpoint.rejected(), self.rejected);
        let mut delivered = Vec::new();
        while let Ok(Some(mut message)) = endpoint.receive() {
            if self.config.socket_type == SocketType::Router {
                message.insert(0, endpoint.identity().to_vec());
            }
            delivered
                .push(message.iter().map(|part| table::hex(part)).collect::<Vec<_>>().join(" / "));
        }
        Outcome {
            closes: endpoint.error().is_some(),
            sent: or_dash(self.sent_by(endpoint.driver().sent()).join(", ")),
            delivered: or_dash(delivered.join("; ")),
        }
    }
}

impl Run {
    /// The commands that the table shows: those of a handshake of CURVE are left out.
    fn sent_by(&self, bytes: &[u8]) -> Vec<String> {
        let mut commands = sent(bytes);
        if matches!(self.security, Security::CurveServer) {
            commands.retain(|name| name != "WELCOME" && name != "READY");
        }
        commands
    }
}

impl From<(Run, [&'static str; 2])> for Case {
    fn from((run, [section, input]): (Run, [&'static str; 2])) -> Self {
        Self { section, input, what: What::Run(Box::new(run)) }
    }
}

/// The commands after a greeting, in the words of the table.
fn sent(bytes: &[u8]) -> Vec<String> {
    let (frames, rest) = wire::frames(bytes.get(64..).unwrap_or_default());
    assert!(rest.is_empty(), "we sent half a frame");
    let command = |frame: &wire::Frame| {
        let (name, data) = frame.command().expect("we send nothing but commands here");
        let name = String::from_utf8_lossy(name).into_owned();
        if name == "PONG" { format!("{name}({})", data.escape_ascii()) } else { name }
    };
    frames.iter().map(command).collect()
}

fn or_dash(text: String) -> String {
    if text.is_empty() { "-".into() } else { text }
}

/// The table of differences, as it stands in `MALFORMED.md`.
///
/// # Panics
///
/// If a case has no row.
pub fn differences() -> String {
    let mut text = String::from(DIFFERENCES_HEAD);
    let rows = libzmq();
    for Case { section, input, what } in cases() {
        let What::Run(run) = what else { continue };
        let Some(why) = run.differs else { continue };
        let row = rows.iter().find(|row| row.is(section, input)).expect("a row of the table");
        let ours = run.stated(&row.outcome);
        let (theirs, ours) = (table::words(&row.outcome), table::words(&ours));
        writeln!(text, "| {section} | {input} | {theirs} | {ours} | {why} |").expect("memory");
    }
    text
}

const DIFFERENCES_HEAD: &str = "\
# Differences from libzmq on malformed input

Each row of [vectors/malformed.md](vectors/malformed.md) with a different outcome here, and the reason.
`cargo test -p zmtp-tests --test malformed` checks this page against the cases, and writes it if
`ZMTP_WRITE=1` is set. All other rows that are run have the same outcome as with libzmq.

| section | input | libzmq | zmtp | reason |
|---|---|---|---|---|
";
