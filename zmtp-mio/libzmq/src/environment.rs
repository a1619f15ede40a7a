//! Limits that the user of a program sets by variables of the environment.

use std::ffi::OsString;
use std::ops::RangeInclusive;
use std::time::Duration;

use libc::c_int;
use zmtp_mio::{Limits, Linger, Options};

/// 1 sets the limits of `zmtp-mio` for what peers can make a socket hold.
const SAFE_LIMITS: &str = "ZMTP_SAFE_LIMITS";
/// The default of `ZMQ_MAXMSGSIZE` in bytes; −1 is no limit.
const MAX_MESSAGE_SIZE: &str = "ZMTP_MAX_MESSAGE_SIZE";
/// The most connections that a socket has accepted at a time.
const MAX_CONNECTIONS: &str = "ZMTP_MAX_CONNECTIONS";
/// The default of `ZMQ_LINGER` in milliseconds; −1 is no limit.
const LINGER: &str = "ZMTP_LINGER";

/// What the variables set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Environment {
    safe_limits: bool,
    max_message_size: Option<i64>,
    max_connections: Option<i64>,
    linger: Option<i64>,
}

impl Environment {
    /// Reads the variables. An error states which of them is invalid.
    pub(crate) fn read() -> Result<Self, String> {
        Self::from(|name| std::env::var_os(name))
    }

    fn from(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, String> {
        let number = |name: &str, allowed: RangeInclusive<i64>| {
            let Some(text) = variable(name) else { return Ok(None) };
            let number = text.to_str().and_then(|text| text.parse().ok());
            match number.filter(|number| allowed.contains(number)) {
                Some(number) => Ok(Some(number)),
                None => Err(format!(
                    "{name}={}: expected a number from {} to {}",
                    text.to_string_lossy(),
                    allowed.start(),
                    allowed.end()
                )),
            }
        };
        Ok(Self {
            safe_limits: number(SAFE_LIMITS, 0..=1)? == Some(1),
            max_message_size: number(MAX_MESSAGE_SIZE, -1..=i64::MAX)?,
            max_connections: number(MAX_CONNECTIONS, 1..=i64::from(c_int::MAX))?,
            linger: number(LINGER, -1..=i64::from(c_int::MAX))?,
        })
    }

    /// The default of `ZMQ_MAXMSGSIZE`.
    pub(crate) fn max_message_size(&self) -> i64 {
        let safe = Limits::default().max_frame.filter(|_| self.safe_limits);
        let safe = safe.and_then(|bytes| i64::try_from(bytes).ok()).unwrap_or(-1);
        self.max_message_size.unwrap_or(safe)
    }

    /// The default of `ZMQ_LINGER`.
    pub(crate) fn linger(&self) -> Linger {
        self.linger.map_or(Linger::UNLIMITED, |millis| {
            u64::try_from(millis).ok().map(Duration::from_millis).into()
        })
    }

    /// Sets the other limits of these options, which have the defaults of `zmtp-mio`. Without variables there are none, as
    /// in libzmq.
    pub(crate) fn limit(&self, options: &mut Options) {
        if !self.safe_limits {
            options.limits = options.limits.max_message(None).max_parts(None).message_timeout(None);
            (options.max_bytes, options.max_connections) = (None, None);
            (options.max_handshakes, options.max_handshakes_per_address) = (None, None);
            (options.max_subscriptions, options.max_subscription_bytes) = (None, None);
        }
        if let Some(most) = self.max_connections {
            options.max_connections = usize::try_from(most).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Environment, String> {
        Environment::from(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn without_variables_nothing_is_limited() {
        let environment = read(&[]).unwrap();
        assert_eq!(environment, read(&[(SAFE_LIMITS, "0")]).unwrap());
        assert_eq!(environment.max_message_size(), -1);
        assert_eq!(environment.linger(), Linger::UNLIMITED);
        let mut options = Options::default();
        environment.limit(&mut options);
        assert_eq!((options.max_bytes, options.max_connections), (None, None));
        assert_eq!(options.limits.max_message, None);
    }

    #[test]
    fn each_variable_sets_its_limit() {
        let one = |name, value| read(&[(name, value)]).unwrap();
        assert_eq!(one(MAX_MESSAGE_SIZE, "1000").max_message_size(), 1_000);
        assert_eq!(one(LINGER, "250").linger(), Duration::from_millis(250).into());
        assert_eq!(one(LINGER, "-1").linger(), Linger::UNLIMITED);
        let mut options = Options::default();
        one(MAX_CONNECTIONS, "7").limit(&mut options);
        assert_eq!((options.max_bytes, options.max_connections), (None, Some(7)));
    }

    #[test]
    fn safe_limits_are_those_of_the_rust_sockets_and_can_be_changed_one_by_one() {
        let (mut options, safe) = (Options::default(), Options::default());
        let environment = read(&[(SAFE_LIMITS, "1"), (MAX_CONNECTIONS, "7")]).unwrap();
        environment.limit(&mut options);
        assert_eq!((options.max_bytes, options.max_connections), (safe.max_bytes, Some(7)));
        assert_eq!(options.limits.max_message, safe.limits.max_message);
        assert_eq!(u64::try_from(environment.max_message_size()).ok(), safe.limits.max_frame);
        let environment = read(&[(SAFE_LIMITS, "1"), (MAX_MESSAGE_SIZE, "-1")]).unwrap();
        assert_eq!(environment.max_message_size(), -1);
    }

    #[test]
    fn an_invalid_value_is_named() {
        for (name, value) in [
            (SAFE_LIMITS, "yes"),
            (MAX_MESSAGE_SIZE, "1k"),
            (MAX_MESSAGE_SIZE, "-2"),
            (MAX_CONNECTIONS, "0"),
            (LINGER, "2147483648"),
            (LINGER, ""),
        ] {
            let error = read(&[(name, value)]).unwrap_err();
            assert!(
                error.starts_with(&format!("{name}={value}: expected a number from ")),
                "{error}"
            );
        }
    }
}
