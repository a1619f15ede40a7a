//! SOCKS5: the connection of a client to its proxy, until the proxy has connected to the target.

mod negotiation;

use std::io;

pub use negotiation::SocksError;
pub(crate) use negotiation::{Negotiation, Target};

use super::Stream;
use crate::monitor::CloseReason;

/// Negotiates until the stream would block. Returns whether the proxy has connected; the bytes that follow are those of
/// the target.
pub(crate) fn negotiate(
    stream: &mut Stream,
    negotiation: &mut Negotiation,
) -> Result<bool, CloseReason> {
    while !negotiation.is_done() {
        let output = negotiation.output();
        let result = match output.is_empty() {
            true => stream.read(negotiation.input()),
            false => stream.write(output),
        };
        let count = match result {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(CloseReason::Io(error.kind())),
        };
        match (negotiation.output().is_empty(), count) {
            (false, _) => negotiation.sent(count),
            (true, 0) => return Err(CloseReason::ByPeer),
            (true, _) => negotiation.received(count).map_err(CloseReason::Proxy)?,
        }
    }
    Ok(true)
}
