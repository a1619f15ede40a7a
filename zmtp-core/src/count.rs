//! Numbers with their nouns, for texts.

use core::fmt;

/// A number of things: "1 byte", "2 bytes".
pub(crate) struct Count {
    n: u64,
    one: &'static str,
    several: &'static str,
}

pub(crate) const fn bytes(n: u64) -> Count {
    Count { n, one: "byte", several: "bytes" }
}

pub(crate) const fn parts(n: u64) -> Count {
    Count { n, one: "part", several: "parts" }
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.n, if self.n == 1 { self.one } else { self.several })
    }
}
