//! Groups of RADIO and DISH (RFC 48 § Group).

/// The name of a group: up to 255 bytes, of which none is 0 (RFC 48). It may be empty.
///
/// ```
/// use zmtp_core::wire::{Group, GroupError};
///
/// assert_eq!(Group::new(b"Movies").map(Group::bytes), Ok(&b"Movies"[..]));
/// assert_eq!(Group::new(&[b'g'; 256]), Err(GroupError::TooLong(256)));
/// ```
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Group<'a>(&'a [u8]);

impl<'a> Group<'a> {
    /// The length of the longest group in bytes (`ZMQ_GROUP_MAX_LENGTH`).
    pub const MAX_LEN: usize = 255;

    /// The empty group.
    pub const EMPTY: Self = Self(&[]);

    /// A group with these bytes.
    ///
    /// # Errors
    ///
    /// [`GroupError`] if there are more than [`Group::MAX_LEN`] bytes, or one of them is 0.
    #[expect(clippy::manual_contains, reason = "`contains` brings the search of core to flash")]
    pub fn new(bytes: &'a [u8]) -> Result<Self, GroupError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(GroupError::TooLong(u32::try_from(bytes.len()).unwrap_or(u32::MAX)));
        }
        if bytes.iter().any(|byte| *byte == 0) {
            return Err(GroupError::Zero);
        }
        Ok(Self(bytes))
    }

    /// The bytes.
    pub const fn bytes(self) -> &'a [u8] {
        self.0
    }
}

/// Why bytes are not the name of a group.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[expect(clippy::exhaustive_enums, reason = "RFC 48 has these two rules")]
pub enum GroupError {
    /// The name has more than 255 bytes. The value is its length in bytes. libzmq 4.3.5 ends the process if a JOIN or
    /// LEAVE has such a name.
    TooLong(u32),
    /// A byte of the name is 0. For libzmq the name ends there.
    Zero,
}

impl core::fmt::Display for GroupError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::TooLong(len) => write!(f, "group has {len} bytes, more than 255"),
            Self::Zero => f.write_str("a byte of the group is 0"),
        }
    }
}

impl core::error::Error for GroupError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_up_to_255_bytes_and_none_is_0() {
        assert_eq!(Group::new(b""), Ok(Group::EMPTY));
        assert_eq!(Group::new(&[0xff; 255]).map(|group| group.bytes().len()), Ok(255));
        assert_eq!(Group::new(&[0xff; 256]), Err(GroupError::TooLong(256)));
        for name in [&b"\0"[..], b"a\0", b"a\0b"] {
            assert_eq!(Group::new(name), Err(GroupError::Zero));
        }
    }
}
