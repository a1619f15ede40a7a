//! Receiving.

use core::time::Duration;
use std::sync::Arc;

use zmtp_core::pattern::Pattern;
use zmtp_core::wire::SocketType;

use super::wait::Wait;
use super::{reply, request};
use crate::engine::{Guard, SharedEngine};
use crate::error::Error;
use crate::message::{Message, Properties};
use crate::pattern::AnyPattern;

/// Receives the next message; `None` after the timeout.
pub(crate) fn recv(
    engine: &SharedEngine,
    timeout: Option<Duration>,
) -> Result<Option<Message>, Error> {
    let mut message = Message::new();
    Ok(recv_into(engine, timeout, &mut message)?.then_some(message))
}

/// Receives the next message as the socket's type receives, into `message`, which has no part; `false`
/// if it does not come in time.
pub(crate) fn recv_into(
    engine: &SharedEngine,
    timeout: Option<Duration>,
    message: &mut Message,
) -> Result<bool, Error> {
    let mut engine = engine.enter()?;
    if !engine.count_taken()
        && !engine.refilter
        && let Some(peer) = engine.pattern.next_in_turn()
        && engine.take(peer, message).is_some()
    {
        return Ok(true);
    }
    recv_slowly(engine, timeout, message)
}

/// A message that was received.
#[derive(Debug)]
pub enum Received<T> {
    /// What was made of its only part.
    Part(T),
    /// It is stored.
    Message,
}

/// As [`recv_into`], but calls `take` with the only part of the message, and with its properties, if the message can be
/// used where it was read. `None` if it does not come in time.
#[inline]
pub(crate) fn recv_part<T>(
    engine: &SharedEngine,
    timeout: Option<Duration>,
    message: &mut Message,
    take: impl FnOnce(&[u8], Option<&Arc<Properties>>) -> T,
) -> Result<Option<Received<T>>, Error> {
    let mut engine = engine.enter()?;
    if !engine.count_taken()
        && !engine.refilter
        && let Some(peer) = engine.pattern.next_in_turn()
    {
        if let Some(part) = engine.take_body(peer, take) {
            return Ok(Some(Received::Part(part)));
        }
        if engine.take(peer, message).is_some() {
            return Ok(Some(Received::Message));
        }
    }
    Ok(recv_slowly(engine, timeout, message)?.then_some(Received::Message))
}

/// [`recv_into`] if that may take a turn.
#[inline(never)]
fn recv_slowly(
    mut engine: Guard<'_>,
    timeout: Option<Duration>,
    message: &mut Message,
) -> Result<bool, Error> {
    let mut wait = Wait::new(timeout);
    match &engine.pattern {
        AnyPattern::Rep(_) => reply::recv(&mut engine, &mut wait, message),
        AnyPattern::Req(_) => request::recv(&mut engine, &mut wait, message),
        AnyPattern::Push(_) | AnyPattern::Radio(..) | AnyPattern::Scatter(_) => {
            Err(Error::NotSupported)
        }
        AnyPattern::Publish(rules, _) if rules.socket_type() == SocketType::Pub => {
            Err(Error::NotSupported)
        }
        _ => {
            let came = in_turn(&mut engine, &mut wait, message)?;
            // What the rules stored before the body.
            match &engine.pattern {
                AnyPattern::Dish(_) => message.take_group(),
                AnyPattern::Server(..) => message.take_routing_id(),
                _ => {}
            }
            Ok(came)
        }
    }
}

/// Takes the oldest message of the next peer in turn.
fn in_turn(engine: &mut Guard<'_>, wait: &mut Wait, message: &mut Message) -> Result<bool, Error> {
    engine.share()?;
    loop {
        if let Ok(Some(peer)) = engine.pattern.take() {
            // Without a message, it is lost: there was no memory for it.
            if engine.take(peer, message).is_some() {
                if still_matches(engine, message) {
                    return Ok(true);
                }
                *message = Message::new();
            }
            continue;
        }
        engine.refilter = false;
        if !wait.turn_in_time(engine)? {
            return Ok(false);
        }
    }
}

/// Whether a queued message may be delivered. A SUB may have cancelled the subscription that it matched when it arrived,
/// and a DISH may have left its group; then it is counted.
fn still_matches(engine: &mut Guard<'_>, message: &Message) -> bool {
    if !engine.refilter {
        return true;
    }
    let subject = message.part(0).unwrap_or_default();
    let matches = match &engine.pattern {
        AnyPattern::Dish(rules) => rules.is_joined(subject),
        AnyPattern::Subscribe(rules, _) => rules.matches(subject),
        _ => false,
    };
    engine.dropped().not_subscribed += u64::from(!matches);
    matches
}
