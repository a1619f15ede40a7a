//! Connections by `embedded-nal-async`, made again and again.

use core::net::SocketAddr;

use embedded_nal_async::TcpConnect;

/// Makes TCP connections to one address, with pauses that double from one to the next: the time to
/// reconnect to a peer that is down is bounded, and so is what asking costs it.
///
/// ```
/// use embedded_nal_async::TcpConnect;
/// use zmtp_core::Instant;
/// use zmtp_embedded::asynch::{Dialer, Sub};
///
/// async fn run<'s, S: TcpConnect>(
///     mut sub: Sub<'_, S::Connection<'s>, 64>,
///     mut dialer: Dialer<'s, S>,
///     sleep: impl AsyncFn(u32),
///     now: impl Fn() -> Instant,
/// ) {
///     sub.subscribe(b"").ok();
///     loop {
///         let stream = dialer.connect(&sleep).await;
///         drop(sub.connect(stream, now()));
///         while let Ok(message) = sub.receive(&now).await {
///             let _ = message.first();
///             dialer.settled();
///         }
///     }
/// }
/// ```
#[derive(Debug)]
pub struct Dialer<'s, S> {
    stack: &'s S,
    remote: SocketAddr,
    /// Milliseconds to wait before the next try.
    pause: u32,
    longest: u32,
}

impl<'s, S: TcpConnect> Dialer<'s, S> {
    /// The first pause, in milliseconds (`ZMQ_RECONNECT_IVL`).
    pub const FIRST_PAUSE: u32 = 100;

    /// Who connects to `remote`, with pauses of up to 3,000 milliseconds.
    pub const fn new(stack: &'s S, remote: SocketAddr) -> Self {
        Self { stack, remote, pause: 0, longest: 3_000 }
    }

    /// Sets the longest pause in milliseconds (`ZMQ_RECONNECT_IVL_MAX`).
    #[must_use]
    pub const fn with_longest_pause(mut self, ms: u32) -> Self {
        self.longest = ms;
        self
    }

    /// Tries until there is a connection. Waits before each try but the first of all and the first
    /// after [`Dialer::settled`], with `sleep`, which is told milliseconds.
    ///
    /// # Cancel safety
    ///
    /// The connection under way is dropped, and the pause grows as if it had failed.
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

    /// The last connection was worth it: a handshake succeeded, or a message came. The next one is
    /// made without a pause.
    pub const fn settled(&mut self) {
        self.pause = 0;
    }
}
