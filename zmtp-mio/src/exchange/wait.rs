//! A wait with a time limit.

use core::time::Duration;
use std::time::Instant;

use crate::engine::Guard;
use crate::error::Error;

/// Runs turns of an engine until a deadline, and at least one: a loop of calls that never wait must
/// make progress too.
#[derive(Debug)]
pub(super) struct Wait {
    timeout: Option<Duration>,
    /// Set by the first turn.
    deadline: Option<Instant>,
    turned: bool,
}

impl Wait {
    pub(super) const fn new(timeout: Option<Duration>) -> Self {
        Self { timeout, deadline: None, turned: false }
    }

    /// One turn; [`Error::WouldBlock`] if the time is over.
    pub(super) fn turn(&mut self, engine: &mut Guard<'_>) -> Result<(), Error> {
        if !self.turned {
            self.turned = true;
            self.deadline = engine.deadline_in(self.timeout);
        } else if self.deadline.is_some_and(|at| engine.tick() >= at) {
            return Err(Error::WouldBlock);
        }
        engine.turn(self.deadline)
    }

    /// [`Self::turn`] of a send whose peers have no room.
    pub(super) fn turn_for_room(&mut self, engine: &mut Guard<'_>) -> Result<(), Error> {
        match self.timeout == Some(Duration::ZERO) && engine.is_burst_full() {
            true => Err(Error::WouldBlock),
            false => self.turn(engine),
        }
    }

    /// One turn; `false` if the time is over.
    pub(super) fn turn_in_time(&mut self, engine: &mut Guard<'_>) -> Result<bool, Error> {
        match self.turn(engine) {
            Ok(()) => Ok(true),
            Err(Error::WouldBlock) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A turn that does not wait, if there was no turn yet. Returns whether there was one now.
    pub(super) fn turn_once(&mut self, engine: &mut Guard<'_>) -> Result<bool, Error> {
        if self.turned {
            return Ok(false);
        }
        self.turned = true;
        self.deadline = engine.deadline_in(self.timeout);
        engine.step().map(|_| true)
    }
}
