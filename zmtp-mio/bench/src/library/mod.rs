//! Sockets of a library, and the loops that use them.

#[cfg(feature = "libzmq")]
mod libzmq;
mod loops;
mod ours;

#[cfg(feature = "libzmq")]
pub use libzmq::Libzmq;
pub use loops::Loops;
pub use ours::Ours;

use core::time::Duration;

use crate::Result;

/// The type of a socket.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the types of ZeroMQ")]
pub enum Kind {
    Req,
    Rep,
    Push,
    Pull,
    Dealer,
    Router,
    /// Waits for subscribers without room instead of dropping messages.
    Pub,
    Sub,
}

/// How long a wait of `Work::Spin` keeps a CPU busy.
pub const SPIN: Duration = Duration::from_micros(100);

/// A library with sockets. Nothing is set but what [`Kind`] names.
pub trait Library: Send + Sync + Sized + 'static {
    /// Its sockets.
    type Socket: Socket;

    /// Starts the library in this process.
    ///
    /// # Errors
    ///
    /// Those of the library.
    fn start() -> Result<Self>;

    /// Creates a socket. With `spins`, it keeps a CPU busy for up to [`SPIN`] before it sleeps, if the library has an
    /// option for that.
    ///
    /// # Errors
    ///
    /// Those of the library.
    fn open(&self, kind: Kind, spins: bool) -> Result<Self::Socket>;
}

/// A socket. Sends and receives wait without a limit.
pub trait Socket {
    /// Binds, and returns the endpoint to connect to.
    ///
    /// # Errors
    ///
    /// Those of the library.
    fn bind(&mut self, endpoint: &str) -> Result<String>;

    /// Connects, or begins to.
    ///
    /// # Errors
    ///
    /// Those of the library.
    fn connect(&mut self, endpoint: &str) -> Result;

    /// Subscribes a SUB.
    ///
    /// # Errors
    ///
    /// Those of the library.
    fn subscribe(&mut self, topic: &[u8]) -> Result;

    /// Sends a message of one part.
    ///
    /// # Errors
    ///
    /// Those of the library.
    fn send(&mut self, body: &[u8]) -> Result;

    /// Receives a message, and returns the bytes of its parts together.
    ///
    /// # Errors
    ///
    /// Those of the library.
    fn recv(&mut self) -> Result<usize>;

    /// Receives a message, and returns the number in its first 8 bytes, which is little-endian.
    ///
    /// # Errors
    ///
    /// Those of the library, and the message is shorter.
    fn recv_number(&mut self) -> Result<u64>;

    /// Receives a message and sends it back.
    ///
    /// # Errors
    ///
    /// Those of the library.
    fn echo(&mut self) -> Result;
}
