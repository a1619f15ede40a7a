//! Two connections wired to each other.

use zmtp_core::Config;

use crate::driver::{Driver, Fetch, Lane, Said};
use crate::random::Random;

/// Two connections and the bytes between them.
#[derive(Debug)]
pub struct Pair<'c> {
    /// One end.
    pub left: Driver<'c>,
    /// The other.
    pub right: Driver<'c>,
    largest_piece: usize,
    random: Random,
}

impl<'c> Pair<'c> {
    /// Two ends whose bytes arrive as they were sent.
    pub fn new(left: &'c Config, right: &'c Config) -> Self {
        Self::cut(left, right, usize::MAX)
    }

    /// Two ends whose bytes arrive in pieces of 1 to `largest` bytes.
    pub fn cut(left: &'c Config, right: &'c Config, largest: usize) -> Self {
        Self {
            left: Driver::with(left, Lane::Both, Fetch::Eagerly),
            right: Driver::with(right, Lane::Both, Fetch::Eagerly),
            largest_piece: largest,
            random: Random::new(largest as u64),
        }
    }

    /// Carries bytes until neither end has anything to say.
    pub fn run(&mut self) {
        loop {
            let (there, back) = (self.left.take_sent(), self.right.take_sent());
            if there.is_empty() && back.is_empty() {
                return;
            }
            Self::carry(&mut self.random, self.largest_piece, &there, &mut self.right);
            Self::carry(&mut self.random, self.largest_piece, &back, &mut self.left);
        }
    }

    fn carry(random: &mut Random, largest: usize, bytes: &[u8], to: &mut Driver<'c>) {
        let sizes = core::iter::from_fn(|| match largest {
            usize::MAX => None,
            largest => Some(1 + random.below(largest)),
        });
        to.feed_in_pieces(bytes, sizes);
    }
}

/// The whole messages in a log.
pub fn messages(log: &[Said]) -> Vec<Vec<Vec<u8>>> {
    let (mut all, mut parts) = (Vec::new(), Vec::new());
    for said in log {
        if let Said::Frame(header, body) = said {
            parts.push(body.clone());
            if header.is_final() {
                all.push(core::mem::take(&mut parts));
            }
        }
    }
    all
}
