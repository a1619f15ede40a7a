//! Queues between tasks and the owner of a PUB, SUB, PUSH, PULL or DEALER.

use core::cell::Cell;

use embassy_futures::select::{Either, Either3, select, select3};
use embassy_sync::blocking_mutex::Mutex;
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::channel::Channel;
use embedded_io_async::{Read, Write};
use zmtp_embedded::Message;
use zmtp_embedded::asynch::{Session, Socket};
use zmtp_embedded::kind;

use crate::connect::Pause;
use crate::packet::MAX_PARTS;
use crate::{Connect, Packet, TooLarge, now, sleep_until};

/// A queue of `N` messages to send, of up to `BYTES` bytes each. A `static` of this type is the handle that all tasks
/// share.
pub struct Outgoing<M: RawMutex, const BYTES: usize, const N: usize>(Channel<M, Packet<BYTES>, N>);

/// A queue of `N` messages that were received, of up to `BYTES` bytes each. A `static` of this type is the handle that
/// all tasks share; each message is received by one of them.
pub struct Incoming<M: RawMutex, const BYTES: usize, const N: usize> {
    queue: Channel<M, Packet<BYTES>, N>,
    dropped: Mutex<M, Cell<u32>>,
}

/// Why a message was not put into a queue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum QueueError {
    /// The queue is full.
    Full,
    /// The message has too many bytes or parts.
    TooLarge,
}

impl core::fmt::Display for QueueError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Full => f.write_str("queue is full"),
            Self::TooLarge => TooLarge.fmt(f),
        }
    }
}

impl core::error::Error for QueueError {}

impl<M: RawMutex, const BYTES: usize, const N: usize> Outgoing<M, BYTES, N> {
    /// An empty queue.
    #[expect(clippy::new_without_default, reason = "it is a static")]
    pub const fn new() -> Self {
        Self(Channel::new())
    }

    /// Waits for room and queues a message of these parts.
    ///
    /// # Errors
    ///
    /// [`TooLarge`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before completion, the message is not queued.
    pub async fn send(&self, parts: &[&[u8]]) -> Result<(), TooLarge> {
        self.0.send(Packet::new(parts.iter().copied())?).await;
        Ok(())
    }

    /// Queues a message of these parts, or fails at once.
    ///
    /// # Errors
    ///
    /// [`QueueError`].
    pub fn try_send(&self, parts: &[&[u8]]) -> Result<(), QueueError> {
        let packet = Packet::new(parts.iter().copied()).map_err(|_| QueueError::TooLarge)?;
        self.0.try_send(packet).map_err(|_| QueueError::Full)
    }
}

impl<M: RawMutex, const BYTES: usize, const N: usize> Incoming<M, BYTES, N> {
    /// An empty queue.
    #[expect(clippy::new_without_default, reason = "it is a static")]
    pub const fn new() -> Self {
        Self { queue: Channel::new(), dropped: Mutex::new(Cell::new(0)) }
    }

    /// Waits for a message.
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost.
    pub async fn receive(&self) -> Packet<BYTES> {
        self.queue.receive().await
    }

    /// A message, if there is one.
    pub fn try_receive(&self) -> Option<Packet<BYTES>> {
        self.queue.try_receive().ok()
    }

    /// The number of messages that were dropped: they were too large, or those of a SUB found the queue full.
    pub fn dropped(&self) -> u32 {
        self.dropped.lock(Cell::get)
    }

    fn count_dropped(&self) {
        self.dropped.lock(|dropped| dropped.set(dropped.get().saturating_add(1)));
    }

    /// The received message for the queue; `None` if it is too large.
    fn packet(&self, message: Message<'_>) -> Option<Packet<BYTES>> {
        Packet::new(message).inspect_err(|_| self.count_dropped()).ok()
    }
}

/// Owns a PUB: connects, performs the handshake, receives subscriptions, and publishes the messages of `outgoing`.
/// Connects again when the connection ends. Messages are dropped while there is no connection.
pub async fn publish<M: RawMutex, const TOPICS: usize, const BYTES: usize, const N: usize>(
    mut session: Session<'_, kind::Pub<TOPICS>>,
    mut connect: impl Connect,
    outgoing: &Outgoing<M, BYTES, N>,
) -> ! {
    let mut pause = Pause::new();
    loop {
        let connected = async {
            pause.wait().await;
            connect.connect().await
        };
        let dropped = async {
            loop {
                outgoing.0.receive().await;
            }
        };
        let Either::First(io) = select(connected, dropped).await;
        let Ok(io) = io else { continue };
        let mut socket = session.connect(io, now());
        loop {
            let deadline = sleep_until(socket.next_deadline());
            match select3(socket.serve(now), outgoing.0.receive(), deadline).await {
                Either3::Second(packet) => {
                    let mut slices = [&[][..]; MAX_PARTS];
                    let parts = packet.slices(&mut slices);
                    while !socket.is_closed() {
                        let deadline = sleep_until(socket.next_deadline());
                        if let Either::First(_) = select(socket.publish(parts, now), deadline).await
                        {
                            break;
                        }
                    }
                }
                Either3::First(_) | Either3::Third(()) => {}
            }
            if socket.is_ready() {
                pause.reset();
            }
            if socket.is_closed() {
                break;
            }
        }
    }
}

/// Owns a PUSH: connects, performs the handshake, and sends the messages of `outgoing`. Connects again when the
/// connection ends. Messages stay in the queue while there is no connection; one that was taken from the queue is lost
/// with its connection.
pub async fn push<M: RawMutex, const BYTES: usize, const N: usize>(
    mut session: Session<'_, kind::Push>,
    mut connect: impl Connect,
    outgoing: &Outgoing<M, BYTES, N>,
) -> ! {
    let mut pause = Pause::new();
    loop {
        pause.wait().await;
        let Ok(io) = connect.connect().await else { continue };
        let mut socket = session.connect(io, now());
        while !socket.is_closed() {
            let deadline = sleep_until(socket.next_deadline());
            if socket.is_ready() {
                pause.reset();
                if let Either3::Second(packet) =
                    select3(socket.serve(now), outgoing.0.receive(), deadline).await
                {
                    send(&mut socket, &packet).await;
                }
            } else {
                let _ = select(socket.handshake(now), deadline).await;
            }
        }
    }
}

/// Owns a SUB: connects, performs the handshake, and puts the messages into `incoming`. Connects again when the
/// connection ends, and sends the subscriptions of the session again. A message is dropped if the queue is full, as at
/// the high-water mark of a SUB.
pub async fn subscribe<M: RawMutex, const TOPICS: usize, const BYTES: usize, const N: usize>(
    session: Session<'_, kind::Sub<TOPICS>>,
    connect: impl Connect,
    incoming: &Incoming<M, BYTES, N>,
) -> ! {
    gather(session, connect, incoming, async |packet| {
        if incoming.queue.try_send(packet).is_err() {
            incoming.count_dropped();
        }
    })
    .await
}

/// Owns a PULL: connects, performs the handshake, and puts the messages into `incoming`. Connects again when the
/// connection ends. It does not read while the queue is full, so that the peer keeps the next messages; nor does it
/// answer PINGs then.
pub async fn pull<M: RawMutex, const BYTES: usize, const N: usize>(
    session: Session<'_, kind::Pull>,
    connect: impl Connect,
    incoming: &Incoming<M, BYTES, N>,
) -> ! {
    gather(session, connect, incoming, async |packet| incoming.queue.send(packet).await).await
}

/// Owns a socket that only receives. `put` puts a message into `incoming`.
async fn gather<M: RawMutex, K: kind::Receives, const BYTES: usize, const N: usize>(
    mut session: Session<'_, K>,
    mut connect: impl Connect,
    incoming: &Incoming<M, BYTES, N>,
    put: impl AsyncFn(Packet<BYTES>),
) -> ! {
    let mut pause = Pause::new();
    loop {
        pause.wait().await;
        let Ok(io) = connect.connect().await else { continue };
        let mut socket = session.connect(io, now());
        while !socket.is_closed() {
            let deadline = sleep_until(socket.next_deadline());
            if let Either::First(Ok(message)) = select(socket.receive(now), deadline).await
                && let Some(packet) = incoming.packet(message)
            {
                put(packet).await;
            }
            if socket.is_ready() {
                pause.reset();
            }
        }
    }
}

/// Owns a DEALER: [`push`] and [`pull`] in one. While `incoming` is full, it neither reads nor sends, and answers no
/// PINGs.
pub async fn deal<M: RawMutex, const BYTES: usize, const IN: usize, const OUT: usize>(
    mut session: Session<'_, kind::Dealer>,
    mut connect: impl Connect,
    incoming: &Incoming<M, BYTES, IN>,
    outgoing: &Outgoing<M, BYTES, OUT>,
) -> ! {
    let mut pause = Pause::new();
    loop {
        pause.wait().await;
        let Ok(io) = connect.connect().await else { continue };
        let mut socket = session.connect(io, now());
        while !socket.is_closed() {
            let deadline = sleep_until(socket.next_deadline());
            if !socket.is_ready() {
                let _ = select(socket.handshake(now), deadline).await;
                continue;
            }
            pause.reset();
            match select3(socket.receive(now), outgoing.0.receive(), deadline).await {
                Either3::First(Ok(message)) => {
                    if let Some(packet) = incoming.packet(message) {
                        incoming.queue.send(packet).await;
                    }
                }
                Either3::Second(packet) => send(&mut socket, &packet).await,
                Either3::First(Err(_)) | Either3::Third(()) => {}
            }
        }
    }
}

/// Queues a message in the send buffer. The next call that waits writes it.
async fn send<K: kind::Sends, IO: Read + Write, const BYTES: usize>(
    socket: &mut Socket<'_, K, IO>,
    packet: &Packet<BYTES>,
) {
    let mut slices = [&[][..]; MAX_PARTS];
    let parts = packet.slices(&mut slices);
    while !socket.is_closed() {
        let deadline = sleep_until(socket.next_deadline());
        if let Either::First(_) = select(socket.queue(parts, now), deadline).await {
            break;
        }
    }
}
