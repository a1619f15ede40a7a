//! DGRAM: the first part of a message is the address of the other end.

use zmtp_core::pattern::Pattern;

use super::wait::Wait;
use crate::engine::{Guard, check_body, parse_address};
use crate::error::Error;
use crate::message::Message;
use crate::queue::{Envelope, Outgoing};

/// Sends a body to an address. Waits while the queue of the endpoint is full.
pub(super) fn send(
    engine: &mut Guard<'_>,
    message: &mut Message,
    wait: &mut Wait,
) -> Result<(), Error> {
    let (Some(address), Some(body), 2) = (message.part(0), message.part(1), message.part_count())
    else {
        return Err(Error::NotAddressAndBody(message.part_count()));
    };
    let parsed = parse_address(address).map_err(|expected| Error::Address {
        text: String::from_utf8_lossy(address).into_owned(),
        expected,
    })?;
    check_body(body).map_err(Error::Datagram)?;
    engine.share_sending()?;
    loop {
        // Another thread may unbind the endpoint during a turn, and bind another.
        engine.check_address(parsed)?;
        if let Ok(peer) = engine.pattern.route(&[]) {
            let outgoing = &mut Outgoing { envelope: Envelope::Address, message, source: None };
            if engine.send(peer, outgoing).is_ok() {
                return Ok(());
            }
        }
        wait.turn(engine)?;
    }
}
