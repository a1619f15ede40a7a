//! The messages that a publisher drops. Those of other types are reported by `Running::flush`.

use core::time::Duration;
use std::time::Instant;

use zmtp_mio::{AnySocket, DroppedMessages, Linger};

use super::running::Running;
use super::tally::Tally;
use crate::device::Context;
use crate::exit::{Failure, LOST};
use crate::text::count;

/// The longest time to wait for the reason why datagrams are not sent.
const MOMENT: Duration = Duration::from_secs(1);
/// The time after which events are read: they do not end a wait.
const LOOK: Duration = Duration::from_millis(20);

impl Running<'_> {
    /// Waits a moment until the datagrams of a RADIO are sent or dropped, and reads the events with the reason: a closed
    /// socket has no events.
    pub(super) fn settle(&mut self) {
        let start = Instant::now();
        loop {
            self.events();
            let counters = self.socket.counters();
            let settled = counters.messages_sent + counters.dropped.unsent() >= self.tally.sent;
            let rest = self.linger.min(MOMENT).saturating_sub(start.elapsed());
            if settled || rest.is_zero() || self.socket.wait(rest.min(LOOK)).is_err() {
                return self.events();
            }
        }
    }
}

/// Closes a publisher, which sends what is queued within linger. Then prints the totals, and how many messages were
/// dropped and why. Returns the exit code. `trouble` is the last error of a connection.
pub(super) fn finish(
    socket: AnySocket,
    linger: Linger,
    is_udp: bool,
    result: Result<(), Failure>,
    tally: &Tally,
    trouble: Option<String>,
    context: &Context<'_>,
) -> Result<u8, Failure> {
    let counters = socket.close(linger).counters;
    tally.finish(&counters, context.output);
    let mut lost = 0;
    for (n, why) in causes(&counters.dropped, is_udp, trouble.as_deref()) {
        if n > 0 {
            let what = count(n, "message was", "messages were");
            context.output.note(&format!("{what} dropped: {why}"));
        }
        lost += n;
    }
    result.map(|()| if lost > 0 { LOST } else { 0 })
}

/// The numbers of dropped messages, with their causes. Over a connection, messages for a subscriber that leaves are not
/// lost. With UDP, no peer leaves.
fn causes<'a>(
    dropped: &DroppedMessages,
    is_udp: bool,
    trouble: Option<&'a str>,
) -> [(u64, &'a str); 4] {
    let gone = if is_udp { dropped.peer_gone + dropped.half_sent } else { 0 };
    [
        (dropped.high_water_mark, "subscribers were too slow"),
        (dropped.refused_datagrams, "the system did not send the datagrams"),
        (gone, trouble.unwrap_or("the endpoint was closed")),
        (dropped.cancelled, trouble.unwrap_or("not sent within --linger")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_for_a_subscriber_that_leaves_are_not_lost() {
        let mut dropped = DroppedMessages::default();
        dropped.peer_gone = 3;
        let lost = |dropped: &DroppedMessages, is_udp| -> u64 {
            causes(dropped, is_udp, None).iter().map(|(n, _)| n).sum()
        };
        assert_eq!((lost(&dropped, false), lost(&dropped, true)), (0, 3));
        dropped.cancelled = 2;
        assert_eq!(lost(&dropped, false), 2);
    }
}
