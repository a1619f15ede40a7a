//! PULL: takes messages (RFC 30).

use super::Rules;

/// PULL.
#[derive(Debug)]
pub struct Pull(());

impl Pull {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl Rules for Pull {}
