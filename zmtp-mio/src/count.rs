//! Numbers with their nouns, for texts.

use core::fmt;

/// A number of things: "1 message", "2 messages".
#[derive(Clone, Copy, Debug)]
pub(crate) struct Count {
    n: u64,
    one: &'static str,
    several: &'static str,
}

pub(crate) const fn count(n: u64, one: &'static str, several: &'static str) -> Count {
    Count { n, one, several }
}

/// A number of bytes.
pub(crate) const fn bytes(n: u64) -> Count {
    count(n, "byte", "bytes")
}

/// A number of messages.
pub(crate) const fn messages(n: u64) -> Count {
    count(n, "message", "messages")
}

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { n, one, several } = self;
        write!(f, "{n} {}", if *n == 1 { one } else { several })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_in_the_singular() {
        let texts = [0, 1, 2].map(|n| bytes(n).to_string());
        assert_eq!(texts, ["0 bytes", "1 byte", "2 bytes"]);
    }
}
