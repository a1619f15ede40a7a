//! How the owner of a socket gets its next IO.

use embassy_futures::select::{Either, select};
use embassy_time::{Duration, Instant, Timer};
use embedded_io_async::{Read, Write};

/// Establishes the IO of the next connection, such as a TCP connection or a serial line. The last one was dropped.
#[expect(async_fn_in_trait, reason = "the tasks of embassy run on one thread")]
pub trait Connect {
    /// The IO. It may borrow buffers or a driver from `self`.
    type Io<'c>: Read + Write
    where
        Self: 'c;

    /// The error of an attempt.
    type Error;

    /// Makes one attempt. The owner of the socket pauses between attempts.
    ///
    /// # Errors
    ///
    /// The attempt has failed.
    async fn connect(&mut self) -> Result<Self::Io<'_>, Self::Error>;
}

/// The pauses between attempts: none before the first one, then 100 milliseconds, doubled up to 3 seconds
/// (`ZMQ_RECONNECT_IVL`, `ZMQ_RECONNECT_IVL_MAX`).
#[derive(Debug)]
pub(crate) struct Pause(Duration);

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(3);

impl Pause {
    pub(crate) const fn new() -> Self {
        Self(Duration::from_ticks(0))
    }

    /// Waits before an attempt, and doubles the next pause.
    pub(crate) async fn wait(&mut self) {
        let pause = self.0;
        self.0 = (pause + pause).max(FIRST).min(LONGEST);
        if pause.as_ticks() > 0 {
            Timer::after(pause).await;
        }
    }

    /// A connection has succeeded.
    pub(crate) const fn reset(&mut self) {
        self.0 = FIRST;
    }
}

/// A serial line. Before each connection, both ends are silent, so that the other end detects a new connection.
#[derive(Debug)]
pub struct SerialLine<U> {
    uart: U,
    silence: Duration,
}

impl<U: Read + Write> SerialLine<U> {
    /// A line with 60 milliseconds of silence before each connection; `zmtp bridge` needs 50.
    pub const fn new(uart: U) -> Self {
        Self { uart, silence: Duration::from_millis(60) }
    }

    /// Sets the silence before a connection.
    #[must_use]
    pub const fn with_silence(mut self, silence: Duration) -> Self {
        self.silence = silence;
        self
    }
}

impl<U: Read + Write> Connect for SerialLine<U> {
    type Io<'c>
        = &'c mut U
    where
        U: 'c;
    type Error = core::convert::Infallible;

    async fn connect(&mut self) -> Result<&mut U, Self::Error> {
        wait_for_silence(&mut self.uart, self.silence).await;
        Ok(&mut self.uart)
    }
}

/// Reads and discards bytes until none has arrived for `silence`, and at most for ten times as long. Call it with a
/// serial line after a connection has ended, before the next one.
pub async fn wait_for_silence(io: &mut impl Read, silence: Duration) {
    let end = Instant::now() + silence * 10;
    while Instant::now() < end {
        let mut bytes = [0; 32];
        match select(io.read(&mut bytes), Timer::after(silence)).await {
            Either::First(Ok(1..)) => {}
            // An error of the line, such as a framing error, is no silence.
            Either::First(_) => Timer::after(Duration::from_millis(1)).await,
            Either::Second(()) => return,
        }
    }
}
