//! The table of costs per message.

use super::label::{label, thousands};
use super::table::markdown;
use crate::case::{Case, Metric};
use crate::parent::{Costs, Quantity};
use crate::work::{Side, Work};

const NAMES: [&str; 3] = ["ours", "libzmq", "raw"];

/// The table: sender and receiver, or client and server, of each quantity.
pub fn costs(cases: &[Case], costs: &Costs) -> String {
    let header = ["per message", "ours", "libzmq", "plain sockets"];
    let mut text = markdown(&header) + &"|---".repeat(header.len()) + "|\n";
    // Peak memory is in the table of all measurements.
    for quantity in [Quantity::Calls, Quantity::Instructions, Quantity::Cpu] {
        for case in cases {
            let name = case.to_string();
            let (ends, first) = ends(case.work);
            let column = |of| {
                let Some(cost) = costs.get(&name, of, quantity) else { return "–".to_owned() };
                let client = cost.client.unwrap_or_default();
                let (one, two) = match first {
                    Side::Client => (client, cost.server),
                    Side::Server => (cost.server, client),
                };
                format!("{}; {}", number(one, quantity), number(two, quantity))
            };
            let label = label(case, Metric::Rate);
            let label = label.trim_end_matches(", one CPU each");
            let title = format!("{}, {label}: {ends}", title(quantity));
            let [ours, libzmq, raw] = NAMES.map(column);
            text.push_str(&markdown(&[title, ours, libzmq, raw]));
        }
    }
    let memory = [
        ("idle:10000", "memory per idle connection, of 10,000"),
        ("sockets:1000", "memory per socket"),
    ];
    for (case, title) in memory {
        let column = |of| {
            let cost = costs.get(case, of, Quantity::Bytes);
            cost.map_or_else(|| "–".to_owned(), |cost| format!("{:.2} KiB", cost.server / 1024.0))
        };
        let [ours, libzmq, raw] = NAMES.map(column);
        text.push_str(&markdown(&[title.to_owned(), ours, libzmq, raw]));
    }
    text
}

/// The names of the ends, and the side of the first.
const fn ends(work: Work) -> (&'static str, Side) {
    match work {
        Work::Push { .. } | Work::Second { .. } => ("PUSH; PULL", Side::Client),
        Work::Window { .. } => ("DEALER; ROUTER", Side::Client),
        Work::Publish { .. } => ("PUB; SUBs (per delivery)", Side::Server),
        _ => ("REQ; REP", Side::Client),
    }
}

const fn title(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Calls => "system calls",
        Quantity::Instructions => "instructions",
        Quantity::Cpu => "CPU time",
        Quantity::Peak => "peak memory",
        Quantity::Bytes => "memory",
    }
}

fn number(value: f64, quantity: Quantity) -> String {
    match (quantity, value) {
        (Quantity::Instructions, _) => thousands(value.max(0.0).round() as usize),
        (Quantity::Calls, ..0.1) => format!("{value:.3}"),
        (Quantity::Calls, _) => format!("{value:.2}"),
        (Quantity::Cpu, 1.0..) => format!("{value:.1} µs"),
        (Quantity::Cpu, _) => format!("{value:.3} µs"),
        (Quantity::Peak, _) => format!("{value:.1} MiB"),
        (Quantity::Bytes, _) => format!("{value:.0} B"),
    }
}
