//! Takes wire bytes apart.

/// A frame as it stands on the wire.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Frame {
    /// Its flags.
    pub flags: u8,
    /// Its size as claimed.
    pub len: u64,
    /// What there is of its body.
    pub body: Vec<u8>,
    /// Bytes it takes on the wire, as far as they are there.
    pub wire_len: usize,
}

impl Frame {
    /// Takes the frame at the front of `bytes`; `None` if its header is incomplete.
    pub fn first(bytes: &[u8]) -> Option<Self> {
        let flags = *bytes.first()?;
        let (len, head) = match flags & 2 {
            0 => (u64::from(*bytes.get(1)?), 2),
            _ => (u64::from_be_bytes(bytes.get(1..9)?.try_into().ok()?), 9),
        };
        let there = len.min((bytes.len() - head) as u64) as usize;
        let body = bytes[head..head + there].to_vec();
        Some(Self { flags, len, body, wire_len: head + there })
    }

    /// Takes the frame of ZMTP 1.0 at the front of `bytes`; `None` if its header is incomplete.
    /// A length of 0, which does not even count the flags, comes out as [`u64::MAX`].
    pub fn first_of_1_0(bytes: &[u8]) -> Option<Self> {
        let (len, head) = match *bytes.first()? {
            0xff => (u64::from_be_bytes(bytes.get(1..9)?.try_into().ok()?), 10),
            len => (u64::from(len), 2),
        };
        let flags = *bytes.get(head - 1)?;
        let len = len.wrapping_sub(1);
        let there = len.min((bytes.len() - head) as u64) as usize;
        let body = bytes[head..head + there].to_vec();
        Some(Self { flags, len, body, wire_len: head + there })
    }

    /// Whether all of its body is there.
    pub fn is_whole(&self) -> bool {
        self.body.len() as u64 == self.len
    }

    /// Whether it is a command.
    pub const fn is_command(&self) -> bool {
        self.flags & 4 != 0
    }

    /// Whether another frame of the same message follows.
    pub const fn has_more(&self) -> bool {
        self.flags & 1 != 0
    }

    /// The command's name and data; `None` if this is no whole command or has no name.
    pub fn command(&self) -> Option<(&[u8], &[u8])> {
        let (len, rest) = self.body.split_first()?;
        let name = rest.get(..usize::from(*len))?;
        (self.is_command() && self.is_whole() && !name.is_empty())
            .then(|| (name, &rest[name.len()..]))
    }
}

/// The whole frames at the front of `bytes`, and what is left.
pub fn frames(mut bytes: &[u8]) -> (Vec<Frame>, &[u8]) {
    let mut all = Vec::new();
    while let Some(frame) = Frame::first(bytes).filter(Frame::is_whole) {
        bytes = &bytes[frame.wire_len..];
        all.push(frame);
    }
    (all, bytes)
}

/// A property's name and value.
pub type NameAndValue<'a> = (&'a [u8], &'a [u8]);

/// The properties of a READY's data, as far as they are whole.
pub fn properties(mut data: &[u8]) -> (Vec<NameAndValue<'_>>, &[u8]) {
    let mut all = Vec::new();
    while let Some((property, rest)) = first_property(data) {
        all.push(property);
        data = rest;
    }
    (all, data)
}

fn first_property(data: &[u8]) -> Option<(NameAndValue<'_>, &[u8])> {
    let (name_len, rest) = data.split_first()?;
    let (name, rest) = rest.split_at_checked(usize::from(*name_len))?;
    let (value_len, rest) = rest.split_first_chunk()?;
    let (value, rest) = rest.split_at_checked(u32::from_be_bytes(*value_len) as usize)?;
    Some(((name, value), rest))
}

/// Whether these bytes open a version older than 3.0; `None` if they are too few to tell.
pub fn is_legacy(bytes: &[u8]) -> Option<bool> {
    match *bytes {
        [first, ..] if first != 0xff => Some(true),
        [_, _, _, _, _, _, _, _, _, tenth, ..] if tenth % 2 == 0 => Some(true),
        [_, _, _, _, _, _, _, _, _, _, major, ..] => Some(major < 2),
        _ => None,
    }
}
