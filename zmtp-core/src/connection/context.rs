//! The state besides the receiving half that received bytes change, and the time.

use super::send::SendHalf;
use crate::config::Config;
use crate::time::Instant;

pub(super) struct Context<'c, M> {
    pub(super) config: &'c Config,
    pub(super) mechanism: &'c mut M,
    pub(super) tx: &'c mut SendHalf,
    pub(super) now: Instant,
}
