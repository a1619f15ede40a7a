//! One ZMTP connection over a blocking byte stream.

use embedded_io::{Error as _, ErrorKind, Read, Write};
use zmtp_core::wire::{FrameHeader, More};
use zmtp_core::{Config, Connection, Decoded, Event, Instant, Null, PeerInfo, SendError};

use crate::error::Error;
use crate::window::Window;
use crate::write::{Gather, write_all};

/// A ZMTP link (NULL mechanism) over an `IO`: a UART, a TCP socket, anything that reads and writes.
///
/// It owns the IO and the connection's state and borrows settings and receive buffer. The buffer
/// must hold the largest command the peer may send, at least its READY; bodies of messages come in
/// chunks and may be larger. 128 octets do for peers without routing ids and long topics.
///
/// Time is an argument. Reads block as long as the IO lets them: an IO whose `read` never gives up
/// makes deadlines wait for the next octet. Errors of kind `TimedOut` from `read` count as "nothing
/// came", those of kind `Interrupted` are retried, any other ends the link, because octets may be
/// lost with it.
#[derive(Debug)]
pub struct Link<'b, IO> {
    io: IO,
    connection: Connection<Null, &'b Config>,
    window: Window<'b>,
    /// Decoding asked for more octets.
    hungry: bool,
    /// The stream ended, or may have lost octets.
    closed: bool,
}

/// Octets of a message frame's body, consumed but still in place.
pub(crate) struct Piece {
    pub(crate) header: FrameHeader,
    pub(crate) len: usize,
    pub(crate) first: bool,
    pub(crate) last: bool,
}

impl<'b, IO: Read + Write> Link<'b, IO> {
    /// A link over a transport that has just been established. The handshake must be over within
    /// [`Limits::handshake_timeout`](zmtp_core::Limits) of `now`.
    pub fn new(io: IO, config: &'b Config, buffer: &'b mut [u8], now: Instant) -> Self {
        let connection = Connection::new(Null::new(), config, now);
        Self { io, connection, window: Window::new(buffer), hungry: true, closed: false }
    }

    /// Greets the peer and exchanges READY with it; `now` is asked before each read.
    ///
    /// # Errors
    ///
    /// Any [`Error`], among them the handshake's timeout; the link is of no use then.
    pub fn handshake(
        &mut self,
        mut now: impl FnMut() -> Instant,
    ) -> Result<PeerInfo, Error<IO::Error>> {
        loop {
            if let Some(peer) = self.connection.peer() {
                self.transmit()?;
                return Ok(peer);
            }
            self.next(now())?;
        }
    }

    /// Writes what the connection itself has to say, reads at most once, and returns the next
    /// event; `None` if there is none yet, so call again.
    ///
    /// # Errors
    ///
    /// Any [`Error`]. After one the link is of no use, except to try again when its kind says so.
    pub fn next(&mut self, now: Instant) -> Result<Option<Event<'_>>, Error<IO::Error>> {
        self.window.forget();
        self.step(now)
    }

    /// Sends a message of these parts, in one write if the free part of the receive buffer takes
    /// it; a body that does not fit there is written from where it is. No parts are no message.
    ///
    /// # Errors
    ///
    /// [`Error::NotReady`] before the handshake is over. Any other error ends the link.
    pub fn send(&mut self, parts: &[&[u8]]) -> Result<(), Error<IO::Error>> {
        self.transmit()?;
        let Some((last, others)) = parts.split_last() else { return Ok(()) };
        let mut out = Gather::new(&mut self.io, self.window.spare());
        let followed = others.iter().map(|part| (More::Follows, part));
        for (more, part) in followed.chain([(More::Last, last)]) {
            let header = match self.connection.begin_frame(more, part.len() as u64) {
                Ok(header) => header,
                Err(SendError::Failed(error)) => return Err(error.into()),
                Err(_) => return Err(Error::NotReady),
            };
            let written = out.put(header.as_ref()).and_then(|()| out.put(part));
            written.inspect_err(|_| self.closed = true)?;
        }
        out.finish().inspect_err(|_| self.closed = true)
    }

    /// Whether messages may be sent.
    pub fn is_ready(&self) -> bool {
        !self.closed && self.connection.is_ready()
    }

    /// Who the peer is, once its READY has come.
    pub const fn peer(&self) -> Option<PeerInfo> {
        self.connection.peer()
    }

    /// Gives the IO back, for instance to connect anew.
    pub fn into_io(self) -> IO {
        self.io
    }

    /// [`Link::next`] that leaves the kept octets where they are.
    fn step(&mut self, now: Instant) -> Result<Option<Event<'_>>, Error<IO::Error>> {
        self.connection.handle_timeout(now)?;
        self.transmit()?;
        if self.hungry && !self.read()? {
            return Ok(None);
        }
        let (mut input, start) = self.window.pending();
        let decoded = self.connection.decode(now, &mut input);
        *start = start.saturating_add(input.consumed());
        match decoded {
            Ok(Decoded::Event(event)) => Ok(Some(event)),
            Ok(Decoded::NeedInput) => {
                self.hungry = true;
                Ok(None)
            }
            Ok(Decoded::NeedTransmit) => Ok(None),
            Err(error) => {
                // The peer may be owed a reason. That it does not get it changes nothing here.
                let _ = transmit(&mut self.io, &mut self.connection);
                Err(error.into())
            }
        }
    }

    /// The next piece of a message, with its octets ready to be kept; other events are dropped.
    pub(crate) fn piece(&mut self, now: Instant) -> Result<Option<Piece>, Error<IO::Error>> {
        Ok(match self.step(now)? {
            Some(Event::Chunk(chunk)) => Some(Piece {
                header: chunk.header(),
                len: chunk.octets().len(),
                first: chunk.is_first(),
                last: chunk.is_last(),
            }),
            _ => None,
        })
    }

    pub(crate) const fn window(&mut self) -> &mut Window<'b> {
        &mut self.window
    }

    /// One read; `false` if nothing came in the time that the IO allows itself.
    fn read(&mut self) -> Result<bool, Error<IO::Error>> {
        let spare = self.window.spare();
        if spare.is_empty() {
            return Err(Error::BufferTooSmall { needed: self.needed() });
        }
        loop {
            let result = self.io.read(spare);
            match result {
                Ok(0) => {
                    self.closed = true;
                    return Err(Error::Closed);
                }
                Ok(n) => {
                    self.window.received(n);
                    self.hungry = false;
                    return Ok(true);
                }
                Err(error) => match error.kind() {
                    ErrorKind::Interrupted => {}
                    ErrorKind::TimedOut => return Ok(false),
                    _ => {
                        self.closed = true;
                        return Err(Error::Io(error));
                    }
                },
            }
        }
    }

    /// Octets of the command in front, which fills the buffer and is not whole.
    fn needed(&mut self) -> usize {
        match FrameHeader::parse(self.window.pending().0.rest()) {
            Ok(Some((header, header_len))) => {
                usize::try_from(header.len()).unwrap_or(usize::MAX).saturating_add(header_len)
            }
            _ => FrameHeader::MAX_LEN,
        }
    }

    fn transmit(&mut self) -> Result<(), Error<IO::Error>> {
        if self.closed {
            return Err(Error::Closed);
        }
        transmit(&mut self.io, &mut self.connection).inspect_err(|_| self.closed = true)
    }
}

/// Octets of the longest thing a connection says: READY with a routing id of 255 octets takes 306.
const LONGEST: usize = 320;

/// Writes what the connection itself has to say.
fn transmit<IO: Write>(
    io: &mut IO,
    connection: &mut Connection<Null, &Config>,
) -> Result<(), Error<IO::Error>> {
    // 64 octets take all but a READY with a long routing id, so the stack is spared the rest.
    if transmit_through::<64, _>(io, connection)? || transmit_through::<LONGEST, _>(io, connection)?
    {
        Ok(())
    } else {
        Err(Error::NotReady)
    }
}

/// [`transmit`] through a buffer of `N` octets; `false` if it is too small for something.
#[inline(never)]
fn transmit_through<const N: usize, IO: Write>(
    io: &mut IO,
    connection: &mut Connection<Null, &Config>,
) -> Result<bool, Error<IO::Error>> {
    let mut out = [0; N];
    let mut written = false;
    loop {
        match connection.poll_transmit(&mut out) {
            Ok(0) => break,
            Ok(n) => write_all(io, out.get(..n).unwrap_or_default())?,
            Err(_) => return Ok(false),
        }
        written = true;
    }
    if written {
        io.flush().map_err(Error::Io)?;
    }
    Ok(true)
}
