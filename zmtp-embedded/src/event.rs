//! Events of links for `defmt` and `log`: connected, subscribed, dropped, closed. Without these features, they cost
//! nothing.

/// Logs an event: its level, a format string, and expressions. With both features, `defmt` gets it.
macro_rules! event {
    ($level:ident, $text:literal $(, $value:expr)*) => {{
        #[cfg(feature = "defmt")]
        defmt::$level!($text $(, $value)*);
        #[cfg(all(feature = "log", not(feature = "defmt")))]
        log::$level!($text $(, $value)*);
        #[cfg(not(any(feature = "defmt", feature = "log")))]
        { $(let _ = &$value;)* }
    }};
}

pub(crate) use event;

/// Whether events are logged.
pub(crate) const EVENTS: bool = cfg!(any(feature = "defmt", feature = "log"));
