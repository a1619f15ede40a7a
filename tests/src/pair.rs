//! Two connections wired to each other.

use zmtp_core::mechanism::Mechanism;
use zmtp_core::{Config, NullOrOlder};

use crate::driver::{Driver, Fetch, Lane, LogEntry};
use crate::random::Random;

/// Two connections and the bytes between them.
#[derive(Debug)]
pub struct Pair<'c, M = NullOrOlder> {
    /// One end.
    pub left: Driver<'c, M>,
    /// The other.
    pub right: Driver<'c, M>,
    largest_piece: usize,
    random: Random,
}

/// Carries bytes between two ends until neither sends any more. Returns what each sent.
pub fn exchange<L: Mechanism, R: Mechanism>(
    left: &mut Driver<'_, L>,
    right: &mut Driver<'_, R>,
) -> [Vec<u8>; 2] {
    let mut sent = [Vec::new(), Vec::new()];
    loop {
        let (there, back) = (left.take_sent(), right.take_sent());
        if there.is_empty() && back.is_empty() {
            return sent;
        }
        right.feed(&there);
        left.feed(&back);
        sent[0].extend(there);
        sent[1].extend(back);
    }
}

impl<'c> Pair<'c> {
    /// Two ends whose bytes arrive as they were sent.
    pub fn new(left: &'c Config, right: &'c Config) -> Self {
        Self::cut(left, right, usize::MAX)
    }

    /// Two ends whose bytes arrive in pieces of 1 to `largest` bytes.
    pub fn cut(left: &'c Config, right: &'c Config, largest: usize) -> Self {
        Self::secured([NullOrOlder::new(); 2], [left, right], largest)
    }
}

impl<'c, M: Mechanism> Pair<'c, M> {
    /// Two ends with security mechanisms, as [`Pair::cut`].
    pub fn secured([left, right]: [M; 2], configs: [&'c Config; 2], largest: usize) -> Self {
        let [ours, theirs] = configs;
        Self {
            left: Driver::secured(left, ours, Lane::Both, Fetch::Eagerly),
            right: Driver::secured(right, theirs, Lane::Both, Fetch::Eagerly),
            largest_piece: largest,
            random: Random::new(largest as u64),
        }
    }

    /// Carries bytes until neither end sends any more.
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

    fn carry(random: &mut Random, largest: usize, bytes: &[u8], to: &mut Driver<'c, M>) {
        let sizes = core::iter::from_fn(|| match largest {
            usize::MAX => None,
            largest => Some(1 + random.below(largest)),
        });
        to.feed_in_pieces(bytes, sizes);
    }
}

/// The whole messages in a log.
pub fn messages(log: &[LogEntry]) -> Vec<Vec<Vec<u8>>> {
    let (mut all, mut parts) = (Vec::new(), Vec::new());
    for entry in log {
        if let LogEntry::Frame(header, body) = entry {
            parts.push(body.clone());
            if header.is_final() {
                all.push(core::mem::take(&mut parts));
            }
        }
    }
    all
}
