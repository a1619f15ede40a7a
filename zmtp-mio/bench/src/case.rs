//! One measurement: a work on a transport, with a placement.

use core::fmt;

use crate::placement::Placement;
use crate::work::Work;

/// A transport.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(missing_docs, reason = "the transports of ZeroMQ")]
pub enum Transport {
    Tcp,
    Ipc,
    Inproc,
}

/// One measurement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Case {
    /// What the ends do.
    pub work: Work,
    /// What they use.
    pub transport: Transport,
    /// Where they run.
    pub placement: Placement,
}

/// A figure of a measurement.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Metric {
    /// Messages, deliveries or replies per second.
    Rate,
    /// Median of the round trips.
    P50,
    /// 99 of 100 round trips took no longer.
    P99,
}

impl Metric {
    /// Whether a larger figure is better.
    pub const fn larger_is_better(self) -> bool {
        matches!(self, Self::Rate)
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Ipc => "ipc",
            Self::Inproc => "inproc",
        })
    }
}

/// The name of a measurement in results and on the command line.
impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { work, transport, placement } = self;
        write!(f, "{work}/{transport}/{placement}")
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rate => "rate",
            Self::P50 => "p50",
            Self::P99 => "p99",
        })
    }
}
