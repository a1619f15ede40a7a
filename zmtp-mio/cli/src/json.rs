//! Messages from lines of JSON, in the form that `--json` prints.

use serde::Deserialize;
use zmtp_mio::Message;

use crate::input::Hex;

/// A line: what `--json` prints, whose other members are ignored, or the parts alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Line {
    Message { parts: Vec<Part> },
    Report { r#type: Report, topic: Part },
    Parts(Vec<Part>),
    Part(String),
}

/// A record of an XPUB.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Report {
    Subscription,
    Cancellation,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Text { text: String },
    Hex { hex: String },
    Plain(String),
}

impl Part {
    fn bytes(self) -> Result<Vec<u8>, String> {
        match self {
            Self::Text { text } | Self::Plain(text) => Ok(text.into_bytes()),
            Self::Hex { hex } => Hex::parse(&hex).map(|hex| hex.0),
        }
    }
}

/// Adds the parts in a line of JSON to a message.
pub(crate) fn push(message: &mut Message, line: &[u8]) -> Result<(), String> {
    const EXPECTED: &str =
        r#"expected {"parts":[{"text":"..."},{"hex":"..."}]}, ["...", "..."] or "...""#;
    // A syntax error has a column; another form has none.
    let value: serde_json::Value =
        serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let parts = match serde_json::from_value(value).map_err(|_| EXPECTED)? {
        Line::Message { parts } | Line::Parts(parts) => parts,
        Line::Part(text) => vec![Part::Plain(text)],
        Line::Report { r#type, topic } => {
            let first = match r#type {
                Report::Subscription => 1,
                Report::Cancellation => 0,
            };
            message.push([&[first], &*topic.bytes()?].concat());
            return Ok(());
        }
    };
    if parts.is_empty() {
        return Err("a message has at least one part".into());
    }
    for part in parts {
        message.push(part.bytes()?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Vec<Vec<u8>>, String> {
        let mut message = Message::new();
        push(&mut message, line.as_bytes())?;
        Ok(message.parts().map(<[u8]>::to_vec).collect())
    }

    #[test]
    fn every_form_of_a_message_is_read() {
        let printed =
            r#"{"type":"message","n":7,"parts":[{"text":"a\"\n"},{"hex":"ff00"},{"text":""}]}"#;
        assert_eq!(read(printed), Ok(vec![b"a\"\n".to_vec(), vec![255, 0], vec![]]));
        assert_eq!(read(r#"{"parts":["a",{"hex":""}]}"#), Ok(vec![b"a".to_vec(), vec![]]));
        assert_eq!(read(r#"["a","b"]"#), Ok(vec![b"a".to_vec(), b"b".to_vec()]));
        assert_eq!(read(r#" "a" "#), Ok(vec![b"a".to_vec()]));
        let report = r#"{"type":"subscription","n":1,"topic":{"text":"news"}}"#;
        assert_eq!(read(report), Ok(vec![b"\x01news".to_vec()]));
        let report = r#"{"type":"cancellation","n":2,"topic":{"hex":"ff"}}"#;
        assert_eq!(read(report), Ok(vec![b"\0\xff".to_vec()]));
    }

    #[test]
    fn other_lines_are_refused_with_the_reason() {
        for (line, reason) in [
            ("", "EOF"),
            ("text", "column"),
            ("7", "expected"),
            ("{}", "expected"),
            (r#"{"parts":[7]}"#, "expected"),
            (r#"{"parts":[{"hex":"f"}]}"#, "hex digits"),
            ("[]", "at least one part"),
            (r#"{"type":"stats","sent":1}"#, "expected"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(reason), "{line}: {error}");
        }
    }
}
