//! Printing: messages on stdout, all else on stderr.

use core::fmt::Write as _;
use core::time::Duration;
use std::io::{self, Write as _};

use serde::Serialize;
use zmtp_mio::{Endpoint, Event, EventKind, Message};

use crate::args::OutputArgs;
use crate::exit::Failure;

#[derive(Clone, Copy, Debug)]
enum Format {
    Hex,
    Json,
    Raw,
    Text,
}

/// Prints in the format asked for.
#[derive(Debug)]
pub(crate) struct Output {
    format: Format,
    quiet: bool,
    verbose: bool,
}

/// A line of JSON.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Record<'a> {
    Request {
        n: u64,
        parts: Vec<Part<'a>>,
    },
    Reply {
        n: u64,
        parts: Vec<Part<'a>>,
        rtt_us: u64,
    },
    Listening {
        endpoint: String,
    },
    Event {
        event: &'a str,
        endpoint: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        remote: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    Note {
        text: &'a str,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        n: Option<u64>,
        error: &'a str,
        text: String,
    },
}

/// `{"text": "..."}`, or `{"hex": "..."}` for what is no UTF-8.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Part<'a> {
    Text(&'a str),
    Hex(String),
}

impl<'a> Part<'a> {
    fn all(message: &'a Message) -> Vec<Self> {
        let part =
            |octets| str::from_utf8(octets).map_or_else(|_| Self::Hex(hex(octets)), Part::Text);
        message.parts().map(part).collect()
    }
}

impl Output {
    pub(crate) const fn new(args: &OutputArgs) -> Self {
        let format = match args {
            OutputArgs { json: true, .. } => Format::Json,
            OutputArgs { raw: true, .. } => Format::Raw,
            OutputArgs { hex_output: true, .. } => Format::Hex,
            _ => Format::Text,
        };
        Self { format, quiet: args.quiet, verbose: args.verbose }
    }

    pub(crate) const fn verbose(&self) -> bool {
        self.verbose
    }

    /// A request that came, counted from 1.
    pub(crate) fn request(&self, n: u64, message: &Message) -> Result<(), Failure> {
        self.message(message, |parts| Record::Request { n, parts })
    }

    /// A reply that came, and how long after its request.
    pub(crate) fn reply(&self, n: u64, message: &Message, rtt: Duration) -> Result<(), Failure> {
        if self.verbose && !matches!(self.format, Format::Json) {
            self.note(&format!("reply {n} after {:.1} µs", rtt.as_secs_f64() * 1e6));
        }
        let rtt_us = u64::try_from(rtt.as_micros()).unwrap_or(u64::MAX);
        self.message(message, |parts| Record::Reply { n, parts, rtt_us })
    }

    /// An endpoint that is bound, made concrete.
    pub(crate) fn listening(&self, endpoint: &Endpoint) {
        let endpoint = endpoint.to_string();
        let text = format!("listening on {endpoint}");
        self.tell(&text, Record::Listening { endpoint });
    }

    /// What happened to a connection; only if that is wanted.
    pub(crate) fn event(&self, event: &Event) {
        if !self.verbose {
            return;
        }
        let (name, detail) = describe(&event.kind);
        let endpoint = event.endpoint.to_string();
        let remote = event.remote.map(|remote| remote.to_string());
        let mut text = format!("{endpoint} {}", name.replace('_', " "));
        if let Some(remote) = &remote {
            let _ = write!(text, " {remote}");
        }
        if let Some(detail) = &detail {
            let _ = write!(text, ": {detail}");
        }
        self.tell(&text, Record::Event { event: name, endpoint, remote, detail });
    }

    /// Something worth knowing.
    pub(crate) fn note(&self, text: &str) {
        self.tell(&format!("zmtp: {text}"), Record::Note { text });
    }

    /// A failure, of the request `n` if it concerns only that.
    pub(crate) fn failure(&self, n: Option<u64>, failure: &Failure) {
        if !failure.is_silent() {
            let text = failure.to_string();
            let line = format!("zmtp: {text}");
            self.tell(&line, Record::Error { n, error: failure.name(), text });
        }
    }

    fn message<'a>(
        &self,
        message: &'a Message,
        record: impl FnOnce(Vec<Part<'a>>) -> Record<'a>,
    ) -> Result<(), Failure> {
        if self.quiet {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        let written = match self.format {
            Format::Raw => stdout.write_all(message.bytes()),
            Format::Json => stdout.write_all(json(&record(Part::all(message))).as_bytes()),
            Format::Hex => stdout.write_all(hex_line(message).as_bytes()),
            Format::Text => stdout.write_all(text_line(message).as_bytes()),
        };
        written.and_then(|()| stdout.flush()).map_err(|source| match source.kind() {
            io::ErrorKind::BrokenPipe => Failure::OutputClosed,
            _ => Failure::Io { doing: "write to stdout".into(), source },
        })
    }

    /// To stderr. That nobody reads it is no reason to stop.
    fn tell(&self, text: &str, record: Record<'_>) {
        let line = match self.format {
            Format::Json => json(&record),
            _ => format!("{text}\n"),
        };
        let _ = io::stderr().lock().write_all(line.as_bytes());
    }
}

/// What an event is called, and more about it.
pub(crate) fn describe(kind: &EventKind) -> (&'static str, Option<String>) {
    match kind {
        EventKind::Accepted => ("accepted", None),
        EventKind::AcceptPaused(error) => ("accept_paused", Some(error.to_string())),
        EventKind::Connected => ("connected", None),
        EventKind::Closed(reason) => ("closed", Some(reason.to_string())),
        EventKind::Retrying(wait) => ("retrying", Some(format!("in {} ms", wait.as_millis()))),
        EventKind::Ready(peer) => {
            let name = peer.socket_type.map(|name| name.to_string());
            let name = name.unwrap_or_else(|| "unnamed socket type".into());
            ("ready", Some(format!("{name}, ZMTP {}", peer.version)))
        }
        EventKind::Refused(reason) => ("refused", Some(reason.octets().escape_ascii().to_string())),
        other => ("other", Some(format!("{other:?}"))),
    }
}

fn json(record: &Record<'_>) -> String {
    // Text and numbers alone: nothing that JSON could not hold.
    serde_json::to_string(record).unwrap_or_default() + "\n"
}

fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::with_capacity(octets.len() * 2), |mut text, octet| {
        let _ = write!(text, "{octet:02x}");
        text
    })
}

/// Parts with ` | ` between them; an empty part is nothing.
fn hex_line(message: &Message) -> String {
    message.parts().map(hex).collect::<Vec<_>>().join(" | ") + "\n"
}

/// As [`hex_line`], with text. What would break the line, or is no text, is escaped.
fn text_line(message: &Message) -> String {
    let bar = message.part_count() > 1;
    let escape = |octets: &[u8]| {
        let mut text = String::with_capacity(octets.len());
        for chunk in octets.utf8_chunks() {
            for c in chunk.valid().chars() {
                match c {
                    '|' if bar => text.push_str("\\|"),
                    '\\' | '\n' | '\r' | '\t' => text.extend(c.escape_default()),
                    c if is_hidden(c) => text.extend(c.escape_unicode()),
                    c => text.push(c),
                }
            }
            for octet in chunk.invalid() {
                let _ = write!(text, "\\x{octet:02x}");
            }
        }
        text
    };
    message.parts().map(escape).collect::<Vec<_>>().join(" | ") + "\n"
}

/// What a terminal would obey instead of showing: control characters, line separators, and marks
/// that turn the direction of text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_one_line_whatever_it_holds() {
        let line = |parts: &[&[u8]]| text_line(&Message::from_parts(parts));
        assert_eq!(line(&["grüße | \"quoted\"".as_bytes()]), "grüße | \"quoted\"\n");
        assert_eq!(line(&[b"a|b", b"", b"c"]), "a\\|b |  | c\n");
        assert_eq!(line(&[b"a\nb\t\\\xff\x1b[2J"]), "a\\nb\\t\\\\\\xff\\u{1b}[2J\n");
        assert_eq!(line(&["\u{202e}".as_bytes()]), "\\u{202e}\n");
        assert_eq!(hex_line(&Message::from_parts([&b"\x00\xff"[..], b"a"])), "00ff | 61\n");
    }

    #[test]
    fn json_tells_text_from_octets() {
        let message = Message::from_parts([&b"a\"\n"[..], b"", b"\xff\x00"]);
        let record = Record::Reply { n: 1, parts: Part::all(&message), rtt_us: 7 };
        let expected = r#"{"type":"reply","n":1,"parts":[{"text":"a\"\n"},{"text":""},{"hex":"ff00"}],"rtt_us":7}"#;
        assert_eq!(json(&record), format!("{expected}\n"));
        let record = Record::Error { n: None, error: "timeout", text: "no".into() };
        assert_eq!(json(&record), "{\"type\":\"error\",\"error\":\"timeout\",\"text\":\"no\"}\n");
    }
}
