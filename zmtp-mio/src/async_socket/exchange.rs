//! The operations: sending, receiving, and waiting for peers.

use core::time::Duration;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use core::future::poll_fn;
use core::task::{Context as Task, Poll, Waker};

use super::{AsyncSocket, BURST, Operation, deadline_in};
use crate::engine::Side;
use crate::error::{Error, SendError};
use crate::exchange;
use crate::message::{IntoMessage, Message};
use crate::monitor::Event;
use crate::options::Linger;
use crate::socket::kind::{self, CanReceive, CanSend, Kind, Publishes};
use crate::{Socket, UnsentMessages, signals};

/// Receiving.
impl<K: CanReceive> AsyncSocket<K> {
    /// Receives the next message.
    ///
    /// # Errors
    ///
    /// As [`Socket::recv`].
    pub async fn recv(&mut self) -> Result<Message, Error> {
        loop {
            if let Some(message) = self.recv_until(None).await? {
                return Ok(message);
            }
        }
    }

    /// Receives the next message; `None` if none arrives within `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Socket::recv_timeout`].
    pub async fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Message>, Error> {
        self.recv_until(deadline_in(timeout)).await
    }

    async fn recv_until(&mut self, deadline: Option<Instant>) -> Result<Option<Message>, Error> {
        let mut operation = Operation(self, Side::Receive);
        operation.until(deadline, try_recv).await
    }
}

/// Receives without waiting.
pub(super) fn try_recv<K: Kind>(socket: &mut Socket<K>) -> Result<Option<Message>, Error> {
    exchange::recv(socket.engine(), Some(Duration::ZERO))
}

/// Sends without waiting. Afterwards the message is empty if it was sent.
pub(super) fn try_send<K: Kind>(
    socket: &Socket<K>,
    message: &mut Message,
) -> Result<Option<()>, Error> {
    match exchange::send(socket.engine(), message, Some(Duration::ZERO)) {
        Ok(()) => {
            core::mem::take(message).discard();
            Ok(Some(()))
        }
        Err(Error::WouldBlock) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Sending.
impl<K: CanSend> AsyncSocket<K> {
    /// Sends a message as [`Socket::send`]. It waits when that call waits, and, for REQ, also while the queue of the peer
    /// is full.
    ///
    /// # Errors
    ///
    /// As [`Socket::send`].
    pub async fn send(&mut self, message: impl IntoMessage) -> Result<(), SendError> {
        self.send_until(message, None).await
    }

    /// As [`Self::send`], and waits up to `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Socket::send_timeout`].
    pub async fn send_timeout(
        &mut self,
        message: impl IntoMessage,
        timeout: Duration,
    ) -> Result<(), SendError> {
        self.send_until(message, deadline_in(timeout)).await
    }

    async fn send_until(
        &mut self,
        message: impl IntoMessage,
        deadline: Option<Instant>,
    ) -> Result<(), SendError> {
        match self.send_accepted(deadline).await {
            Ok(true) => {}
            Ok(false) => return Err(SendError::new(Error::WouldBlock, message)),
            Err(error) => return Err(SendError::new(error, message)),
        }
        let mut message = match self.try_send_value(message) {
            Ok(()) => return Ok(()),
            Err(SendError { error: Error::WouldBlock, message }) => *message,
            Err(error) => return Err(error),
        };
        let mut operation = Operation(self, Side::Send);
        let sent = operation.until(deadline, |socket| try_send(socket, &mut message)).await;
        match sent {
            Ok(Some(())) => Ok(()),
            Ok(None) => Err(SendError::new(Error::WouldBlock, message)),
            Err(error) => Err(SendError::new(error, message)),
        }
    }

    /// Sends from the memory of the caller, if that is possible at once.
    fn try_send_value(&mut self, message: impl IntoMessage) -> Result<(), SendError> {
        if self.burst >= BURST {
            return Err(SendError::new(Error::WouldBlock, message));
        }
        exchange::send_value(self.engine(), message, Some(Duration::ZERO))?;
        self.burst += 1;
        Ok(())
    }

    /// Sends the message that a `Sink` has accepted, if there is one. Returns `false` after the deadline.
    async fn send_accepted(&mut self, deadline: Option<Instant>) -> Result<bool, Error> {
        if self.slot.is_none() {
            return Ok(true);
        }
        let operation = Operation(self, Side::Send);
        Ok(poll_fn(|task| operation.0.poll_slot(task, deadline)).await?.is_some())
    }

    /// Sends the message of the slot. It stays there after the deadline, and after an error that is not about it.
    pub(super) fn poll_slot(
        &mut self,
        task: &Task<'_>,
        deadline: Option<Instant>,
    ) -> Poll<Result<Option<()>, Error>> {
        let Some(mut message) = self.slot.take() else { return Poll::Ready(Ok(Some(()))) };
        let polled =
            self.poll_until(Side::Send, task, deadline, |socket| try_send(socket, &mut message));
        let keeps = match &polled {
            Poll::Pending | Poll::Ready(Ok(None)) => true,
            Poll::Ready(Ok(Some(()))) => false,
            Poll::Ready(Err(error)) => {
                matches!(error, Error::Stopped | Error::Forked | Error::Woken | Error::Io { .. })
            }
        };
        if keeps {
            self.slot = Some(message);
        }
        polled
    }

    /// Waits until all queued messages are written, as [`Socket::flush`]. Returns whether they are.
    ///
    /// # Errors
    ///
    /// As [`Socket::flush`].
    pub async fn flush(&mut self, timeout: Duration) -> Result<bool, Error> {
        let deadline = deadline_in(timeout);
        if !self.send_accepted(deadline).await? {
            return Ok(false);
        }
        let mut operation = Operation(self, Side::Send);
        let flushed = operation.until(deadline, |socket| {
            Ok(exchange::flush(socket.engine(), Some(Duration::ZERO))?.then_some(()))
        });
        Ok(flushed.await?.is_some())
    }
}

/// Requests.
impl AsyncSocket<kind::Req> {
    /// Sends a request and receives its reply, as [`Req::request`](crate::Req::request). Returns `None` if no reply
    /// arrives within `timeout`.
    ///
    /// # Errors
    ///
    /// As [`Req::request`](crate::Req::request).
    pub async fn request(
        &mut self,
        message: impl IntoMessage,
        timeout: Duration,
    ) -> Result<Option<Message>, Error> {
        let deadline = deadline_in(timeout);
        exchange::cancel_request(self.engine())?;
        let request = Request(self);
        match request.0.send_until(message, deadline).await {
            Ok(()) => request.0.recv_until(deadline).await,
            Err(SendError { error: Error::WouldBlock, .. }) => Ok(None),
            Err(SendError { error, .. }) => Err(error),
        }
    }
}

/// A request, which is cancelled at its end, or if its future is dropped.
struct Request<'a>(&'a mut AsyncSocket<kind::Req>);

impl Drop for Request<'_> {
    fn drop(&mut self) {
        let _ = exchange::cancel_request(self.0.engine());
    }
}

/// Waiting for subscribers.
impl<K: Publishes> AsyncSocket<K> {
    /// Waits until at least `n` peers have a subscription. Returns `false` if `timeout` ends before.
    ///
    /// # Errors
    ///
    /// [`Error::Woken`], [`Error::Stopped`], [`Error::Io`].
    pub async fn wait_for_subscribers(
        &mut self,
        n: usize,
        timeout: Duration,
    ) -> Result<bool, Error> {
        let mut operation = Operation(self, Side::Receive);
        let came = operation.until(deadline_in(timeout), |socket| {
            let engine = socket.engine();
            Ok(exchange::wait_for_subscribers(engine, n, Some(Duration::ZERO))?.then_some(()))
        });
        Ok(came.await?.is_some())
    }
}

/// Peers, events, and the end.
impl<K: Kind> AsyncSocket<K> {
    /// Waits until the handshakes of at least `n` connected peers are complete. Returns `false` if `timeout` ends before.
    ///
    /// # Errors
    ///
    /// As [`Socket::wait_for_peers`].
    pub async fn wait_for_peers(&mut self, n: usize, timeout: Duration) -> Result<bool, Error> {
        let mut operation = Operation(self, Side::Receive);
        let came = operation.until(deadline_in(timeout), |socket| {
            let engine = socket.engine();
            Ok(exchange::wait_for_peers(engine, n, Some(Duration::ZERO))?.then_some(()))
        });
        Ok(came.await?.is_some())
    }

    /// Removes and returns the oldest event of the socket; waits for one if there is none. See
    /// [`Socket::next_event`].
    ///
    /// # Errors
    ///
    /// As [`Socket::step`].
    pub async fn event(&mut self) -> Result<Event, Error> {
        let mut operation = Operation(self, Side::Receive);
        loop {
            let event = operation.until(None, |socket| {
                if let Some(event) = socket.next_event() {
                    return Ok(Some(event));
                }
                socket.step()?;
                Ok(socket.next_event())
            });
            if let Some(event) = event.await? {
                return Ok(event);
            }
        }
    }

    /// Closes the socket as [`Socket::close`], in a thread of its own, so that no thread of the executor is blocked.
    /// Returns what was not sent.
    pub async fn close(self, linger: impl Into<Linger>) -> UnsentMessages {
        let ((socket, accepted), linger) = (self.into_parts(), linger.into());
        let end = Arc::new(Mutex::new(End::default()));
        let theirs = Arc::clone(&end);
        let close = move || {
            let mut unsent = socket.close(linger);
            // It is counted already.
            unsent.messages.extend(accepted);
            let mut end = theirs.lock().unwrap_or_else(PoisonError::into_inner);
            end.unsent = Some(unsent);
            let task = end.task.take();
            drop(end);
            // Without the lock: an executor may poll the task at once.
            task.into_iter().for_each(Waker::wake);
        };
        // If the system starts no thread, the socket is dropped here, with the linger of its options.
        let spawn = || thread::Builder::new().name("zmtp-close".into()).spawn(close);
        let started = signals::blocked(spawn);
        if started.is_err() {
            return UnsentMessages::default();
        }
        poll_fn(|task| {
            let mut end = end.lock().unwrap_or_else(PoisonError::into_inner);
            match end.unsent.take() {
                Some(unsent) => Poll::Ready(unsent),
                None => {
                    end.task = Some(task.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }
}

/// The result of the thread that closes a socket.
#[derive(Default)]
struct End {
    unsent: Option<UnsentMessages>,
    task: Option<Waker>,
}
