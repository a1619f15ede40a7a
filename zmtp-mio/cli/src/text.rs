//! Bytes as lines of text.

use core::fmt::Write as _;

use zmtp_mio::Message;

/// A number with what it counts: `1 byte`, `2 bytes`.
pub(crate) fn count(n: u64, one: &str, more: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { more })
}

/// [`count`] of bytes.
pub(crate) fn bytes(n: usize) -> String {
    count(n as u64, "byte", "bytes")
}

/// Bytes as pairs of digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Parts separated by ` | `; an empty part is empty text.
pub(crate) fn hex_line(message: &Message) -> String {
    message.parts().map(hex).collect::<Vec<_>>().join(" | ") + "\n"
}

/// As [`hex_line`], with text.
pub(crate) fn text_line(message: &Message) -> String {
    let bar = message.part_count() > 1;
    let parts: Vec<_> = message.parts().map(|part| escape(part, bar)).collect();
    parts.join(" | ") + "\n"
}

/// As [`hex_line`], with printable ASCII, and a dot for every other byte.
pub(crate) fn ascii_line(message: &Message) -> String {
    message.parts().map(ascii).collect::<Vec<_>>().join(" | ") + "\n"
}

/// Printable ASCII, and a dot for every other byte.
pub(crate) fn ascii(bytes: &[u8]) -> String {
    let shown = |byte: &u8| if matches!(byte, b' '..=b'~') { char::from(*byte) } else { '.' };
    bytes.iter().map(shown).collect()
}

/// As [`hex_line`], with strings of C.
pub(crate) fn quoted_line(message: &Message) -> String {
    message.parts().map(quoted).collect::<Vec<_>>().join(" | ") + "\n"
}

/// A string of C, in quotes.
pub(crate) fn quoted(bytes: &[u8]) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' | b'\n' | b'\r' | b'\t' => text.extend(char::from(*byte).escape_default()),
            b' '..=b'~' => text.push(char::from(*byte)),
            byte => {
                let _ = write!(text, "\\x{byte:02x}");
            }
        }
    }
    text + "\""
}

/// Bytes as text. Line breaks, control characters and invalid UTF-8 are escaped; on request `|` too.
pub(crate) fn escape(bytes: &[u8], bar: bool) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            match c {
                '|' if bar => text.push_str("\\|"),
                '\\' | '\n' | '\r' | '\t' => text.extend(c.escape_default()),
                c if is_hidden(c) => text.extend(c.escape_unicode()),
                c => text.push(c),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// Characters that a terminal interprets instead of showing: control characters, line separators, and
/// marks that change the direction of text.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_become_one_line_of_text() {
        let line = |parts: &[&[u8]]| text_line(&Message::from_parts(parts));
        assert_eq!(line(&["grüße | \"quoted\"".as_bytes()]), "grüße | \"quoted\"\n");
        assert_eq!(line(&[b"a|b", b"", b"c"]), "a\\|b |  | c\n");
        assert_eq!(line(&[b"a\nb\t\\\xff\x1b[2J"]), "a\\nb\\t\\\\\\xff\\u{1b}[2J\n");
        assert_eq!(line(&["\u{202e}".as_bytes()]), "\\u{202e}\n");
        let parts = [&b"a ~\n\x7f"[..], b"", "ü".as_bytes()];
        assert_eq!(ascii_line(&Message::from_parts(parts)), "a ~.. |  | ..\n");
        assert_eq!(hex_line(&Message::from_parts([&b"\x00\xff"[..], b"a"])), "00ff | 61\n");
        let parts = [&b"it's \"a\\b\"\n\x7f"[..], b"", "ü".as_bytes()];
        let expected = r#""it's \"a\\b\"\n\x7f" | "" | "\xc3\xbc""#;
        assert_eq!(quoted_line(&Message::from_parts(parts)), format!("{expected}\n"));
    }
}
