//! SUB and XSUB: subscriptions, and the messages that an XSUB sends upstream.

use zmtp_core::Subscription;
use zmtp_core::wire::SocketType;

use crate::engine::{Guard, SharedEngine};
use crate::error::Error;
use crate::message::Message;
use crate::queue::Outgoing;

/// Subscribes to messages whose first part begins with `topic` (`ZMQ_SUBSCRIBE`).
pub(crate) fn subscribe(engine: &SharedEngine, topic: &[u8]) -> Result<(), Error> {
    change(&mut engine.enter()?, Subscription::Subscribe, topic)
}

/// Cancels a subscription (`ZMQ_UNSUBSCRIBE`). A topic without a subscription is ignored.
pub(crate) fn unsubscribe(engine: &SharedEngine, topic: &[u8]) -> Result<(), Error> {
    change(&mut engine.enter()?, Subscription::Cancel, topic)
}

fn change(engine: &mut Guard<'_>, what: Subscription, topic: &[u8]) -> Result<(), Error> {
    let all = engine.pattern.sends_all_cancellations();
    let rules = engine.pattern.as_subscribe()?;
    let announce = match what {
        Subscription::Cancel => rules.cancel(topic) || all,
        _ => {
            // The table grows.
            let _ = rules.subscribe(topic);
            true
        }
    };
    // After a change that excludes messages, those of the topic itself are excluded.
    let excludes = !rules.matches(topic);
    if announce {
        engine.refilter |= excludes;
        engine.subscribe(what, topic);
    }
    Ok(())
}

/// Cancels all subscriptions to a topic but one, which sends nothing.
pub(crate) fn cancel_repeated(engine: &SharedEngine, topic: &[u8]) -> Result<(), Error> {
    let mut engine = engine.enter()?;
    let rules = engine.pattern.as_subscribe()?;
    for _ in 1..rules.topics().times(topic) {
        rules.cancel(topic);
    }
    Ok(())
}

/// Sends a message of an XSUB: a subscription, a cancellation, or a message to every publisher.
pub(super) fn send(engine: &mut Guard<'_>, message: &mut Message) -> Result<(), Error> {
    if engine.pattern.as_subscribe()?.socket_type() == SocketType::Sub {
        return Err(Error::NotSupported);
    }
    if let Some((what, topic)) = message.bytes().and_then(Subscription::from_message) {
        return change(engine, what, topic);
    }
    engine.share_sending()?;
    let mut targets = core::mem::take(&mut engine.targets);
    engine.ready_peers(&mut targets);
    engine.send_to_all(&targets, &mut Outgoing::new(message));
    // Its memory is used again.
    engine.targets = targets;
    Ok(())
}
