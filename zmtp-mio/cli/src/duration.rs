//! Durations with units: `500ms`, `1.5s`, `2m`.

use core::time::Duration;

const EXPECTED: &str = "expected a number with a unit: 500ms, 5s, 1.5s, 2m or 1h";

/// Parses a duration. A number without a unit is refused, because its unit is unclear.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = match unit {
        "us" | "µs" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(EXPECTED.into()),
    };
    let number: f64 = number.parse().map_err(|_| EXPECTED)?;
    Duration::try_from_secs_f64(number * seconds).map_err(|_| "too long".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_scale() {
        for (text, ms) in [
            ("500ms", 500),
            ("0s", 0),
            ("5s", 5_000),
            ("1.5s", 1_500),
            ("2m", 120_000),
            ("1h", 3_600_000),
            ("2000us", 2),
        ] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
    }

    #[test]
    fn ambiguous_durations_are_refused() {
        for text in ["", "5", "s", "-5s", "5 s", "5sec", "1.2.3s", ".s", "5S", "1e3s", "inf"] {
            assert_eq!(parse(text), Err(EXPECTED.into()), "{text}");
        }
        assert_eq!(parse(&format!("{}h", "9".repeat(30))), Err("too long".into()));
    }
}
