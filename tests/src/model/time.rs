//! The expected events of a connection over time: handshake, heartbeats and the TTL of the peer's PING.

use zmtp_core::wire::SocketType;
use zmtp_core::{Config, Error, Timeout};

use super::log as model_log;
use crate::dialogue::Step;
use crate::driver::LogEntry;

/// The events of a NULL connection for a peer and the passing of time.
pub fn log_in_time(config: &Config, steps: &[Step]) -> Vec<LogEntry> {
    let (mut bytes, mut now) = (Vec::new(), 0);
    // The timeout that ends the connection if nothing more arrives, and its time.
    let mut owed = Some((u64::from(config.limits.handshake_timeout), Timeout::Handshake));
    let mut next_ping = None;
    let mut ready = false;
    for step in steps {
        let log = model_log(config, &bytes);
        if matches!(log.last(), Some(LogEntry::Failed(_))) {
            return log;
        }
        match step {
            Step::Bytes(more) if !more.is_empty() => {
                bytes.extend_from_slice(more);
                let was_ready = ready;
                ready = model_log(config, &bytes)
                    .iter()
                    .any(|entry| matches!(entry, LogEntry::Ready(_)));
                if ready {
                    // A byte after a PING stops the timeout.
                    let ttl = ttl_at_the_end(&bytes).filter(|ttl| *ttl > 0);
                    owed = ttl.map(|ttl| (now + u64::from(ttl) * 100, Timeout::Ttl));
                }
                if ready && !was_ready && config.heartbeat.interval > 0 && knows_ping(&bytes) {
                    next_ping = Some(now + u64::from(config.heartbeat.interval));
                }
            }
            Step::Bytes(_) | Step::Send(_) => {}
            Step::Wait(ms) => {
                now += u64::from(*ms);
                if let Some((_, timeout)) = owed.filter(|(until, _)| now >= *until) {
                    return [&log[..], &[LogEntry::Failed(Error::TimedOut(timeout))]].concat();
                }
                if next_ping.is_some_and(|next| now >= next) {
                    let heartbeat = config.heartbeat;
                    let wait = [heartbeat.timeout, heartbeat.interval];
                    let wait = wait.into_iter().find(|wait| *wait > 0).unwrap_or_default();
                    let until = now + u64::from(wait);
                    if owed.is_none_or(|(sooner, _)| until < sooner) {
                        owed = Some((until, Timeout::Heartbeat));
                    }
                    next_ping = Some(now + u64::from(heartbeat.interval));
                }
            }
        }
    }
    model_log(config, &bytes)
}

/// The TTL of the PING with which a stream ends, if it ends with one.
fn ttl_at_the_end(bytes: &[u8]) -> Option<u16> {
    let (frames, rest) = wire::frames(bytes.get(64..).filter(|_| has_commands(bytes))?);
    let (name, data) = frames.last().filter(|_| rest.is_empty())?.command()?;
    let ttl = data.first_chunk().filter(|_| name == b"PING")?;
    Some(u16::from_be_bytes(*ttl))
}

/// Whether the peer is of ZMTP 3.1 or later and not a DISH: libzmq's DISH closes on a PING.
fn knows_ping(bytes: &[u8]) -> bool {
    if !has_commands(bytes) {
        return false;
    }
    let (frames, _) = wire::frames(&bytes[64..]);
    let ready =
        frames.iter().find_map(|frame| frame.command().filter(|(name, _)| *name == b"READY"));
    let (properties, _) = wire::properties(ready.map_or(&[], |(_, data)| data));
    let mut types = properties.iter().filter(|(name, _)| name.eq_ignore_ascii_case(b"Socket-Type"));
    let dish =
        types.next_back().is_some_and(|(_, value)| *value == SocketType::Dish.name().as_bytes());
    // Every later version than 3.0 is treated as 3.1.
    bytes[10..12] != [3, 0] && !dish
}

/// Whether the peer is of ZMTP 3.0 or later: those before have no commands.
fn has_commands(bytes: &[u8]) -> bool {
    bytes.len() >= 64 && bytes[0] == 0xff && bytes[9] & 1 == 1 && bytes[10] >= 2
}
