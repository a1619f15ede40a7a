//! Sending.

use core::time::Duration;

use zmtp_core::pattern::Pattern;

use super::wait::Wait;
use super::{dgram, publish, radio, reply, request, route, server, subscribe};
use crate::engine::{COPY, Guard, SharedEngine};
use crate::error::{Error, SendError};
use crate::message::{IntoMessage, Message};
use crate::pattern::AnyPattern;
use crate::queue::{Outgoing, Source};

/// A value that an application sends, until it is taken.
struct Given<M>(Option<M>);

impl<M: IntoMessage> Source for Given<M> {
    fn part(&self) -> Option<&[u8]> {
        self.0.as_ref().and_then(M::single_part)
    }

    fn take(&mut self) -> Message {
        self.0.take().map(M::into).unwrap_or_default()
    }
}

/// [`send`] of a value. It becomes a message only if its bytes cannot be written or appended at once.
#[inline]
pub(crate) fn send_value<M: IntoMessage>(
    engine: &SharedEngine,
    value: M,
    timeout: Option<Duration>,
) -> Result<(), SendError> {
    let mut guard = match engine.enter() {
        Ok(guard) => guard,
        Err(error) => return Err(SendError::new(error, value)),
    };
    match value.single_part() {
        Some(body) if guard.append_to_burst(body) => return Ok(()),
        Some(body) if body.len() > COPY => {
            let (mut given, mut message) = (Given(Some(value)), Message::new());
            let sent = send_slowly(guard, &mut message, Some(&mut given), timeout);
            return sent.map_err(|error| match given.0 {
                Some(value) => SendError::new(error, value),
                None => SendError::new(error, message),
            });
        }
        _ => {}
    }
    let mut message = value.into();
    if message.part_count() == 0 {
        return Err(SendError::new(Error::EmptyMessage, message));
    }
    match send_slowly(guard, &mut message, None, timeout) {
        Ok(()) => {
            message.discard();
            Ok(())
        }
        Err(error) => Err(SendError::new(error, message)),
    }
}

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
    send_slowly(engine, message, None, timeout)
}

/// [`send`] if more is to be done than to append the message.
#[inline(never)]
fn send_slowly<'m>(
    mut engine: Guard<'_>,
    message: &'m mut Message,
    mut source: Option<&'m mut dyn Source>,
    timeout: Option<Duration>,
) -> Result<(), Error> {
    let mut wait = Wait::new(timeout);
    match &engine.pattern {
        AnyPattern::Rep(_) | AnyPattern::Req(_) => {}
        pattern if pattern.sends_in_turn() => {}
        _ => {
            if let Some(source) = source.take() {
                *message = source.take();
            }
        }
    }
    if source.is_none() && engine.pattern.sends_one_part() && message.part_count() != 1 {
        return Err(Error::PartCount(message.part_count()));
    }
    match &engine.pattern {
        AnyPattern::Channel(..)
        | AnyPattern::Client(..)
        | AnyPattern::Dealer(..)
        | AnyPattern::Pair(..)
        | AnyPattern::Push(_)
        | AnyPattern::Scatter(_) => in_turn(&mut engine, message, source, &mut wait),
        AnyPattern::Dgram(_) => dgram::send(&mut engine, message, &mut wait),
        AnyPattern::Publish(..) => publish::send(&mut engine, message, &mut wait),
        AnyPattern::Rep(_) => reply::send(&mut engine, message, source),
        AnyPattern::Req(_) => request::send(&mut engine, message, source, &mut wait),
        AnyPattern::Router(..) => route::send(&mut engine, message, &mut wait),
        AnyPattern::Server(..) => server::send(&mut engine, message, &mut wait),
        AnyPattern::Stream(..) => route::send_raw(&mut engine, message, &mut wait),
        AnyPattern::Subscribe(..) => subscribe::send(&mut engine, message),
        AnyPattern::Radio(..) => radio::send(&mut engine, message, &mut wait),
        AnyPattern::Dish(_) | AnyPattern::Gather(_) | AnyPattern::Pull(_) => {
            Err(Error::NotSupported)
        }
    }
}

/// Sends a message to the first peer in turn that takes it.
fn in_turn(
    engine: &mut Guard<'_>,
    message: &mut Message,
    mut source: Option<&mut dyn Source>,
    wait: &mut Wait,
) -> Result<(), Error> {
    engine.share_sending()?;
    loop {
        // Each peer is tried once.
        let mut first = None;
        while let Ok(peer) = engine.pattern.route(&[]) {
            if first == Some(peer) {
                break;
            }
            first.get_or_insert(peer);
            let mut outgoing = Outgoing::new(message);
            if let Some(source) = &mut source {
                outgoing.source = Some(&mut **source);
            }
            if engine.send(peer, &mut outgoing).is_ok() {
                return Ok(());
            }
        }
        wait.turn(engine)?;
    }
}
