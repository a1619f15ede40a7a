//! How large the lent buffers must be.
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

/// Bytes of the READY of a stock libzmq without a routing id: header, name, `Socket-Type` of at
/// most 6 letters and empty `Identity`.
const READY: usize = 2 + 6 + (1 + 11 + 4 + 6) + (1 + 8 + 4);

/// What a routing id of 255 bytes adds, and the long header that it takes.
const ROUTING_ID: usize = 255 + 7;

/// Bytes of the longest PING: header, name, TTL and context.
const PING: usize = 2 + 5 + 2 + 16;

/// The smallest receive buffer that no stock libzmq can fill with its READY: its routing id of up
/// to 255 bytes comes to types whose peers announce one.
pub const fn smallest_receive(ours: SocketType) -> usize {
    match ours {
        // ROUTER and DEALER announce one, and REQ.
        SocketType::Req | SocketType::Rep | SocketType::Dealer => READY + ROUTING_ID,
        // A subscription to a topic of 50 bytes.
        SocketType::Pub => 64,
        _ => READY,
    }
}

/// The receive buffer for whole messages of up to `bytes` in `parts`.
///
/// For REP the envelope counts as parts: one of no bytes behind a REQ or DEALER, another of 4 bytes if
/// the REQ numbers its requests, as that of this crate does, and one of 5 bytes or the routing id's for
/// each ROUTER between.
///
/// Messages that come in chunks take no more than [`smallest_receive`].
pub const fn receive(ours: SocketType, bytes: usize, parts: usize) -> usize {
    let message = frames(bytes, parts).saturating_add(PING);
    let smallest = smallest_receive(ours);
    if message > smallest { message } else { smallest }
}

/// The send buffer with which messages of up to `bytes` in `parts` leave in one write.
///
/// Larger ones leave in more, but for those that are queued or published to many. REP adds the parts of
/// the envelope as for [`receive`], REQ counts 4 bytes and 2 parts.
pub const fn send(config: &Config, bytes: usize, parts: usize) -> usize {
    let message = frames(bytes, parts);
    let smallest = smallest_send(config);
    if message > smallest { message } else { smallest }
}

/// The smallest send buffer: a greeting, or our own READY.
pub const fn smallest_send(config: &Config) -> usize {
    let id = config.routing_id.len() as usize;
    let ready = if id == 0 { READY } else { (READY + 7).saturating_add(id) };
    if ready > Greeting::LEN { ready } else { Greeting::LEN }
}

/// Bytes of a message on the wire at most.
const fn frames(bytes: usize, parts: usize) -> usize {
    // A header is short up to 255 bytes.
    let header = if bytes > u8::MAX as usize { FrameHeader::MAX_LEN } else { 2 };
    bytes.saturating_add(header.saturating_mul(parts))
}
