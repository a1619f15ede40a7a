//! Rounds of measurements. In each round the contenders run one after the other, so that other load of
//! the machine affects all of them.

use core::time::Duration;

use super::{Contender, Results, run_case};
use crate::Result;
use crate::case::{Case, Transport};

/// What to measure.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The measurements.
    pub cases: Vec<Case>,
    /// What is measured.
    pub contenders: Vec<Contender>,
    /// Rounds of each measurement.
    pub rounds: usize,
    /// The time before a measurement.
    pub warm_up: Duration,
    /// The time of a measurement.
    pub time: Duration,
}

/// Measures everything, one case after the other. Prints the medians of each case and, as errors, what
/// failed. Returns whether nothing failed.
///
/// # Errors
///
/// None: failed measurements are left out.
pub fn measure(
    plan: &Plan,
    results: &mut Results,
    print: &dyn Fn(&Case, &Results),
) -> Result<bool> {
    let mut complete = true;
    for case in &plan.cases {
        for round in 0..plan.rounds {
            for turn in 0..plan.contenders.len() {
                // Each round begins with another one.
                let contender = &plan.contenders[(round + turn) % plan.contenders.len()];
                if contender.name == "raw" && case.transport == Transport::Inproc {
                    continue;
                }
                match run_case(contender, case, plan.warm_up, plan.time) {
                    Ok(figures) => results.add(case, &contender.name, figures),
                    Err(error) => {
                        eprintln!("{case} {}: {error}", contender.name);
                        complete = false;
                    }
                }
            }
        }
        print(case, results);
    }
    Ok(complete)
}
