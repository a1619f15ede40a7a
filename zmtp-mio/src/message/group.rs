//! The group of a message of RADIO and DISH.

use zmtp_core::wire::{Group, GroupError};

use super::Message;

impl Message {
    /// Returns the group (`zmq_msg_group`): the name of the group that a RADIO sends the message to, or that a DISH has
    /// received it from. Empty if none is set. The group is not a part of the message.
    pub fn group(&self) -> &[u8] {
        &self.storage.bytes()[self.start - usize::from(self.group_len)..self.start]
    }

    /// Sets the group that a RADIO sends the message to (`zmq_msg_set_group`). The bytes of the message are moved. A message
    /// without parts gets an empty part.
    ///
    /// ```
    /// use zmtp_mio::Message;
    ///
    /// let mut message = Message::from("it rains");
    /// message.set_group("news")?;
    /// assert_eq!((message.group(), message.text()), (&b"news"[..], Ok("it rains")));
    /// # Ok::<(), zmtp_mio::GroupError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`GroupError`] if the name has more than 255 bytes, or one of them is 0. Then nothing changes.
    pub fn set_group(&mut self, group: impl AsRef<[u8]>) -> Result<(), GroupError> {
        let group = Group::new(group.as_ref())?;
        if !self.has_parts {
            self.push(b"");
        }
        self.push_front(group.bytes());
        self.take_group();
        Ok(())
    }

    /// Converts the first part, which has up to 255 bytes, into the group.
    pub(crate) fn take_group(&mut self) {
        let Some(len) = self.part(0).and_then(|group| u8::try_from(group.len()).ok()) else {
            return;
        };
        if self.part_count() > 1 {
            self.remove_front(1);
            self.group_len = len;
        }
    }

    /// Converts the group into the first part.
    pub(crate) fn show_group(&mut self) {
        let end = self.start;
        self.start -= usize::from(core::mem::take(&mut self.group_len));
        self.ends.push_front(end, 0);
    }
}
