//! The traits `Stream` and `Sink` of the crates `futures-core` and `futures-sink`.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures_core::Stream;
use futures_sink::Sink;

use super::exchange::{try_recv, try_send};
use super::{AsyncSocket, BURST};
use crate::engine::Side;
use crate::error::Error;
use crate::exchange;
use crate::message::Message;
use crate::socket::kind::{CanReceive, CanSend};

/// The received messages. After an error the stream goes on, except after [`Error::Stopped`], [`Error::Forked`] and
/// [`Error::NotSupported`], which do not end: then the stream ends.
impl<K: CanReceive> Stream for AsyncSocket<K> {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        let received = ready!(this.poll_until(Side::Receive, task, None, try_recv));
        this.ended = matches!(received, Err(Error::Stopped | Error::Forked | Error::NotSupported));
        Poll::Ready(received.transpose())
    }
}

/// Sends the messages. A message that the sink accepts goes to the socket at once. If the socket has no room, the sink keeps
/// one message; the next operation sends it first, and the sink accepts the next message after it. `flush` waits until all
/// are written. An error that is about the message drops it; after [`Error::Stopped`], [`Error::Forked`], [`Error::Woken`] and
/// [`Error::Io`] the sink keeps it, and [`close`](AsyncSocket::close) returns it. If the socket is dropped or closed before it has room for the
/// message, the message is counted as [`cancelled`](crate::DroppedMessages::cancelled).
impl<K: CanSend> Sink<Message> for AsyncSocket<K> {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = self.get_mut();
        if this.burst >= BURST {
            this.yield_to_others(Side::Send, task);
            return Poll::Pending;
        }
        this.poll_slot(task, None).map_ok(drop)
    }

    fn start_send(self: Pin<&mut Self>, mut message: Message) -> Result<(), Error> {
        let this = self.get_mut();
        if this.slot.is_some() {
            // `poll_ready` was not ready.
            return Err(Error::WouldBlock);
        }
        let sent = try_send(this.get_ref(), &mut message);
        this.burst = this.burst.saturating_add(1);
        // A task may wait for what the attempt has changed.
        this.leave(Side::Send);
        if sent?.is_none() {
            this.slot = Some(message);
        }
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = self.get_mut();
        ready!(this.poll_slot(task, None))?;
        let flushed = this.poll_until(Side::Send, task, None, |socket| {
            Ok(exchange::flush(socket.engine(), Some(Duration::ZERO))?.then_some(()))
        });
        flushed.map_ok(drop)
    }

    fn poll_close(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_flush(task)
    }
}
