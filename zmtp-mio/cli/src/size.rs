//! Numbers of bytes: `300`, `64k`, `1M`; and rates: `100`, `0.5`, `20k`.

/// Parses a number of bytes; k, M and G are powers of 1024.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    const EXPECTED: &str = "expected a number of bytes: 300, 64k, 1M or 2G";
    let (number, shift) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 10),
        Some(b'M') => (&text[..text.len() - 1], 20),
        Some(b'G') => (&text[..text.len() - 1], 30),
        _ => (text, 0),
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(EXPECTED.into());
    }
    let number: u64 = number.parse().map_err(|_| EXPECTED)?;
    number.checked_mul(1 << shift).ok_or_else(|| "too large".into())
}

/// Parses a number of messages per second; k and M are powers of 1000.
pub(crate) fn rate(text: &str) -> Result<f64, String> {
    const EXPECTED: &str = "expected messages per second: 100, 0.5 or 20k";
    let (number, times) = match text.as_bytes().last() {
        Some(b'k' | b'K') => (&text[..text.len() - 1], 1e3),
        Some(b'M') => (&text[..text.len() - 1], 1e6),
        _ => (text, 1.0),
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return Err(EXPECTED.into());
    }
    let rate = number.parse::<f64>().map_err(|_| EXPECTED)? * times;
    // From one in a day to the resolution of the clock.
    if (1e-5..=1e9).contains(&rate) { Ok(rate) } else { Err(EXPECTED.into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_scale() {
        for (text, bytes) in [("0", 0), ("300", 300), ("64k", 65_536), ("1M", 1 << 20)] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for (text, expected) in [("100", 100.0), ("0.5", 0.5), ("20k", 20_000.0)] {
            assert_eq!(rate(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn ambiguous_numbers_are_refused() {
        for text in ["", "k", "-1", "+1", "1.5k", "1 k", "1kB", "99999999999G"] {
            assert!(parse(text).is_err(), "{text}");
        }
        for text in ["", "0", "-1", "1e3", "inf", "nan", "1/s", "9999M"] {
            assert!(rate(text).is_err(), "{text}");
        }
    }
}
