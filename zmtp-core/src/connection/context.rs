//! What received bytes act on besides the receiving half, and when.

use super::send::SendHalf;
use crate::config::Config;
use crate::time::Instant;

pub(super) struct Context<'c, M> {
    pub(super) config: &'c Config,
    pub(super) mechanism: &'c mut M,
    pub(super) tx: &'c mut SendHalf,
    pub(super) now: Instant,
}
