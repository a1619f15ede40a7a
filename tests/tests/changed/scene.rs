//! The ends that receive changed bytes, and what an honest peer sends them, field by field.

use wire::{command, frame, greeting, property};
use zmtp_core::mechanism::{
    Credentials, CurveClient, CurveServer, Decision, Mechanism, PlainClient, PlainServer, Status,
};
use zmtp_core::wire::SocketType::{Dealer, Pull, Push};
use zmtp_core::{Config, Error, PeerError};
use zmtp_tests::curve::{self, CLIENT, RawClient, SERVER};
use zmtp_tests::driver::{Driver, Fetch, Lane, LogEntry};

pub(crate) static PULL: Config = Config::new(Pull);
pub(crate) static PUSH: Config = Config::new(Push);
pub(crate) static DEALER: Config = Config::new(Dealer);

/// The secret keys of the connection of the client and of the server.
const TRANSIENT: [u8; 2] = [40, 41];

/// Bytes of the peer that belong together, and their fields with their lengths.
#[derive(Clone, Debug)]
pub(crate) struct Piece {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) fields: Vec<(&'static str, usize)>,
}

impl Piece {
    /// A piece with these fields. Its other bytes are the last field.
    fn new(name: &'static str, bytes: Vec<u8>, fields: &[(&'static str, usize)]) -> Self {
        let mut fields = fields.to_vec();
        let sum: usize = fields.iter().map(|(_, len)| len).sum();
        if sum < bytes.len() {
            let last = if name == "greeting" { "filler" } else { "box" };
            fields.push((last, bytes.len() - sum));
        }
        assert_eq!(fields.iter().map(|(_, len)| len).sum::<usize>(), bytes.len(), "{name}");
        Self { name, bytes, fields }
    }

    fn greeting(mechanism: &str) -> Self {
        let fields = [
            ("signature: ff", 1),
            ("signature: padding", 8),
            ("signature: 7f", 1),
            ("major version", 1),
            ("minor version", 1),
            ("mechanism", 20),
            ("as-server", 1),
        ];
        Self::new("greeting", greeting(mechanism), &fields)
    }

    /// A command in a short frame.
    fn command(name: &'static str, bytes: Vec<u8>, data: &[(&'static str, usize)]) -> Self {
        let head = [("flags", 1), ("length", 1), ("name", 1 + name.len())];
        Self::new(name, bytes, &[&head[..], data].concat())
    }

    /// A command whose data is the metadata of a socket type.
    fn metadata(name: &'static str, socket_type: &str) -> Self {
        let data = property("Socket-Type", socket_type.as_bytes());
        let fields = [
            ("property: name", 12),
            ("property: length", 4),
            ("property: value", socket_type.len()),
        ];
        Self::command(name, command(name, &data), &fields)
    }

    /// An ERROR with the reason 400. The first byte of libzmq's name is misspelt in PLAIN.
    fn error(name: &[u8]) -> Self {
        let bytes = frame(4, &[name, &b"\x03400"[..]].concat());
        let fields = [("flags", 1), ("length", 1), ("name", name.len()), ("reason", 4)];
        Self::new("ERROR", bytes, &fields)
    }
}

/// An end that receives the pieces of a peer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Victim {
    CurveServer,
    CurveClient,
    /// A client that the server refuses.
    RefusedCurveClient,
    PlainServer,
    PlainClient,
    RefusedPlainClient,
}

impl Victim {
    pub(crate) const ALL: [Self; 6] = [
        Self::CurveServer,
        Self::CurveClient,
        Self::RefusedCurveClient,
        Self::PlainServer,
        Self::PlainClient,
        Self::RefusedPlainClient,
    ];

    pub(crate) const fn is_curve(self) -> bool {
        matches!(self, Self::CurveServer | Self::CurveClient | Self::RefusedCurveClient)
    }

    pub(crate) const fn text(self) -> &'static str {
        match self {
            Self::CurveServer => "CURVE server",
            Self::CurveClient => "CURVE client",
            Self::RefusedCurveClient => "CURVE client that is refused",
            Self::PlainServer => "PLAIN server",
            Self::PlainClient => "PLAIN client",
            Self::RefusedPlainClient => "PLAIN client that is refused",
        }
    }

    /// What an honest peer sends.
    pub(crate) fn pieces(self) -> Vec<Piece> {
        let welcome = || Piece::command("WELCOME", command("WELCOME", b""), &[]);
        match self {
            Self::CurveServer => curve_client(),
            Self::CurveClient => curve_server(),
            Self::RefusedCurveClient => {
                let mut pieces = curve_server();
                pieces.truncate(2);
                pieces.push(Piece::error(b"\x05ERROR"));
                pieces
            }
            Self::PlainServer => vec![
                Piece::greeting("PLAIN"),
                Piece::command(
                    "HELLO",
                    command("HELLO", b"\x05admin\x06secret"),
                    &[("length", 1), ("user", 5), ("length", 1), ("password", 6)],
                ),
                Piece::metadata("INITIATE", "PUSH"),
            ],
            Self::PlainClient => {
                vec![Piece::greeting("PLAIN"), welcome(), Piece::metadata("READY", "PULL")]
            }
            Self::RefusedPlainClient => vec![Piece::greeting("PLAIN"), Piece::error(b"\x5eRROR")],
        }
    }

    /// What the end reports if a peer sends these pieces and then nothing for the handshake timeout.
    pub(crate) fn log<'p>(self, pieces: impl IntoIterator<Item = &'p [u8]>) -> Vec<LogEntry> {
        match self {
            Self::CurveServer => log(curve::our_server(), &PULL, pieces),
            Self::CurveClient | Self::RefusedCurveClient => {
                log(new_client(TRANSIENT[0]), &PUSH, pieces)
            }
            Self::PlainServer => log(PlainServer::new(decide), &PULL, pieces),
            Self::PlainClient | Self::RefusedPlainClient => {
                log(PlainClient::new("admin", "secret").unwrap(), &PUSH, pieces)
            }
        }
    }
}

fn log<'p, M: Mechanism>(
    mechanism: M,
    config: &Config,
    pieces: impl IntoIterator<Item = &'p [u8]>,
) -> Vec<LogEntry> {
    let mut driver = drive(mechanism, config);
    pieces.into_iter().for_each(|piece| driver.feed(piece));
    driver.wait(10_000);
    driver.take_log()
}

pub(crate) fn drive<M: Mechanism>(mechanism: M, config: &Config) -> Driver<'_, M> {
    Driver::secured(mechanism, config, Lane::Decode, Fetch::Eagerly)
}

/// A client whose connection has this secret key.
pub(crate) fn new_client(transient: u8) -> CurveClient<Box<zmtp_core::mechanism::ClientKeys>> {
    curve::client(curve::client_keys(SERVER, CLIENT), transient)
}

/// A server whose connection has this secret key.
pub(crate) fn new_server(
    transient: u8,
) -> CurveServer<Box<zmtp_core::mechanism::KeyPair>, curve::Decide> {
    curve::server(|_| Decision::Accept, transient)
}

pub(crate) fn decide(credentials: Credentials<'_>) -> Decision {
    match credentials {
        Credentials::Plain { username: b"admin", password: b"secret" } => Decision::Accept,
        _ => Decision::Refuse(Status::Denied),
    }
}

/// A client of CURVE, made by hand.
fn curve_client() -> Vec<Piece> {
    let raw = RawClient::new("PUSH");
    let hello = [("version", 2), ("padding", 72), ("C'", 32), ("nonce", 8)];
    // The frame is long.
    let initiate = [("flags", 1), ("length", 8), ("name", 9), ("cookie", 96), ("nonce", 8)];
    let message = [("flags", 1), ("length", 1), ("name", 8), ("nonce", 8)];
    vec![
        Piece::greeting("CURVE"),
        Piece::command("HELLO", raw.hello(), &hello),
        Piece::new("INITIATE", raw.initiate(), &initiate),
        Piece::new("MESSAGE", frame(0, &raw.message(3, b"\0text")), &message),
    ]
}

/// A server of CURVE.
fn curve_server() -> Vec<Piece> {
    let mut client = drive(new_client(TRANSIENT[0]), &PUSH);
    let mut server = drive(new_server(TRANSIENT[1]), &PULL);
    let mut next = |client: &mut Driver<'_, _>| {
        server.feed(&client.take_sent());
        let sent = server.take_sent();
        client.feed(&sent);
        sent
    };
    // The greeting with HELLO, then INITIATE.
    let opening = next(&mut client);
    let (greeting, _) = opening.split_at(64);
    let welcome = match opening.len() {
        64 => next(&mut client),
        _ => opening[64..].to_vec(),
    };
    let ready = next(&mut client);
    server.send(&["text"]).unwrap();
    let sealed = server.take_sent();
    let mut first = Piece::greeting("CURVE");
    first.bytes = greeting.to_vec();
    vec![
        first,
        Piece::command("WELCOME", welcome, &[("nonce", 16)]),
        Piece::command("READY", ready, &[("nonce", 8)]),
        Piece::new("MESSAGE", sealed, &[("flags", 1), ("length", 1), ("name", 8), ("nonce", 8)]),
    ]
}

/// The error in which a log ends.
pub(crate) fn error_of(log: &[LogEntry]) -> Option<Error> {
    match log.last() {
        Some(LogEntry::Failed(error)) => Some(*error),
        _ => None,
    }
}

/// The name of an error, without its numbers.
pub(crate) fn name_of(error: Error) -> String {
    let variant = |text: String| text.split(['(', ' ', '{']).next().unwrap_or_default().to_owned();
    match error {
        Error::Peer(PeerError::Handshake(error)) => format!("Handshake({error:?})"),
        Error::Peer(PeerError::Sealed(error)) => format!("Sealed({error:?})"),
        Error::Peer(error) => variant(format!("{error:?}")),
        Error::Malformed(error) => format!("Malformed({})", variant(format!("{error:?}"))),
        Error::Limit(error) => format!("Limit({:?})", error.limit),
        error => format!("{error:?}"),
    }
}
