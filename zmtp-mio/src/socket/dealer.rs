//! DEALER: sends in turn, receives in turn (RFC 28, `ZMQ_DEALER`).

use super::common::{common, conflating, corking, probing, receiving, sending};
use crate::engine::SharedEngine;
use crate::error::Error;
use crate::options::Options;
use crate::pattern::{AnyPattern, DealerOptions};

/// A socket that sends to its peers in turn and receives from them in turn, in any order.
///
/// Messages are the application's as they are: who talks to a REP puts an empty part in front. The
/// turns are those of [`Push`](crate::Push) and [`Pull`](crate::Pull).
#[derive(Debug)]
pub struct Dealer {
    pub(super) engine: SharedEngine,
}

common!(Dealer, DealerOptions);
sending!(Dealer, "to the next peer in turn", "for a peer that takes it");
receiving!(Dealer, "the next message");
corking!(Dealer);
conflating!(Dealer);
probing!(Dealer);

impl Dealer {
    fn with(options: Options, own: DealerOptions) -> Result<Self, Error> {
        let pattern = AnyPattern::dealer(own, options.immediate);
        Ok(Self { engine: SharedEngine::new(pattern, options)? })
    }
}
