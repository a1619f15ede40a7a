//! Messages from lines of JSON, in the form that `--json` prints.

use core::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, MapAccess, Visitor};
use zmtp_mio::{Message, SocketKind};

use crate::input::Hex;

/// An object: what `--json` prints. The numbers of a record are not used.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    r#type: Option<Type>,
    #[serde(rename = "n")]
    _n: Option<u64>,
    #[serde(rename = "rtt_us")]
    _rtt_us: Option<u64>,
    parts: Option<Vec<Part>>,
    topic: Option<Part>,
    group: Option<Part>,
    routing_id: Option<RoutingId>,
}

#[derive(Clone, Copy, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Type {
    Message,
    Request,
    Reply,
    Subscription,
    Cancellation,
}

/// `{"text": "..."}`, `{"hex": "..."}` or `"..."`.
struct Part(Vec<u8>);

/// The id of a peer of a SERVER or PEER, or of a connection of a STREAM.
enum RoutingId {
    Peer(u32),
    Connection(Vec<u8>),
}

/// The message in a line of JSON, with the parts of `head` before its own. `true` if it has its group, or the routing id
/// of its receiver; that of a STREAM is then the first part.
pub(crate) fn read(
    head: &Message,
    line: &[u8],
    kind: SocketKind,
) -> Result<(Message, bool), String> {
    if line.trim_ascii().is_empty() {
        return Err("the line is empty".into());
    }
    let mut message = head.clone();
    let value: serde_json::Value = serde_json::from_slice(line).map_err(text)?;
    let parts = match value {
        serde_json::Value::String(text) => vec![Part(text.into_bytes())],
        serde_json::Value::Array(_) => serde_json::from_slice(line).map_err(text)?,
        serde_json::Value::Object(_) => {
            // From the text, because a value has lost members that are given twice.
            let record: Record = serde_json::from_slice(line).map_err(text)?;
            return record.apply(message, kind);
        }
        _ => return Err(EXPECTED.into()),
    };
    push(&mut message, parts)?;
    Ok((message, false))
}

const EXPECTED: &str =
    r#"expected {"parts":[{"text":"..."},{"hex":"..."}]}, ["...", "..."] or "...""#;

fn push(message: &mut Message, parts: Vec<Part>) -> Result<(), String> {
    if parts.is_empty() {
        return Err("a message has at least one part".into());
    }
    for Part(bytes) in parts {
        message.push(bytes);
    }
    Ok(())
}

impl Record {
    fn apply(self, mut message: Message, kind: SocketKind) -> Result<(Message, bool), String> {
        let first = match self.r#type {
            Some(Type::Subscription) => Some(1),
            Some(Type::Cancellation) => Some(0),
            _ => None,
        };
        match (first, self.topic, self.parts) {
            (Some(first), Some(Part(topic)), None) => message.push([&[first], &*topic].concat()),
            (None, None, Some(parts)) => push(&mut message, parts)?,
            (Some(_), ..) => return Err(r#"a subscription has "topic" and no "parts""#.into()),
            (None, Some(_), _) => return Err(r#"only a subscription has "topic""#.into()),
            (None, None, None) => return Err(EXPECTED.into()),
        }
        let mut is_addressed = false;
        if let Some(Part(group)) = self.group {
            if kind != SocketKind::Radio {
                return Err(r#"only a radio sends to "group""#.into());
            }
            message.set_group(group).map_err(|error| error.to_string())?;
            is_addressed = true;
        }
        match (self.routing_id, kind) {
            (None, _) => return Ok((message, is_addressed)),
            (Some(RoutingId::Peer(id)), SocketKind::Peer | SocketKind::Server) => {
                message.set_routing_id(id);
            }
            (Some(RoutingId::Connection(id)), SocketKind::Stream) => message.push_front(id),
            (Some(_), SocketKind::Peer | SocketKind::Server) => {
                return Err(r#""routing_id" of this type is a number"#.into());
            }
            (Some(_), SocketKind::Stream) => {
                return Err(r#""routing_id" of a stream is {"hex":"..."}"#.into());
            }
            (Some(_), _) => {
                return Err(r#"only a server, peer or stream sends to "routing_id""#.into());
            }
        }
        Ok((message, true))
    }
}

/// An error without its line, which is always 1.
fn text(error: serde_json::Error) -> String {
    let text = error.to_string();
    let column = error.column();
    match text.strip_suffix(&format!(" at line 1 column {column}")) {
        Some(text) => format!("column {column}: {text}"),
        None => text,
    }
}

impl<'de> Deserialize<'de> for Part {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PartVisitor)
    }
}

impl<'de> Deserialize<'de> for RoutingId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RoutingIdVisitor)
    }
}

struct PartVisitor;
struct RoutingIdVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"{"text":"..."}, {"hex":"..."} or "...""#)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Part, E> {
        Ok(Part(text.into()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Part, A::Error> {
        let part = match map.next_key::<String>()?.as_deref() {
            Some("text") => map.next_value::<String>()?.into_bytes(),
            Some("hex") => Hex::parse(&map.next_value::<String>()?).map_err(A::Error::custom)?.0,
            Some(name) => return Err(A::Error::unknown_field(name, &["text", "hex"])),
            None => return Err(A::Error::invalid_length(0, &self)),
        };
        match map.next_key::<String>()? {
            None => Ok(Part(part)),
            Some(_) => Err(A::Error::custom("a part has one member, \"text\" or \"hex\"")),
        }
    }
}

impl<'de> Visitor<'de> for RoutingIdVisitor {
    type Value = RoutingId;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(r#"a number from 1 to 4294967295, {"text":"..."} or {"hex":"..."}"#)
    }

    fn visit_u64<E: serde::de::Error>(self, id: u64) -> Result<RoutingId, E> {
        match u32::try_from(id) {
            Ok(id @ 1..) => Ok(RoutingId::Peer(id)),
            _ => Err(E::invalid_value(serde::de::Unexpected::Unsigned(id), &self)),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RoutingId, A::Error> {
        PartVisitor.visit_map(map).map(|Part(id)| RoutingId::Connection(id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_as(kind: SocketKind, line: &str) -> Result<(Message, bool), String> {
        read(&Message::new(), line.as_bytes(), kind)
    }

    fn parts(line: &str) -> Result<Vec<Vec<u8>>, String> {
        let (message, is_addressed) = read_as(SocketKind::Push, line)?;
        assert!(!is_addressed);
        Ok(message.parts().map(<[u8]>::to_vec).collect())
    }

    #[test]
    fn every_form_of_a_message_is_read() {
        let printed =
            r#"{"type":"message","n":7,"parts":[{"text":"a\"\n"},{"hex":"ff00"},{"text":""}]}"#;
        assert_eq!(parts(printed), Ok(vec![b"a\"\n".to_vec(), vec![255, 0], vec![]]));
        assert_eq!(parts(r#"{"parts":["a",{"hex":""}]}"#), Ok(vec![b"a".to_vec(), vec![]]));
        assert_eq!(parts(r#"["a",{"hex":"62"}]"#), Ok(vec![b"a".to_vec(), b"b".to_vec()]));
        assert_eq!(parts(r#" "a" "#), Ok(vec![b"a".to_vec()]));
        let report = r#"{"type":"subscription","n":1,"topic":{"text":"news"}}"#;
        assert_eq!(parts(report), Ok(vec![b"\x01news".to_vec()]));
        let report = r#"{"type":"cancellation","n":2,"topic":{"hex":"ff"}}"#;
        assert_eq!(parts(report), Ok(vec![b"\0\xff".to_vec()]));
        let reply = r#"{"type":"reply","n":1,"parts":["a"],"rtt_us":143}"#;
        assert_eq!(parts(reply), Ok(vec![b"a".to_vec()]));
    }

    #[test]
    fn a_message_has_the_group_or_the_routing_id_of_its_line() {
        let line = r#"{"group":{"hex":"ff"},"parts":["a"]}"#;
        let (message, is_addressed) = read_as(SocketKind::Radio, line).unwrap();
        assert_eq!(
            (message.group(), message.bytes(), is_addressed),
            (&[255][..], Some(&b"a"[..]), true)
        );
        let line = r#"{"routing_id":4294967295,"parts":["a"]}"#;
        for kind in [SocketKind::Server, SocketKind::Peer] {
            let (message, is_addressed) = read_as(kind, line).unwrap();
            assert_eq!((message.routing_id(), is_addressed), (Some(u32::MAX), true));
        }
        let line = r#"{"routing_id":{"hex":"0001"},"parts":["a"]}"#;
        let (message, is_addressed) = read_as(SocketKind::Stream, line).unwrap();
        assert_eq!((message, is_addressed), (Message::from_parts([&b"\0\x01"[..], b"a"]), true));
    }

    #[test]
    fn other_lines_are_refused_with_the_reason() {
        for (line, reason) in [
            ("", "the line is empty"),
            (" \t\r", "the line is empty"),
            ("text", "column 2: expected ident"),
            (r#""a" "b""#, "column 5: trailing characters"),
            (r#"{"parts":["a"]}}"#, "column 16: trailing characters"),
            ("7", r#"expected {"parts""#),
            ("null", r#"expected {"parts""#),
            ("{}", r#"expected {"parts""#),
            ("[7]", r#"invalid type: integer `7`, expected {"text""#),
            ("[[]]", r#"invalid type: sequence, expected {"text""#),
            ("[{}]", r#"expected {"text""#),
            (r#"{"parts":[7]}"#, "column 11: invalid type"),
            (r#"{"parts":"a"}"#, "invalid type: string \"a\", expected a sequence"),
            (r#"{"parts":[{"text":7}]}"#, "invalid type: integer `7`, expected a string"),
            (r#"{"parts":[{"hex":"f"}]}"#, "hex digits"),
            (r#"{"parts":[{"bytes":"f"}]}"#, "unknown field `bytes`"),
            (r#"{"parts":[{"text":"a","hex":"ff"}]}"#, "a part has one member"),
            (r#"{"parts":["a"],"part":["b"]}"#, "unknown field `part`"),
            (r#"{"parts":["a"],"parts":["b"]}"#, "duplicate field `parts`"),
            (r#"{"parts":["a"],"n":"1"}"#, "invalid type: string \"1\", expected u64"),
            (r#"{"parts":["a"],"topic":"b"}"#, "only a subscription"),
            (r#"{"type":"subscription","parts":["a"]}"#, "a subscription has"),
            (r#"{"type":"subscription"}"#, "a subscription has"),
            (r#"{"parts":["a"],"group":"b"}"#, "only a radio"),
            (r#"{"parts":["a"],"routing_id":1}"#, "only a server"),
            (r#"{"parts":["a"],"routing_id":4294967296}"#, "expected a number from 1"),
            (r#"{"parts":["a"],"routing_id":0}"#, "expected a number from 1"),
            (r#"{"parts":["a"],"routing_id":-1}"#, "expected a number from 1"),
            ("[]", "at least one part"),
            (r#"{"parts":[]}"#, "at least one part"),
            (r#"{"type":"stats","sent":1}"#, "unknown variant `stats`"),
        ] {
            let error = parts(line).unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
            assert!(!error.contains("at line"), "{line}: {error}");
        }
        let line = r#"{"parts":["a"],"routing_id":{"hex":"01"}}"#;
        assert!(read_as(SocketKind::Server, line).unwrap_err().contains("is a number"));
        let line = r#"{"parts":["a"],"routing_id":1}"#;
        assert!(read_as(SocketKind::Stream, line).unwrap_err().contains("hex"));
        let long = format!(r#"{{"parts":["a"],"group":"{}"}}"#, "x".repeat(256));
        assert!(read_as(SocketKind::Radio, &long).unwrap_err().contains("256"));
    }
}
