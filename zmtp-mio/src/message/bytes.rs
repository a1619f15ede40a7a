//! Conversions from and to `bytes::Bytes`, the feature `bytes`.

use bytes::Bytes;

use super::storage::INLINE;
use super::{IntoMessage, Message, NotOnePart};

/// Large bytes are shared, not copied. Only with the feature `bytes`.
impl From<Bytes> for Message {
    fn from(body: Bytes) -> Self {
        if body.len() <= INLINE {
            return body.as_ref().into();
        }
        Self::from_owner(body)
    }
}

/// Large bytes are shared, not copied. Only with the feature `bytes`.
impl From<&Bytes> for Message {
    fn from(body: &Bytes) -> Self {
        body.clone().into()
    }
}

/// Only with the feature `bytes`.
impl IntoMessage for Bytes {
    fn single_part(&self) -> Option<&[u8]> {
        Some(self)
    }
}

/// Only with the feature `bytes`.
impl IntoMessage for &Bytes {
    fn single_part(&self) -> Option<&[u8]> {
        Some(self)
    }
}

/// Converts a single-part message, as [`Message::into_vec`]; returns the message in the error if it has
/// another number of parts. Only with the feature `bytes`.
impl TryFrom<Message> for Bytes {
    type Error = NotOnePart;

    fn try_from(message: Message) -> Result<Self, NotOnePart> {
        message.into_vec().map(Self::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_bytes_are_shared_and_small_ones_copied() {
        for n in [3, 5_000] {
            let bytes = Bytes::from(vec![7; n]);
            let message = Message::from(&bytes);
            assert_eq!(message.bytes(), Some(&bytes[..]));
            let shared = message.bytes().unwrap().as_ptr() == bytes.as_ptr();
            assert_eq!(shared, n > INLINE);
            assert_eq!(Bytes::try_from(message).unwrap(), bytes);
        }
        assert!(Bytes::try_from(Message::from(["a", "b"])).is_err());
    }
}
