//! The table, in Markdown.

use core::fmt::Write as _;

use crate::case::{Case, Metric};
use crate::parent::Results;
use crate::rows::{Cell, Goal, Row};
use crate::work::Work;

/// One line about a case while the benchmark runs.
pub fn line(case: &Case, results: &Results, names: &[String]) -> String {
    let mut text = format!("{:<32}", case.to_string());
    let metrics: &[Metric] = match case.work {
        Work::Request { .. } => &[Metric::P50],
        Work::Clients { .. } => &[Metric::Rate, Metric::P99],
        _ => &[Metric::Rate],
    };
    for &metric in metrics {
        for name in names {
            let figure = results.median(case, name, metric);
            let figure = figure.map_or_else(|| "-".to_owned(), |value| with_unit(value, metric));
            let _ = write!(text, " {name} {figure:<11}");
        }
        if let Some(ratio) = ratio(results, case, metric, "libzmq") {
            let _ = write!(text, " ours/libzmq {ratio:.2}");
        }
    }
    text
}

/// The table: a row for each of `rows` that was measured.
pub fn table(rows: &[Row], results: &Results, with_goals: bool) -> String {
    let mut text =
        String::from("| work | ours | libzmq | plain sockets | ours ÷ libzmq | plain ÷ libzmq |");
    text.push_str(if with_goals { " goal | reached |\n" } else { "\n" });
    text.push_str("|---|---|---|---|---|---|");
    text.push_str(if with_goals { "---|---|\n" } else { "\n" });
    for row in rows {
        let join = |of: &dyn Fn(&Cell) -> Option<String>| {
            let texts = row.cells.iter().map(|cell| of(cell).unwrap_or_else(|| "–".to_owned()));
            texts.collect::<Vec<_>>().join("; ")
        };
        if !row.cells.iter().any(|cell| !results.rounds(&cell.case, "ours").is_empty()) {
            continue;
        }
        let figure = |of| {
            join(&move |cell| {
                Some(with_unit(results.median(&cell.case, of, cell.metric)?, cell.metric))
            })
        };
        let ratio_of = |of| {
            join(&move |cell| {
                let own = results.median(&cell.case, of, cell.metric)?;
                Some(short(own / results.median(&cell.case, "libzmq", cell.metric)?))
            })
        };
        let _ = write!(
            text,
            "| {} | {} | {} | {} | {} | {} |",
            row.title,
            figure("ours"),
            figure("libzmq"),
            figure("raw"),
            ratio_of("ours"),
            ratio_of("raw"),
        );
        if with_goals {
            let goals = join(&|cell| goal(cell));
            let reached = join(&|cell| reached(cell, results));
            let _ = write!(text, " {goals} | {reached} |");
        }
        text.push('\n');
    }
    text
}

/// The figure of ours divided by another.
pub(super) fn ratio(results: &Results, case: &Case, metric: Metric, to: &str) -> Option<f64> {
    Some(results.median(case, "ours", metric)? / results.median(case, to, metric)?)
}

fn goal(cell: &Cell) -> Option<String> {
    let sign = if cell.metric.larger_is_better() { '≥' } else { '≤' };
    Some(match cell.goal? {
        Goal::OfLibzmq(goal) => format!("{sign} {goal}"),
        Goal::OfRaw(goal) => format!("{sign} {goal} of plain"),
    })
}

/// Whether the goal is reached, and the ratio if it is not one to libzmq.
fn reached(cell: &Cell, results: &Results) -> Option<String> {
    let (goal, to) = match cell.goal? {
        Goal::OfLibzmq(goal) => (goal, "libzmq"),
        Goal::OfRaw(goal) => (goal, "raw"),
    };
    let ratio = ratio(results, &cell.case, cell.metric, to)?;
    let met = if cell.metric.larger_is_better() { ratio >= goal } else { ratio <= goal };
    let answer = if met { "yes" } else { "no" };
    Some(match cell.goal? {
        Goal::OfLibzmq(_) => answer.to_owned(),
        Goal::OfRaw(_) => format!("{answer} ({})", short(ratio)),
    })
}

/// Two digits after the point, or three for small ratios.
fn short(ratio: f64) -> String {
    if ratio < 0.1 { format!("{ratio:.3}") } else { format!("{ratio:.2}") }
}

fn with_unit(value: f64, metric: Metric) -> String {
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
