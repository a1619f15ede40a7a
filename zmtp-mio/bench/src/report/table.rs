//! The table, in Markdown.

use core::fmt::Write as _;

use super::label::{metrics, short, with_unit};
use crate::case::{Case, Metric};
use crate::parent::Results;
use crate::rows::{Cell, Goal, Row};

/// One line about a case while the benchmark runs.
pub fn line(case: &Case, results: &Results, names: &[String]) -> String {
    let mut text = format!("{:<32}", case.to_string());
    for &metric in metrics(case.work) {
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

/// The table: a row for each of `rows` that was measured. With `before`, a column with the ratios of an
/// earlier run.
pub fn table(
    rows: &[Row],
    results: &Results,
    with_goals: bool,
    before: Option<&Results>,
) -> String {
    let mut header =
        vec!["work", "ours", "libzmq", "plain sockets", "ours ÷ libzmq", "plain ÷ libzmq"];
    if before.is_some() {
        header.push("before");
    }
    if with_goals {
        header.extend(["goal", "reached"]);
    }
    let mut text = markdown(&header);
    text.push_str(&"|---".repeat(header.len()));
    text.push_str("|\n");
    let measured =
        |row: &&Row| row.cells.iter().any(|cell| !results.rounds(&cell.case, "ours").is_empty());
    for row in rows.iter().filter(measured) {
        let figure = |of| {
            join(row, &|cell| {
                Some(with_unit(results.median(&cell.case, of, cell.metric)?, cell.metric))
            })
        };
        let ratio_of = |results: &Results, of| join(row, &|cell| to_libzmq(results, cell, of));
        let mut columns = vec![
            row.title.to_owned(),
            figure("ours"),
            figure("libzmq"),
            figure("raw"),
            ratio_of(results, "ours"),
            ratio_of(results, "raw"),
        ];
        if let Some(before) = before {
            columns.push(ratio_of(before, "ours"));
        }
        if with_goals {
            columns.push(join(row, &goal));
            columns.push(join(row, &|cell| reached(cell, results)));
        }
        text.push_str(&markdown(&columns));
    }
    text
}

/// The texts of the cells of a row.
fn join(row: &Row, of: &dyn Fn(&Cell) -> Option<String>) -> String {
    let texts = row.cells.iter().map(|cell| of(cell).unwrap_or_else(|| "–".to_owned()));
    texts.collect::<Vec<_>>().join("; ")
}

/// A line of a table.
pub(super) fn markdown(columns: &[impl AsRef<str>]) -> String {
    let columns = columns.iter().map(AsRef::as_ref);
    columns.fold(String::new(), |line, column| format!("{line}| {column} ")) + "|\n"
}

fn to_libzmq(results: &Results, cell: &Cell, of: &str) -> Option<String> {
    let own = results.median(&cell.case, of, cell.metric)?;
    Some(short(own / results.median(&cell.case, "libzmq", cell.metric)?))
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
