//! PULL: takes work in (RFC 30, `ZMQ_PULL`).

use super::common::{common, conflating, receiving};
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::options::Options;
use crate::pattern::AnyPattern;

/// A socket that takes messages from its PUSH peers, one of each in turn. See
/// [`Push`](crate::Push).
#[derive(Debug)]
pub struct Pull {
    pub(super) engine: SharedEngine,
}

common!(Pull, ());
receiving!(Pull, "the next message");
conflating!(Pull);

impl Pull {
    fn with(options: Options, (): ()) -> Result<Self, Error> {
        let pattern = AnyPattern::pull();
        Ok(Self { engine: SharedEngine::new(pattern, options)? })
    }
}
