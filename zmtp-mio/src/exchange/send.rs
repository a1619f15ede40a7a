//! Sending.

use core::time::Duration;

use zmtp_core::pattern::Pattern;

use super::wait::Wait;
use super::{publish, reply, request, route, subscribe};
use crate::engine::{Guard, SharedEngine};
use crate::error::Error;
use crate::message::Message;
use crate::pattern::AnyPattern;
use crate::queue::Outgoing;

/// Sends a message by the rules of the socket type. After an error the message is unchanged.
pub(crate) fn send(
    engine: &SharedEngine,
    message: &mut Message,
    timeout: Option<Duration>,
) -> Result<(), Error> {
    if message.part_count() == 0 {
        return Err(Error::EmptyMessage);
    }
    let mut engine = engine.enter()?;
    if let Some(body) = message.bytes()
        && engine.append_to_burst(body)
    {
        return Ok(());
    }
    send_slowly(engine, message, timeout)
}

/// [`send`] if more is to be done than to append the message.
#[inline(never)]
fn send_slowly(
    mut engine: Guard<'_>,
    message: &mut Message,
    timeout: Option<Duration>,
) -> Result<(), Error> {
    let mut wait = Wait::new(timeout);
    match &engine.pattern {
        AnyPattern::Dealer(..) | AnyPattern::Pair(_) | AnyPattern::Push(_) => {
            in_turn(&mut engine, message, &mut wait)
        }
        AnyPattern::Publish(..) => publish::send(&mut engine, message, &mut wait),
        AnyPattern::Rep(_) => reply::send(&mut engine, message),
        AnyPattern::Req(_) => request::send(&mut engine, message, &mut wait),
        AnyPattern::Router(..) => route::send(&mut engine, message, &mut wait),
        AnyPattern::Stream(..) => route::send_raw(&mut engine, message, &mut wait),
        AnyPattern::Subscribe(_) => subscribe::send(&mut engine, message),
        AnyPattern::Pull(_) => Err(Error::NotSupported),
    }
}

/// Sends a message to the first peer in turn that takes it.
fn in_turn(engine: &mut Guard<'_>, message: &mut Message, wait: &mut Wait) -> Result<(), Error> {
    engine.share_sending()?;
    loop {
        // Each peer is tried once.
        let mut first = None;
        while let Ok(peer) = engine.pattern.route(&[]) {
            if first == Some(peer) {
                break;
            }
            first.get_or_insert(peer);
            if engine.send(peer, &mut Outgoing::new(message)).is_ok() {
                return Ok(());
            }
        }
        wait.turn(engine)?;
    }
}
