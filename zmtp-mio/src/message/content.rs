//! The content of a single-part message, as bytes and as text.

use core::fmt;
use core::str::Utf8Error;

use super::Message;

impl Message {
    /// Returns the bytes of a single-part message; `None` if the message has another number of
    /// parts.
    pub fn bytes(&self) -> Option<&[u8]> {
        (self.part_count() == 1).then(|| &self.storage.bytes()[self.start..])
    }

    /// Returns a single-part message as text.
    ///
    /// # Errors
    ///
    /// [`TextError::PartCount`] if the message has another number of parts, [`TextError::Utf8`] if
    /// its bytes are not UTF-8.
    pub fn text(&self) -> Result<&str, TextError> {
        let bytes = self.bytes().ok_or_else(|| TextError::PartCount(self.part_count()))?;
        str::from_utf8(bytes).map_err(TextError::Utf8)
    }

    /// Returns the bytes of a single-part message as a vector. A large message is not copied, unless
    /// its buffer is shared. Its bytes are moved to the front of the buffer if others are before them: those of parts
    /// that were removed, or of a large frame of CURVE.
    ///
    /// # Errors
    ///
    /// [`NotOnePart`] if the message has another number of parts. The error contains the message.
    pub fn into_vec(mut self) -> Result<Vec<u8>, NotOnePart> {
        if self.part_count() != 1 {
            return Err(NotOnePart { message: Box::new(self) });
        }
        let mut bytes = core::mem::take(&mut self.storage).into_vec();
        bytes.drain(..self.start);
        Ok(bytes)
    }

    /// Returns a single-part message as a string. A large message is not copied, unless its buffer
    /// is shared.
    ///
    /// ```
    /// use zmtp_mio::Message;
    ///
    /// assert_eq!(Message::from("17 °C").into_string()?, "17 °C");
    /// let error = Message::from(b"\xff").into_string().unwrap_err();
    /// assert_eq!(error.message.bytes(), Some(&b"\xff"[..]));
    /// # Ok::<(), zmtp_mio::NotText>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotText`] if the message does not have exactly one part, or is not UTF-8. The error contains the
    /// message.
    pub fn into_string(self) -> Result<String, NotText> {
        let properties = self.properties.clone();
        let bytes = self.into_vec().map_err(|NotOnePart { message }| NotText {
            error: TextError::PartCount(message.part_count()),
            message,
        })?;
        String::from_utf8(bytes).map_err(|error| NotText {
            error: TextError::Utf8(error.utf8_error()),
            message: Box::new(Self { properties, ..Self::from(error.into_bytes()) }),
        })
    }
}

/// Why a message is not text.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TextError {
    /// The message has this number of parts instead of one.
    PartCount(usize),
    /// The bytes are not UTF-8.
    Utf8(Utf8Error),
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PartCount(n) => write!(f, "the message has {n} parts instead of one"),
            Self::Utf8(_) => f.write_str("the message is not UTF-8"),
        }
    }
}

impl core::error::Error for TextError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::PartCount(_) => None,
            Self::Utf8(error) => Some(error),
        }
    }
}

/// The error of [`Message::into_string`], with the message.
#[derive(Debug)]
#[non_exhaustive]
pub struct NotText {
    /// The reason.
    pub error: TextError,
    /// The message.
    pub message: Box<Message>,
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl core::error::Error for NotText {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        self.error.source()
    }
}

/// The error of [`Message::into_vec`] for a message that does not have exactly one part.
#[derive(Debug)]
#[non_exhaustive]
pub struct NotOnePart {
    /// The message.
    pub message: Box<Message>,
}

impl fmt::Display for NotOnePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        TextError::PartCount(self.message.part_count()).fmt(f)
    }
}

impl core::error::Error for NotOnePart {}
