//! Sizes of the buffers of a link, in bytes.
//!
//! ```
//! use zmtp_core::Config;
//! use zmtp_core::wire::SocketType;
//! use zmtp_embedded::size;
//!
//! static CONFIG: Config = Config::new(SocketType::Req);
//! // Replies of one part of up to 100 bytes, from any ROUTER or REP.
//! let mut receive = [0; size::receive(SocketType::Req, 100, 1)];
//! // Requests of one part of up to 40 bytes are sent in one write.
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

/// The size of the smallest receive buffer of a socket of type `ours`, in bytes. It has room for the READY of
/// any libzmq socket. Peers of REQ, REP and DEALER may announce a routing id of up to 255 bytes.
pub const fn smallest_receive(ours: SocketType) -> usize {
    match ours {
        // ROUTER, DEALER and REQ announce a routing id.
        SocketType::Req | SocketType::Rep | SocketType::Dealer => READY + ROUTING_ID,
        // A subscription to a topic of 50 bytes, or a JOIN of a group of 57 bytes.
        SocketType::Pub | SocketType::Radio => 64,
        _ => READY,
    }
}

/// The size of a receive buffer for messages of up to `bytes` bytes in up to `parts` parts, in bytes.
///
/// For REP, add the parts of the envelope: an empty part; a part of 4 bytes if the REQ sends request ids, as
/// the REQ of this crate does; for each ROUTER on the path, a part that is the routing id of its peer, which
/// has 5 bytes if the ROUTER assigned it.
///
/// To receive in chunks, [`smallest_receive`] is sufficient; for SUB, the first part must also fit.
pub const fn receive(ours: SocketType, bytes: usize, parts: usize) -> usize {
    let message = frames(bytes, parts).saturating_add(PING);
    let smallest = smallest_receive(ours);
    if message > smallest { message } else { smallest }
}

/// The size of a send buffer, in bytes, with which a message of up to `bytes` bytes in up to `parts` parts is
/// sent in one write.
///
/// For REP, add the parts of the envelope as for [`receive`]. For REQ, add 4 bytes and 2 parts.
///
/// With the feature `chunks`, `send` sends larger messages in several writes. Messages that are queued, or
/// published over several links, must always fit.
pub const fn send(config: &Config, bytes: usize, parts: usize) -> usize {
    let message = frames(bytes, parts);
    let smallest = smallest_send(config);
    if message > smallest { message } else { smallest }
}

/// The size of the smallest send buffer, in bytes: it has room for a greeting and for the socket's READY.
pub const fn smallest_send(config: &Config) -> usize {
    let id = config.routing_id.len() as usize;
    let ready = if id == 0 { READY } else { (READY + 7).saturating_add(id) };
    if ready > Greeting::LEN { ready } else { Greeting::LEN }
}

/// The size of the table of subscriptions of a SUB, in bytes: its parameter `TOPICS`. `topics` are the topics that it
/// subscribes to at the same time.
///
/// ```
/// use zmtp_embedded::blocking::Sub;
/// use zmtp_embedded::size;
///
/// const TOPICS: usize = size::topics(&[b"weather.", b"time."]);
/// type Weather<'b, IO> = Sub<'b, IO, TOPICS>;
/// # let _ = size_of::<Weather<'static, ()>>();
/// ```
pub const fn topics(topics: &[&[u8]]) -> usize {
    let (mut bytes, mut rest) = (0, topics);
    while let [topic, others @ ..] = rest {
        bytes = topics_of(1, topic.len()).saturating_add(bytes);
        rest = others;
    }
    bytes
}

/// The size of a table of `count` subscriptions to topics of up to `longest` bytes, in bytes: the parameter `TOPICS` of
/// a PUB or SUB. For a PUB with several links, `count` is that of all peers.
pub const fn topics_of(count: usize, longest: usize) -> usize {
    count.saturating_mul(longest.saturating_add(4))
}

/// The size of a receive buffer of a PUB for subscriptions to topics of up to `longest` bytes, in bytes.
pub const fn receive_topics(longest: usize) -> usize {
    let command = frames(longest.saturating_add(10), 1);
    let smallest = smallest_receive(SocketType::Pub);
    if command > smallest { command } else { smallest }
}

/// The size of a send buffer of a SUB for topics of up to `longest` bytes, in bytes.
pub const fn send_topics(config: &Config, longest: usize) -> usize {
    let command = longest.saturating_add(10 + FrameHeader::MAX_LEN);
    let smallest = smallest_send(config);
    if command > smallest { command } else { smallest }
}

/// The number of bytes that CURVE adds to each part.
#[cfg(feature = "curve")]
pub const CURVE: usize = 33;

/// The size of a receive buffer of a CURVE client, in bytes, for messages as in [`receive`].
///
/// A part cannot be received in chunks: it is opened when all of it has arrived.
#[cfg(feature = "curve")]
pub const fn receive_curve_client(ours: SocketType, bytes: usize, parts: usize) -> usize {
    // WELCOME has 170 bytes, and the box of READY adds 24.
    let handshake = max(170, smallest_receive(ours).saturating_add(24));
    max(handshake, frames_curve(max(bytes, PING), parts))
}

/// The size of a receive buffer of a CURVE server, in bytes, for messages as in [`receive`].
///
/// A part cannot be received in chunks: it is opened when all of it has arrived.
#[cfg(feature = "curve")]
pub const fn receive_curve_server(ours: SocketType, bytes: usize, parts: usize) -> usize {
    let metadata = max(smallest_receive(ours), READY);
    max(metadata.saturating_add(INITIATE), frames_curve(max(bytes, PING), parts))
}

/// The size of a send buffer with CURVE, in bytes, for messages as in [`send`]. Larger messages cannot be sent.
#[cfg(feature = "curve")]
pub const fn send_curve(config: &Config, bytes: usize, parts: usize) -> usize {
    let handshake = smallest_send(config).saturating_add(INITIATE);
    max(handshake, frames_curve(bytes, parts))
}

/// The bytes of an INITIATE beyond those of a READY in the clear with the same metadata: a longer header and name, the
/// cookie, the nonce, the tag, the client's key and the vouch.
#[cfg(feature = "curve")]
const INITIATE: usize = 7 + 3 + 96 + 8 + 16 + 32 + 96;

/// The most bytes of a message on the wire with CURVE.
#[cfg(feature = "curve")]
const fn frames_curve(bytes: usize, parts: usize) -> usize {
    frames(bytes.saturating_add(CURVE.saturating_mul(parts)), parts)
}

#[cfg(feature = "curve")]
const fn max(one: usize, other: usize) -> usize {
    if one > other { one } else { other }
}

/// The most bytes of a message on the wire.
const fn frames(bytes: usize, parts: usize) -> usize {
    // A header is short up to 255 bytes.
    let header = if bytes > u8::MAX as usize { FrameHeader::MAX_LEN } else { 2 };
    bytes.saturating_add(header.saturating_mul(parts))
}
