//! The options of a socket, by the numbers of the C API.
//!
//! Each group of options is one file with two functions: `set` and `get`. They return `None` for an option of another
//! group.

mod connection;
mod kind;
mod queue;
mod security;
#[cfg(test)]
mod tests;
mod transport;
mod value;

use std::time::Duration;

use libc::c_int;
use zmtp_mio::libzmq::{KindOptions, Rules};
use zmtp_mio::{HighWaterMark, Options, SocketKind};

pub(crate) use value::{Value, text};

use crate::context::Context;
use crate::errno::{Errno, Outcome};

/// The options of a socket as the program has set them.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) kind: SocketKind,
    /// A ROUTER is raw (`ZMQ_ROUTER_RAW`): its Rust socket is a STREAM.
    pub(crate) raw: bool,
    /// What the Rust socket has.
    pub(crate) options: Options,
    pub(crate) own: KindOptions,
    /// The time limit of a receive and of a send in milliseconds; −1 is no limit.
    pub(crate) receive_timeout: c_int,
    pub(crate) send_timeout: c_int,
    /// A descriptor that listens already, for the next bind (`ZMQ_USE_FD`); −1 if there is none.
    pub(crate) use_fd: c_int,
    /// The routing id of the peer of the next connect.
    pub(crate) connect_routing_id: Option<Vec<u8>>,
    connection: connection::Numbers,
    transport: transport::Numbers,
    kinds: kind::Numbers,
    security: security::Settings,
}

/// An option that is not stored in the settings: the socket carries it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Subscribe,
    Unsubscribe,
}

impl Settings {
    /// The defaults of libzmq.
    pub(crate) fn new(kind: SocketKind, context: &Context) -> Self {
        let mut options = Options::default();
        options.context = context.inner().clone();
        let mark = HighWaterMark::new(1_000, None);
        (options.send_mark, options.receive_mark) = (mark, mark);
        (options.tcp.ipv6, options.udp.ipv6) = (context.ipv6(), context.ipv6());
        (options.signals_end_waits, options.rules) = (true, Rules::LIBZMQ);
        let lingers = context.is_blocky()
            && !matches!(kind, SocketKind::Sub | SocketKind::Xsub | SocketKind::Dish);
        let environment = context.environment();
        options.linger = if lingers { environment.linger() } else { Duration::ZERO.into() };
        environment.limit(&mut options);
        let connection = connection::Numbers::new(environment.max_message_size());
        let transport = transport::Numbers::default();
        connection.apply(&mut options);
        transport.apply(&mut options);
        let mut own = KindOptions::default();
        own.publish.cancels_once = true;
        Self {
            kind,
            raw: false,
            options,
            own,
            receive_timeout: -1,
            send_timeout: -1,
            use_fd: -1,
            connect_routing_id: None,
            connection,
            transport,
            kinds: kind::Numbers::default(),
            security: security::Settings::default(),
        }
    }

    /// The kind of the Rust socket.
    pub(crate) const fn inner_kind(&self) -> SocketKind {
        if self.raw { SocketKind::Stream } else { self.kind }
    }

    /// Returns a request if the socket must carry out this option.
    pub(crate) fn request(&self, option: c_int) -> Outcome<Option<Request>> {
        kind::request(self, option).transpose()
    }

    /// Sets an option that is not a request.
    pub(crate) fn set(&mut self, option: c_int, value: Value<'_>) -> Outcome<()> {
        let groups = [queue::set, connection::set, transport::set, kind::set, security::set];
        let done = groups.iter().find_map(|set| set(self, option, value));
        done.unwrap_or(Err(Errno::EINVAL))
    }

    /// Returns an option.
    pub(crate) fn get(&self, option: c_int) -> Outcome<Vec<u8>> {
        let groups = [queue::get, connection::get, transport::get, kind::get, security::get];
        groups.iter().find_map(|get| get(self, option)).ok_or(Errno::EINVAL)
    }

    /// Fails if a connect over TCP cannot use the proxy that the program has set.
    pub(crate) fn check_proxy(&self) -> Outcome<()> {
        self.security.check_proxy()
    }

    /// Returns the bytes of an option in the form for which the program has room for so many bytes.
    pub(crate) fn in_form(option: c_int, bytes: Vec<u8>, room: usize) -> Vec<u8> {
        security::key_for(option, bytes, room)
    }

    /// The security of connections, once it is complete.
    pub(crate) fn complete_security(&mut self) {
        let (security, zap_domain) = self.security.complete();
        self.options.security = security;
        self.options.zap_domain = zap_domain;
    }
}

/// Milliseconds; a negative number is no limit.
fn time(millis: c_int) -> Option<Duration> {
    u64::try_from(millis).ok().map(Duration::from_millis)
}

/// A positive number of milliseconds; 0 and negative numbers stand for none.
fn some(millis: c_int) -> Option<Duration> {
    time(millis).filter(|time| !time.is_zero())
}

/// An int as an option.
fn int(value: impl Into<c_int>) -> Vec<u8> {
    value.into().to_ne_bytes().to_vec()
}
