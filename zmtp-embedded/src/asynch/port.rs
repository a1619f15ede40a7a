//! How bytes move by `embedded-io-async`.
//!
//! Each `await` below is one read, write or flush of the IO, and what it moved is noted before the
//! next: no state lives in a future but how far a borrowed message has come.

use embedded_io_async::{Read, Write};
use zmtp_core::Instant;
use zmtp_core::mechanism::Mechanism;
#[cfg(feature = "chunks")]
use zmtp_core::wire::More;

use crate::error::Error;
use crate::kind::Rules;
use crate::link::{Step, Want};
use crate::port::{Cursor, Port, TooLarge};

/// Moves bytes, once.
pub(crate) async fn step<IO: Read + Write, M: Mechanism>(
    port: &mut Port<'_, IO, M>,
    step: Step,
) -> Result<(), Error<IO::Error>> {
    let Some(io) = &mut port.io else { return Err(Error::Closed) };
    match step {
        Step::Read => {
            let result = io.read(port.window.spare()).await;
            let n = port.link.moved(result)?;
            port.window.received(n);
        }
        Step::Write => {
            let result = io.write(port.out.waiting()).await;
            let n = port.link.moved(result)?;
            port.out.written(n);
        }
        _ => {
            let result = io.flush().await.map(|()| 1);
            if port.link.moved(result)? > 0 {
                port.out.unflushed = false;
            }
        }
    }
    Ok(())
}

/// Waits for what is wanted.
pub(crate) async fn wait<K: Rules, IO: Read + Write, M: Mechanism>(
    port: &mut Port<'_, IO, M>,
    kind: &mut K,
    want: Want,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    loop {
        match port.poll(kind, want, now())? {
            Step::Done => return Ok(()),
            due => step(port, due).await?,
        }
    }
}

/// Waits for an empty outbox and a flushed IO.
pub(crate) async fn flush<K: Rules, IO: Read + Write, M: Mechanism>(
    port: &mut Port<'_, IO, M>,
    kind: &mut K,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    loop {
        match port.poll_flush(kind, now())? {
            Step::Done => return Ok(()),
            due => step(port, due).await?,
        }
    }
}

/// Puts a message into the outbox, or, if it may be lent, what does not fit there into the IO.
pub(crate) async fn send<K: Rules, IO: Read + Write, M: Mechanism>(
    port: &mut Port<'_, IO, M>,
    kind: &mut K,
    parts: &[&[u8]],
    large: TooLarge,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    if !port.is_ready() {
        wait(port, kind, Want::Ready, now).await?;
    }
    let mut cursor = Cursor::default();
    loop {
        match port.poll_send(kind, parts, &mut cursor, large)? {
            Step::Done => return Ok(()),
            Step::Body => {
                let Some(io) = &mut port.io else { return Err(Error::Closed) };
                let result = io.write(cursor.body(parts)).await;
                cursor.wrote(port.link.moved(result)?);
                port.out.unflushed = true;
            }
            due => step(port, due).await?,
        }
    }
}

/// Begins a part that is sent in pieces.
#[cfg(feature = "chunks")]
pub(crate) async fn begin<K: Rules, IO: Read + Write, M: Mechanism>(
    port: &mut Port<'_, IO, M>,
    kind: &mut K,
    more: More,
    len: usize,
    now: &mut impl FnMut() -> Instant,
) -> Result<(), Error<IO::Error>> {
    loop {
        match port.poll_begin(kind, more, len, now())? {
            Step::Done => return Ok(()),
            due => step(port, due).await?,
        }
    }
}

/// Takes bytes of the part that was begun, at least one if there are any, and says how many.
#[cfg(feature = "chunks")]
pub(crate) async fn push<K: Rules, IO: Read + Write, M: Mechanism>(
    port: &mut Port<'_, IO, M>,
    kind: &mut K,
    bytes: &[u8],
) -> Result<usize, Error<IO::Error>> {
    loop {
        let n = port.push(kind, bytes)?;
        if n > 0 || bytes.is_empty() {
            return Ok(n);
        }
        step(port, Step::Write).await?;
    }
}
