//! Test vectors of PLAIN and CURVE, for any implementation: `security-vectors.txt`.
//!
//! [`records`] makes them of fixed keys and nonces, with boxes and frames that are made by hand; [`text`] is the file, and
//! [`parse`] reads it.

mod boxes;
mod dialogues;

use core::fmt::Write;

/// Some lines of the file, with one subject.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the format of a file")]
pub struct Record {
    /// `keys`, `box`, `secretbox` or `dialogue`.
    pub kind: String,
    /// The name, one word.
    pub name: String,
    /// The other lines: a word, and the values after it.
    pub lines: Vec<Line>,
}

/// A line.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the format of a file")]
pub struct Line {
    /// What the values are.
    pub word: String,
    /// Text or bytes.
    pub values: Values,
}

/// The values of a line.
#[derive(Clone, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_enums, reason = "the format of a file")]
pub enum Values {
    /// Words.
    Text(String),
    /// Byte strings.
    Bytes(Vec<Vec<u8>>),
}

/// The words whose values are words too. Those of all other lines are bytes.
const TEXTS: [&str; 7] =
    ["mechanism", "client-type", "server-type", "decision", "result", "public-z85", "secret-z85"];

impl Record {
    fn new(kind: &str, name: &str) -> Self {
        Self { kind: kind.into(), name: name.into(), lines: Vec::new() }
    }

    fn text(mut self, word: &str, text: &str) -> Self {
        self.push(word, Values::Text(text.into()));
        self
    }

    fn bytes(mut self, word: &str, bytes: &[u8]) -> Self {
        self.push(word, Values::Bytes(vec![bytes.to_vec()]));
        self
    }

    fn push(&mut self, word: &str, values: Values) {
        assert_eq!(matches!(values, Values::Text(_)), TEXTS.contains(&word), "{word}");
        self.lines.push(Line { word: word.into(), values });
    }

    /// The bytes of the line with this word.
    ///
    /// # Panics
    ///
    /// If there is none, or it has several values.
    pub fn the(&self, word: &str) -> &[u8] {
        match self.lines.iter().find(|line| line.word == word).map(|line| &line.values) {
            Some(Values::Bytes(all)) if all.len() == 1 => &all[0],
            other => panic!("{} has {other:?} as {word}", self.name),
        }
    }

    /// The text of the line with this word, or an empty one.
    pub fn the_text(&self, word: &str) -> &str {
        match self.lines.iter().find(|line| line.word == word).map(|line| &line.values) {
            Some(Values::Text(text)) => text,
            _ => "",
        }
    }
}

/// All records, in the order of the file.
pub fn records() -> Vec<Record> {
    boxes::keys().into_iter().chain(boxes::boxes()).chain(dialogues::all()).collect()
}

/// The file with these records.
pub fn text(records: &[Record]) -> String {
    let mut text = String::from(HEAD);
    for Record { kind, name, lines } in records {
        let _ = writeln!(text, "\nvector {kind} {name}");
        for Line { word, values } in lines {
            match values {
                Values::Text(value) => {
                    let _ = writeln!(text, "{word} {value}");
                }
                Values::Bytes(all) => {
                    let all: Vec<String> = all.iter().map(|bytes| hex(bytes)).collect();
                    let _ = writeln!(text, "{word} {}", all.join(" "));
                }
            }
        }
        text.push_str("end\n");
    }
    text
}

fn hex(bytes: &[u8]) -> String {
    if bytes.is_empty() {
        return "-".into();
    }
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Reads a file.
///
/// # Errors
///
/// The line that is not in the format.
pub fn parse(text: &str) -> Result<Vec<Record>, String> {
    let mut records = Vec::new();
    let mut open: Option<Record> = None;
    for line in text.lines() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let bad = || line.to_owned();
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (&mut open, word) {
            (None, "vector") => {
                let (kind, name) = rest.split_once(' ').ok_or_else(bad)?;
                open = Some(Record::new(kind, name));
            }
            (Some(_), "end") => records.extend(open.take()),
            (Some(record), _) if TEXTS.contains(&word) => {
                record.push(word, Values::Text(rest.into()));
            }
            (Some(record), _) => {
                let all: Option<Vec<Vec<u8>>> = rest.split(' ').map(bytes).collect();
                record.push(word, Values::Bytes(all.ok_or_else(bad)?));
            }
            (None, _) => return Err(bad()),
        }
    }
    match open {
        None => Ok(records),
        Some(record) => Err(format!("{} has no end", record.name)),
    }
}

fn bytes(hex: &str) -> Option<Vec<u8>> {
    if hex == "-" {
        return Some(Vec::new());
    }
    let digits = hex.as_bytes();
    let pairs = digits.len().is_multiple_of(2).then(|| digits.chunks_exact(2))?;
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
}

const HEAD: &str = "\
# Test vectors of PLAIN and CURVE in ZMTP 3.1 (RFC 23, 24, 25, 26), as libzmq 4.3.5 speaks them.
#
# `cargo test -p zmtp-tests --test security_vectors` checks this file, and writes it if ZMTP_WRITE=1 is set.
# Keys, nonces and the random bytes of connections are fixed. Boxes and frames are made by the tests, not by the
# connections of this project, which are then checked against them. tests/pyzmq/vectors.py checks the boxes with libsodium.
#
# Each line is a word and its values, separated by one space. A value is bytes in hexadecimal, - for none. The values of
# mechanism, client-type, server-type, decision, result, public-z85 and secret-z85 are words. Empty lines and lines that
# start with # are skipped. A vector is the lines from `vector <kind> <name>` to `end`.
#
# keys       A pair of keys: secret-z85 and public-z85 are the text form (RFC 32).
# box        crypto_box of NaCl: `box` is the tag (16 bytes) and the encrypted bytes of `plain`, from the sender with
#            `secret` to the receiver with `public`.
# secretbox  crypto_secretbox of NaCl with `key`.
# dialogue   A connection of a client and a server. First the settings: for CURVE the long-term secret keys, the secret
#            keys of the connection (transient), the key of the cookie, and the last 16 bytes of the nonces of cookie,
#            WELCOME and vouch; for PLAIN user name and password; the routing ids of both ends. In curve-wrong-server-key
#            the client has `expected-server-public` as the key of the server. `decision` is that of the server about the
#            client: 200, or the status of ZAP with which it is refused. Then in this order:
#            C and S                          bytes that the client or the server sends: a greeting, a command, or a message
#            client-sends, server-sends       the parts of a message that an application sends; its bytes follow
#            client-subscribes, client-cancels  a topic; its bytes follow
#            Each end receives what the other one sends. `result` is how the handshake ends: ready, refused (the client
#            gets an ERROR with this reason), or closed (the server closes the connection without a command).
";
