//! Sizes of the buffers of a link.
//!
//! ```
//! use zmtp_core::Config;
//! use zmtp_core::wire::SocketType;
//! use zmtp_embedded::size;
//!
//! static CONFIG: Config = Config::new(SocketType::Req);
//! // Replies of one part of up to 100 bytes, from any ROUTER or REP.
//! let mut receive = [0; size::receive(SocketType::Req, 100, 1)];
//! // Requests of one part of up to 40 bytes leave in one write.
//! let mut send = [0; size::send(&Config::new(SocketType::Req), 40 + 4, 1 + 2)];
//! # let _ = (&CONFIG, &mut receive, &mut send);
//! ```

use zmtp_core::Config;
use zmtp_core::wire::{FrameHeader, Greeting, SocketType};

/// Bytes of the READY of a libzmq without a routing id: header, name, `Socket-Type` of at
/// most 6 letters and empty `Identity`.
const READY: usize = 2 + 6 + (1 + 11 + 4 + 6) + (1 + 8 + 4);

/// Bytes that a routing id of 255 bytes adds, including the longer header.
const ROUTING_ID: usize = 255 + 7;

/// Bytes of the longest PING: header, name, TTL and context.
const PING: usize = 2 + 5 + 2 + 16;

/// Bytes of the smallest receive buffer. It has room for the READY of any libzmq, which includes a
/// routing id of up to 255 bytes if peers of this type announce one.
pub const fn smallest_receive(ours: SocketType) -> usize {
    match ours {
        // ROUTER, DEALER and REQ announce a routing id.
        SocketType::Req | SocketType::Rep | SocketType::Dealer => READY + ROUTING_ID,
        // A subscription to a topic of 50 bytes.
        SocketType::Pub => 64,
        _ => READY,
    }
}

/// Bytes of the receive buffer for complete messages of up to `bytes` in `parts`.
///
/// For REP, add the envelope: an empty part; a part of 4 bytes if the REQ sends request ids, as the one
/// of this crate does; and for each ROUTER between, a part of 5 bytes or of its routing id.
///
/// To receive in chunks, [`smallest_receive`] is enough.
pub const fn receive(ours: SocketType, bytes: usize, parts: usize) -> usize {
    let message = frames(bytes, parts).saturating_add(PING);
    let smallest = smallest_receive(ours);
    if message > smallest { message } else { smallest }
}

/// Bytes of the send buffer with which messages of up to `bytes` in `parts` leave in one write.
///
/// Larger messages leave in several, except if they are queued, or published over several links. For REP,
/// add the parts of the envelope as for [`receive`]; for REQ, add 4 bytes and 2 parts.
pub const fn send(config: &Config, bytes: usize, parts: usize) -> usize {
    let message = frames(bytes, parts);
    let smallest = smallest_send(config);
    if message > smallest { message } else { smallest }
}

/// Bytes of the smallest send buffer: a greeting or the socket's READY must fit.
pub const fn smallest_send(config: &Config) -> usize {
    let id = config.routing_id.len() as usize;
    let ready = if id == 0 { READY } else { (READY + 7).saturating_add(id) };
    if ready > Greeting::LEN { ready } else { Greeting::LEN }
}

/// The most bytes of a message on the wire.
const fn frames(bytes: usize, parts: usize) -> usize {
    // A header is short up to 255 bytes.
    let header = if bytes > u8::MAX as usize { FrameHeader::MAX_LEN } else { 2 };
    bytes.saturating_add(header.saturating_mul(parts))
}
