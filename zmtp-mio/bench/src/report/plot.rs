//! The plot: how many times as fast as libzmq, on a logarithmic scale.

use core::fmt::Write as _;

use super::label::{label, short};
use crate::case::{Case, Metric};
use crate::parent::Results;
use crate::rows::Row;

/// Pixels of the plot. A line of text is `LINE` high.
const WIDTH: f64 = 860.0;
const LINE: f64 = 19.0;
const LEFT: f64 = 330.0;
const RIGHT: f64 = 820.0;
const TOP: f64 = 74.0;
/// The ends of the scale. Figures beyond it are at its ends.
const SCALE: [f64; 2] = [0.1, 20.0];
const TICKS: [f64; 8] = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0];

/// Colours for light and for dark pages.
const STYLE: &str = "\
text { font: 12px system-ui, sans-serif; fill: #1f2328 } \
.title { font-size: 14px; font-weight: 600 } .small { font-size: 11px; fill: #59636e } \
.grid { stroke: #d1d9e0 } .one { stroke: #59636e; stroke-width: 1.5 } \
.ours { fill: #0969da } .slower { fill: #bc4c00 } .bar { stroke: #0969da; stroke-width: 2 } \
.bar.slower { stroke: #bc4c00 } .plain { fill: none; stroke: #59636e; stroke-width: 1.5 } \
@media (prefers-color-scheme: dark) { \
text { fill: #e6edf3 } .small { fill: #9198a1 } .grid { stroke: #3d444d } .one { stroke: #9198a1 } \
.ours { fill: #4493f8 } .slower { fill: #f0883e } .bar { stroke: #4493f8 } \
.bar.slower { stroke: #f0883e } .plain { stroke: #9198a1 } }";

/// The SVG of these rows, with a line per figure.
pub fn plot(rows: &[Row], results: &Results) -> String {
    let lines: Vec<_> = rows
        .iter()
        .flat_map(|row| &row.cells)
        .filter_map(|cell| Some((cell, times(results, &cell.case, cell.metric, "ours")?)))
        .collect();
    let bottom = TOP + LINE * lines.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {}\" role=\"img\" \
         aria-label=\"zmtp-mio compared with libzmq\">\n<style>{STYLE}</style>\n",
        bottom + 30.0
    );
    let _ = writeln!(
        svg,
        "<text class=\"title\" x=\"12\" y=\"20\">Times as fast as libzmq, logarithmic: right of 1 is faster</text>\n\
         <circle class=\"ours\" cx=\"18\" cy=\"36\" r=\"4.5\"/><text x=\"28\" y=\"40\">zmtp-mio</text>\n\
         <circle class=\"plain\" cx=\"108\" cy=\"36\" r=\"4\"/><text x=\"118\" y=\"40\">plain sockets \
         with the same bytes: no routing, no queues</text>"
    );
    for tick in TICKS {
        let (x, class) = (x(tick), if tick == 1.0 { "one" } else { "grid" });
        let _ = writeln!(
            svg,
            "<line class=\"{class}\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>\n\
             <text class=\"small\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>\n\
             <text class=\"small\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{tick}</text>",
            TOP - 6.0,
            bottom + 16.0
        );
    }
    for (at, (cell, ours)) in lines.into_iter().enumerate() {
        let y = TOP + LINE * (at as f64 + 0.5);
        let class = if ours < 1.0 { " slower" } else { "" };
        let (zero, end) = (x(1.0), x(ours));
        let _ = writeln!(
            svg,
            "<text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\">{}</text>\n\
             <line class=\"bar{class}\" x1=\"{zero:.1}\" x2=\"{end:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>",
            LEFT - 10.0,
            y + 4.0,
            label(&cell.case, cell.metric),
        );
        if let Some(plain) = times(results, &cell.case, cell.metric, "raw") {
            let _ = writeln!(
                svg,
                "<circle class=\"plain\" cx=\"{:.1}\" cy=\"{y:.1}\" r=\"4\"><title>plain sockets: {}\
                 </title></circle>",
                x(plain),
                short(plain)
            );
        }
        let _ = writeln!(
            svg,
            "<circle class=\"ours{class}\" cx=\"{end:.1}\" cy=\"{y:.1}\" r=\"4.5\"><title>{}</title>\
             </circle>",
            short(ours)
        );
    }
    svg + "</svg>\n"
}

/// How many times as fast as libzmq.
fn times(results: &Results, case: &Case, metric: Metric, of: &str) -> Option<f64> {
    let ratio = results.median(case, of, metric)? / results.median(case, "libzmq", metric)?;
    Some(if metric.larger_is_better() { ratio } else { 1.0 / ratio })
}

/// The place of a ratio.
fn x(ratio: f64) -> f64 {
    let [low, high] = SCALE.map(f64::ln);
    LEFT + (RIGHT - LEFT) * (ratio.clamp(SCALE[0], SCALE[1]).ln() - low) / (high - low)
}
