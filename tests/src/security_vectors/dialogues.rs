//! Whole dialogues: greetings, handshake and messages of a client and a server.

use wire::{command, frame, greeting, property};

use super::{Record, Values};
use crate::curve::{
    CLIENT, COOKIE_NONCE, OTHER, OURS, RAW, RawClient, SERVER, VOUCH_NONCE, WELCOME_NONCE,
    cookie_key, message_of_server, public, ready, secret, welcome,
};

pub(super) fn all() -> Vec<Record> {
    let mut all = vec![
        curve_one_way(),
        curve_both_ways(),
        curve_subscriptions(),
        curve_wrong_server_key(),
        plain(),
    ];
    for status in ["300", "400", "500"] {
        all.push(curve_refused(status));
        all.push(plain_refused(status));
    }
    all
}

/// A socket type and a routing id.
type End<'a> = (&'a str, &'a str);

/// The greeting of an end.
fn opening(mechanism: &str, (_, id): End<'_>, is_server: bool) -> Vec<u8> {
    let mut bytes = greeting(mechanism);
    // The length of the routing id and of a flags byte, for ZMTP 1.0.
    bytes[8] = id.len() as u8 + 1;
    bytes[32] = is_server.into();
    bytes
}

/// The metadata of an end.
fn metadata((kind, id): End<'_>) -> Vec<u8> {
    let mut metadata = property("Socket-Type", kind.as_bytes());
    if matches!(kind, "DEALER" | "ROUTER" | "REQ") {
        metadata.extend(property("Identity", id.as_bytes()));
    }
    metadata
}

/// A dialogue under way.
struct Dialogue {
    record: Record,
    /// The nonces of the next messages of client and server.
    nonces: [u64; 2],
    ends: [(String, String); 2],
}

impl Dialogue {
    fn new(name: &str, mechanism: &str, client: End<'_>, server: End<'_>) -> Self {
        let record = Record::new("dialogue", name)
            .text("mechanism", mechanism)
            .text("client-type", client.0)
            .text("server-type", server.0)
            .bytes("client-routing-id", client.1.as_bytes())
            .bytes("server-routing-id", server.1.as_bytes());
        let ends = [client, server].map(|(kind, id)| (kind.into(), id.into()));
        Self { record, nonces: [3, 2], ends }
    }

    fn curve(name: &str, client: End<'_>, server: End<'_>) -> Self {
        let mut dialogue = Self::new(name, "CURVE", client, server);
        for (word, bytes) in [
            ("server-secret", &secret(SERVER)[..]),
            ("client-secret", &secret(CLIENT)),
            ("client-transient-secret", &secret(RAW)),
            ("server-transient-secret", &secret(OURS)),
            ("cookie-key", &cookie_key()),
            ("cookie-nonce", COOKIE_NONCE),
            ("welcome-nonce", WELCOME_NONCE),
            ("vouch-nonce", VOUCH_NONCE),
        ] {
            dialogue.record = dialogue.record.bytes(word, bytes);
        }
        dialogue
    }

    fn plain(name: &str) -> Self {
        let mut dialogue = Self::new(name, "PLAIN", ("PUSH", ""), ("PULL", ""));
        dialogue.record = dialogue.record.bytes("username", b"admin").bytes("password", b"secret");
        dialogue
    }

    fn end(&self, server: bool) -> End<'_> {
        let (kind, id) = &self.ends[usize::from(server)];
        (kind, id)
    }

    fn decision(mut self, decision: &str) -> Self {
        self.record = self.record.text("decision", decision);
        let mechanism = self.record.the_text("mechanism").to_owned();
        let [client, server] =
            [false, true].map(|server| opening(&mechanism, self.end(server), server));
        self.client(&client).server(&server)
    }

    fn client(mut self, bytes: &[u8]) -> Self {
        self.record = self.record.bytes("C", bytes);
        self
    }

    fn server(mut self, bytes: &[u8]) -> Self {
        self.record = self.record.bytes("S", bytes);
        self
    }

    fn result(self, result: &str) -> Record {
        self.record.text("result", result)
    }

    /// HELLO, WELCOME and INITIATE.
    fn initiated(self) -> Self {
        let mut raw = RawClient::new(self.end(false).0);
        raw.metadata = metadata(self.end(false));
        self.client(&raw.hello()).server(&welcome()).client(&raw.initiate())
    }

    /// The handshake of CURVE.
    fn ready(self) -> Self {
        let dialogue = self.decision("200").initiated();
        let ready = ready(&metadata(dialogue.end(true)));
        dialogue.server(&ready)
    }

    /// A sealed frame of an end.
    fn sealed(&mut self, server: bool, content: &[u8]) -> Vec<u8> {
        let nonce = &mut self.nonces[usize::from(server)];
        let number = *nonce;
        *nonce += 1;
        frame(
            0,
            &match server {
                true => message_of_server(number, content),
                false => RawClient::new("").message(number, content),
            },
        )
    }

    /// A message of an end, with the mechanism CURVE.
    fn message(mut self, server: bool, parts: &[&[u8]]) -> Self {
        let word = if server { "server-sends" } else { "client-sends" };
        let all = parts.iter().map(|part| part.to_vec()).collect();
        self.record.push(word, Values::Bytes(all));
        let mut bytes = Vec::new();
        for (at, part) in parts.iter().enumerate() {
            let more = u8::from(at + 1 < parts.len());
            bytes.extend(self.sealed(server, &[&[more], *part].concat()));
        }
        if server { self.server(&bytes) } else { self.client(&bytes) }
    }

    /// A command of a subscriber, which is the client.
    fn subscription(mut self, word: &str, name: &str, topic: &[u8]) -> Self {
        self.record.push(word, Values::Bytes(vec![topic.to_vec()]));
        let content = [&[2, name.len() as u8], name.as_bytes(), topic].concat();
        let bytes = self.sealed(false, &content);
        self.client(&bytes)
    }
}

fn long() -> Vec<u8> {
    (0..300).map(|at| at as u8).collect()
}

fn curve_one_way() -> Record {
    Dialogue::curve("curve-push-pull", ("PUSH", ""), ("PULL", ""))
        .ready()
        .message(false, &[b"hello"])
        .message(false, &[b""])
        .message(false, &[b"several", b"", &long()])
        .result("ready")
}

fn curve_both_ways() -> Record {
    Dialogue::curve("curve-dealer-router", ("DEALER", "alice"), ("ROUTER", "server"))
        .ready()
        .message(false, &[b"question"])
        .message(true, &[b"answer", b"of two parts"])
        .message(true, &[&long()])
        .message(false, &[b"thanks"])
        .result("ready")
}

fn curve_subscriptions() -> Record {
    Dialogue::curve("curve-sub-pub", ("SUB", ""), ("PUB", ""))
        .ready()
        .subscription("client-subscribes", "SUBSCRIBE", b"weather.")
        .subscription("client-subscribes", "SUBSCRIBE", b"")
        .subscription("client-cancels", "CANCEL", b"")
        .message(true, &[b"weather.london", b"rain"])
        .result("ready")
}

/// The server cannot open HELLO and closes the connection.
fn curve_wrong_server_key() -> Record {
    let mut dialogue = Dialogue::curve("curve-wrong-server-key", ("PUSH", ""), ("PULL", ""));
    dialogue.record = dialogue.record.bytes("expected-server-public", &public(OTHER));
    let raw = RawClient::new("PUSH").with(|raw| raw.server = public(OTHER));
    dialogue.decision("200").client(&raw.hello()).result("closed")
}

/// The result of a refusal, and the reason in ERROR if there is one.
fn refusal(status: &str) -> (String, Option<Vec<u8>>) {
    match status {
        "300" => ("closed".into(), None),
        _ => (format!("refused {status}"), Some([&[3], status.as_bytes()].concat())),
    }
}

fn curve_refused(status: &str) -> Record {
    let name = format!("curve-refused-{status}");
    let mut dialogue =
        Dialogue::curve(&name, ("PUSH", ""), ("PULL", "")).decision(status).initiated();
    let (result, reason) = refusal(status);
    if let Some(reason) = reason {
        dialogue = dialogue.server(&command("ERROR", &reason));
    }
    dialogue.result(&result)
}

fn plain_hello() -> Vec<u8> {
    command("HELLO", b"\x05admin\x06secret")
}

fn plain() -> Record {
    let dialogue = Dialogue::plain("plain-push-pull").decision("200").client(&plain_hello());
    let initiate = command("INITIATE", &metadata(dialogue.end(false)));
    let ready = command("READY", &metadata(dialogue.end(true)));
    let mut dialogue = dialogue.server(&command("WELCOME", b"")).client(&initiate).server(&ready);
    let parts: [&[u8]; 2] = [b"two", b"parts"];
    let all = parts.iter().map(|part| part.to_vec()).collect();
    dialogue.record.push("client-sends", Values::Bytes(all));
    dialogue.client(&wire::message(&parts)).result("ready")
}

/// The name of ERROR is misspelt, as libzmq sends it.
fn plain_refused(status: &str) -> Record {
    let name = format!("plain-refused-{status}");
    let mut dialogue = Dialogue::plain(&name).decision(status).client(&plain_hello());
    let (result, reason) = refusal(status);
    if let Some(reason) = reason {
        dialogue = dialogue.server(&frame(4, &[b"\x5eRROR", &reason[..]].concat()));
    }
    dialogue.result(&result)
}
