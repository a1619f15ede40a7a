//! Connections without a protocol (`ZMQ_STREAM`): each read is a message.

use zmtp_core::pattern::Pattern;

use super::read::{BUDGET, ReadOutcome, Receiver, none_yet};
use super::{ReceiveHalf, SendHalf};
use crate::message::Message;
use crate::monitor::CloseReason;
use crate::queue::{Chunk, QueuedMessage, READ};
use crate::transport::Stream;

/// Reads until the stream is drained, the queue is full or the budget is spent. Each read
/// is a message, with the peer's routing id in front.
pub(super) fn read(
    stream: &mut Stream,
    receive: &mut ReceiveHalf,
    send: &SendHalf,
    to: &mut Receiver<'_>,
) -> Result<ReadOutcome, CloseReason> {
    let mut budget = BUDGET;
    loop {
        // A connection that will be closed is read to its end: otherwise the system would reset it.
        receive.paused = !send.leaving && (to.is_full() || to.stays(receive.closing));
        if receive.paused {
            return Ok(ReadOutcome::Waiting);
        }
        let mut chunk = Chunk::new(READ);
        let read = stream.read(chunk.room());
        if let Ok(n @ 1..) = read
            && !send.leaving
        {
            let mut message = Message::from(to.pattern.routing_id(to.peer).unwrap_or_default());
            message.push(&chunk.room()[..n]);
            message.set_properties(receive.properties.clone());
            receive.proven = to.keep(QueuedMessage::from(message));
        }
        Chunk::give(chunk);
        let n = match read {
            Ok(0) => return Err(CloseReason::ByPeer),
            Ok(n) => n,
            Err(error) => match none_yet(error)? {
                Some(n) => n,
                None => return Ok(ReadOutcome::Drained),
            },
        };
        if n < READ && !receive.closing {
            return Ok(ReadOutcome::Drained);
        }
        budget = budget.saturating_sub(n);
        if budget == 0 {
            return Ok(ReadOutcome::Again);
        }
    }
}
