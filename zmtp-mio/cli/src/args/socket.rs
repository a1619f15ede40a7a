//! Settings of sockets.

#![expect(clippy::doc_markdown, reason = "help texts have no ticks")]

use core::time::Duration;
use std::ffi::OsString;
use std::path::PathBuf;

use clap::Args;
use zmtp_mio::{
    AddressRange, EndpointError, Heartbeat, Linger, Options, RoutingId, SocketKind, Socks,
};

use super::security::{self, SecurityArgs};
use super::tcp::TcpArgs;
use crate::duration;
use crate::exit::Failure;
use crate::input::Hex;
use crate::size;

/// Options of a socket, with their names in ZeroMQ.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Socket")]
pub(crate) struct SocketArgs {
    /// High-water mark of each outbound queue, in messages (SNDHWM); default 1000
    #[arg(long, value_name = "N")]
    send_mark: Option<usize>,

    /// High-water mark of each inbound queue, in messages (RCVHWM); default 1000
    #[arg(long, value_name = "N")]
    receive_mark: Option<usize>,

    /// How long to send queued messages before exit (LINGER); default 30s, or 10s without progress
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    linger: Option<Duration>,

    /// Time between PINGs (HEARTBEAT_IVL); a connection without data after a PING is closed
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    heartbeat: Option<Duration>,

    /// How long to wait for data after a PING (HEARTBEAT_TIMEOUT); default: that of --heartbeat
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, requires = "heartbeat")]
    heartbeat_timeout: Option<Duration>,

    /// How long the peer waits for data after a PING before it closes the connection (HEARTBEAT_TTL)
    #[arg(long, value_name = "DURATION", value_parser = duration::parse, requires = "heartbeat")]
    heartbeat_ttl: Option<Duration>,

    /// The routing id by which a ROUTER addresses this socket (ROUTING_ID), up to 255 bytes
    #[arg(long, value_name = "TEXT", value_parser = clap::builder::ValueParser::os_string())]
    routing_id: Option<OsString>,

    /// As --routing-id, in hex
    #[arg(long, value_name = "HEX", value_parser = Hex::parse, conflicts_with = "routing_id")]
    routing_id_hex: Option<Hex>,

    /// Announce a property to the peers (METADATA), as X-NAME=VALUE; repeat it for several properties
    #[arg(long, value_name = "X-NAME=VALUE", value_parser = property)]
    metadata: Vec<(String, Vec<u8>)>,

    /// Queue messages only for connected peers (IMMEDIATE)
    #[arg(long)]
    immediate: bool,

    /// Keep only the newest message of each queue (CONFLATE); for dealer, pub, pull, push and sub
    #[arg(long)]
    conflate: bool,

    /// Largest message to accept, in bytes (MAXMSGSIZE): 64k, 1M; default 128M
    #[arg(long, value_name = "SIZE", value_parser = size::parse)]
    max_message: Option<u64>,

    /// Time limit for a connection attempt and its handshake (HANDSHAKE_IVL); default 10s
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    handshake_timeout: Option<Duration>,

    /// The first pause before reconnecting (RECONNECT_IVL); default 100ms
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    reconnect: Option<Duration>,

    /// The longest pause before reconnecting (RECONNECT_IVL_MAX); default 3s
    #[arg(long, value_name = "DURATION", value_parser = duration::parse)]
    reconnect_max: Option<Duration>,

    /// Connect once and do not reconnect (RECONNECT_IVL of -1)
    #[arg(long, conflicts_with_all = ["reconnect", "reconnect_max"])]
    no_reconnect: bool,

    /// Do not reconnect if nothing listens at the endpoint (RECONNECT_STOP)
    #[arg(long)]
    stop_if_refused: bool,

    /// Do not reconnect if a handshake fails (RECONNECT_STOP)
    #[arg(long)]
    stop_if_handshake_fails: bool,

    /// Connect to TCP endpoints through this SOCKS5 proxy (SOCKS_PROXY)
    #[arg(long, value_name = "HOST:PORT", value_parser = proxy)]
    socks_proxy: Option<Socks>,

    /// The login for the proxy: the first line of the file is user=password (SOCKS_USERNAME)
    #[arg(long, value_name = "FILE", requires = "socks_proxy")]
    socks_login: Option<PathBuf>,

    /// Accept TCP connections only from this address, or with /BITS from this network (TCP_ACCEPT_FILTER); may be repeated
    #[arg(long, value_name = "ADDRESS")]
    accept_from: Vec<AddressRange>,

    #[command(flatten)]
    tcp: TcpArgs,

    #[command(flatten)]
    security: SecurityArgs,
}

impl SocketArgs {
    /// How long a closing socket sends queued messages.
    pub(crate) fn linger(&self) -> Linger {
        self.linger.map_or_else(Linger::default, Into::into)
    }

    /// Whether the attempts to connect to an endpoint may end.
    pub(crate) const fn may_stop_connecting(&self) -> bool {
        self.no_reconnect || self.stop_if_refused || self.stop_if_handshake_fails
    }

    /// Returns the options of the library, without those that the kind does not have, or what is
    /// wrong with them. `conflates` is whether the command takes --conflate.
    ///
    /// Checks --device, and reads the files of keys and passwords. Call it once for each socket: a pipe can be read only once.
    pub(crate) fn options(&self, kind: SocketKind, conflates: bool) -> Result<Options, Failure> {
        if self.conflate && !conflates {
            return Err(Failure::Usage("--conflate is only for dealer, pub, pull, push and sub"));
        }
        self.tcp.check_device()?;
        let mut options = Options::default();
        set(&mut options.send_mark.messages, self.send_mark.map(Some));
        set(&mut options.receive_mark.messages, self.receive_mark.map(Some));
        options.linger = self.linger();
        if let Some(interval) = self.heartbeat {
            let heartbeat = Heartbeat::every(interval);
            options.heartbeat =
                Some(heartbeat.timeout(self.heartbeat_timeout).ttl(self.heartbeat_ttl));
        }
        let text = self.routing_id.as_ref().map(|text| text.as_encoded_bytes());
        if let Some(id) = text.or_else(|| self.routing_id_hex.as_ref().map(|hex| &*hex.0)) {
            options.routing_id =
                RoutingId::new(id).ok_or(Failure::Usage("a routing id has at most 255 bytes"))?;
        }
        options.metadata.clone_from(&self.metadata);
        options.immediate = self.immediate;
        options.conflate = self.conflate;
        if let Some(bytes) = self.max_message {
            options.limits = options.limits.max_frame(bytes).max_message(bytes);
            // Room for several of them.
            let several = usize::try_from(bytes).unwrap_or(usize::MAX).saturating_mul(4);
            options.max_bytes = options.max_bytes.map(|most| most.max(several));
        }
        if let Some(timeout) = self.handshake_timeout {
            options.limits = options.limits.handshake_timeout(timeout);
        }
        set(&mut options.reconnect.first, self.reconnect);
        // A first wait above the default of the longest one raises it.
        let longest = options.reconnect.longest.max(options.reconnect.first);
        options.reconnect.longest = self.reconnect_max.unwrap_or(longest);
        options.reconnect.stop.always = self.no_reconnect;
        options.reconnect.stop.refused = self.stop_if_refused;
        options.reconnect.stop.handshake_failed = self.stop_if_handshake_fails;
        options.tcp = self.tcp.options();
        options.udp = self.tcp.udp();
        options.socks = match (self.socks_proxy.clone(), &self.socks_login) {
            (Some(proxy), Some(path)) => {
                let (user, password) =
                    security::login(path, "the first line of --socks-login is not user=password")?;
                Some(proxy.login(user, password))
            }
            (proxy, _) => proxy,
        };
        options.accept_filter.addresses.clone_from(&self.accept_from);
        self.security.apply(&mut options)?;
        Ok(options.for_kind(kind))
    }
}

fn proxy(address: &str) -> Result<Socks, EndpointError> {
    Socks::new(address)
}

/// A property: its name, `=` and its value. The library checks the name.
fn property(text: &str) -> Result<(String, Vec<u8>), &'static str> {
    let (name, value) = text.split_once('=').ok_or("expected X-NAME=VALUE")?;
    Ok((name.into(), value.into()))
}

fn set<T>(place: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *place = value;
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        socket: SocketArgs,
    }

    fn options(line: &[&str]) -> Result<Options, String> {
        let line = Line::try_parse_from([&["zmtp"], line].concat());
        line.map_err(|error| error.to_string())?
            .socket
            .options(SocketKind::Dealer, true)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn each_flag_reaches_its_option() {
        let line = "--send-mark 7 --receive-mark 8 --linger 2s --heartbeat 1s \
            --heartbeat-timeout 300ms --heartbeat-ttl 5s --routing-id me --immediate --conflate \
            --max-message 64k --handshake-timeout 3s --reconnect 5s --keepalive 1m \
            --socks-proxy proxy.example:1080 --accept-from 192.0.2.0/24 --accept-from ::1 \
            --stop-if-refused --stop-if-handshake-fails --metadata X-Room=1=a --metadata X-b=";
        let options = options(&line.split_whitespace().collect::<Vec<_>>()).unwrap();
        assert_eq!((options.send_mark.messages, options.receive_mark.messages), (Some(7), Some(8)));
        assert_eq!(options.linger, Linger::from(Duration::from_secs(2)));
        let heartbeat = Heartbeat::every(Duration::from_secs(1));
        let heartbeat = heartbeat.timeout(Duration::from_millis(300)).ttl(Duration::from_secs(5));
        assert_eq!(options.heartbeat, Some(heartbeat));
        assert_eq!(options.routing_id.bytes(), b"me");
        assert!(options.immediate && options.conflate);
        assert_eq!(
            (options.limits.max_frame, options.limits.max_message),
            (Some(65_536), Some(65_536))
        );
        assert_eq!(options.limits.handshake_timeout, Some(Duration::from_secs(3)));
        assert_eq!(options.reconnect.first, Duration::from_secs(5));
        assert_eq!(options.reconnect.longest, Duration::from_secs(5));
        assert_eq!(options.tcp.keepalive.unwrap().idle, Some(Duration::from_secs(60)));
        assert!(format!("{:?}", options.socks).contains("proxy.example"));
        assert_eq!(options.accept_filter.addresses.len(), 2);
        let stop = options.reconnect.stop;
        assert!(stop.refused && stop.handshake_failed && !stop.always);
        let metadata = [("X-Room".into(), b"1=a".to_vec()), ("X-b".into(), Vec::new())];
        assert_eq!(options.metadata, metadata);
    }

    #[test]
    fn routing_ids_have_at_most_255_bytes() {
        assert_eq!(options(&["--routing-id-hex", "00 ff"]).unwrap().routing_id.bytes(), b"\0\xff");
        assert!(options(&["--routing-id", &"x".repeat(255)]).is_ok());
        assert!(options(&["--routing-id", &"x".repeat(256)]).unwrap_err().contains("255"));
    }

    #[test]
    fn reconnection_can_be_off() {
        assert!(options(&["--no-reconnect"]).unwrap().reconnect.stop.always);
        assert!(options(&["--no-reconnect", "--reconnect", "1s"]).is_err());
        assert!(options(&["--metadata", "X-Room"]).unwrap_err().contains("X-NAME=VALUE"));
    }
}
