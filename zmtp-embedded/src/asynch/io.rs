//! Moving bytes with `embedded-io-async`.
//!
//! Each `await` below is one read, write or flush of the IO, whose result is stored before the next: the only
//! state in a future is the progress of a borrowed message.

use embedded_io_async::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;

use crate::error::Error;
use crate::kind::Kind;
use crate::send::Cursor;
use crate::socket_io::SocketIo;
use crate::step::TooLarge;
use crate::step::{Step, Want};

/// Moves bytes once.
pub(crate) async fn step<IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    step: Step,
) -> Result<(), Error<IO::Error>> {
    let Some(stream) = &mut io.stream else { return Err(Error::Closed) };
    match step {
        Step::Read => {
            let result = stream.read(io.window.spare()).await;
            let n = io.link.moved(result)?;
            io.window.received(n);
        }
        Step::Write => {
            let result = stream.write(io.out.pending()).await;
            let n = io.link.moved(result)?;
            io.out.written(n);
        }
        _ => {
            let result = stream.flush().await.map(|()| 1);
            if io.link.moved(result)? > 0 {
                io.out.unflushed = false;
            }
        }
    }
    Ok(())
}

/// Waits for the result of the call.
pub(crate) async fn wait<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    want: Want,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    loop {
        match io.poll(kind, want, now())? {
            Step::Done => return Ok(()),
            due => step(io, due).await?,
        }
    }
}

/// Writes the outbox and flushes the IO.
pub(crate) async fn flush<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    loop {
        match io.poll_flush(kind, now())? {
            Step::Done => return Ok(()),
            due => step(io, due).await?,
        }
    }
}

/// Puts a message into the outbox, or writes it to the IO if it does not fit and may be sent in pieces.
pub(crate) async fn send<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    parts: &[&[u8]],
    large: TooLarge,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    if !io.is_ready() {
        wait(io, kind, Want::Ready, now).await?;
    }
    let mut cursor = Cursor::default();
    loop {
        match io.poll_send(kind, parts, &mut cursor, large)? {
            Step::Done => return Ok(()),
            Step::Body => {
                let Some(stream) = &mut io.stream else { return Err(Error::Closed) };
                let result = stream.write(cursor.body(parts)).await;
                cursor.wrote(io.link.moved(result)?);
                io.out.unflushed = true;
            }
            due => step(io, due).await?,
        }
    }
}

/// Begins a part that is sent in pieces.
#[cfg(feature = "chunks")]
pub(crate) async fn begin<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    more: More,
    len: usize,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    loop {
        match io.poll_begin(kind, more, len, now())? {
            Step::Done => return Ok(()),
            due => step(io, due).await?,
        }
    }
}

/// Puts bytes of the current part into the outbox, at least one if there are any. Returns the number.
#[cfg(feature = "chunks")]
pub(crate) async fn push<K: Kind, IO: Read + Write, M: Mechanism>(
    io: &mut SocketIo<'_, IO, M>,
    kind: &mut K,
    bytes: &[u8],
) -> Result<usize, Error<IO::Error>> {
    loop {
        let n = io.push(kind, bytes)?;
        if n > 0 || bytes.is_empty() {
            return Ok(n);
        }
        step(io, Step::Write).await?;
    }
}
