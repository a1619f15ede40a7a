//! The figures of measurements, and the file that contains them.

use core::fmt::Write as _;
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::case::{Case, Metric};
use crate::meter::Sample;
use crate::{Failure, Result};

/// The figures of one measurement.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Figures {
    /// Messages, deliveries or replies per second.
    pub rate: f64,
    /// Median of the round trips, in µs; 0 without round trips.
    pub p50: f64,
    /// 99 of 100 round trips took no longer, in µs.
    pub p99: f64,
    /// CPU time per message of the server, in µs. For inproc, of both.
    pub server_cpu: f64,
    /// CPU time per message of the client, in µs.
    pub client_cpu: f64,
    /// The largest resident memory of the server, in KiB.
    pub server_peak: u64,
    /// The largest resident memory of the client, in KiB.
    pub client_peak: u64,
}

impl Figures {
    /// The figures between two samples of each child. `None` if nothing was counted.
    pub(super) fn between(before: &[Sample], after: &[Sample], counting: usize) -> Option<Self> {
        let (from, to) = (before.get(counting)?, after.get(counting)?);
        let messages = (to.count - from.count) as f64;
        let cpu = |child: usize| match (before.get(child), after.get(child)) {
            (Some(before), Some(after)) => (after.cpu - before.cpu) * 1e6 / messages,
            _ => 0.0,
        };
        let peak = |child: usize| after.get(child).map_or(0, |sample| sample.peak_kib);
        (messages > 0.0).then(|| Self {
            rate: messages / (to.at - from.at),
            p50: to.p50 * 1e6,
            p99: to.p99 * 1e6,
            server_cpu: cpu(0),
            client_cpu: cpu(1),
            server_peak: peak(0),
            client_peak: peak(1),
        })
    }

    /// One of the figures.
    pub const fn get(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Rate => self.rate,
            Metric::P50 => self.p50,
            Metric::P99 => self.p99,
        }
    }
}

/// The figures of a run, one list of rounds per case and contender.
#[derive(Clone, Debug, Default)]
pub struct Results {
    /// Machine, versions and date, one line each.
    pub about: Vec<String>,
    rounds: BTreeMap<(String, String), Vec<Figures>>,
}

const HEADER: &str = "case\tof\trate_per_s\tp50_us\tp99_us\tserver_cpu_us\tclient_cpu_us\t\
                      server_peak_kib\tclient_peak_kib";

impl Results {
    /// No figures yet.
    pub const fn new(about: Vec<String>) -> Self {
        Self { about, rounds: BTreeMap::new() }
    }

    /// Adds the figures of a round.
    pub fn add(&mut self, case: &Case, of: &str, figures: Figures) {
        self.rounds.entry((case.to_string(), of.to_owned())).or_default().push(figures);
    }

    /// The figures of each round.
    pub fn rounds(&self, case: &Case, of: &str) -> &[Figures] {
        self.rounds.get(&(case.to_string(), of.to_owned())).map_or(&[], Vec::as_slice)
    }

    /// The median of a figure; `None` if it was not measured.
    pub fn median(&self, case: &Case, of: &str, metric: Metric) -> Option<f64> {
        median(self.rounds(case, of).iter().map(|figures| figures.get(metric)).collect())
    }

    /// Writes a file: lines of `#` about the run, then a table with tabs.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn write(&self, path: &Path) -> Result {
        let mut text = String::new();
        for line in &self.about {
            writeln!(text, "# {line}")?;
        }
        writeln!(text, "{HEADER}")?;
        for ((case, of), rounds) in &self.rounds {
            for figures in rounds {
                let Figures { rate, p50, p99, server_cpu, client_cpu, server_peak, client_peak } =
                    figures;
                writeln!(
                    text,
                    "{case}\t{of}\t{rate:.1}\t{p50:.2}\t{p99:.2}\t{server_cpu:.4}\t{client_cpu:.4}\t\
                     {server_peak}\t{client_peak}"
                )?;
            }
        }
        Ok(fs::write(path, text)?)
    }

    /// Reads such a file.
    ///
    /// # Errors
    ///
    /// The file cannot be read, or is not such a file.
    pub fn read(path: &Path) -> Result<Self> {
        let mut results = Self::default();
        for line in fs::read_to_string(path)?.lines().filter(|line| *line != HEADER) {
            if let Some(about) = line.strip_prefix("# ") {
                results.about.push(about.to_owned());
                continue;
            }
            let fields: Vec<&str> = line.split('\t').collect();
            let [case, of, rate, p50, p99, server_cpu, client_cpu, server_peak, client_peak] =
                fields[..]
            else {
                return Err(Failure::from(format!("not a line of results: {line}")));
            };
            let figures = Figures {
                rate: rate.parse()?,
                p50: p50.parse()?,
                p99: p99.parse()?,
                server_cpu: server_cpu.parse()?,
                client_cpu: client_cpu.parse()?,
                server_peak: server_peak.parse()?,
                client_peak: client_peak.parse()?,
            };
            results.rounds.entry((case.to_owned(), of.to_owned())).or_default().push(figures);
        }
        Ok(results)
    }
}

/// The median; `None` of nothing.
pub fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let high = *values.get(values.len() / 2)?;
    Some(f64::midpoint(values[(values.len() - 1) / 2], high))
}
