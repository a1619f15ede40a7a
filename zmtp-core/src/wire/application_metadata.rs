//! Properties of the application in READY (RFC 37 § Connection Metadata).

use core::fmt;

use super::{Metadata, Property, Writer};

/// The properties that an application adds to the READY of its socket (`ZMQ_METADATA`). Their names begin with `X-`.
/// Exists with the feature `application-metadata`.
///
/// ```
/// use zmtp_core::wire::ApplicationMetadata;
///
/// let metadata = ApplicationMetadata::EMPTY.with("X-Room", b"kitchen")?;
/// assert_eq!(metadata.properties().get("X-Room"), Some(&b"kitchen"[..]));
/// assert!(ApplicationMetadata::EMPTY.with("Room", b"kitchen").is_err());
/// # Ok::<(), zmtp_core::wire::PropertyError>(())
/// ```
#[derive(Clone, Copy)]
pub struct ApplicationMetadata {
    encoded: [u8; Self::MAX_LEN],
    len: u16,
}

/// Why a property cannot be announced.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum PropertyError {
    /// The name does not begin with `X-`, is longer than 255 bytes, or has other characters than letters, digits and
    /// `-_.+`.
    Name,
    /// Another property has the name; upper and lower case are the same.
    Repeated,
    /// All properties together have more than [`ApplicationMetadata::MAX_LEN`] bytes.
    TooLong,
}

impl ApplicationMetadata {
    /// The most bytes of all properties, each with 5 bytes more than its name and value. Each
    /// [`Config`](crate::Config) has room for them.
    pub const MAX_LEN: usize = 512;

    /// No properties.
    pub const EMPTY: Self = Self { encoded: [0; Self::MAX_LEN], len: 0 };

    /// Adds a property.
    ///
    /// # Errors
    ///
    /// [`PropertyError`].
    pub fn with(mut self, name: &str, value: &[u8]) -> Result<Self, PropertyError> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte);
        let is_name = name.len() <= usize::from(u8::MAX)
            && name.as_bytes().get(..2).is_some_and(|start| start.eq_ignore_ascii_case(b"X-"))
            && name.bytes().all(legal);
        if !is_name {
            return Err(PropertyError::Name);
        }
        if self.properties().get(name).is_some() {
            return Err(PropertyError::Repeated);
        }
        let free = self.encoded.get_mut(usize::from(self.len)..).unwrap_or_default();
        let mut out = Writer::new(free);
        Property::emit(name, value, &mut out);
        let added = out.finish().map_err(|_| PropertyError::TooLong)?;
        let added = u16::try_from(added).map_err(|_| PropertyError::TooLong)?;
        self.len = self.len.wrapping_add(added);
        Ok(self)
    }

    /// The properties.
    pub fn properties(&self) -> Metadata<'_> {
        Metadata::checked(self.encoded())
    }

    /// The properties as they are sent.
    pub(crate) fn encoded(&self) -> &[u8] {
        self.encoded.get(..usize::from(self.len)).unwrap_or_default()
    }
}

impl fmt::Debug for ApplicationMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.properties()).finish()
    }
}

impl fmt::Display for PropertyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => {
                "the name of a property has up to 255 letters, digits and `-_.+`, and begins with `X-`"
            }
            Self::Repeated => "two properties have the same name",
            Self::TooLong => "the properties have more than 512 bytes",
        })
    }
}

impl core::error::Error for PropertyError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_encoded_in_their_order() {
        let metadata =
            ApplicationMetadata::EMPTY.with("X-a", b"1").unwrap().with("X-B", b"").unwrap();
        assert_eq!(metadata.encoded(), b"\x03X-a\0\0\0\x011\x03X-B\0\0\0\0");
        assert_eq!(metadata.properties().iter().count(), 2);
    }

    #[test]
    fn names_begin_with_x_and_occur_once() {
        let one = ApplicationMetadata::EMPTY.with("X-a", b"1").unwrap();
        assert_eq!(one.with("x-A", b"2").unwrap_err(), PropertyError::Repeated);
        let long = format!("X-{}", "a".repeat(254));
        for name in ["", "X", "Y-a", "Socket-Type", "Identity", "X-a b", "X-\u{e4}", &long] {
            let error = ApplicationMetadata::EMPTY.with(name, b"").unwrap_err();
            assert_eq!(error, PropertyError::Name, "{name:?}");
        }
    }

    #[test]
    fn properties_have_at_most_512_bytes() {
        let value = [7; ApplicationMetadata::MAX_LEN - 8];
        let full = ApplicationMetadata::EMPTY.with("X-a", &value).unwrap();
        assert_eq!(full.encoded().len(), ApplicationMetadata::MAX_LEN);
        assert_eq!(full.with("X-b", b"").unwrap_err(), PropertyError::TooLong);
        assert_eq!(
            ApplicationMetadata::EMPTY.with("X-ab", &value).unwrap_err(),
            PropertyError::TooLong
        );
    }
}
