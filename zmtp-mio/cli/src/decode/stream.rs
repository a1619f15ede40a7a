//! Parses the bytes that one side sent, from its greeting on, with the grammars of the library.

use zmtp_core::wire::{
    Datagram, FrameHeader, FrameKind, Greeting, MechanismName, More, UnsupportedVersion,
};

use crate::text::{bytes, count};

/// Framing of a version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dialect {
    V1,
    V2,
    V3,
}

/// A complete item of a stream, or a datagram.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Item<'a> {
    Greeting(Greeting),
    /// The greeting of ZMTP 2.0, with the code of its socket type.
    Greeting2 {
        socket_type: u8,
    },
    /// The first frame of ZMTP 1.0 and 2.0: the routing id.
    Identity(&'a [u8]),
    Command {
        body: &'a [u8],
        mechanism: MechanismName,
    },
    Part {
        body: &'a [u8],
        more: bool,
        mechanism: MechanismName,
    },
    Datagram(Datagram<'a>),
}

/// The offset of a fault in the stream, and its description.
pub(crate) type Fault = (u64, String);

/// The bytes of one side, parsed as they arrive.
#[derive(Debug, Default)]
pub(crate) struct Stream {
    bytes: Vec<u8>,
    /// The number of `bytes` that are parsed.
    at: usize,
    /// The number of bytes of the stream before `bytes`.
    before: u64,
    dialect: Option<Dialect>,
    stage: Stage,
    mechanism: Option<MechanismName>,
}

#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Stage {
    #[default]
    Greeting,
    Identity,
    Frames,
    /// The rest cannot be parsed.
    Lost,
}

impl Stream {
    pub(crate) fn new(dialect: Option<Dialect>) -> Self {
        Self { dialect, ..Self::default() }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.stage == Stage::Lost {
            self.before += bytes.len() as u64;
            return;
        }
        if self.at > 0 {
            self.bytes.drain(..self.at);
            self.before += self.at as u64;
            self.at = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The offset of the next item.
    pub(crate) const fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    pub(crate) fn first(&self) -> Option<u8> {
        self.bytes.first().copied()
    }

    pub(crate) const fn dialect(&self) -> Option<Dialect> {
        self.dialect
    }

    /// Sets the version of the other side, which this side then also uses, even if its first bytes announced another
    /// version.
    pub(crate) fn assume(&mut self, dialect: Dialect) {
        if self.stage == Stage::Greeting {
            self.dialect = Some(dialect);
        }
    }

    /// Bytes are missing, so the rest cannot be parsed.
    pub(crate) fn lose(&mut self) {
        self.stage = Stage::Lost;
    }

    /// The next complete item, and its offset.
    pub(crate) fn next(&mut self) -> Option<Result<(u64, Item<'_>), Fault>> {
        let offset = self.offset();
        let found = match self.stage {
            Stage::Lost => return None,
            Stage::Greeting => self.greeting(),
            Stage::Identity | Stage::Frames => self.frame(),
        };
        match found {
            Ok(Some((item, end))) => {
                self.at = end;
                Some(Ok((offset, self.item(item))))
            }
            Ok(None) => None,
            Err(text) => {
                self.stage = Stage::Lost;
                Some(Err((offset, text)))
            }
        }
    }

    /// The fault at the end of the stream, if there is one.
    pub(crate) fn finish(&self) -> Option<Fault> {
        let rest = self.bytes.len() - self.at;
        let what = match self.stage {
            Stage::Lost => return None,
            Stage::Greeting if self.offset() + rest as u64 == 0 => return None,
            Stage::Greeting => {
                format!("the stream ends inside the greeting, after {}", bytes(rest))
            }
            Stage::Identity | Stage::Frames if rest == 0 => return None,
            Stage::Identity | Stage::Frames => match self.header(&self.bytes[self.at..]) {
                Ok(Some((_, head, len))) => {
                    let there = rest - head;
                    let len = count(len, "byte is there", "bytes are there");
                    format!("the stream ends inside a frame: {there} of {len}")
                }
                _ => "the stream ends inside a frame's header".into(),
            },
        };
        Some((self.offset(), what))
    }

    fn greeting(&mut self) -> Result<Option<(Raw, usize)>, String> {
        if self.dialect == Some(Dialect::V1) {
            self.stage = Stage::Identity;
            return self.frame();
        }
        let bytes = &self.bytes[self.at..];
        let dialect = match (self.dialect, Greeting::parse(bytes)) {
            (Some(Dialect::V2), _) | (None, Err(UnsupportedVersion::Major(1))) => Dialect::V2,
            (None, Err(UnsupportedVersion::Major(_))) => Dialect::V1,
            (None | Some(_), Ok(None)) => return Ok(None),
            (None | Some(_), Ok(Some(greeting))) => {
                self.dialect = Some(Dialect::V3);
                self.stage = Stage::Frames;
                self.mechanism = Some(greeting.mechanism);
                return Ok(Some((Raw::Greeting(greeting), Greeting::LEN)));
            }
            (_, Err(error)) => return Err(error.to_string()),
        };
        self.dialect = Some(dialect);
        if dialect == Dialect::V1 {
            return self.greeting();
        }
        // Signature, revision and socket type.
        let Some(&socket_type) = bytes.get(11) else { return Ok(None) };
        self.stage = Stage::Identity;
        Ok(Some((Raw::Greeting2(socket_type), 12)))
    }

    fn frame(&mut self) -> Result<Option<(Raw, usize)>, String> {
        let bytes = &self.bytes[self.at..];
        let Some((kind, head, len)) = self.header(bytes)? else { return Ok(None) };
        let end = usize::try_from(len).ok().and_then(|len| head.checked_add(len));
        let Some(end) = end.filter(|end| bytes.len() >= *end) else { return Ok(None) };
        let (start, end) = (self.at + head, self.at + end);
        if self.stage == Stage::Identity {
            self.stage = Stage::Frames;
            return Ok(Some((Raw::Identity(start), end)));
        }
        Ok(Some((Raw::Frame(kind, start), end)))
    }

    /// The kind of the frame, the length of its header and the length of its body.
    fn header(&self, bytes: &[u8]) -> Result<Option<(FrameKind, usize, u64)>, String> {
        match self.dialect {
            Some(Dialect::V1) => old_header(bytes),
            Some(Dialect::V2) if bytes.first().is_some_and(|flags| flags & !3 != 0) => {
                Err(format!("reserved flag bits set in {:#04x} (ZMTP 2.0)", bytes[0]))
            }
            _ => FrameHeader::parse(bytes)
                .map(|found| found.map(|(header, head)| (header.kind(), head, header.len())))
                .map_err(|error| error.to_string()),
        }
    }

    fn item(&self, raw: Raw) -> Item<'_> {
        match raw {
            Raw::Greeting(greeting) => Item::Greeting(greeting),
            Raw::Greeting2(socket_type) => Item::Greeting2 { socket_type },
            Raw::Identity(start) => Item::Identity(&self.bytes[start..self.at]),
            Raw::Frame(kind, start) => {
                let body = &self.bytes[start..self.at];
                let mechanism = self.mechanism.unwrap_or(MechanismName::NULL);
                match kind {
                    FrameKind::Command => Item::Command { body, mechanism },
                    FrameKind::Message(more) => {
                        Item::Part { body, more: more == More::Follows, mechanism }
                    }
                }
            }
        }
    }
}

/// An item as offsets of its body.
enum Raw {
    Greeting(Greeting),
    Greeting2(u8),
    Identity(usize),
    Frame(FrameKind, usize),
}

/// Parses a header of ZMTP 1.0: a length that includes the flags, then the flags (RFC 13).
fn old_header(bytes: &[u8]) -> Result<Option<(FrameKind, usize, u64)>, String> {
    let (len, head) = match bytes {
        [0xff, rest @ ..] => match rest.first_chunk() {
            Some(size) => (u64::from_be_bytes(*size), 10),
            None => return Ok(None),
        },
        [len, ..] => (u64::from(*len), 2),
        [] => return Ok(None),
    };
    let Some(len) = len.checked_sub(1) else {
        return Err("a frame of size 0, without flags (ZMTP 1.0)".into());
    };
    let Some(flags) = bytes.get(head - 1) else { return Ok(None) };
    let more = if flags & 1 == 1 { More::Follows } else { More::Last };
    Ok(Some((FrameKind::Message(more), head, len)))
}

#[cfg(test)]
mod tests {
    use zmtp_core::wire::Version;

    use super::*;

    fn greeting() -> Vec<u8> {
        let mechanism = MechanismName::NULL;
        Greeting { version: Version::V3_1, mechanism, as_server: false }.emit(0).to_vec()
    }

    /// Items, shortly, however the bytes are cut.
    fn decode(bytes: &[u8], dialect: Option<Dialect>) -> Vec<String> {
        let mut all = Vec::new();
        for size in [1, 7, bytes.len().max(1)] {
            let mut stream = Stream::new(dialect);
            let mut found = Vec::new();
            for chunk in bytes.chunks(size) {
                stream.push(chunk);
                while let Some(item) = stream.next() {
                    found.push(match item {
                        Ok((at, Item::Greeting(greeting))) => format!("{at} v{}", greeting.version),
                        Ok((at, Item::Greeting2 { socket_type })) => {
                            format!("{at} v2 {socket_type}")
                        }
                        Ok((at, Item::Identity(id))) => format!("{at} id {}", id.escape_ascii()),
                        Ok((at, Item::Command { body, .. })) => {
                            format!("{at} command {}", body.len())
                        }
                        Ok((at, Item::Part { body, more, .. })) => {
                            format!("{at} {more} {}", body.len())
                        }
                        Ok((at, Item::Datagram(_))) => format!("{at} datagram"),
                        Err((at, text)) => format!("{at} {text}"),
                    });
                }
            }
            found.extend(stream.finish().map(|(at, text)| format!("{at} {text}")));
            all.push(found);
        }
        assert!(all.windows(2).all(|two| two[0] == two[1]), "{all:?}");
        all.pop().unwrap()
    }

    #[test]
    fn frames_are_found_behind_the_greeting() {
        let bytes = [&greeting()[..], b"\x04\x06\x05READY", b"\x01\x00", b"\x00\x02hi"].concat();
        let found = decode(&bytes, None);
        assert_eq!(found, ["0 v3.1", "64 command 6", "72 true 0", "74 false 2"]);
    }

    #[test]
    fn an_incomplete_end_is_reported_with_its_position() {
        let bytes = [&greeting()[..], b"\x00\x05hello"].concat();
        let text = "64 the stream ends inside a frame: 3 of 5 bytes are there";
        assert_eq!(decode(&bytes[..69], None), ["0 v3.1", text]);
        let one = [&greeting()[..], b"\x00\x01"].concat();
        let text = "64 the stream ends inside a frame: 0 of 1 byte is there";
        assert_eq!(decode(&one, None), ["0 v3.1", text]);
        let text = "64 the stream ends inside a frame's header";
        assert_eq!(decode(&bytes[..65], None), ["0 v3.1", text]);
        let text = "0 the stream ends inside the greeting, after 40 bytes";
        assert_eq!(decode(&bytes[..40], None), [text]);
        assert!(decode(b"", None).is_empty());
    }

    #[test]
    fn malformed_bytes_are_reported_with_their_position() {
        let bytes = [&greeting()[..], b"\x00\x00", b"\xf8\x00\x00"].concat();
        let text = "66 reserved flag bits set in 0xf8";
        assert_eq!(decode(&bytes, None), ["0 v3.1", "64 false 0", text]);
        let found = decode(b"GET / HTTP/1.1\r\n", None);
        assert!(found[0].starts_with("0 no ZMTP signature (byte 0x47)"), "{found:?}");
    }

    #[test]
    fn older_framings_are_recognised() {
        let signature = b"\xff\0\0\0\0\0\0\0\x01\x7f";
        let bytes =
            [&signature[..], b"\x01\x06", b"\x00\x02me", b"\x01\x01a", b"\x00\x00"].concat();
        let found = decode(&bytes, None);
        assert_eq!(found, ["0 v2 6", "12 id me", "16 true 1", "19 false 0"]);

        let bytes = b"\xff\0\0\0\0\0\0\0\x03\x7fpp\x06\x00hello\x02\x01a\x01\x00";
        let found = decode(bytes, Some(Dialect::V1));
        assert_eq!(found, ["0 id pp", "12 false 5", "19 true 1", "22 false 0"]);
        let found = decode(b"\x01\x00\x00", Some(Dialect::V1));
        assert_eq!(found, ["0 id ", "2 a frame of size 0, without flags (ZMTP 1.0)"]);
    }

    #[test]
    fn an_announced_version_3_is_lowered_to_that_of_the_peer() {
        let mut stream = Stream::new(None);
        stream.push(b"\xff\0\0\0\0\0\0\0\x03\x7f\x03\x05\x00\x02me");
        assert_eq!(stream.next(), None);
        stream.assume(Dialect::V2);
        assert_eq!(stream.next(), Some(Ok((0, Item::Greeting2 { socket_type: 5 }))));
        assert_eq!(stream.next(), Some(Ok((12, Item::Identity(b"me")))));
    }
}
