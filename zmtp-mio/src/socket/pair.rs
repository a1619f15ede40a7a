//! PAIR: one peer, both ways (RFC 31, `ZMQ_PAIR`).

use super::common::{common, corking, receiving, sending};
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::options::Options;
use crate::pattern::AnyPattern;

/// A socket with one peer.
///
/// The first peer is the only one until it is gone for good; a second connection is closed with the
/// event [`CloseReason::PairTaken`], and tries again if it was dialled. libzmq keeps such a
/// connection and ignores it.
#[derive(Debug)]
pub struct Pair {
    pub(super) engine: SharedEngine,
}

common!(Pair, ());
sending!(Pair, "to the peer", "until the peer takes it");
receiving!(Pair, "the next message");
corking!(Pair);

impl Pair {
    fn with(options: Options, (): ()) -> Result<Self, Error> {
        let pattern = AnyPattern::pair(options.immediate);
        Ok(Self { engine: SharedEngine::new(pattern, options)? })
    }
}
