//! Names and figures for readers.

use crate::case::{Case, Metric, Transport};
use crate::placement::Placement;
use crate::work::Work;

/// What is measured.
pub(super) fn label(case: &Case, metric: Metric) -> String {
    let work = match case.work {
        Work::Request { size } => format!("REQ/REP {}", bytes(size)),
        Work::Push { size } => format!("PUSH→PULL {}", bytes(size)),
        Work::Spin { size } => format!("REQ/REP {}, spinning", bytes(size)),
        Work::Second { size } => format!("second of two messages, {}", bytes(size)),
        Work::Window { outstanding } => {
            format!("DEALER↔ROUTER, {} outstanding", thousands(outstanding))
        }
        Work::Publish { subscribers, subscriptions: 1 } => format!("PUB→{subscribers} SUB"),
        Work::Publish { subscribers, subscriptions } => {
            format!("PUB→{subscribers} SUB, {} topics", thousands(subscriptions))
        }
        Work::Clients { connections } => format!("REP, {} clients", thousands(connections)),
        Work::Idle { .. } | Work::Sockets { .. } => case.work.to_string(),
    };
    let metric = match (metric, case.work) {
        (Metric::P99, _) => " p99",
        _ => "",
    };
    let transport = match case.transport {
        Transport::Tcp => "",
        Transport::Ipc => ", IPC",
        Transport::Inproc => ", inproc",
    };
    let placement = match (case.placement, case.transport) {
        (Placement::One, _) => ", one CPU",
        (Placement::Each, _) => ", one CPU each",
        (Placement::Free, Transport::Inproc) => "",
        (Placement::Free, _) => ", not pinned",
    };
    format!("{work}{metric}{transport}{placement}")
}

fn bytes(n: usize) -> String {
    match n {
        0x10_0000.. => format!("{} MiB", n >> 20),
        0x400.. => format!("{} KiB", n >> 10),
        _ => format!("{n} B"),
    }
}

/// A number with a comma between thousands.
pub(super) fn thousands(n: usize) -> String {
    if n < 1_000 { n.to_string() } else { format!("{},{:03}", thousands(n / 1_000), n % 1_000) }
}

/// A ratio with two digits after the point, or three if it is small.
pub(super) fn short(ratio: f64) -> String {
    match ratio {
        10.0.. => format!("{ratio:.1}"),
        0.1.. => format!("{ratio:.2}"),
        _ => format!("{ratio:.3}"),
    }
}

/// A figure with its unit.
pub(super) fn with_unit(value: f64, metric: Metric) -> String {
    match (metric, value) {
        (Metric::P50 | Metric::P99, 10_000.0..) => format!("{:.1} ms", value / 1e3),
        (Metric::P50 | Metric::P99, 100.0..) => format!("{value:.0} µs"),
        (Metric::P50 | Metric::P99, _) => format!("{value:.1} µs"),
        (Metric::Rate, 1e6..) => format!("{:.2} M/s", value / 1e6),
        (Metric::Rate, 1e5..) => format!("{:.0} k/s", value / 1e3),
        (Metric::Rate, 1e3..) => format!("{:.1} k/s", value / 1e3),
        (Metric::Rate, _) => format!("{value:.0} /s"),
    }
}

/// The figures that a work has.
pub(super) const fn metrics(work: Work) -> &'static [Metric] {
    match work {
        Work::Request { .. } | Work::Spin { .. } | Work::Second { .. } => &[Metric::P50],
        Work::Clients { .. } => &[Metric::Rate, Metric::P99],
        _ => &[Metric::Rate],
    }
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_separated() {
        assert_eq!([7, 1_000, 1_234_067].map(thousands), ["7", "1,000", "1,234,067"]);
    }
}
