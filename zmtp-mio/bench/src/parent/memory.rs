//! Resident memory per idle connection and per socket.

use super::Contender;
use super::children::Children;
use crate::case::{Case, Transport};
use crate::placement::Placement;
use crate::work::Work;
use crate::{Failure, Result};

/// Bytes of resident memory of a server per connection or socket: the difference of a run with many and one
/// with few, so that the rest of the process does not count.
pub(super) fn per_unit(
    contender: &Contender,
    few: (Work, usize),
    many: (Work, usize),
) -> Result<f64> {
    let small = resident_kib(contender, few.0)?;
    let large = resident_kib(contender, many.0)?;
    Ok((large - small) * 1024.0 / (many.1 - few.1) as f64)
}

fn resident_kib(contender: &Contender, work: Work) -> Result<f64> {
    let case = Case { work, transport: Transport::Tcp, placement: Placement::Free };
    let mut children = Children::start(contender, &case, None, &|_| vec![])?;
    children.expect("STARTED")?;
    let samples = children.samples()?;
    let server = samples.first().ok_or_else(|| Failure::from("no sample of the server"))?;
    Ok(server.resident_kib as f64)
}
