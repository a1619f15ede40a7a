//! One frame of a message.

use core::ffi::CStr;
use std::{fmt, io, slice};

use super::error::check;
use super::{c_string, ffi};

/// A `zmq_msg_t`: one frame, which is sent on without being copied.
pub struct Frame(pub(super) ffi::Msg);

// SAFETY: a message belongs to one thread at a time, any one; the bytes it may share with other
// messages are counted atomically.
unsafe impl Send for Frame {}

impl Frame {
    /// An empty frame.
    pub fn new() -> Self {
        let mut msg = ffi::Msg::uninit();
        // SAFETY: memory of a message's size and alignment. Always succeeds.
        unsafe { ffi::zmq_msg_init(&raw mut msg) };
        Self(msg)
    }

    /// A frame with these bytes.
    ///
    /// # Errors
    ///
    /// Not enough memory.
    pub fn with_bytes(bytes: &[u8]) -> io::Result<Self> {
        let mut msg = ffi::Msg::uninit();
        let size = bytes.len();
        // SAFETY: memory of a message's size and alignment.
        check("zmq_msg_init_size", || unsafe { ffi::zmq_msg_init_size(&raw mut msg, size) })?;
        // SAFETY: the new message has `size` bytes of its own.
        unsafe {
            let to = ffi::zmq_msg_data(&raw const msg).cast::<u8>();
            to.copy_from_nonoverlapping(bytes.as_ptr(), size);
        }
        Ok(Self(msg))
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        // SAFETY: the message is initialised; its bytes stay while it is borrowed.
        unsafe {
            let size = ffi::zmq_msg_size(&raw const self.0);
            let data = ffi::zmq_msg_data(&raw const self.0).cast_const().cast::<u8>();
            if size == 0 { &[] } else { slice::from_raw_parts(data, size) }
        }
    }

    /// A property of the peer that sent the message, if it is text (`zmq_msg_gets(3)`).
    pub fn property(&self, name: &str) -> Option<String> {
        let name = c_string(name).ok()?;
        // SAFETY: the message is initialised, and the result, if there is one, is a C string of the message.
        unsafe {
            let value = ffi::zmq_msg_gets(&raw const self.0, name.as_ptr());
            (!value.is_null()).then(|| CStr::from_ptr(value).to_string_lossy().into_owned())
        }
    }

    /// The number of the peer that sent the message to a SERVER or PEER; 0 if there is none.
    pub fn routing_id(&self) -> u32 {
        // SAFETY: the message is initialised.
        unsafe { ffi::zmq_msg_routing_id(&raw const self.0) }
    }

    /// Sets the number of the peer that a SERVER or PEER sends the message to.
    ///
    /// # Errors
    ///
    /// The number is 0.
    pub fn set_routing_id(&mut self, id: u32) -> io::Result<()> {
        // SAFETY: the message is initialised.
        check("zmq_msg_set_routing_id", || unsafe {
            ffi::zmq_msg_set_routing_id(&raw mut self.0, id)
        })?;
        Ok(())
    }

    /// The group of a message for a DISH.
    pub fn group(&self) -> String {
        // SAFETY: the message is initialised, and the result is a C string of the message.
        unsafe {
            let group = ffi::zmq_msg_group(&raw const self.0);
            CStr::from_ptr(group).to_string_lossy().into_owned()
        }
    }

    /// Sets the group of a message of a RADIO.
    ///
    /// # Errors
    ///
    /// The group has more than 255 bytes.
    pub fn set_group(&mut self, group: &str) -> io::Result<()> {
        let group = c_string(group)?;
        // SAFETY: the message is initialised, and the C string outlives the call.
        check("zmq_msg_set_group", || unsafe {
            ffi::zmq_msg_set_group(&raw mut self.0, group.as_ptr())
        })?;
        Ok(())
    }

    /// Whether another frame of the same message follows, if this one was received.
    pub fn more(&self) -> bool {
        // SAFETY: the message is initialised.
        unsafe { ffi::zmq_msg_more(&raw const self.0) != 0 }
    }
}

impl Default for Frame {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        // SAFETY: the message is initialised, and empty after it was sent.
        unsafe { ffi::zmq_msg_close(&raw mut self.0) };
    }
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("bytes", &self.bytes()).field("more", &self.more()).finish()
    }
}
