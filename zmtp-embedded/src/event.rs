//! Events of links for `defmt` and `log`: connected, subscribed, dropped, closed. Without these features, they cost
//! nothing.

/// Logs an event: its level, a format string, and expressions. `defmt` gets it if it is enabled and the target has no
/// operating system: elsewhere a program with `defmt` does not link unless it has a logger of `defmt`.
macro_rules! event {
    ($level:ident, $text:literal $(, $value:expr)*) => {{
        #[cfg(all(feature = "defmt", target_os = "none"))]
        defmt::$level!($text $(, $value)*);
        #[cfg(all(feature = "log", not(all(feature = "defmt", target_os = "none"))))]
        log::$level!($text $(, $value)*);
        #[cfg(not(any(all(feature = "defmt", target_os = "none"), feature = "log")))]
        { $(let _ = &$value;)* }
    }};
}

pub(crate) use event;

/// Whether events are logged.
pub(crate) const EVENTS: bool =
    cfg!(any(all(feature = "defmt", target_os = "none"), feature = "log"));
