//! Values that a socket can send.

use std::borrow::Cow;

use super::Message;

/// A value that a socket can send as a message: text, slices, vectors, arrays, [`Message`] and, with the feature
/// `bytes`, `bytes::Bytes`.
///
/// Other types implement it with their conversion into a [`Message`]. The method is optional.
///
/// ```
/// use zmtp_mio::{IntoMessage, Message};
///
/// struct Reading(f64);
///
/// impl From<Reading> for Message {
///     fn from(reading: Reading) -> Self {
///         Self::from(&reading.0.to_be_bytes())
///     }
/// }
///
/// impl IntoMessage for Reading {}
/// ```
pub trait IntoMessage: Into<Message> {
    /// Returns the bytes of the message if it has exactly one part and the value contains or borrows these bytes;
    /// otherwise `None`, the default.
    ///
    /// If no other bytes wait for the peer, the socket writes large bytes from this slice, before the value becomes a
    /// message.
    fn single_part(&self) -> Option<&[u8]> {
        None
    }
}

impl IntoMessage for Message {
    #[inline]
    fn single_part(&self) -> Option<&[u8]> {
        self.bytes()
    }
}

impl IntoMessage for &Message {
    #[inline]
    fn single_part(&self) -> Option<&[u8]> {
        self.bytes()
    }
}

impl IntoMessage for &[u8] {
    #[inline]
    fn single_part(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl<const N: usize> IntoMessage for &[u8; N] {
    #[inline]
    fn single_part(&self) -> Option<&[u8]> {
        Some(self.as_slice())
    }
}

impl IntoMessage for &str {
    #[inline]
    fn single_part(&self) -> Option<&[u8]> {
        Some(self.as_bytes())
    }
}

impl IntoMessage for &Vec<u8> {
    #[inline]
    fn single_part(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl IntoMessage for &String {
    #[inline]
    fn single_part(&self) -> Option<&[u8]> {
        Some(self.as_bytes())
    }
}

impl IntoMessage for Vec<u8> {
    #[inline]
    fn single_part(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl IntoMessage for String {
    #[inline]
    fn single_part(&self) -> Option<&[u8]> {
        Some(self.as_bytes())
    }
}

impl IntoMessage for Box<[u8]> {
    #[inline]
    fn single_part(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl IntoMessage for Cow<'_, [u8]> {
    fn single_part(&self) -> Option<&[u8]> {
        Some(self)
    }
}

impl IntoMessage for Cow<'_, str> {
    fn single_part(&self) -> Option<&[u8]> {
        Some(self.as_bytes())
    }
}

/// One part for each element.
impl<P: AsRef<[u8]>, const N: usize> IntoMessage for [P; N] {}
