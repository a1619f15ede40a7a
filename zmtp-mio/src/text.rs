//! Messages as text (pyzmq's `send_string` and `recv_string`; `send` takes a `&str` or `String` as it
//! is).

use core::fmt;

use crate::error::Error;
use crate::message::Message;

/// A message that is not text: it is not UTF-8, or has not one part. Gives it back.
#[derive(Debug)]
pub struct NotText {
    /// The message.
    pub message: Box<Message>,
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.message.part_count() {
            1 => f.write_str("the message is not UTF-8"),
            n => write!(f, "the message has {n} parts, and text has one"),
        }
    }
}

impl core::error::Error for NotText {}

impl From<NotText> for Error {
    fn from(error: NotText) -> Self {
        Self::NotText(error)
    }
}

impl Message {
    /// The single part as text, without a copy if it is large.
    ///
    /// ```
    /// use zmtp_mio::Message;
    ///
    /// assert_eq!(Message::from("17 °C").into_string()?, "17 °C");
    /// let error = Message::from(b"\xff").into_string().unwrap_err();
    /// assert_eq!(error.message.bytes(), b"\xff");
    /// # Ok::<(), zmtp_mio::NotText>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`NotText`], with the message.
    pub fn into_string(self) -> Result<String, NotText> {
        if self.part_count() != 1 {
            return Err(NotText { message: Box::new(self) });
        }
        String::from_utf8(self.into_vec())
            .map_err(|error| NotText { message: Box::new(Self::from(error.into_bytes())) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_part_of_utf_8_is_text() {
        for text in ["", "x", &"long ".repeat(1_000)] {
            assert_eq!(Message::from(text).into_string().unwrap(), text);
        }
        for message in [Message::new(), Message::from_parts(["a", "b"]), Message::from(b"a\xffb")] {
            let back = message.clone().into_string().unwrap_err();
            assert_eq!(*back.message, message);
        }
        let error = Message::from_parts(["a", "b"]).into_string().unwrap_err();
        assert!(error.to_string().contains("2 parts"), "{error}");
    }
}
