//! The traits `Stream` and `Sink` of the crates `futures-core` and `futures-sink`.

use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;

use futures_core::Stream;
use futures_sink::Sink;

use super::AsyncSocket;
use super::exchange::try_recv;
use crate::error::Error;
use crate::exchange;
use crate::message::Message;
use crate::socket::kind::{CanReceive, CanSend};

/// The received messages. The stream does not end; after an error it goes on.
///
/// After a poll that is pending, the driver does not serve the socket until the stream is polled again. A task that does
/// other work meanwhile uses [`AsyncSocket::recv`] instead, whose future gives the socket back when it is dropped.
impl<K: CanReceive> Stream for AsyncSocket<K> {
    type Item = Result<Message, Error>;

    fn poll_next(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.get_mut().poll_until(task, None, try_recv);
        polled.map(Result::transpose)
    }
}

/// Sends the messages. The sink accepts one message more than the socket; `flush` waits until all are written. After an
/// error, the accepted message is dropped. [`AsyncSocket::send`] and [`AsyncSocket::flush`] send it first.
impl<K: CanSend> Sink<Message> for AsyncSocket<K> {
    type Error = Error;

    fn poll_ready(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.get_mut().poll_slot(task, None).map_ok(drop)
    }

    fn start_send(self: Pin<&mut Self>, message: Message) -> Result<(), Error> {
        let this = self.get_mut();
        this.slot = Some(message);
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), Error>> {
        let this = self.get_mut();
        ready!(this.poll_slot(task, None))?;
        let flushed = this.poll_until(task, None, |socket| {
            Ok(exchange::flush(socket.engine(), Some(Duration::ZERO))?.then_some(()))
        });
        flushed.map_ok(drop)
    }

    fn poll_close(self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.poll_flush(task)
    }
}
