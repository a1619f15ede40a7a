//! The value of an option that a program sets.

use libc::c_int;

use crate::errno::{Errno, Outcome};

/// The value of an option: its bytes, or `None` for a null pointer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value<'a>(pub(crate) Option<&'a [u8]>);

impl<'a> Value<'a> {
    /// The bytes; none for a null pointer.
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.0.unwrap_or_default()
    }

    /// Whether the pointer is null.
    pub(super) const fn is_null(self) -> bool {
        self.0.is_none()
    }

    /// A number of 32 bits.
    pub(super) fn int(self) -> Outcome<c_int> {
        let bytes = <[u8; 4]>::try_from(self.bytes()).map_err(|_| Errno::EINVAL)?;
        Ok(c_int::from_ne_bytes(bytes))
    }

    /// A number of 32 bits that is at least `least`.
    pub(super) fn int_from(self, least: c_int) -> Outcome<c_int> {
        self.int().and_then(|value| if value >= least { Ok(value) } else { Err(Errno::EINVAL) })
    }

    /// 0 or 1.
    pub(super) fn flag(self) -> Outcome<bool> {
        match self.int()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Errno::EINVAL),
        }
    }

    /// 0, or any other number for 1.
    pub(super) fn relaxed(self) -> Outcome<bool> {
        self.int().map(|value| value != 0)
    }

    /// 0, or a positive number for 1.
    pub(super) fn switch(self) -> Outcome<bool> {
        self.int_from(0).map(|value| value != 0)
    }

    /// A number of 64 bits.
    pub(super) fn long(self) -> Outcome<i64> {
        let bytes = <[u8; 8]>::try_from(self.bytes()).map_err(|_| Errno::EINVAL)?;
        Ok(i64::from_ne_bytes(bytes))
    }

    /// A text of at most `most` bytes. A NUL at its end does not belong to it.
    pub(super) fn text(self, most: usize) -> Outcome<String> {
        let bytes = self.bytes();
        let bytes = bytes.strip_suffix(b"\0").unwrap_or(bytes);
        if bytes.len() > most {
            return Err(Errno::EINVAL);
        }
        String::from_utf8(bytes.to_vec()).map_err(|_| Errno::EINVAL)
    }
}

/// A text as the value of an option, which ends with NUL.
pub(crate) fn text(text: impl Into<Vec<u8>>) -> Vec<u8> {
    let mut bytes = text.into();
    bytes.push(0);
    bytes
}
