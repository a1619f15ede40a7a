//! The lines of `--json`. `json.rs` reads those of messages.

use serde::Serialize;
use zmtp_mio::{Message, SocketKind};

use crate::text::hex;

/// A line of JSON.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Record<'a> {
    Request {
        n: u64,
        parts: Vec<Part<'a>>,
    },
    Message {
        n: u64,
        /// Of a message of a RADIO.
        #[serde(skip_serializing_if = "Option::is_none")]
        group: Option<Part<'a>>,
        /// Of the sender, for a SERVER, PEER or STREAM.
        #[serde(skip_serializing_if = "Option::is_none")]
        routing_id: Option<RoutingId<'a>>,
        parts: Vec<Part<'a>>,
    },
    Reply {
        n: u64,
        parts: Vec<Part<'a>>,
        rtt_us: u64,
    },
    /// An XPUB received a subscription.
    Subscription {
        n: u64,
        topic: Part<'a>,
    },
    /// An XPUB received the end of a subscription.
    Cancellation {
        n: u64,
        topic: Part<'a>,
    },
    Listening {
        endpoint: String,
    },
    Event {
        event: &'static str,
        endpoint: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        remote: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
    Stats(&'a Stats),
    Note {
        text: &'a str,
    },
    /// Messages were lost.
    Lost {
        /// The socket, if the command has several.
        #[serde(skip_serializing_if = "Option::is_none")]
        end: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        n: Option<u64>,
        cause: &'static str,
        text: &'a str,
    },
    Error {
        #[serde(skip_serializing_if = "Option::is_none")]
        n: Option<u64>,
        error: &'a str,
        text: String,
    },
}

/// Totals of sent and received messages.
#[derive(Debug, Serialize)]
pub(crate) struct Stats {
    pub(crate) sent: u64,
    pub(crate) sent_bytes: u64,
    pub(crate) received: u64,
    pub(crate) received_bytes: u64,
    /// From the first message to the last.
    pub(crate) seconds: f64,
    /// Messages to send that were lost after the socket took them.
    pub(crate) lost: u64,
    /// Messages that were dropped on receipt for any reason.
    pub(crate) dropped: u64,
    /// Of these, UDP datagrams that the system dropped because its receive buffer was full.
    pub(crate) overflow: u64,
}

/// That of a SERVER or PEER is a number.
#[derive(Serialize)]
#[serde(untagged)]
pub(crate) enum RoutingId<'a> {
    Number(u32),
    Bytes(Part<'a>),
}

/// `{"text": "..."}`, or `{"hex": "..."}` for invalid UTF-8.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Part<'a> {
    Text(&'a str),
    Hex(String),
}

impl<'a> Part<'a> {
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        str::from_utf8(bytes).map_or_else(|_| Self::Hex(hex(bytes)), Part::Text)
    }

    pub(crate) fn all(message: &'a Message) -> Vec<Self> {
        message.parts().map(Self::of).collect()
    }
}

impl<'a> Record<'a> {
    /// A received message; the address of its sender and its group are apart from its parts, except for types whose
    /// messages to send begin with an address.
    pub(crate) fn received(
        kind: SocketKind,
        n: u64,
        message: &'a Message,
        mut parts: Vec<Part<'a>>,
    ) -> Self {
        let (mut group, mut routing_id) = (None, None);
        match kind {
            SocketKind::Xpub => match message.bytes() {
                Some([1, topic @ ..]) => return Self::Subscription { n, topic: Part::of(topic) },
                Some([0, topic @ ..]) => return Self::Cancellation { n, topic: Part::of(topic) },
                _ => {}
            },
            SocketKind::Dish => group = Some(Part::of(message.group())),
            SocketKind::Peer | SocketKind::Server => {
                routing_id = message.routing_id().map(RoutingId::Number);
            }
            SocketKind::Stream if parts.len() > 1 => {
                routing_id = Some(RoutingId::Bytes(parts.remove(0)));
            }
            _ => {}
        }
        Self::Message { n, group, routing_id, parts }
    }
}

/// A line.
pub(crate) fn json(record: &impl Serialize) -> String {
    // Text and numbers alone: nothing that JSON could not hold.
    serde_json::to_string(record).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_distinguishes_text_from_bytes() {
        let message = Message::from_parts([&b"a\"\n"[..], b"", b"\xff\x00"]);
        let record = Record::Reply { n: 1, parts: Part::all(&message), rtt_us: 7 };
        let expected = r#"{"type":"reply","n":1,"parts":[{"text":"a\"\n"},{"text":""},{"hex":"ff00"}],"rtt_us":7}"#;
        assert_eq!(json(&record), format!("{expected}\n"));
        let record = Record::Error { n: None, error: "timeout", text: "no".into() };
        assert_eq!(json(&record), "{\"type\":\"error\",\"error\":\"timeout\",\"text\":\"no\"}\n");
    }
}
