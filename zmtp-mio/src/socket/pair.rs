//! PAIR: one peer, in both directions.

use super::{Socket, kind};

/// PAIR: sends to and receives from one peer (RFC 31, `ZMQ_PAIR`).
///
/// The first peer is the only one until it is gone for good. A second connection is closed with the
/// event [`CloseReason::PairTaken`](crate::CloseReason::PairTaken); if this socket made it, it tries
/// again. libzmq keeps such a connection and ignores it.
pub type Pair = Socket<kind::Pair>;
