//! Waits that keep a CPU busy for a short time before they sleep.
//!
//! If each end of a connection has a CPU, such a wait ends earlier: to wake a thread takes longer than many round
//! trips. If both ends share a CPU, it only delays the other end. [`Learned`] finds out which is the case.

use core::hint;
use core::time::Duration;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use mio::{Events, Poll};

use super::descriptors::Descriptors;
use super::{EVENTS, FEW_EVENTS};

use crate::inproc::Mailbox;

/// How long a wait keeps a CPU busy unless the option sets a time.
const SPIN: Duration = Duration::from_micros(50);
/// The most waits that sleep at once after one that was busy without result. Even then, less than 1 % of the time of
/// waits of 10 µs is lost.
const SKIPPED: u32 = 1_024;
/// Checks of the mailbox between two polls of the system.
const CHECKS: u32 = 32;

/// Whether waits of a socket should be busy at first, as far as earlier waits have shown.
#[derive(Debug, Default)]
pub(super) struct Learned {
    /// The number of waits that sleep at once from now on.
    skip: u32,
    /// The number after the next wait that is busy without result.
    next: u32,
}

impl Learned {
    /// Whether the wait that begins now is busy at first.
    const fn begin(&mut self) -> bool {
        let skips = self.skip > 0;
        self.skip = self.skip.saturating_sub(1);
        !skips
    }

    /// Notes whether a busy wait ended with an event.
    fn end(&mut self, came: bool) {
        if came {
            self.next /= 2;
        } else {
            self.next = (self.next * 2).clamp(1, SKIPPED);
            self.skip = self.next;
        }
    }
}

/// The system's poll, once the engine has one.
pub(super) struct Waiter {
    descriptors: Arc<Descriptors>,
    poll: Option<Poll>,
    events: Events,
    /// The last poll had no room for more events.
    were_all: bool,
    /// The bell had rung, which is no event.
    rung: bool,
    /// A signal ended the last poll.
    interrupted: bool,
    learned: Learned,
}

impl Waiter {
    pub(super) fn new(descriptors: Arc<Descriptors>) -> Self {
        let events = Events::with_capacity(0);
        Self {
            descriptors,
            poll: None,
            events,
            were_all: false,
            rung: false,
            interrupted: false,
            learned: Learned::default(),
        }
    }

    /// Waits for events, or for a post of the mailbox, which has no event. Keeps a CPU busy for the time of `spin`
    /// first; without one, for a short time if earlier waits have shown that this is worth it.
    pub(super) fn wait(
        &mut self,
        timeout: Option<Duration>,
        spin: Option<Duration>,
        mailbox: Option<&Mailbox>,
    ) -> io::Result<&Events> {
        let limit = match spin {
            Some(limit) => limit,
            None if self.learned.begin() => SPIN,
            None => Duration::ZERO,
        };
        let limit = timeout.map_or(limit, |timeout| timeout.min(limit));
        if limit.is_zero() {
            return self.poll(timeout);
        }
        // A wait that ends with a post has no events: those of the last poll are handled.
        self.events.clear();
        // Posts do not wake the poll for now.
        mailbox.inspect(|mailbox| mailbox.note_awake());
        let begun = Instant::now();
        let mut polls = 0;
        let came = loop {
            if has_posts(mailbox) || !self.poll(Some(Duration::ZERO))?.is_empty() || self.rung {
                break true;
            }
            polls += 1;
            if begun.elapsed() >= limit {
                break false;
            }
        };
        // An event that was there at once shows nothing, nor does one after another thread has had this CPU.
        if spin.is_none() && (!came || polls > 0) {
            self.learned.end(came && begun.elapsed() < 2 * limit);
        }
        if came {
            return Ok(&self.events);
        }
        // From this check on, a post wakes the poll.
        match mailbox.is_none_or(Mailbox::prepare_to_sleep) {
            true => self.poll(timeout.map(|timeout| timeout.saturating_sub(begun.elapsed()))),
            false => Ok(&self.events),
        }
    }

    /// Whether a signal ended the last wait.
    pub(super) const fn was_interrupted(&self) -> bool {
        self.interrupted
    }

    /// Waits for events; none if a signal ends the wait.
    pub(super) fn poll(&mut self, timeout: Option<Duration>) -> io::Result<&Events> {
        if self.poll.is_none() {
            self.poll = self.descriptors.take_poll();
            if self.poll.is_some() {
                self.events = Events::with_capacity(FEW_EVENTS);
            }
        }
        let Some(poll) = &mut self.poll else {
            self.rung = self.descriptors.wait(timeout);
            return Ok(&self.events);
        };
        (self.rung, self.interrupted) = (false, false);
        let room = self.events.capacity();
        if self.were_all && room < EVENTS {
            self.events = Events::with_capacity(2 * room);
        }
        match poll.poll(&mut self.events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.events.clear();
                self.interrupted = true;
            }
            Err(error) => return Err(error),
        }
        self.were_all = self.events.iter().count() == self.events.capacity();
        Ok(&self.events)
    }
}

/// Whether the mailbox has a post. Takes a moment if it has none.
fn has_posts(mailbox: Option<&Mailbox>) -> bool {
    mailbox.is_some_and(|mailbox| {
        (0..CHECKS).any(|_| {
            hint::spin_loop();
            mailbox.has_posts()
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of `waits` waits, the number that are busy, if none of these ends with an event.
    fn busy(learned: &mut Learned, waits: u32) -> u32 {
        (0..waits)
            .filter(|_| {
                let busy = learned.begin();
                if busy {
                    learned.end(false);
                }
                busy
            })
            .count() as u32
    }

    #[test]
    fn waits_that_are_busy_without_result_become_rare() {
        let mut learned = Learned::default();
        assert!(busy(&mut learned, 2 * SKIPPED) <= 12);
        assert_eq!(busy(&mut learned, 100 * (SKIPPED + 1)), 100);
    }

    #[test]
    fn waits_are_busy_while_that_pays() {
        let mut learned = Learned::default();
        busy(&mut learned, 10 * SKIPPED);
        while !learned.begin() {}
        learned.end(true);
        for _ in 0..20 {
            assert!(learned.begin());
            learned.end(true);
        }
        // A single wait without result has little effect then.
        learned.end(false);
        assert!(!learned.begin());
        assert!(learned.begin());
    }

    #[test]
    fn a_post_is_no_event() {
        let descriptors = Arc::new(Descriptors::default());
        descriptors.open(true).unwrap();
        let mut waiter = Waiter::new(Arc::clone(&descriptors));
        descriptors.wake().unwrap();
        let mailbox = Mailbox::new(|| {}, || {});
        let some = Some(Duration::from_secs(1));
        assert_eq!(waiter.wait(some, some, Some(&mailbox)).unwrap().iter().count(), 1);
        mailbox.post_due(0);
        assert!(waiter.wait(some, some, Some(&mailbox)).unwrap().is_empty());
    }

    #[test]
    fn the_bell_ends_a_busy_wait_and_a_sleep() {
        let descriptors = Arc::new(Descriptors::default());
        let mut waiter = Waiter::new(Arc::clone(&descriptors));
        for spin in [Duration::ZERO, Duration::from_secs(1)] {
            descriptors.wake().unwrap();
            let minute = Some(Duration::from_secs(60));
            assert!(waiter.wait(minute, Some(spin), None).unwrap().is_empty());
            assert!(waiter.rung, "it did not wait for the time to pass");
        }
        // The poll takes its place, and has the wake-up from before.
        descriptors.wake().unwrap();
        descriptors.open(false).unwrap();
        let minute = Some(Duration::from_secs(60));
        assert_eq!(waiter.wait(minute, None, None).unwrap().iter().count(), 1);
    }
}
