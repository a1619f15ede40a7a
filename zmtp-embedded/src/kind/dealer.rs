//! DEALER: messages both ways, as they are (RFC 28).

use super::Rules;

/// DEALER with one peer. Who talks to a REP adds the empty delimiter.
#[derive(Debug)]
pub struct Dealer(());

impl Dealer {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl Rules for Dealer {}
