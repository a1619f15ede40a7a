//! Steps of a call, and what a call waits for.

/// Whether messages may be larger than the buffers.
pub(crate) const CHUNKS: bool = cfg!(feature = "chunks");

/// The next step of the code that moves bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Step {
    /// Write bytes of the body that the call borrows.
    Body,
    /// Nothing: the call is complete.
    Done,
    /// Flush the IO.
    Flush,
    /// Read into the spare room of the window.
    Read,
    /// Write the bytes in the outbox.
    Write,
}

/// What a call waits for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Want {
    /// The next piece of a message.
    #[cfg(feature = "chunks")]
    Chunk,
    /// A complete message.
    Message,
    /// Nothing: it runs until the deadline.
    Nothing,
    /// The end of the handshake.
    Ready,
}

/// What happens to a message that does not fit the send buffer.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum TooLarge {
    /// It is sent in pieces, without a copy.
    Lend,
    /// It is refused.
    Refuse,
}
