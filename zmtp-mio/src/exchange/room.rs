//! Waiting until a message could be sent, before all of its parts are known.

use core::time::Duration;

use zmtp_core::pattern::{OutOfTurn, Pattern, RouteError};
use zmtp_core::wire::SocketType;

use super::wait::Wait;
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::pattern::AnyPattern;

/// Waits until a message with this first part could be sent. Fails as the send of a whole message would fail.
pub(crate) fn wait_for_room(
    engine: &SharedEngine,
    first: &[u8],
    timeout: Option<Duration>,
) -> Result<(), Error> {
    let mut engine = engine.enter()?;
    let mut wait = Wait::new(timeout);
    engine.share_sending()?;
    loop {
        let mandatory = engine.pattern.is_mandatory();
        match &mut engine.pattern {
            AnyPattern::Dish(_) | AnyPattern::Gather(_) | AnyPattern::Pull(_) => {
                return Err(Error::NotSupported);
            }
            AnyPattern::Subscribe(rules, _) if rules.socket_type() == SocketType::Sub => {
                return Err(Error::NotSupported);
            }
            AnyPattern::Router(rules, ..) | AnyPattern::Stream(rules, _) => {
                match rules.route(first) {
                    Ok(_) => return Ok(()),
                    Err(_) if !mandatory && !engine.pattern.is_raw() => return Ok(()),
                    Err(RouteError::Full(_)) => {}
                    // The peer may have connected just now.
                    Err(_) if wait.turn_once(&mut engine)? => continue,
                    Err(_) => return Err(Error::Unroutable),
                }
            }
            AnyPattern::Rep(rules) => {
                return match rules.may_route() {
                    true => Ok(()),
                    false => Err(OutOfTurn::NoRequestTaken.into()),
                };
            }
            AnyPattern::Req(rules) => {
                if rules.may_route() || rules.mode().relaxed {
                    return Ok(());
                }
                if let Err(RouteError::OutOfTurn(error)) = rules.route(&[]) {
                    return Err(error.into());
                }
            }
            pattern if pattern.can_send() => return Ok(()),
            _ => {}
        }
        wait.turn_for_room(&mut engine)?;
    }
}
