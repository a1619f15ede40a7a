//! Requests of several tasks through one REQ, and a REP with a handler.

use embassy_futures::select::{Either, Either3, select, select3};
use embassy_sync::blocking_mutex::raw::RawMutex;
use embassy_sync::channel::Channel;
use embassy_sync::mutex::Mutex;
use embassy_time::{Duration, Instant, with_deadline};
use embedded_io_async::{Read, Write};
use zmtp_embedded::asynch::{Req, Session};
use zmtp_embedded::{Error, Message, kind};

use crate::connect::Pause;
use crate::packet::MAX_PARTS;
use crate::{Connect, Packet, from_embassy, now, sleep_until};

/// Requests of up to `BYTES` bytes, which several tasks send in turn through one REQ. A `static` of this type is the
/// handle that all tasks share.
pub struct Requests<M: RawMutex, const BYTES: usize> {
    /// Locked by the task whose turn it is. The number of the last request.
    turn: Mutex<M, u32>,
    asked: Channel<M, Asked<BYTES>, 1>,
    answered: Channel<M, (u32, Answer<BYTES>), 1>,
}

type Answer<const BYTES: usize> = Result<Packet<BYTES>, RequestError>;

/// A request in the queue.
struct Asked<const BYTES: usize> {
    number: u32,
    deadline: Instant,
    packet: Packet<BYTES>,
}

/// Why a request has no reply.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum RequestError {
    /// The request was sent, but no reply arrived before the deadline or before the connection ended. The peer may
    /// have handled the request.
    NoReply,
    /// The deadline has passed before the request was sent. The peer does not have it.
    NotSent,
    /// The request or the reply has too many bytes or parts.
    TooLarge,
}

impl core::fmt::Display for RequestError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::NoReply => "no reply arrived",
            Self::NotSent => "request was not sent before the deadline",
            Self::TooLarge => "request or reply has too many bytes or parts",
        })
    }
}

impl core::error::Error for RequestError {}

impl<M: RawMutex, const BYTES: usize> Requests<M, BYTES> {
    /// No request yet.
    #[expect(clippy::new_without_default, reason = "it is a static")]
    pub const fn new() -> Self {
        Self { turn: Mutex::new(0), asked: Channel::new(), answered: Channel::new() }
    }

    /// Sends a request of these parts when it is its turn, and waits for the reply. `timeout` includes the time of
    /// earlier requests and the time without a connection.
    ///
    /// # Errors
    ///
    /// [`RequestError`].
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped before completion, the request may have been sent. Its reply is dropped.
    pub async fn request(&self, parts: &[&[u8]], timeout: Duration) -> Answer<BYTES> {
        let deadline = Instant::now() + timeout;
        let Ok(packet) = Packet::new(parts.iter().copied()) else {
            return Err(RequestError::TooLarge);
        };
        let Ok(mut last) = with_deadline(deadline, self.turn.lock()).await else {
            return Err(RequestError::NotSent);
        };
        *last = last.wrapping_add(1);
        let number = *last;
        // Those of a request whose future was dropped.
        self.asked.clear();
        self.answered.clear();
        self.asked.send(Asked { number, deadline, packet }).await;
        if let Ok(answer) = with_deadline(deadline, self.answer(number)).await {
            return answer;
        }
        if self.asked.try_receive().is_ok() {
            return Err(RequestError::NotSent);
        }
        // The owner has taken the request, and its deadline has passed too.
        self.answer(number).await
    }

    async fn answer(&self, number: u32) -> Answer<BYTES> {
        loop {
            match self.answered.receive().await {
                (answered, answer) if answered == number => return answer,
                _ => {}
            }
        }
    }
}

/// Owns a REQ: connects, performs the handshake, and sends the requests of the tasks. Connects again when the
/// connection ends, and after a request without a reply, because a serial line does not report its end.
pub async fn request<M: RawMutex, const BYTES: usize>(
    mut session: Session<'_, kind::Req>,
    mut connect: impl Connect,
    requests: &Requests<M, BYTES>,
) -> ! {
    let mut pause = Pause::new();
    loop {
        pause.wait().await;
        let Ok(io) = connect.connect().await else { continue };
        let mut req = session.connect(io, now());
        while !req.is_closed() {
            let deadline = sleep_until(req.next_deadline());
            if !req.is_ready() {
                let _ = select(req.handshake(now), deadline).await;
                continue;
            }
            pause.reset();
            // While no task has a request, the socket answers PINGs.
            if let Either3::Second(asked) =
                select3(req.serve(now), requests.asked.receive(), deadline).await
            {
                let answer = exchange(&mut req, &asked).await;
                let failed = matches!(answer, Err(RequestError::NoReply | RequestError::NotSent));
                let _ = requests.answered.try_send((asked.number, answer));
                if failed {
                    break;
                }
            }
        }
    }
}

/// Sends one request and receives its reply.
async fn exchange<IO: Read + Write, const BYTES: usize>(
    req: &mut Req<'_, IO>,
    asked: &Asked<BYTES>,
) -> Answer<BYTES> {
    let mut slices = [&[][..]; MAX_PARTS];
    let parts = asked.packet.slices(&mut slices);
    let until = from_embassy(asked.deadline);
    req.cancel_request();
    loop {
        let deadline = req.next_deadline().map_or(until, |next| next.min(until));
        match select(req.queue(parts, now), sleep_until(Some(deadline))).await {
            Either::First(Ok(())) => break,
            Either::First(Err(Error::SendBuffer)) => return Err(RequestError::TooLarge),
            Either::First(Err(_)) => return Err(RequestError::NotSent),
            Either::Second(()) if now() >= until => return Err(RequestError::NotSent),
            Either::Second(()) => {}
        }
    }
    loop {
        let deadline = req.next_deadline().map_or(until, |next| next.min(until));
        match select(req.receive(now), sleep_until(Some(deadline))).await {
            Either::First(Ok(reply)) => {
                return Packet::new(reply).map_err(|_| RequestError::TooLarge);
            }
            Either::First(Err(Error::ReceiveBuffer)) => return Err(RequestError::TooLarge),
            Either::First(Err(_)) => return Err(RequestError::NoReply),
            Either::Second(()) if now() >= until => return Err(RequestError::NoReply),
            Either::Second(()) => {}
        }
    }
}

/// Owns a REP: connects, performs the handshake, and replies to each request with the message that `handle` returns.
/// Connects again when the connection ends. A reply that does not fit the send buffer is replaced by an empty one. While
/// `handle` runs, the socket neither reads nor answers PINGs.
pub async fn reply<const BYTES: usize>(
    mut session: Session<'_, kind::Rep<1>>,
    mut connect: impl Connect,
    mut handle: impl AsyncFnMut(Message<'_>) -> Packet<BYTES>,
) -> ! {
    let mut pause = Pause::new();
    loop {
        pause.wait().await;
        let Ok(io) = connect.connect().await else { continue };
        let mut rep = session.connect(io, now());
        while !rep.is_closed() {
            let deadline = sleep_until(rep.next_deadline());
            let answer = match select(rep.receive(now), deadline).await {
                Either::First(Ok(request)) => Some(handle(request).await),
                _ => None,
            };
            if rep.is_ready() {
                pause.reset();
            }
            let Some(packet) = answer else { continue };
            let mut slices = [&[][..]; MAX_PARTS];
            let mut parts = packet.slices(&mut slices);
            while !rep.is_closed() {
                let deadline = sleep_until(rep.next_deadline());
                match select(rep.queue(parts, now), deadline).await {
                    Either::First(Err(Error::SendBuffer)) if !parts.is_empty() => parts = &[],
                    Either::First(_) => break,
                    Either::Second(()) => {}
                }
            }
        }
    }
}
