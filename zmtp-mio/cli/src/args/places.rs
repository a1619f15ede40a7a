//! Endpoints with their side.

use core::net::Ipv6Addr;

use clap::Args;

/// Endpoints that are bound or connected explicitly.
#[derive(Args, Clone, Debug, Default)]
pub(crate) struct PlaceArgs {
    /// Listen on this endpoint; may be repeated
    #[arg(long, value_name = "ENDPOINT", alias = "listen")]
    pub(crate) bind: Vec<String>,

    /// Connect to this endpoint, even if it is not bound yet; may be repeated
    #[arg(long, value_name = "ENDPOINT", alias = "dial")]
    pub(crate) connect: Vec<String>,

    /// Connect to TCP endpoints from this local address, with or without a port, or interface; as
    /// `tcp://SOURCE:0;host:port`
    #[arg(long, value_name = "SOURCE")]
    pub(crate) source: Option<String>,
}

impl PlaceArgs {
    /// An endpoint to connect to, with the source if it has none.
    pub(crate) fn with_source(&self, endpoint: &str) -> String {
        match (&self.source, endpoint.strip_prefix("tcp://")) {
            (Some(source), Some(rest)) if !rest.contains(';') => {
                format!("tcp://{};{rest}", with_port(source))
            }
            _ => endpoint.into(),
        }
    }
}

/// The source with a port, 0 if it has none.
fn with_port(source: &str) -> String {
    if source.parse::<Ipv6Addr>().is_ok() {
        format!("[{source}]:0")
    } else if source.contains(':') && !source.ends_with(']') {
        source.into()
    } else {
        format!("{source}:0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_precedes_the_host() {
        let to = |source: &str, endpoint: &str| {
            let source = Some(source.into());
            PlaceArgs { source, ..PlaceArgs::default() }.with_source(endpoint)
        };
        assert_eq!(to("127.0.0.2", "tcp://a:1"), "tcp://127.0.0.2:0;a:1");
        assert_eq!(to("127.0.0.2:7", "tcp://a:1"), "tcp://127.0.0.2:7;a:1");
        assert_eq!(to("::1", "tcp://a:1"), "tcp://[::1]:0;a:1");
        assert_eq!(to("[::1]", "tcp://a:1"), "tcp://[::1]:0;a:1");
        assert_eq!(to("eth0", "tcp://a:1"), "tcp://eth0:0;a:1");
        assert_eq!(to("eth0", "tcp://lo:0;a:1"), "tcp://lo:0;a:1");
        assert_eq!(to("eth0", "ipc:///a"), "ipc:///a");
        assert_eq!(PlaceArgs::default().with_source("tcp://a:1"), "tcp://a:1");
    }
}
