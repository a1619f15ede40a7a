//! Counts of messages: the totals at the end, and the progress until then.

use core::time::Duration;
use std::time::Instant;

use zmtp_mio::{DroppedMessages, Message};

use crate::output::Output;
use crate::record::Stats;
use crate::text::count;

/// A transfer that takes longer than this shows its progress.
const LONG: Duration = Duration::from_secs(1);
/// The interval between updates of the progress.
pub(super) const REFRESH: Duration = Duration::from_millis(200);

/// Counts messages and bytes.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(super) sent: u64,
    pub(super) received: u64,
    sent_bytes: u64,
    received_bytes: u64,
    /// When the first message was sent or received.
    first: Option<Instant>,
    last: Option<Instant>,
    /// The total number, if it is known.
    total: Option<u64>,
    stats: bool,
    shown: bool,
    next: Option<Instant>,
}

impl Tally {
    /// Totals are printed at the end if `stats`, and the progress if `shown`. `total` is the number of messages, if it is
    /// known.
    pub(crate) fn new(stats: bool, shown: bool, total: Option<u64>) -> Self {
        Self {
            sent: 0,
            received: 0,
            sent_bytes: 0,
            received_bytes: 0,
            first: None,
            last: None,
            total: total.filter(|total| *total > 0),
            stats,
            shown,
            next: None,
        }
    }

    pub(crate) fn sent(&mut self, bytes: usize) {
        self.sent += 1;
        self.sent_bytes += bytes as u64;
        self.moved();
    }

    pub(crate) fn received(&mut self, message: &Message) {
        self.received += 1;
        self.received_bytes += message.byte_len() as u64;
        self.moved();
    }

    fn moved(&mut self) {
        // Only these need the time of each message.
        if self.stats || self.shown {
            let now = Instant::now();
            self.first.get_or_insert(now);
            self.last = Some(now);
        }
    }

    pub(super) const fn is_shown(&self) -> bool {
        self.shown
    }

    /// Shows the progress if an update is due.
    pub(super) fn show(&mut self, output: &Output) {
        let Some(first) = self.first.filter(|_| self.shown) else { return };
        let now = Instant::now();
        if self.next.unwrap_or(first + LONG) <= now {
            self.next = Some(now + REFRESH);
            output.progress(&self.progress(now - first));
        }
    }

    fn progress(&self, took: Duration) -> String {
        // The direction with a goal, otherwise the one with more messages.
        let both = [(self.received, self.received_bytes), (self.sent, self.sent_bytes)];
        let (n, bytes) = if self.received > 0 { both[0] } else { both[1] };
        let of = self.total.map_or_else(String::new, |total| {
            format!(" of {total} ({} %)", u128::from(n) * 100 / u128::from(total))
        });
        let seconds = took.as_secs_f64();
        let what = if self.total.unwrap_or(n) == 1 { "message" } else { "messages" };
        format!("{n}{of} {what}, {}, {}", size(bytes as f64), rates(n, bytes, seconds))
    }

    /// Prints the totals, if requested. `lost` is the number of messages to send that were lost.
    pub(crate) fn finish(&self, dropped: &DroppedMessages, lost: u64, output: &Output) {
        if !self.stats {
            return;
        }
        let took = self.first.zip(self.last).map(|(first, last)| last - first);
        let stats = Stats {
            sent: self.sent,
            sent_bytes: self.sent_bytes,
            received: self.received,
            received_bytes: self.received_bytes,
            seconds: took.unwrap_or_default().as_secs_f64(),
            lost,
            dropped: on_receipt(dropped),
            overflow: dropped.overflow,
        };
        let mut lines = Vec::new();
        for (what, n, bytes) in [
            ("sent", stats.sent, stats.sent_bytes),
            ("received", stats.received, stats.received_bytes),
        ] {
            if n > 0 {
                let all = size(bytes as f64);
                let seconds = stats.seconds;
                let rates = rates(n, bytes, seconds);
                let n = count(n, "message", "messages");
                lines.push(format!("{what} {n}, {all} in {seconds:.3} s, {rates}"));
            }
        }
        if lines.is_empty() {
            lines.push("no messages".into());
        }
        if stats.lost > 0 {
            lines.push(format!("lost {}", stats.lost));
        }
        if stats.dropped > 0 {
            lines.push(format!("dropped {} on receipt", stats.dropped));
        }
        if stats.overflow > 0 {
            let n = count(stats.overflow, "datagram", "datagrams");
            lines.push(format!("{n} did not fit the system's receive buffer"));
        }
        output.stats(&format!("zmtp: {}", lines.join("; ")), &stats);
    }
}

/// Messages to send that were dropped, also those that are not lost: the receiver left, or a newer message replaced them.
pub(super) const fn unsent(dropped: &DroppedMessages) -> u64 {
    dropped.unsent() + dropped.conflated
}

/// Messages that were dropped on receipt, without those of topics and groups that were not requested.
const fn on_receipt(dropped: &DroppedMessages) -> u64 {
    dropped.total() - unsent(dropped) - dropped.not_subscribed
}

fn rates(n: u64, bytes: u64, seconds: f64) -> String {
    if seconds <= 0.0 {
        return "all at once".into();
    }
    format!("{:.0}/s, {}/s", n as f64 / seconds, size(bytes as f64 / seconds))
}

fn size(bytes: f64) -> String {
    // A rate may have a fraction.
    if bytes.round() == 1.0 {
        return "1 byte".into();
    }
    let mut value = bytes;
    for unit in ["bytes", "KiB", "MiB", "GiB"] {
        if value < 1_024.0 {
            let digits = usize::from(unit != "bytes");
            return format!("{value:.digits$} {unit}");
        }
        value /= 1_024.0;
    }
    format!("{value:.1} TiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_rates_are_short() {
        assert_eq!((&*size(0.0), &*size(1.0)), ("0 bytes", "1 byte"));
        assert_eq!(size(1_536.0), "1.5 KiB");
        assert_eq!(size(3.0 * 1_048_576.0), "3.0 MiB");
        assert_eq!(rates(1_000, 2_048, 2.0), "500/s, 1.0 KiB/s");
        assert_eq!(rates(1, 1, 0.0), "all at once");
        assert_eq!(rates(3, 3, 2.5), "1/s, 1 byte/s");
    }

    #[test]
    fn progress_of_one_message_is_singular() {
        let progress = |total, n| {
            let mut tally = Tally::new(false, true, total);
            (0..n).for_each(|_| tally.sent(2));
            tally.progress(Duration::from_secs(1))
        };
        assert_eq!(progress(None, 1), "1 message, 2 bytes, 1/s, 2 bytes/s");
        assert_eq!(progress(Some(1), 1), "1 of 1 (100 %) message, 2 bytes, 1/s, 2 bytes/s");
        assert_eq!(progress(Some(4), 1), "1 of 4 (25 %) messages, 2 bytes, 1/s, 2 bytes/s");
    }
}
