//! TCP connections with `embedded-nal-async`.

use core::net::SocketAddr;

use embedded_nal_async::TcpConnect;

/// Establishes TCP connections to one address. The pause between attempts doubles up to a limit.
///
/// ```
/// use embedded_nal_async::TcpConnect;
/// use zmtp_core::Instant;
/// use zmtp_embedded::asynch::{Connector, Sub};
///
/// async fn run<'s, S: TcpConnect>(
///     mut sub: Sub<'_, S::Connection<'s>, 64>,
///     mut connector: Connector<'s, S>,
///     sleep: impl AsyncFn(u32),
///     now: impl Fn() -> Instant,
/// ) {
///     sub.subscribe(b"").ok();
///     loop {
///         // The network stack may have no socket for a second connection.
///         drop(sub.disconnect());
///         let stream = connector.connect(&sleep).await;
///         sub.connect(stream, now());
///         while let Ok(message) = sub.receive(&now).await {
///             let _ = message.first();
///             connector.reset();
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Connector<'s, S> {
    stack: &'s S,
    remote: SocketAddr,
    /// The pause before the next attempt, in milliseconds.
    pause: u32,
    longest: u32,
}

impl<'s, S: TcpConnect> Connector<'s, S> {
    /// The first pause in milliseconds (`ZMQ_RECONNECT_IVL`).
    pub const FIRST_PAUSE: u32 = 100;

    /// Creates a connector to `remote`, with pauses of 100 to 3,000 milliseconds.
    pub const fn new(stack: &'s S, remote: SocketAddr) -> Self {
        Self { stack, remote, pause: 0, longest: 3_000 }
    }

    /// Sets the longest pause in milliseconds (`ZMQ_RECONNECT_IVL_MAX`).
    #[must_use]
    pub const fn with_longest_pause(mut self, ms: u32) -> Self {
        self.longest = ms;
        self
    }

    /// Attempts to connect until an attempt succeeds. Before each attempt it calls `sleep` with the pause
    /// in milliseconds. There is no pause before the very first attempt, and before the first one after
    /// [`Connector::reset`].
    ///
    /// # Cancel safety
    ///
    /// The attempt is dropped. The pause before the next attempt doubles, as after a failed attempt.
    pub async fn connect(&mut self, sleep: impl AsyncFn(u32)) -> S::Connection<'s> {
        loop {
            let pause = self.pause;
            self.pause = pause.saturating_mul(2).max(Self::FIRST_PAUSE).min(self.longest);
            if pause > 0 {
                sleep(pause).await;
            }
            if let Ok(connection) = self.stack.connect(self.remote).await {
                return connection;
            }
        }
    }

    /// Removes the pause before the next attempt. Call this when a connection has succeeded: its handshake
    /// is complete, or a message has arrived.
    pub const fn reset(&mut self) {
        self.pause = 0;
    }
}
