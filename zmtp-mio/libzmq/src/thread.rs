//! Threads that this library starts.

use std::thread::{Builder, JoinHandle};

use nix::sys::signal::{SigSet, SigmaskHow};

use crate::errno::Outcome;

/// Starts a thread that blocks all signals from its beginning: they are for the threads that the program starts itself.
pub(crate) fn spawn(
    builder: Builder,
    run: impl FnOnce() + Send + 'static,
) -> Outcome<JoinHandle<()>> {
    // The thread has the mask of this one.
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
    let spawned = builder.spawn(run);
    before.thread_set_mask()?;
    Ok(spawned?)
}
