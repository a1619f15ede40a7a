//! The counters of a child, and their samples.

use core::fmt;
use core::str::FromStr;
use core::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use core::time::Duration;
use std::collections::HashMap;
use std::fs;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

use crate::Failure;
use crate::histogram::{Counts, Histogram};

/// The time between the pairs of messages of `Work::Second`.
pub const QUIET: Duration = Duration::from_millis(2);

/// The time in nanoseconds on a clock that all processes share.
pub fn clock() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    now.tv_sec as u64 * 1_000_000_000 + now.tv_nsec as u64
}

/// The counter of one loop. Only its thread writes.
#[derive(Debug)]
#[repr(align(128))]
pub struct Lane {
    count: AtomicU64,
    limit: u64,
    times: Histogram,
}

impl Lane {
    /// Whether the loop goes on: always, except in runs of a fixed number of messages.
    pub fn more(&self) -> bool {
        self.count.load(Ordering::Relaxed) < self.limit
    }

    /// Adds messages.
    pub fn add(&self, messages: u64) {
        self.count.store(self.count.load(Ordering::Relaxed) + messages, Ordering::Relaxed);
    }

    /// Adds one round trip that began at `start` and ends now, and sets `start` to now.
    pub fn round_trip(&self, start: &mut Instant) {
        let now = Instant::now();
        self.times.add((now - *start).as_nanos() as u64);
        *start = now;
        self.add(1);
    }

    /// Adds one time, in nanoseconds.
    pub fn time(&self, nanoseconds: u64) {
        self.times.add(nanoseconds);
        self.add(1);
    }

    fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }
}

/// The counters of a child.
#[derive(Debug)]
pub struct Meter {
    lanes: Box<[Lane]>,
    start: Instant,
    released: AtomicBool,
}

impl Meter {
    /// A meter with so many lanes, each of which ends at `limit` messages if there is one.
    pub fn new(lanes: usize, limit: Option<u64>) -> Self {
        let lane = |_| Lane {
            count: AtomicU64::new(0),
            limit: limit.unwrap_or(u64::MAX),
            times: Histogram::default(),
        };
        let lanes = (0..lanes).map(lane).collect();
        Self { lanes, start: Instant::now(), released: AtomicBool::new(false) }
    }

    /// Lets a publisher send at its full rate.
    pub fn release(&self) {
        self.released.store(true, Ordering::Relaxed);
    }

    /// Whether a publisher may send at its full rate.
    pub fn is_released(&self) -> bool {
        self.released.load(Ordering::Relaxed)
    }

    /// The lane of a loop.
    pub fn lane(&self, at: usize) -> &Lane {
        &self.lanes[at]
    }

    /// The time between messages of a publisher before its release. It is longer in runs of a fixed number of
    /// messages, in which everything counts.
    pub fn pace(&self) -> Duration {
        Duration::from_millis(if self.lanes[0].limit == u64::MAX { 1 } else { 10 })
    }

    /// Whether every loop has counted something.
    pub fn started(&self) -> bool {
        self.lanes.iter().all(|lane| lane.count() > 0)
    }

    /// The counters now. The times are those since `before`, which becomes the copy of now.
    pub fn sample(&self, before: &mut Option<Counts>) -> Sample {
        let count = self.lanes.iter().map(Lane::count).sum();
        let now = self.start.elapsed();
        let times = self.lanes[0].times.counts();
        let quantile = |share| times.quantile(before.as_ref(), share).unwrap_or_default();
        let sample = Sample {
            at: now.as_secs_f64(),
            count,
            cpu: cpu_nanoseconds() as f64 / 1e9,
            peak_kib: memory_kib("VmHWM:"),
            resident_kib: memory_kib("VmRSS:"),
            p50: quantile(0.5) / 1e9,
            p99: quantile(0.99) / 1e9,
        };
        *before = Some(times);
        sample
    }
}

/// The CPU time of the threads of this process that have not ended.
fn cpu_nanoseconds() -> u64 {
    // Not a clock of the system: valgrind cannot run the code that reads it without a system call.
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let time = |text: String| text.split(' ').next()?.parse::<u64>().ok();
    threads
        .filter_map(|thread| time(fs::read_to_string(thread.path().join("schedstat")).ok()?))
        .sum()
}

/// A line of `/proc/self/status`, in KiB.
fn memory_kib(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).unwrap_or_default()
}

/// The counters of a child at one time. Times are in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// When, on the clock of the child.
    pub at: f64,
    /// Messages or round trips so far.
    pub count: u64,
    /// CPU time of the threads of the process so far.
    pub cpu: f64,
    /// The largest resident memory so far, in KiB.
    pub peak_kib: u64,
    /// The resident memory now, in KiB.
    pub resident_kib: u64,
    /// Median of the round trips since the previous sample.
    pub p50: f64,
    /// 99 of 100 round trips since the previous sample took no longer.
    pub p99: f64,
}

/// The line that a child prints.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, count, cpu, peak_kib: peak, resident_kib: resident, p50, p99 } = self;
        write!(f, "at={at:.9} count={count} cpu={cpu:.9} peak={peak} resident={resident} ")?;
        write!(f, "p50={p50:.9} p99={p99:.9}")
    }
}

/// Reads that line.
impl FromStr for Sample {
    type Err = Failure;

    fn from_str(line: &str) -> Result<Self, Failure> {
        let fields: HashMap<_, _> =
            line.split_whitespace().filter_map(|field| field.split_once('=')).collect();
        let field = |name: &str| fields.get(name).ok_or_else(|| format!("no {name} in {line:?}"));
        Ok(Self {
            at: field("at")?.parse()?,
            count: field("count")?.parse()?,
            cpu: field("cpu")?.parse()?,
            peak_kib: field("peak")?.parse()?,
            resident_kib: field("resident")?.parse()?,
            p50: field("p50")?.parse()?,
            p99: field("p99")?.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_of_a_sample_is_read_back() {
        let meter = Meter::new(2, Some(2));
        assert!(!meter.started());
        meter.lane(0).add(1);
        meter.lane(1).round_trip(&mut Instant::now());
        assert!(meter.started() && meter.lane(0).more());
        meter.lane(0).add(1);
        assert!(!meter.lane(0).more());
        let sample = meter.sample(&mut None);
        assert_eq!(sample.count, 3);
        assert!(sample.peak_kib > 0);
        let read: Sample = sample.to_string().parse().unwrap();
        assert_eq!(read.to_string(), sample.to_string());
        assert!("at=1 count=x".parse::<Sample>().is_err());
    }
}
