//! Measurement and summary of the round trips of `libzmq-peer req`.

use core::fmt;
use core::str::FromStr;
use std::time::Instant;

/// The load that a client generates.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    /// Bytes in the body of a request.
    pub size: usize,
    /// The number of measured round trips, at least one.
    pub count: usize,
    /// The number of round trips before the measured ones.
    pub warmup: usize,
}

/// Times of round trips, in nanoseconds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Summary {
    /// The median.
    pub p50: u64,
    /// The 90th percentile.
    pub p90: u64,
    /// The 99th percentile.
    pub p99: u64,
    /// The mean.
    pub mean: u64,
    /// The number of measured round trips.
    pub count: u64,
}

/// Makes round trips and measures the time of each.
///
/// # Errors
///
/// The error of the first round trip that fails.
pub fn measure<E>(
    load: &Load,
    mut round_trip: impl FnMut() -> Result<(), E>,
) -> Result<Summary, E> {
    for _ in 0..load.warmup {
        round_trip()?;
    }
    let mut times = Vec::with_capacity(load.count);
    // The clock is read once per round trip: the end of one is the start of the next.
    let mut start = Instant::now();
    for _ in 0..load.count {
        round_trip()?;
        let end = Instant::now();
        times.push(u64::try_from((end - start).as_nanos()).unwrap_or(u64::MAX));
        start = end;
    }
    Ok(Summary::of(times))
}

impl Summary {
    fn of(mut times: Vec<u64>) -> Self {
        times.sort_unstable();
        let count = times.len();
        // Nearest rank: the smallest time that this many percent do not exceed.
        let percentile = |percent: usize| {
            let rank = (count * percent).div_ceil(100);
            times.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        let count = count as u64;
        let mean = times.iter().sum::<u64>().checked_div(count).unwrap_or_default();
        Self { p50: percentile(50), p90: percentile(90), p99: percentile(99), mean, count }
    }
}

/// The line that a client prints.
impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { p50, p90, p99, mean, count } = self;
        write!(f, "p50_ns={p50} p90_ns={p90} p99_ns={p99} mean_ns={mean} count={count}")
    }
}

/// Reads that line.
impl FromStr for Summary {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let value = |name: &str| {
            line.split_whitespace()
                .find_map(|field| field.strip_prefix(name)?.strip_prefix('='))
                .and_then(|value| value.parse().ok())
                .ok_or_else(|| format!("no {name} in {line:?}"))
        };
        Ok(Self {
            p50: value("p50_ns")?,
            p90: value("p90_ns")?,
            p99: value("p99_ns")?,
            mean: value("mean_ns")?,
            count: value("count")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_nearest_ranks() {
        let summary = Summary::of((1..=200).rev().collect());
        let expected = Summary { p50: 100, p90: 180, p99: 198, mean: 100, count: 200 };
        assert_eq!(summary, expected);
        let one = Summary { p50: 5, p90: 5, p99: 5, mean: 5, count: 1 };
        assert_eq!(Summary::of(vec![5]), one);
    }

    #[test]
    fn line_is_read_back() {
        let summary = Summary::of(vec![1, 2, 3]);
        assert_eq!(summary.to_string().parse(), Ok(summary));
        assert!("p50_ns=1 p90_ns=x".parse::<Summary>().is_err());
    }

    #[test]
    fn warmup_is_not_measured() {
        let mut made = 0;
        let load = Load { size: 0, count: 3, warmup: 2 };
        let summary = measure(&load, || {
            made += 1;
            Ok::<_, ()>(())
        });
        assert_eq!(summary.unwrap().count, 3);
        assert_eq!(made, 5);
        assert_eq!(measure(&load, || Err("no")), Err("no"));
    }
}
