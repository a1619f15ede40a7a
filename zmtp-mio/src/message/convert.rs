//! Conversions into messages.

use std::borrow::Cow;

use super::Message;
use super::storage::{INLINE, Storage};

impl From<&[u8]> for Message {
    #[inline]
    fn from(body: &[u8]) -> Self {
        if let Some(storage) = Storage::inline(body) {
            return Self { storage, has_parts: true, ..Self::default() };
        }
        let mut message = Self { has_parts: true, ..Self::default() };
        message.append(body);
        message
    }
}

impl<const N: usize> From<&[u8; N]> for Message {
    fn from(body: &[u8; N]) -> Self {
        body.as_slice().into()
    }
}

impl From<&str> for Message {
    fn from(body: &str) -> Self {
        body.as_bytes().into()
    }
}

impl From<&Vec<u8>> for Message {
    fn from(body: &Vec<u8>) -> Self {
        body.as_slice().into()
    }
}

impl From<&String> for Message {
    fn from(body: &String) -> Self {
        body.as_bytes().into()
    }
}

/// A vector of more than 78 bytes is not copied.
impl From<Vec<u8>> for Message {
    fn from(body: Vec<u8>) -> Self {
        if body.len() <= INLINE {
            return body.as_slice().into();
        }
        Self { storage: Storage::from(body), has_parts: true, ..Self::default() }
    }
}

/// A string of more than 78 bytes is not copied.
impl From<String> for Message {
    fn from(body: String) -> Self {
        body.into_bytes().into()
    }
}

impl From<Box<[u8]>> for Message {
    fn from(body: Box<[u8]>) -> Self {
        body.into_vec().into()
    }
}

impl From<Cow<'_, [u8]>> for Message {
    fn from(body: Cow<'_, [u8]>) -> Self {
        match body {
            Cow::Borrowed(body) => body.into(),
            Cow::Owned(body) => body.into(),
        }
    }
}

impl From<Cow<'_, str>> for Message {
    fn from(body: Cow<'_, str>) -> Self {
        match body {
            Cow::Borrowed(body) => body.into(),
            Cow::Owned(body) => body.into(),
        }
    }
}

/// One part for each element.
impl<P: AsRef<[u8]>, const N: usize> From<[P; N]> for Message {
    fn from(parts: [P; N]) -> Self {
        Self::from_parts(parts)
    }
}

impl From<&Self> for Message {
    fn from(message: &Self) -> Self {
        message.clone()
    }
}

/// One part for each item.
impl<P: AsRef<[u8]>> FromIterator<P> for Message {
    fn from_iter<I: IntoIterator<Item = P>>(parts: I) -> Self {
        Self::from_parts(parts)
    }
}

/// One part for each item.
impl<P: AsRef<[u8]>> Extend<P> for Message {
    fn extend<I: IntoIterator<Item = P>>(&mut self, parts: I) {
        for part in parts {
            self.push(part);
        }
    }
}
