//! Connections: their limits, heartbeats, and attempts.

use libc::c_int;
use zmtp_mio::{Heartbeat, Options, Reconnect, RoutingId};

use super::{Settings, Value, int, some, time};
use crate::errno::{Errno, Outcome};

const ROUTING_ID: c_int = 5;
const RECONNECT_IVL: c_int = 18;
const RECONNECT_IVL_MAX: c_int = 21;
const MAXMSGSIZE: c_int = 22;
const HANDSHAKE_IVL: c_int = 66;
const HEARTBEAT_IVL: c_int = 75;
const HEARTBEAT_TTL: c_int = 76;
const HEARTBEAT_TIMEOUT: c_int = 77;
const METADATA: c_int = 95;
const RECONNECT_STOP: c_int = 109;

/// The bits of `ZMQ_RECONNECT_STOP`: a refused connection, and a failed handshake.
const STOP_REFUSED: c_int = 1;
const STOP_HANDSHAKE: c_int = 2;

/// The largest `ZMQ_HEARTBEAT_TTL` in milliseconds: 65,535 tenths of a second.
const MAX_TTL: c_int = 6_553_599;

/// Numbers as the program has set them.
#[derive(Debug)]
pub(super) struct Numbers {
    reconnect: c_int,
    reconnect_max: c_int,
    reconnect_stop: c_int,
    max_message: i64,
    handshake: c_int,
    heartbeat: c_int,
    heartbeat_ttl: c_int,
    heartbeat_timeout: c_int,
}

impl Numbers {
    pub(super) const fn new(max_message: i64) -> Self {
        Self {
            reconnect: 100,
            reconnect_max: 0,
            reconnect_stop: 0,
            max_message,
            handshake: 30_000,
            heartbeat: 0,
            heartbeat_ttl: 0,
            heartbeat_timeout: -1,
        }
    }

    /// Sets the options of the Rust socket.
    pub(super) fn apply(&self, options: &mut Options) {
        (options.reconnect, options.heartbeat) = (self.reconnect(), self.heartbeat());
        options.limits.max_frame = u64::try_from(self.max_message).ok();
        options.limits.handshake_timeout = some(self.handshake);
    }

    fn reconnect(&self) -> Reconnect {
        let Some(first) = some(self.reconnect) else { return Reconnect::NEVER };
        let longest = some(self.reconnect_max).map_or(first, |longest| first.max(longest));
        Reconnect::new(first, longest)
            .stop_if_refused(self.reconnect_stop & STOP_REFUSED != 0)
            .stop_if_handshake_fails(self.reconnect_stop & STOP_HANDSHAKE != 0)
    }

    fn heartbeat(&self) -> Option<Heartbeat> {
        let heartbeat = Heartbeat::every(some(self.heartbeat)?);
        Some(heartbeat.timeout(time(self.heartbeat_timeout)).ttl(some(self.heartbeat_ttl)))
    }
}

pub(super) fn set(settings: &mut Settings, option: c_int, value: Value<'_>) -> Option<Outcome<()>> {
    let numbers = &mut settings.connection;
    let done = match option {
        ROUTING_ID => match RoutingId::new(value.bytes()) {
            Some(id) if !id.bytes().is_empty() => {
                settings.options.routing_id = id;
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        },
        METADATA => metadata(settings, value),
        RECONNECT_IVL => value.int_from(-1).map(|millis| numbers.reconnect = millis),
        RECONNECT_IVL_MAX => value.int_from(0).map(|millis| numbers.reconnect_max = millis),
        RECONNECT_STOP => value.int().map(|bits| numbers.reconnect_stop = bits),
        MAXMSGSIZE => value.long().map(|bytes| numbers.max_message = bytes),
        HANDSHAKE_IVL => value.int_from(0).map(|millis| numbers.handshake = millis),
        HEARTBEAT_IVL => value.int_from(0).map(|millis| numbers.heartbeat = millis),
        // It is sent in tenths of a second.
        HEARTBEAT_TTL => value.int().and_then(|millis| match millis {
            -99..=MAX_TTL => {
                numbers.heartbeat_ttl = millis / 100 * 100;
                Ok(())
            }
            _ => Err(Errno::EINVAL),
        }),
        HEARTBEAT_TIMEOUT => value.int_from(0).map(|millis| numbers.heartbeat_timeout = millis),
        _ => return None,
    };
    settings.connection.apply(&mut settings.options);
    Some(done)
}

pub(super) fn get(settings: &Settings, option: c_int) -> Option<Vec<u8>> {
    let numbers = &settings.connection;
    Some(match option {
        ROUTING_ID => settings.options.routing_id.bytes().to_vec(),
        RECONNECT_IVL => int(numbers.reconnect),
        RECONNECT_IVL_MAX => int(numbers.reconnect_max),
        RECONNECT_STOP => int(numbers.reconnect_stop),
        MAXMSGSIZE => numbers.max_message.to_ne_bytes().to_vec(),
        HANDSHAKE_IVL => int(numbers.handshake),
        HEARTBEAT_IVL => int(numbers.heartbeat),
        HEARTBEAT_TTL => int(numbers.heartbeat_ttl),
        HEARTBEAT_TIMEOUT => int(numbers.heartbeat_timeout),
        _ => return None,
    })
}

/// One property: a name that begins with `X-`, a colon, and its value. The first value of a name counts.
fn metadata(settings: &mut Settings, value: Value<'_>) -> Outcome<()> {
    let text = value.text(usize::MAX)?;
    match text.split_once(':') {
        Some((name, value)) if name.len() > 2 && name.starts_with("X-") && !value.is_empty() => {
            let metadata = &mut settings.options.metadata;
            if !metadata.iter().any(|(known, _)| known == name) {
                metadata.push((name.to_owned(), value.as_bytes().to_vec()));
            }
            Ok(())
        }
        _ => Err(Errno::EINVAL),
    }
}
