//! SUB and XSUB: subscriptions, and what an XSUB sends upstream.

use zmtp_core::Subscription;
use zmtp_core::wire::SocketType;

use super::fan_out::send_copies;
use crate::engine::{Guard, SharedEngine};
use crate::error::{Error, SendError};
use crate::message::Message;

/// Subscribes to messages whose first part begins with `topic` (`ZMQ_SUBSCRIBE`).
pub(crate) fn subscribe(engine: &SharedEngine, topic: &[u8]) -> Result<(), Error> {
    change(&mut engine.enter(), Subscription::Subscribe, topic)
}

/// Takes a subscription back (`ZMQ_UNSUBSCRIBE`). A topic that is not subscribed to is no error.
pub(crate) fn unsubscribe(engine: &SharedEngine, topic: &[u8]) -> Result<(), Error> {
    change(&mut engine.enter(), Subscription::Cancel, topic)
}

fn change(engine: &mut Guard<'_>, what: Subscription, topic: &[u8]) -> Result<(), Error> {
    let rules = engine.pattern.as_subscribe()?;
    let announce = match what {
        Subscription::Cancel => rules.cancel(topic),
        _ => {
            // The table grows.
            let _ = rules.subscribe(topic);
            true
        }
    };
    if announce {
        engine.subscribe(what, topic);
    }
    Ok(())
}

/// Sends a message of an XSUB: a subscription, a cancellation, or a message to every publisher.
pub(super) fn send(engine: &mut Guard<'_>, message: Message) -> Result<(), SendError> {
    match try_send(engine, &message) {
        Ok(false) => Ok(()),
        Ok(true) => {
            let mut targets = core::mem::take(&mut engine.targets);
            engine.ready_peers(&mut targets);
            send_copies(engine, &targets, message);
            // Its memory is used again.
            engine.targets = targets;
            Ok(())
        }
        Err(error) => Err(SendError::new(error, message)),
    }
}

/// Handles a subscription. Returns whether the message is for the publishers.
fn try_send(engine: &mut Guard<'_>, message: &Message) -> Result<bool, Error> {
    if engine.pattern.as_subscribe()?.socket_type() == SocketType::Sub {
        return Err(Error::NotSupported);
    }
    match message.bytes().and_then(Subscription::from_message) {
        Some((what, topic)) => change(engine, what, topic).map(|()| false),
        None => engine.share_sending().map(|()| true),
    }
}
