//! Messages from and to JSON, the feature `json`.

use std::io;

use serde::de::Error as _;
use serde::{Deserialize, Serialize};

use super::Message;

/// Appends all bytes written to it to the last part of a message.
struct Body<'m>(&'m mut Message);

impl io::Write for Body<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.append(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Message {
    /// Creates a single-part message that contains a value as JSON (pyzmq's `send_json`). Only with the
    /// feature `json`.
    ///
    /// ```
    /// use serde::{Deserialize, Serialize};
    /// use zmtp_mio::Message;
    ///
    /// #[derive(Debug, Deserialize, PartialEq, Serialize)]
    /// struct Reading {
    ///     place: String,
    ///     degrees: f32,
    /// }
    ///
    /// let reading = Reading { place: "Oslo".into(), degrees: 4.5 };
    /// let message = Message::from_json(&reading)?;
    /// assert_eq!(message.text(), Ok(r#"{"place":"Oslo","degrees":4.5}"#));
    /// assert_eq!(message.json::<Reading>()?, reading);
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// An error of `serde_json` if the value cannot be serialized, for example a map whose keys are
    /// not strings.
    pub fn from_json<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        let mut message = Self::new();
        message.push_json(value)?;
        Ok(message)
    }

    /// Appends a part with a value as JSON. Only with the feature `json`.
    ///
    /// # Errors
    ///
    /// As [`Message::from_json`]. After an error the message has the same parts as before.
    pub fn push_json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), serde_json::Error> {
        let parts = self.part_count();
        self.begin_part();
        let result = serde_json::to_writer(Body(self), value);
        if result.is_err() {
            self.truncate(parts);
        }
        result
    }

    /// Deserializes a single-part message from JSON (pyzmq's `recv_json`). Strings in the value may
    /// borrow from the message. Only with the feature `json`.
    ///
    /// For one part of a multipart message, call `serde_json::from_slice` with that
    /// [part](Message::part).
    ///
    /// # Errors
    ///
    /// An error of `serde_json` if the message does not have exactly one part, or if that part is not
    /// JSON or not of this type.
    pub fn json<'m, T: Deserialize<'m>>(&'m self) -> Result<T, serde_json::Error> {
        let bytes = self.bytes().ok_or_else(|| {
            let n = self.part_count();
            serde_json::Error::custom(format_args!("the message has {n} parts instead of one"))
        })?;
        serde_json::from_slice(bytes)
    }
}
