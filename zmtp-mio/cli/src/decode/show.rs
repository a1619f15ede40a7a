//! Lines for greetings and frames.

use core::fmt::Write as _;
use core::net::SocketAddr;

use serde::Serialize;
use zmtp_core::wire::{
    Command, CommandName, Datagram, Malformed, MechanismName, Metadata, Ping, SocketType,
    error_reason,
};

use super::{Item, Opener, Place};
use crate::exit::Failure;
use crate::output::Output;
use crate::record::Part;
use crate::text::{ascii, bytes, escape, hex, quoted};

/// A line of JSON.
#[derive(Default, Serialize)]
#[serde(rename_all = "snake_case")]
struct Record<'a> {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mechanism: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    as_server: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    properties: Option<Vec<(String, Part<'a>)>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ttl: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<Part<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    more: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Part<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

/// Prints items, and counts faults.
#[derive(Debug)]
pub(crate) struct Show<'o> {
    output: &'o Output,
    /// The number of bytes of each body that are printed.
    most: usize,
    /// The time of the first packet.
    start: Option<f64>,
    pub(crate) faults: u64,
    /// Opens HELLO and WELCOME of CURVE.
    opener: Option<Opener>,
}

/// Why the other commands of CURVE are not opened.
const SEALED: &str = "sealed with short-term keys (forward secrecy)";

/// The bytes that a sealed message has besides its body: the name, the nonce, the tag and the flags.
const SEAL: usize = MESSAGE.len() + 8 + 16 + 1;
/// The first bytes of a sealed message of CURVE, which libzmq sends in a message frame.
const MESSAGE: &[u8] = b"\x07MESSAGE";

impl<'o> Show<'o> {
    pub(crate) const fn new(output: &'o Output, most: usize, opener: Option<Opener>) -> Self {
        Self { output, most, start: None, faults: 0, opener }
    }

    /// Prints a fault to stderr.
    pub(crate) fn fault(&mut self, place: &Place, text: &str) {
        self.faults += 1;
        let at = place.offset.map(|offset| format!("byte {offset}: ")).unwrap_or_default();
        let line = format!("zmtp: {}{at}{text}", self.before(place));
        let record = Record { text: Some(text), ..Self::record("fault", place) };
        self.output.tell(&line, &record);
    }

    /// As [`Show::fault`], for a fault of the whole file.
    pub(crate) fn file_fault(&mut self, text: &str) {
        self.faults += 1;
        self.output.note(text);
    }

    /// Prints a note that is not a fault.
    pub(crate) fn note(&self, text: &str) {
        self.output.note(text);
    }

    pub(crate) fn item(&mut self, place: &Place, item: Item<'_>) -> Result<(), Failure> {
        if self.output.is_raw() {
            return match item {
                Item::Part { body, .. } | Item::Datagram(Datagram { body, .. }) => {
                    self.output.bytes(body)
                }
                _ => Ok(()),
            };
        }
        let mut record = Self::record("greeting", place);
        let mut fault = None;
        let text = match item {
            Item::Greeting(greeting) => {
                record.version = Some(greeting.version.to_string());
                record.mechanism = Some(greeting.mechanism.to_string());
                record.as_server = Some(greeting.as_server);
                let server = if greeting.as_server { ", as server" } else { "" };
                format!("greeting: ZMTP {}, {}{server}", greeting.version, greeting.mechanism)
            }
            Item::Greeting2 { socket_type } => {
                let known = SocketType::all().find(|one| one.code() == socket_type);
                let name = known.map_or_else(
                    || format!("socket type {socket_type}"),
                    |known| known.name().to_owned(),
                );
                record.version = Some("2.0".into());
                let text = format!("greeting: ZMTP 2.0, {name}");
                record.name = Some(name);
                text
            }
            Item::Identity(id) => {
                record = Record { r#type: "identity", body: Some(Part::of(id)), ..record };
                format!("routing id: {}", self.body(id))
            }
            Item::Part { body, mechanism: MechanismName::CURVE, .. }
                if body.len() >= SEAL && body.starts_with(MESSAGE) =>
            {
                record.r#type = "command";
                record.name = Some("MESSAGE".into());
                record.size = Some(body.len());
                record.body = Some(Part::of(body));
                let number =
                    body[MESSAGE.len()..].first_chunk().map_or(0, |n| u64::from_be_bytes(*n));
                let len = bytes(body.len() - SEAL);
                format!("command MESSAGE: nonce {number}, frame of {len}, {SEALED}")
            }
            Item::Part { body, more, .. } => {
                record.r#type = "frame";
                record.more = Some(more);
                record.size = Some(body.len());
                record.body = Some(Part::of(body));
                let more = if more { ", more follow" } else { "" };
                format!("frame of {}{more}{}", bytes(body.len()), self.after_colon(body))
            }
            Item::Datagram(Datagram { group, body }) => {
                let group = group.bytes();
                record.r#type = "datagram";
                record.group = Some(Part::of(group));
                record.size = Some(body.len());
                record.body = Some(Part::of(body));
                let name = match group {
                    [] => "the empty group".into(),
                    _ => format!("group {}", self.body(group)),
                };
                format!("datagram to {name}, {}{}", bytes(body.len()), self.after_colon(body))
            }
            Item::Command { body, mechanism } => {
                record.r#type = "command";
                record.size = Some(body.len());
                match self.command(body, mechanism, place, &mut record) {
                    Ok(text) => text,
                    Err(error) => {
                        fault = Some(error.to_string());
                        record.body = Some(Part::of(body));
                        format!("command of {}: {}", bytes(body.len()), self.body(body))
                    }
                }
            }
        };
        let at = place.offset.map(|offset| format!("{offset} ")).unwrap_or_default();
        let line = format!("{}{at}{text}", self.before(place));
        self.output.line(&line, || record)?;
        if let Some(fault) = fault {
            self.fault(place, &fault);
        }
        Ok(())
    }

    fn command<'b>(
        &mut self,
        body: &'b [u8],
        mechanism: MechanismName,
        place: &Place,
        record: &mut Record<'b>,
    ) -> Result<String, Malformed> {
        let command = Command::parse(body)?;
        let data = command.data;
        let title = escape(&body[1..body.len() - data.len()], false);
        record.name = Some(title.clone());
        let clear = mechanism == MechanismName::NULL || mechanism == MechanismName::PLAIN;
        let text = match command.name() {
            CommandName::Ready | CommandName::Initiate if clear => {
                let mut text = String::new();
                let mut properties = Vec::new();
                for property in Metadata::new(data)? {
                    let name = escape(property.name, false);
                    let comma = if text.is_empty() { "" } else { ", " };
                    let _ = write!(text, "{comma}{name}={}", self.body(property.value));
                    properties.push((name, Part::of(property.value)));
                }
                record.properties = Some(properties);
                text
            }
            CommandName::Error => {
                let reason = error_reason(data)?;
                record.body = Some(Part::of(reason));
                self.body(reason)
            }
            CommandName::Ping => {
                let ping = Ping::parse(data)?;
                record.ttl = Some(ping.ttl);
                record.body = Some(Part::of(ping.context));
                let (s, tenths) = (ping.ttl / 10, ping.ttl % 10);
                let comma = if ping.context.is_empty() { "" } else { ", " };
                format!("TTL {s}.{tenths} s{comma}{}", self.body(ping.context))
            }
            // HELLO of PLAIN contains a password, which is not printed.
            CommandName::Hello if mechanism == MechanismName::PLAIN => {
                let name = data.split_first().and_then(|(len, rest)| rest.get(..usize::from(*len)));
                let name = name.unwrap_or_default();
                record.body = Some(Part::of(name));
                format!("user {}, password not shown", self.body(name))
            }
            name if mechanism == MechanismName::CURVE => {
                record.body = Some(Part::of(data));
                let opened = match (name, &mut self.opener) {
                    (CommandName::Hello, Some(opener)) => opener.hello(place.ends, data),
                    (CommandName::Welcome, Some(opener)) => opener.welcome(place.ends, data),
                    (CommandName::Hello | CommandName::Welcome, None) => {
                        Some(format!("{}, sealed; --curve-server opens it", bytes(data.len())))
                    }
                    _ => None,
                };
                opened.unwrap_or_else(|| format!("{}, {SEALED}", bytes(data.len())))
            }
            _ if !clear => {
                record.body = Some(Part::of(data));
                format!("{}, sealed", bytes(data.len()))
            }
            _ => {
                record.body = Some(Part::of(data));
                self.body(data)
            }
        };
        let colon = if text.is_empty() { "" } else { ": " };
        Ok(format!("command {title}{colon}{text}"))
    }

    /// As [`Show::body`], after a colon; nothing if the body is empty.
    fn after_colon(&self, bytes: &[u8]) -> String {
        if bytes.is_empty() { String::new() } else { format!(": {}", self.body(bytes)) }
    }

    /// The part of a body that is printed.
    fn body(&self, bytes: &[u8]) -> String {
        let shown = &bytes[..bytes.len().min(self.most)];
        let mut text = match self.output {
            output if output.is_hex() => hex(shown),
            output if output.is_ascii() => ascii(shown),
            output if output.is_quoted() => quoted(shown),
            _ => escape(shown, false),
        };
        if shown.len() < bytes.len() {
            text.push('…');
        }
        text
    }

    /// The time and the addresses, in a capture.
    fn before(&mut self, place: &Place) -> String {
        let mut text = String::new();
        if let Some(time) = place.time {
            let _ = write!(text, "{:.6} ", time - *self.start.get_or_insert(time));
        }
        if let Some((from, to)) = place.ends {
            let _ = write!(text, "{from} > {to} ");
        }
        text
    }

    fn record<'b>(r#type: &'static str, place: &Place) -> Record<'b> {
        let (from, to) = place.ends.unzip();
        Record { r#type, time: place.time, from, to, offset: place.offset, ..Record::default() }
    }
}
