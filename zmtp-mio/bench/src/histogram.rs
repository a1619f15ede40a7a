//! Times, counted in buckets that are 0.4 % wide or narrower.

use core::sync::atomic::{AtomicU32, Ordering};

/// Bits of a time that a bucket keeps, below the highest.
const BITS: u32 = 8;
const BUCKETS: usize = (64 - BITS as usize + 1) << BITS;

/// The number of times in each bucket. One thread adds, others may read.
#[derive(Debug)]
pub struct Histogram(Box<[AtomicU32]>);

impl Default for Histogram {
    fn default() -> Self {
        Self((0..BUCKETS).map(|_| AtomicU32::new(0)).collect())
    }
}

/// A copy of the counts.
#[derive(Clone, Debug)]
pub struct Counts(Vec<u32>);

impl Histogram {
    /// Adds a time in nanoseconds.
    pub fn add(&self, nanoseconds: u64) {
        let bucket = &self.0[index(nanoseconds)];
        bucket.store(bucket.load(Ordering::Relaxed).wrapping_add(1), Ordering::Relaxed);
    }

    /// The counts now.
    pub fn counts(&self) -> Counts {
        Counts(self.0.iter().map(|bucket| bucket.load(Ordering::Relaxed)).collect())
    }
}

impl Counts {
    /// The time that this share of the times since `before` do not exceed, in nanoseconds: the middle of
    /// its bucket. `None` without times.
    pub fn quantile(&self, before: Option<&Self>, share: f64) -> Option<f64> {
        let since = |at: usize| {
            let earlier = before.map_or(0, |before| before.0[at]);
            u64::from(self.0[at].wrapping_sub(earlier))
        };
        let all: u64 = (0..self.0.len()).map(since).sum();
        let rank = ((all as f64 * share).ceil() as u64).max(1);
        let mut below = 0;
        (0..self.0.len()).find_map(|at| {
            below += since(at);
            (below >= rank).then(|| middle(at))
        })
    }
}

fn index(time: u64) -> usize {
    let shift = (64 - BITS).saturating_sub(time.leading_zeros() + 1);
    ((shift as usize) << BITS) + (time >> shift) as usize
}

/// The middle of the times of a bucket.
fn middle(index: usize) -> f64 {
    // From the second power of two on, the highest bit is always set.
    let shift = (index >> BITS).saturating_sub(1);
    let kept = index - (shift << BITS);
    let width = (1_u64 << shift) as f64;
    (kept as f64 + 0.5) * width - if shift == 0 { 0.5 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_in_its_bucket() {
        for time in [0, 1, 255, 256, 257, 511, 512, 1_000, 123_456, 1 << 40, u64::MAX] {
            let got = middle(index(time));
            let error = (got - time as f64).abs();
            assert!(error <= time as f64 / 256.0, "{time}: {got}");
        }
        assert!(index(u64::MAX) < BUCKETS);
    }

    #[test]
    fn quantiles_count_only_times_after_the_first_copy() {
        let times = Histogram::default();
        assert_eq!(times.counts().quantile(None, 0.5), None);
        (0..100).for_each(|_| times.add(7));
        let before = times.counts();
        (1..=100).for_each(|time| times.add(time));
        let now = times.counts();
        assert_eq!(now.quantile(Some(&before), 0.5), Some(50.0));
        assert_eq!(now.quantile(Some(&before), 0.99), Some(99.0));
        assert_eq!(now.quantile(None, 0.5), Some(7.0));
    }
}
