//! Datagrams of RADIO and DISH over UDP. RFC 48 leaves the format open; this is that of libzmq.

use super::{BufferTooSmall, Group, GroupError, Writer};
use crate::count::bytes;

/// A message in a datagram: one byte with the length of the group, the group, and the body, which is the rest.
///
/// ```
/// use zmtp_core::wire::{Datagram, Group};
///
/// let datagram = Datagram { group: Group::new(b"TV").unwrap(), body: b"Friends" };
/// let mut bytes = [0; Datagram::MAX_LEN];
/// let len = datagram.write(&mut bytes).unwrap();
/// assert_eq!(&bytes[..len], b"\x02TVFriends");
/// assert_eq!(Datagram::parse(&bytes[..len]), Ok(datagram));
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "the format has these two fields")]
pub struct Datagram<'a> {
    /// The group of the message.
    pub group: Group<'a>,
    /// The body of the message.
    pub body: &'a [u8],
}

impl<'a> Datagram<'a> {
    /// The length of the longest datagram in bytes. libzmq has a buffer of this size: it receives only the start of a
    /// longer datagram.
    pub const MAX_LEN: usize = 8_192;

    /// The length of the longest group that is sent, in bytes. libzmq 4.3.5 takes the length for a signed number, and
    /// ends the process if it is larger than this.
    pub const MAX_SENT_GROUP: usize = 127;

    /// Parses a datagram, which may have a group of up to 255 bytes.
    ///
    /// A system cuts a datagram that is longer than the buffer for it. To recognise this, receive into a buffer with
    /// one byte more than [`Datagram::MAX_LEN`].
    ///
    /// # Errors
    ///
    /// [`DatagramError`], except [`DatagramError::BufferTooSmall`]. libzmq ignores a datagram that is shorter than its
    /// group, and treats the others in other ways.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, DatagramError> {
        Self::check_len(bytes.len())?;
        let (&len, rest) = bytes.split_first().ok_or(DatagramError::Empty)?;
        let Some((group, body)) = rest.split_at_checked(len.into()) else {
            return Err(DatagramError::ShorterThanGroup { group: len, rest: number(rest.len()) });
        };
        Ok(Self { group: Group::new(group)?, body })
    }

    /// The number of bytes of the datagram.
    #[expect(clippy::len_without_is_empty, reason = "a datagram has at least one byte")]
    pub const fn len(&self) -> usize {
        self.group.bytes().len().saturating_add(self.body.len()).saturating_add(1)
    }

    /// Whether the datagram can be sent.
    ///
    /// # Errors
    ///
    /// [`DatagramError::TooLong`] and [`DatagramError::Group`], as [`Datagram::write`].
    pub fn check(&self) -> Result<(), DatagramError> {
        let group = self.group.bytes();
        if group.len() > Self::MAX_SENT_GROUP {
            return Err(GroupError::TooLong(number(group.len())).into());
        }
        Self::check_len(self.len())
    }

    /// Writes the datagram to the front of `out` and returns its length in bytes.
    ///
    /// # Errors
    ///
    /// * [`DatagramError::TooLong`] if the datagram has more than [`Datagram::MAX_LEN`] bytes.
    /// * [`DatagramError::Group`] if the group has more than [`Datagram::MAX_SENT_GROUP`] bytes.
    /// * [`DatagramError::BufferTooSmall`] if `out` is shorter than the datagram.
    pub fn write(&self, out: &mut [u8]) -> Result<usize, DatagramError> {
        self.check()?;
        let group = self.group.bytes();
        let mut writer = Writer::new(out);
        writer.put(&[u8::try_from(group.len()).unwrap_or_default()]);
        writer.put(group);
        writer.put(self.body);
        writer.finish().map_err(|BufferTooSmall { missing }| DatagramError::BufferTooSmall(missing))
    }

    fn check_len(len: usize) -> Result<(), DatagramError> {
        if len > Self::MAX_LEN { Err(DatagramError::TooLong(number(len))) } else { Ok(()) }
    }
}

fn number(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Why bytes are not a datagram of RADIO, or a message cannot be sent as a datagram.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DatagramError {
    /// The buffer is too small by this number of bytes.
    BufferTooSmall(usize),
    /// The datagram has no bytes.
    Empty,
    /// The group is not valid, or too long to be sent.
    Group(GroupError),
    /// The datagram ends within its group.
    ShorterThanGroup {
        /// The length of the group in bytes, as the datagram states it.
        group: u8,
        /// The number of bytes after the length.
        rest: u32,
    },
    /// The datagram has more than [`Datagram::MAX_LEN`] bytes, or than the driver can send or receive. The value is its
    /// length in bytes.
    TooLong(u32),
}

impl From<GroupError> for DatagramError {
    fn from(error: GroupError) -> Self {
        Self::Group(error)
    }
}

impl core::fmt::Display for DatagramError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::BufferTooSmall(missing) => BufferTooSmall { missing: *missing }.fmt(f),
            Self::Empty => f.write_str("datagram without bytes"),
            Self::Group(GroupError::TooLong(len)) => {
                write!(f, "group of {len} bytes is too long for a datagram")
            }
            Self::Group(error) => error.fmt(f),
            Self::ShorterThanGroup { group, rest } => {
                let (group, rest) = (bytes((*group).into()), bytes((*rest).into()));
                write!(f, "datagram with a group of {group} ends after {rest}")
            }
            Self::TooLong(len) => write!(f, "datagram of {len} bytes is too long"),
        }
    }
}

impl core::error::Error for DatagramError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn datagram<'a>(group: &'a [u8], body: &'a [u8]) -> Datagram<'a> {
        Datagram { group: Group::new(group).unwrap(), body }
    }

    #[test]
    fn a_datagram_is_the_length_of_the_group_then_the_group_then_the_body() {
        let cases = [
            (datagram(b"TV", b"ok"), &b"\x02TVok"[..]),
            (datagram(b"", b"body"), b"\x00body"),
            (datagram(b"G", b""), b"\x01G"),
            (datagram(b"", b""), b"\x00"),
        ];
        for (datagram, bytes) in cases {
            let mut out = [0; 16];
            let len = datagram.write(&mut out).unwrap();
            assert_eq!((&out[..len], datagram.len()), (bytes, bytes.len()));
            assert_eq!(Datagram::parse(bytes), Ok(datagram));
        }
    }

    #[test]
    fn a_datagram_without_bytes_or_shorter_than_its_group_is_malformed() {
        assert_eq!(Datagram::parse(b""), Err(DatagramError::Empty));
        for (bytes, group) in [(&b"\x09short"[..], 9), (b"\x06short", 6), (b"\xffshort", 255)] {
            let error = DatagramError::ShorterThanGroup { group, rest: 5 };
            assert_eq!(Datagram::parse(bytes), Err(error));
        }
        assert_eq!(Datagram::parse(b"\x02a\0body"), Err(GroupError::Zero.into()));
    }

    #[test]
    fn a_datagram_has_at_most_8192_bytes() {
        let mut bytes = [b'x'; 8_193];
        bytes[0] = 2;
        let longest = Datagram::parse(&bytes[..8_192]).unwrap();
        assert_eq!((longest.len(), longest.body.len()), (8_192, 8_189));
        assert_eq!(Datagram::parse(&bytes), Err(DatagramError::TooLong(8_193)));
        let mut out = [0; 8_193];
        assert_eq!(longest.write(&mut out), Ok(8_192));
        assert_eq!(longest.write(&mut out[..8_190]), Err(DatagramError::BufferTooSmall(2)));
        let body = [b'x'; 8_190];
        assert_eq!(datagram(b"ab", &body).write(&mut out), Err(DatagramError::TooLong(8_193)));
    }

    #[test]
    fn a_group_of_255_bytes_is_received_but_one_of_128_bytes_is_not_sent() {
        let mut bytes = [b'g'; 256];
        bytes[0] = 255;
        assert_eq!(Datagram::parse(&bytes), Ok(datagram(&[b'g'; 255], b"")));
        let mut out = [0; 300];
        assert_eq!(datagram(&[b'g'; 127], b"").write(&mut out), Ok(128));
        let refused = datagram(&[b'g'; 128], b"").write(&mut out);
        assert_eq!(refused, Err(GroupError::TooLong(128).into()));
    }
}
