//! PUB and XPUB: a message goes to every peer that subscribed to it.

use core::time::Duration;

use zmtp_core::pattern::PeerId;

use super::wait::Wait;
use crate::engine::{Guard, SharedEngine};
use crate::error::Error;
use crate::message::Message;
use crate::queue::Outgoing;

/// Waits until at least `n` peers have a subscription, or are in a group. Returns `false` after the timeout.
pub(crate) fn wait_for_subscribers(
    engine: &SharedEngine,
    n: usize,
    timeout: Option<Duration>,
) -> Result<bool, Error> {
    let mut engine = engine.enter()?;
    let mut wait = Wait::new(timeout);
    while engine.pattern.subscribed_peers()? < n {
        if !wait.turn_in_time(&mut engine)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Subscribes the peer whose report was received last to a topic, if the XPUB is manual
/// (`ZMQ_XPUB_MANUAL`). Returns `false` if it is not, or if the peer was removed or has too many topics.
pub(crate) fn grant(engine: &SharedEngine, topic: &[u8]) -> Result<bool, Error> {
    Ok(engine.enter()?.pattern.as_publish()?.0.subscribe_last(topic))
}

/// Cancels a topic of the peer whose report was received last, as [`grant`].
pub(crate) fn revoke(engine: &SharedEngine, topic: &[u8]) -> Result<bool, Error> {
    Ok(engine.enter()?.pattern.as_publish()?.0.cancel_last(topic))
}

pub(super) fn send(
    engine: &mut Guard<'_>,
    message: &mut Message,
    wait: &mut Wait,
) -> Result<(), Error> {
    let targets = choose_targets(engine, message, wait)?;
    engine.send_to_all(&targets, &mut Outgoing::new(message));
    if engine.pattern.as_publish()?.1.answers_last() {
        engine.pattern.as_publish()?.0.forget_last();
    }
    // Its memory is used again.
    engine.targets = targets;
    Ok(())
}

/// Waits until the message can be queued, and returns the peers that it goes to.
fn choose_targets(
    engine: &mut Guard<'_>,
    message: &Message,
    wait: &mut Wait,
) -> Result<Vec<PeerId>, Error> {
    // Subscriptions are read from time to time, also if the application only sends.
    engine.share_sending()?;
    let mut targets = core::mem::take(&mut engine.targets);
    loop {
        choose(engine, &mut targets, message.part(0).unwrap_or_default())?;
        let waits = engine.pattern.as_publish()?.1.waits_for_room();
        if !waits || !targets.iter().any(|peer| engine.is_full(*peer)) {
            return Ok(targets);
        }
        wait.turn_for_room(engine)?;
    }
}

/// The peers that a message with this first part goes to.
fn choose(engine: &mut Guard<'_>, targets: &mut Vec<PeerId>, subject: &[u8]) -> Result<(), Error> {
    targets.clear();
    let (rules, own) = engine.pattern.as_publish()?;
    rules.matches(subject, |peer| targets.push(peer));
    if own.answers_last()
        && let Some(last) = rules.last_peer()
    {
        targets.retain(|peer| *peer == last);
    }
    if own.is_inverted() {
        let mut matching = core::mem::take(targets);
        matching.sort_unstable();
        engine.ready_peers(targets);
        targets.retain(|peer| matching.binary_search(peer).is_err());
    }
    Ok(())
}
