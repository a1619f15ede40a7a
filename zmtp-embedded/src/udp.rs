//! RADIO and DISH over UDP, for any network stack: each message is one datagram (RFC 48).
//!
//! There is no connection and no handshake: a [`Radio`] sends its messages to an address, which may be that of a
//! multicast group, and a [`Dish`] delivers those of the groups that it joined. Messages may be lost. The format is
//! that of libzmq, see [`Datagram`]: an endpoint `udp://…` of a libzmq with drafts, or of
//! `zmtp-mio`, is the other end.
//!
//! ```
//! use zmtp_embedded::udp::{Dish, Error, Radio, Udp};
//! use zmtp_embedded::zmtp_core::wire::Group;
//!
//! /// Sends a measurement.
//! fn measure<S: Udp>(radio: &mut Radio<'_, S>, value: &[u8]) -> Result<(), Error<S::Error>> {
//!     radio.send(Group::new(b"temperature").unwrap_or(Group::EMPTY), value)
//! }
//!
//! /// Shows all measurements that have arrived.
//! fn show<S: Udp>(dish: &mut Dish<'_, S, 64>, mut show: impl FnMut(&[u8])) -> Result<(), S::Error> {
//!     while let Some(message) = dish.try_receive()? {
//!         show(message.body);
//!     }
//!     Ok(())
//! }
//! ```

use zmtp_core::pattern::{FixedSubscriptions, JoinError, JoinedGroups as _, Subscriptions as _};
use zmtp_core::wire::{Datagram, DatagramError, Group};

/// A UDP socket of a network stack. Its local and its remote address are set up, and multicast groups are joined, with
/// the calls of the stack.
pub trait Udp {
    /// The error of the stack.
    type Error;

    /// Sends a datagram, or drops it if there is no room for it.
    ///
    /// # Errors
    ///
    /// The error of the stack.
    fn send(&mut self, datagram: &[u8]) -> Result<(), Self::Error>;

    /// Receives a datagram, if one has arrived: copies it to the front of `buffer` and returns its length in bytes. If
    /// `buffer` is too small, the rest of the datagram is dropped; the length is then that of `buffer`, or that of the
    /// datagram.
    ///
    /// # Errors
    ///
    /// The error of the stack.
    fn receive(&mut self, buffer: &mut [u8]) -> Result<Option<usize>, Self::Error>;
}

/// Why a message is not sent. `E` is the error of the network stack.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum Error<E> {
    /// The message cannot be a datagram, or does not fit the buffer.
    Datagram(DatagramError),
    /// The network stack returned an error.
    Io(E),
}

impl<E: core::fmt::Display> core::fmt::Display for Error<E> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Datagram(error) => error.fmt(f),
            Self::Io(error) => write!(f, "output failed: {error}"),
        }
    }
}

impl<E: core::error::Error> core::error::Error for Error<E> {}

/// RADIO over UDP. It sends every message, whether or not a DISH joined its group.
#[derive(Debug)]
pub struct Radio<'b, S> {
    socket: S,
    buffer: &'b mut [u8],
}

impl<'b, S: Udp> Radio<'b, S> {
    /// Creates a RADIO. The buffer needs room for the group and the body of a message and 1 byte.
    pub const fn new(socket: S, buffer: &'b mut [u8]) -> Self {
        Self { socket, buffer }
    }

    /// Sends a message of a group. It is lost if the network or the receiver has no room for it.
    ///
    /// # Errors
    ///
    /// [`Error::Datagram`] if the group has more than 127 bytes, or the message does not fit a datagram of 8,192 bytes
    /// or the buffer; [`Error::Io`].
    pub fn send(&mut self, group: Group<'_>, body: &[u8]) -> Result<(), Error<S::Error>> {
        let datagram = Datagram { group, body };
        let len = datagram.write(self.buffer).map_err(Error::Datagram)?;
        let bytes = self.buffer.get(..len).unwrap_or_default();
        self.socket.send(bytes).map_err(Error::Io)
    }

    /// The UDP socket.
    pub const fn socket(&mut self) -> &mut S {
        &mut self.socket
    }
}

/// The most datagrams that one call of [`Dish::try_receive`] drops.
const MOST_DROPPED: usize = 32;

/// DISH over UDP. The table of groups has `GROUPS` bytes; each group takes its length and 4.
#[derive(Debug)]
pub struct Dish<'b, S, const GROUPS: usize> {
    socket: S,
    buffer: &'b mut [u8],
    groups: FixedSubscriptions<GROUPS>,
    malformed: u16,
}

impl<'b, S: Udp, const GROUPS: usize> Dish<'b, S, GROUPS> {
    /// Creates a DISH in no group. The buffer needs room for the longest message that is sent to it: its group, its
    /// body and 1 byte; and 1 byte more, so that a longer one is recognised and dropped.
    pub const fn new(socket: S, buffer: &'b mut [u8]) -> Self {
        Self { socket, buffer, groups: FixedSubscriptions::new(), malformed: 0 }
    }

    /// Joins a group: its messages are received from then on. Nothing is sent.
    ///
    /// # Errors
    ///
    /// [`JoinError::Joined`] if the socket is in the group already; [`JoinError::NoRoom`] if the table is full.
    pub fn join(&mut self, group: Group<'_>) -> Result<(), JoinError> {
        self.groups.join(group.bytes())
    }

    /// Leaves a group. Returns `false` if the socket is not in it.
    pub fn leave(&mut self, group: Group<'_>) -> bool {
        self.groups.remove(group.bytes())
    }

    /// Returns the next message of a joined group that has arrived; `None` if there is none. Datagrams of other groups,
    /// malformed ones, and those that fill the buffer or are longer, are dropped: at most 32 in one call, which then
    /// returns `None`, so that a flood of them does not hold the program.
    ///
    /// # Errors
    ///
    /// The error of the network stack.
    pub fn try_receive(&mut self) -> Result<Option<Datagram<'_>>, S::Error> {
        for _ in 0..MOST_DROPPED {
            let Some(len) = self.socket.receive(self.buffer)? else { break };
            // A datagram that fills the buffer may be longer.
            let whole = self.buffer.get(..len).filter(|_| len < self.buffer.len());
            match whole.map(Datagram::parse) {
                Some(Ok(message)) if self.groups.contains(message.group.bytes()) => {
                    return Ok(Datagram::parse(self.buffer.get(..len).unwrap_or_default()).ok());
                }
                Some(Ok(_)) => {}
                _ => self.malformed = self.malformed.saturating_add(1),
            }
        }
        Ok(None)
    }

    /// The number of datagrams that were dropped because they were malformed or did not fit, at most 65,535.
    pub const fn malformed(&self) -> u16 {
        self.malformed
    }

    /// The UDP socket.
    pub const fn socket(&mut self) -> &mut S {
        &mut self.socket
    }
}
