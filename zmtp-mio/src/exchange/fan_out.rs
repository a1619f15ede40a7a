//! One message for several peers.

use zmtp_core::pattern::PeerId;

use crate::engine::Guard;
use crate::message::Message;
use crate::queue::QueuedMessage;

/// Sends copies of a message to these peers. What a full queue does not take is dropped for that
/// peer and counted.
pub(super) fn send_copies(engine: &mut Guard<'_>, to: &[PeerId], mut message: Message) {
    let Some((last, others)) = to.split_last() else { return };
    if !others.is_empty() {
        message.share();
    }
    for &peer in others {
        send_or_drop(engine, peer, message.clone());
    }
    send_or_drop(engine, *last, message);
}

fn send_or_drop(engine: &mut Guard<'_>, peer: PeerId, message: Message) {
    if let Err((refused, _)) = engine.send(peer, QueuedMessage::from(message)) {
        engine.count_refused(refused);
    }
}
