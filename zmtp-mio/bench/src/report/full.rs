//! The table of all measurements, one a line.

use super::label::{label, metrics, short, with_unit};
use super::table::markdown;
use crate::case::{Case, Metric};
use crate::parent::{Figures, Results, median};

const HEADER: [&str; 8] = [
    "work",
    "ours",
    "libzmq",
    "plain sockets",
    "ours ÷ libzmq",
    "plain ÷ libzmq",
    "CPU µs per message, ours; libzmq",
    "peak MiB of both ends, ours; libzmq",
];

/// The table of these measurements.
pub fn full(cases: &[Case], results: &Results) -> String {
    let mut text = markdown(&HEADER) + &"|---".repeat(HEADER.len()) + "|\n";
    for case in cases {
        for &metric in metrics(case.work) {
            if !results.rounds(case, "ours").is_empty() {
                text.push_str(&markdown(&columns(case, metric, results)));
            }
        }
    }
    text
}

fn columns(case: &Case, metric: Metric, results: &Results) -> [String; 8] {
    let or_none = |text: Option<String>| text.unwrap_or_else(|| "–".to_owned());
    let figure = |of| or_none(results.median(case, of, metric).map(|it| with_unit(it, metric)));
    let ratio = |of| -> Option<String> {
        Some(short(results.median(case, of, metric)? / results.median(case, "libzmq", metric)?))
    };
    let of_both = |of, get: &dyn Fn(&Figures) -> f64| {
        let median = median(results.rounds(case, of).iter().map(get).collect());
        or_none(median.map(|it| format!("{it:.2}")))
    };
    let cpu = |figures: &Figures| figures.server_cpu + figures.client_cpu;
    let peak = |figures: &Figures| (figures.server_peak + figures.client_peak) as f64 / 1024.0;
    [
        label(case, metric),
        figure("ours"),
        figure("libzmq"),
        figure("raw"),
        or_none(ratio("ours")),
        or_none(ratio("raw")),
        format!("{}; {}", of_both("ours", &cpu), of_both("libzmq", &cpu)),
        format!("{}; {}", of_both("ours", &peak), of_both("libzmq", &peak)),
    ]
}
