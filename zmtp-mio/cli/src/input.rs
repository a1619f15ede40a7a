//! The bytes to send, from the command line, files and stdin.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use zmtp_core::Limits;
use zmtp_mio::{Handle, Message};

use crate::exit::Failure;

/// Bytes of the largest message that a peer accepts by default.
const LARGEST: u64 = Limits::DEFAULT.max_message;

/// The source of the bytes of a part.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Part {
    Bytes(Vec<u8>),
    File(PathBuf),
    /// This many bytes of filler.
    Size(u64),
    Stdin,
}

/// Bytes given in hex.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Hex(pub(crate) Vec<u8>);

impl Hex {
    /// Parses pairs of hex digits; white space and colons may separate pairs.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut bytes = Vec::with_capacity(text.len() / 2);
        let mut high = None;
        for c in text.chars() {
            match (c.to_digit(16), high) {
                (Some(digit), None) => high = Some(digit),
                (Some(digit), Some(first)) => {
                    bytes.push((first * 16 + digit) as u8);
                    high = None;
                }
                (None, None) if c.is_whitespace() || c == ':' => {}
                _ => return Err(format!("expected pairs of hex digits, not {c:?} there")),
            }
        }
        match high {
            None => Ok(Self(bytes)),
            Some(_) => Err("expected pairs of hex digits, but the last digit has no pair".into()),
        }
    }
}

/// Makes a message from parts. Reads files and stdin to their end.
pub(crate) fn read(parts: &[Part]) -> Result<Message, Failure> {
    if let [part] = parts {
        // Large bodies become messages without a copy.
        return part.read().map(Message::from);
    }
    let mut message = Message::new();
    for part in parts {
        match part {
            Part::Bytes(bytes) => message.push(bytes),
            part => message.push(part.read()?),
        }
    }
    Ok(message)
}

impl Part {
    fn read(&self) -> Result<Vec<u8>, Failure> {
        match self {
            Self::Bytes(bytes) => Ok(bytes.clone()),
            Self::File(path) => File::open(path)
                .and_then(whole)
                .map_err(Failure::io(format!("read {}", path.display()))),
            Self::Size(size) => filled(*size).map_err(Failure::io(format!("make {size} bytes"))),
            Self::Stdin => whole(io::stdin().lock()).map_err(Failure::io("read stdin")),
        }
    }
}

/// Repeated digits, which make the size visible.
fn filled(size: u64) -> io::Result<Vec<u8>> {
    let size = usize::try_from(size).ok().filter(|size| *size as u64 <= LARGEST);
    let size = size.ok_or_else(too_large)?;
    Ok(b"0123456789".iter().copied().cycle().take(size).collect())
}

fn too_large() -> io::Error {
    io::Error::new(
        io::ErrorKind::FileTooLarge,
        format!("more than the {LARGEST} bytes that a message may have"),
    )
}

/// Everything up to the end, if it fits a message.
fn whole(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(LARGEST + 1).read_to_end(&mut bytes)?;
    fits(bytes)
}

fn fits(bytes: Vec<u8>) -> io::Result<Vec<u8>> {
    if bytes.len() as u64 > LARGEST {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Whether reading these parts waits for input from a terminal.
pub(crate) fn is_typed(parts: &[Part]) -> bool {
    parts.contains(&Part::Stdin) && io::stdin().is_terminal()
}

/// Lines of stdin, read on demand in a separate thread, so that the socket is served and can be
/// stopped while there is no input.
#[derive(Debug)]
pub(crate) struct Lines {
    ask: Sender<()>,
    lines: Receiver<io::Result<Option<Vec<u8>>>>,
}

impl Lines {
    /// Starts the thread. It wakes the handle's socket once for each requested line.
    pub(crate) fn start(handle: Handle) -> Result<Self, Failure> {
        let (ask, asked) = channel();
        let (found, lines) = channel();
        let reader = move || {
            let mut stdin = io::stdin().lock();
            while asked.recv().is_ok() {
                if found.send(line(&mut stdin)).is_err() || handle.wake().is_err() {
                    break;
                }
            }
        };
        thread::Builder::new().name("stdin".into()).spawn(reader).map_err(Failure::io("thread"))?;
        Ok(Self { ask, lines })
    }

    /// Requests the next line. When the socket is woken, [`Lines::take`] returns it.
    pub(crate) fn ask(&self) {
        // It is there as long as this is.
        let _ = self.ask.send(());
    }

    /// The requested line; `None` at the end.
    pub(crate) fn take(&self) -> Result<Option<Vec<u8>>, Failure> {
        self.lines.recv().unwrap_or(Ok(None)).map_err(Failure::io("read stdin"))
    }
}

/// The next line without its newline. The last may lack one.
pub(crate) fn line(reader: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if reader.take(LARGEST + 1).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    line.pop_if(|last| *last == b'\n');
    fits(line).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hex_is_pairs_of_digits() {
        for (text, bytes) in [
            ("", &[][..]),
            ("00ff", &[0, 255]),
            ("DE ad:be\nEF", &[0xde, 0xad, 0xbe, 0xef]),
            (" 7f ", &[127]),
        ] {
            assert_eq!(Hex::parse(text), Ok(Hex(bytes.into())), "{text:?}");
        }
        for text in ["0", "0 0", "0x00", "zz", "00f", "ÿÿ", "+1"] {
            assert!(Hex::parse(text).unwrap_err().contains("hex digits"), "{text:?}");
        }
    }

    #[test]
    fn lines_are_read_without_their_newline() {
        let mut text = &b"one\n\n two\r\n\xff"[..];
        for expected in [&b"one"[..], b"", b" two\r", b"\xff"] {
            assert_eq!(line(&mut text).unwrap().as_deref(), Some(expected));
        }
        assert_eq!(line(&mut text).unwrap(), None);
    }

    #[test]
    fn parts_become_a_message() {
        let part = |bytes: &[u8]| Part::Bytes(bytes.into());
        let message = read(&[part(b"one"), part(b"")]).unwrap();
        assert_eq!(message, Message::from_parts([&b"one"[..], b""]));
        assert_eq!(read(&[part(b"")]).unwrap().part_count(), 1);
        let missing = read(&[Part::File("does/not/exist".into())]).unwrap_err();
        assert!(missing.to_string().starts_with("read does/not/exist: "), "{missing}");
    }
}
