//! A measurement of one case.

use core::time::Duration;
use std::thread;

use super::children::Children;
use super::{Contender, Figures};
use crate::case::Case;
use crate::{Failure, Result};

/// Measures one case for this long, after `warm_up`.
///
/// # Errors
///
/// A child fails, or takes too long for a step.
pub fn run_case(
    contender: &Contender,
    case: &Case,
    warm_up: Duration,
    time: Duration,
) -> Result<Figures> {
    let mut children = Children::start(contender, case, None, &|_| vec![])?;
    children.expect("STARTED")?;
    // The first sample lets a publisher send at its full rate.
    children.samples()?;
    thread::sleep(warm_up);
    let before = children.samples()?;
    thread::sleep(time);
    let after = children.samples()?;
    Figures::between(&before, &after, children.counting())
        .ok_or_else(|| Failure::from("nothing was counted during the measurement"))
}
