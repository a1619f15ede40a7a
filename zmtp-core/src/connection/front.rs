//! What is in front of the input, said without a borrow.

/// What [`Connection::advance`](super::Connection::advance) found at the front of its input. The
/// caller may discard that: [`Connection::left`](super::Connection::left) says how much is behind it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Front {
    /// What it is.
    pub what: What,
    /// Bytes at its end that are what it is about: a body, a topic. Of [`What::NeedInput`]: bytes
    /// that are missing, or at least as many.
    pub payload: usize,
}

/// What bytes of the peer are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum What {
    /// The peer cancels a subscription to the payload. Only on PUB and XPUB.
    Cancel,
    /// The connection has failed; [`Connection::error`](super::Connection::error) says why.
    Failed,
    /// A message frame begins, whose header is
    /// [`Connection::frame`](super::Connection::frame). Its body, unless it is empty, comes in
    /// pieces.
    Frame,
    /// A command that means nothing here: the payload is its body.
    Ignored,
    /// Nothing more can be told from the input: append to what is left. `payload` says how many
    /// bytes are missing, or, while greetings and headers are not whole, how many at least.
    NeedInput,
    /// An answer is due and its slot is taken: write what
    /// [`Connection::poll_transmit`](super::Connection::poll_transmit) gives first.
    NeedTransmit,
    /// Bytes that the caller need not know of. What was due before may have changed.
    Nothing,
    /// The payload is bytes of the frame's body.
    Piece,
    /// The handshake is over: the payload is the peer's metadata, or the identity of one older
    /// than ZMTP 3.0.
    Ready,
    /// The peer refused us with an ERROR: the payload is its reason behind a byte that says how
    /// long it is. The connection has failed.
    Refused,
    /// The peer subscribes to the payload. Only on PUB and XPUB.
    Subscribe,
}

impl Front {
    pub(super) const FAILED: Self = Self::bare(What::Failed);

    /// So many bytes are missing.
    pub(super) const fn missing(payload: usize) -> Self {
        Self { what: What::NeedInput, payload }
    }

    pub(super) const fn bare(what: What) -> Self {
        Self { what, payload: 0 }
    }
}
