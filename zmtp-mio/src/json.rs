//! Messages from and to JSON, the feature `json` (pyzmq's `send_json` and `recv_json`).

use std::io;

use serde::{Deserialize, Serialize};

use crate::message::Message;

/// Appends what is written to the message's last part.
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
    /// A message of one part, a value as JSON. Only with the feature `json`.
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
    /// What `serde_json` says: a map whose keys are no strings, or the value's own refusal.
    pub fn from_json<T: Serialize + ?Sized>(value: &T) -> Result<Self, serde_json::Error> {
        let mut message = Self::new();
        message.push_json(value)?;
        Ok(message)
    }

    /// Appends a part, a value as JSON. Only with the feature `json`.
    ///
    /// # Errors
    ///
    /// As [`Message::from_json`]; the part is there then, and incomplete.
    pub fn push_json<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), serde_json::Error> {
        self.begin_part();
        serde_json::to_writer(Body(self), value)
    }

    /// The value that the message's bytes are as JSON; text in it may be borrowed. Only with the
    /// feature `json`. Of a multipart message, give one [part](Message::part) to
    /// `serde_json::from_slice`.
    ///
    /// # Errors
    ///
    /// What `serde_json` says: no JSON, or not of that type.
    pub fn json<'m, T: Deserialize<'m>>(&'m self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(self.bytes())
    }
}
