//! The CPUs of the two ends.

use core::fmt;

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::Result;
use crate::work::Side;

/// Where the two ends run.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Placement {
    /// Both on one CPU.
    One,
    /// On one CPU each, with all threads of an end on the same.
    Each,
    /// Where the system runs them.
    Free,
}

impl Placement {
    /// All placements.
    pub const ALL: [Self; 3] = [Self::One, Self::Each, Self::Free];

    /// The CPU of a side, out of those that this process may use. `None` if it is not pinned.
    ///
    /// # Errors
    ///
    /// There are not enough CPUs.
    pub fn cpu(self, side: Side) -> Result<Option<usize>> {
        let allowed = sched_getaffinity(None)?;
        let mut cpus = (0..CpuSet::MAX_CPU).filter(|&cpu| allowed.is_set(cpu));
        let cpu = match (self, side) {
            (Self::Free, _) => return Ok(None),
            (Self::Each, Side::Client) => cpus.nth(1),
            _ => cpus.next(),
        };
        Ok(Some(cpu.ok_or("there is one CPU only")?))
    }
}

/// Pins this thread, and threads that it starts later, to a CPU.
///
/// # Errors
///
/// This process may not use the CPU.
pub fn pin(cpu: Option<usize>) -> Result {
    if let Some(cpu) = cpu {
        let mut cpus = CpuSet::new();
        cpus.set(cpu);
        sched_setaffinity(None, &cpus)?;
    }
    Ok(())
}

impl fmt::Display for Placement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "one-cpu",
            Self::Each => "cpu-each",
            Self::Free => "not-pinned",
        })
    }
}
